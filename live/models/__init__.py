"""Tables of the live rooms, one file a theme; no rules beyond constraints."""

from live.models.call import Call, CallBlock, CallVote
from live.models.desk import Appeal, Presence, Report, Rescan, Rule, RuleHit, Sanction, Term, Withdrawal
from live.models.electorate import CodeSheet, PollCode, Roll, RollEntry
from live.models.item import Comment, Item, Question, Support
from live.models.overlay import Overlay
from live.models.poll import Ballot, BallotCast, Option, Poll
from live.models.reply import Commitment, Reply, Slate
from live.models.room import ComposerLease, LevelChange, LikeCount, Reason, Room
from live.models.venue import HeadCount, PaperCount, Venue
from live.models.voice import Announcement, CaptionLine

__all__ = [
    "Announcement",
    "Appeal",
    "Ballot",
    "BallotCast",
    "Call",
    "CallBlock",
    "CallVote",
    "CaptionLine",
    "CodeSheet",
    "Comment",
    "Commitment",
    "ComposerLease",
    "HeadCount",
    "Item",
    "LevelChange",
    "LikeCount",
    "Option",
    "Overlay",
    "PaperCount",
    "Poll",
    "PollCode",
    "Presence",
    "Question",
    "Reason",
    "Reply",
    "Report",
    "Rescan",
    "Roll",
    "RollEntry",
    "Room",
    "Rule",
    "RuleHit",
    "Sanction",
    "Slate",
    "Support",
    "Term",
    "Venue",
    "Withdrawal",
]
