"""Reads of live: what the public sees, what staff see, what is one's own; they must not write."""

from live.queries.doors import Door, Mark, admitted, door, may_enter, running_airings, settled, staff_view
from live.queries.marks import marks
from live.queries.own import changed_own, mine, mine_of
from live.queries.polls import Counted, counted, recount
from live.queries.public import GROUPS, public_groups, public_objects
from live.queries.reason_list import names as reasons
from live.queries.staff import StaffView, staff_change, staff_seq, staff_snapshot
from live.queries.talk import comments_total, left_the_public, older_comments
from live.queries.thinning import RoomLevel, level_of, levels_of, sample_of

__all__ = [
    "GROUPS",
    "Counted",
    "Door",
    "Mark",
    "RoomLevel",
    "StaffView",
    "admitted",
    "changed_own",
    "comments_total",
    "counted",
    "door",
    "left_the_public",
    "level_of",
    "levels_of",
    "marks",
    "may_enter",
    "mine",
    "mine_of",
    "older_comments",
    "public_groups",
    "public_objects",
    "reasons",
    "recount",
    "running_airings",
    "sample_of",
    "settled",
    "staff_change",
    "staff_seq",
    "staff_snapshot",
    "staff_view",
]
