"""A poll as the staff pages draw it: its terms in words, its votes with their percents, and what they came to; it counts nothing."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from fractions import Fraction

from django.utils.translation import gettext as _

from live.protocol import PollOutcome, StaffPoll
from live.protocol.outcome import PollRule
from live.queries import poll_pages
from live.views import poll_views
from live.views.poll_terms import lasting
from live.views.poll_views import ResultRow, Split


@dataclass(frozen=True)
class StaffView:
    """One poll with all that its page says of it."""

    poll: StaffPoll
    rows: tuple[ResultRow, ...]
    terms: tuple[str, ...]
    rule: str

    @property
    def state(self) -> str:
        """The state in words."""
        if self.poll.state == "open" and self.is_ending:
            return _("正在收尾")
        return str(poll_pages.State(self.poll.state).label)

    @property
    def is_ending(self) -> bool:
        """Whether its close is told already, or comes within the grace."""
        return self.poll.state == "open" and self.poll.seconds is None and self.poll.closes_at is not None

    @property
    def is_unpublished(self) -> bool:
        """Whether its result waits for somebody to publish it."""
        poll = self.poll
        return poll.state == "closed" and poll.results == "after_publication" and poll.published_at is None

    @property
    def opens_at(self) -> dt.datetime | None:
        """When it opens by itself."""
        return dt.datetime.fromisoformat(self.poll.opens_at) if self.poll.opens_at else None

    @property
    def outcome(self) -> PollOutcome | None:
        """What stands beside the votes."""
        return self.poll.outcome

    @property
    def base(self) -> int:
        """What a bar is of."""
        return self.poll.outcome.base_count if self.poll.outcome else self.poll.total

    @property
    def verdict(self) -> str:
        """What the rule came to; empty without a rule, or while the poll is not over."""
        if self.poll.state != "closed":
            return ""
        return poll_views.verdict_in_words(
            self.poll.poll_kind, self.poll.outcome, {row.option: row.text for row in self.rows}
        )

    @property
    def notes(self) -> list[str]:
        """What the percents are of, and the turnout."""
        return poll_views.bases(self.poll.outcome, self.poll.total, self.poll.most)

    @property
    def splits(self) -> list[Split]:
        """By level, against the time before, what was entered: each a table."""
        if self.poll.outcome is None:
            return []
        texts, votes = [row.text for row in self.rows], [row.votes or 0 for row in self.rows]
        return poll_views.splits(self.poll.outcome, texts, votes, self.poll.total)


def result_of(poll: StaffPoll) -> StaffView:
    """A poll of the staff lane as its page draws it."""
    votes = [option.votes or 0 for option in poll.options]
    shares = poll_views.percents(poll.poll_kind, votes, poll.outcome, poll.total)
    rows = tuple(
        ResultRow(poll_views.option_words(poll.poll_kind, option.text), votes[at], shares[at], False, option.id)
        for at, option in enumerate(poll.options)
    )
    return StaffView(poll, rows, tuple(_terms(poll)), rule_in_words(poll.rule))


def _terms(poll: StaffPoll) -> list[str]:
    """What is laid down, a few words each."""
    found = [str(poll_pages.Kind(poll.poll_kind).label), poll_views.how_many(poll.fewest, poll.most)]
    found += [
        poll.roll_name or str(poll_pages.Electorate(poll.electorate).label),
        str(poll_pages.Secrecy(poll.secrecy).label),
    ]
    found += [str(poll_pages.Results(poll.results).label), str(poll_pages.Revote(poll.revote).label)]
    found.append(_("手动结束") if poll.seconds is None else lasting(poll.seconds))
    return [each for each in found if each]


def rule_in_words(rule: PollRule | None) -> str:
    """When it counts as passed; empty where there is no verdict."""
    if rule is None:
        return ""
    share = Fraction(*rule.threshold)
    of = {"cast": _("表态的票"), "ballots": _("全部的票"), "eligible": _("可投人数")}[rule.base]
    if not share:
        words = _("票数最多的")
    elif rule.more_than:
        words = _("超过%(of)s的 %(share)s") % {"of": of, "share": share}
    else:
        words = _("达到%(of)s的 %(share)s") % {"of": of, "share": share}
    if rule.quorum:
        words += _("；至少可投人数的 %(share)s 投票才有效") % {"share": Fraction(*rule.quorum)}
    if rule.least_ballots:
        words += _("；至少 %(n)s 票才有效") % {"n": rule.least_ballots}
    return words + (_("；票数相同没有结论") if rule.tie == "undecided" else "")
