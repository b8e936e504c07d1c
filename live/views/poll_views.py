"""Arranges polls the way the page's templates draw them, in the words of live/static/live/poll-words.js; it counts nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from broadcast.models.catalogue import Assurance
from broadcast.templatetags.wording import clock
from live.poll_rules import NO_SIDE
from live.protocol import Mine, MyBallot, PollObject, PollOutcome, QuestionObject, SegmentObject


@dataclass(frozen=True)
class ResultRow:
    """One option of a poll; `votes` is None while counts are hidden, `percent` also for those who take no side where only others count."""

    text: str
    votes: int | None
    percent: int | None
    mine: bool
    option: int


@dataclass(frozen=True)
class Column:
    """One column of a table that sets results side by side: (votes, percent) in the options' order."""

    name: str
    cells: tuple[tuple[int, int], ...]
    total: int


@dataclass(frozen=True)
class Split:
    """A result cut by something: a caption, and a column for each part."""

    caption: str
    texts: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def lines(self) -> list[tuple[str, list[tuple[int, int]]]]:
        """Row by row, for a template."""
        return [(text, [column.cells[at] for column in self.columns]) for at, text in enumerate(self.texts)]


@dataclass(frozen=True)
class PollView:
    """A poll with the reader's own ballot. `hidden` says in words why no counts are shown, empty when they are."""

    poll: PollObject
    ballot: MyBallot | None
    rows: tuple[ResultRow, ...]
    total: int | None
    base: int
    hidden: str
    chosen: str
    about: str
    outcome: PollOutcome | None

    @property
    def is_multiple(self) -> bool:
        """Whether a ballot may name several options."""
        return self.poll.most > 1

    @property
    def may_change(self) -> bool:
        """Whether the ballot can still be changed, as far as the poll's own rule goes."""
        return self.ballot is None or self.poll.revote != "never"

    @property
    def ends(self) -> str | None:
        """The close as it is told."""
        return self.poll.ends_at or self.poll.closes_at

    @property
    def how_many(self) -> str:
        """How many options may be chosen; empty where it is one."""
        return how_many(self.poll.fewest, self.poll.most)

    @property
    def voters(self) -> str:
        """Who may vote, where not everybody may."""
        return voters_in_words(self.poll.electorate)

    @property
    def verdict(self) -> str:
        """What the rule came to; empty without a rule, or while the poll is not over."""
        if self.poll.state != "closed":
            return ""
        texts = {row.option: row.text for row in self.rows}
        return verdict_in_words(self.poll.poll_kind, self.outcome, texts)

    @property
    def notes(self) -> list[str]:
        """What the percents are of, and the turnout."""
        return [] if self.total is None else bases(self.outcome, self.total, self.poll.most)

    @property
    def splits(self) -> list[Split]:
        """By level, against the time before, what was entered: each a table."""
        if self.outcome is None or self.total is None:
            return []
        return splits(self.outcome, [row.text for row in self.rows], [row.votes or 0 for row in self.rows], self.total)


def poll_views(
    polls: Sequence[PollObject], mine: Mine, questions: Sequence[QuestionObject], segments: Sequence[SegmentObject]
) -> list[PollView]:
    """Every poll with the reader's own choice and the counts that this reader may see."""
    ballots = {ballot.poll: ballot for ballot in mine.ballots}
    asked = {question.id: question.text for question in questions}
    parts = {segment.id: segment.title for segment in segments}
    found = []
    for poll in polls:
        about = ""
        if poll.about in asked:
            about = _("评对这个问题的答复：%(text)s") % {"text": asked[poll.about]}
        elif poll.segment in parts:
            about = _("评这个环节：%(title)s") % {"title": parts[poll.segment]}
        found.append(_poll_view(poll, ballots.get(poll.id), about))
    return found


def _poll_view(poll: PollObject, ballot: MyBallot | None, about: str) -> PollView:
    options, total, outcome = poll.options, poll.total, poll.outcome
    if any(option.votes is None for option in options) and ballot is not None and ballot.result is not None:
        options, total, outcome = ballot.result, ballot.total, ballot.outcome
    shown = all(option.votes is not None for option in options)
    votes = [option.votes or 0 for option in options]
    if shown and total is None:
        total = sum(votes)
    own = set(ballot.options) if ballot else set()
    shares = percents(poll.poll_kind, votes, outcome, total or 0)
    rows = tuple(
        ResultRow(
            option_words(poll.poll_kind, option.text),
            option.votes if shown else None,
            shares[at] if shown else None,
            option.id in own,
            option.id,
        )
        for at, option in enumerate(options)
    )
    return PollView(
        poll=poll,
        ballot=ballot,
        rows=rows,
        total=total if shown else None,
        base=outcome.base_count if outcome else total or 0,
        hidden="" if shown else why_hidden(poll),
        chosen="、".join(row.text for row in rows if row.mine),
        about=about,
        outcome=outcome if shown else None,
    )


def option_words(kind: str, text: str) -> str:
    """An option in the reader's language: those that the kinds bring along are ours, all others stay as they were written."""
    if kind not in NO_SIDE:
        return text
    ours = {
        "赞成": _("赞成"),
        "反对": _("反对"),
        "弃权": _("弃权"),
        "满意": _("满意"),
        "基本满意": _("基本满意"),
        "不满意": _("不满意"),
        "不了解": _("不了解"),
    }
    return ours.get(text, text)


def percents(kind: str, votes: Sequence[int], outcome: PollOutcome | None, total: int) -> list[int | None]:
    """Percents in the options' order; None for those who take no side where only the others count."""
    base = outcome.base_count if outcome else total
    aside = NO_SIDE.get(kind, ()) if outcome is not None and outcome.base == "cast" else ()
    return [None if at in aside else _percent(many, base) for at, many in enumerate(votes)]


def _percent(many: int, base: int) -> int:
    """Rounded half up, as browsers do."""
    return (200 * many + base) // (2 * base) if base else 0


def how_many(fewest: int, most: int) -> str:
    """How many options may be chosen; empty where it is one."""
    if most <= 1:
        return ""
    if fewest == most:
        return _("选 %(n)s 项") % {"n": most}
    if fewest > 1:
        return _("选 %(least)s 到 %(most)s 项") % {"least": fewest, "most": most}
    return _("最多选 %(n)s 项") % {"n": most}


def voters_in_words(electorate: str) -> str:
    """Who may vote, where not everybody may."""
    words = {"members": _("委员投票"), "codes": _("凭投票码投票"), "roll": _("名单上的人投票")}
    return words.get(electorate, "")


def why_hidden(poll: PollObject) -> str:
    """Why there are no counts to be seen, and when there will be."""
    if poll.state == "void":
        return _("作废原因：%(reason)s") % {"reason": poll.void_reason}
    if poll.results == "after_vote":
        return _("投票后可以看到结果。")
    if poll.results == "never":
        return _("这项投票的结果不在页面公布。")
    if poll.results == "after_publication":
        return _("结果在投票结束、核对后公布。") if poll.state == "open" else _("投票已结束，结果待公布。")
    if poll.closes_at and poll.state == "open":
        return _("结果在 %(time)s 投票结束后公布。") % {"time": clock(poll.ends_at or poll.closes_at)}
    return _("结果在投票结束后公布。")


def verdict_in_words(kind: str, outcome: PollOutcome | None, texts: dict[int, str]) -> str:
    """通过, or not, or no verdict, with the votes it took; empty without a rule."""
    found = outcome.verdict if outcome else None
    if found is None:
        return ""
    names = "、".join(texts[option] for option in found.options if option in texts)
    figures = _("要 %(needed)s 票，得 %(votes)s 票") % {"needed": f"{found.needed:,}", "votes": f"{found.votes:,}"}
    if found.needed <= 1:
        figures = _("得 %(votes)s 票") % {"votes": f"{found.votes:,}"}
    if found.outcome == "no_quorum":
        return _("不足 %(n)s 票，没有结论") % {"n": f"{found.quorum:,}"}
    if found.outcome == "tied":
        return _("票数相同，没有结论：%(names)s") % {"names": names} if names else _("票数相同，没有结论")
    is_motion = kind == "approval"
    if found.outcome == "accepted":
        if is_motion:
            return _("通过（%(figures)s）") % {"figures": figures}
        return _("达到要求：%(names)s（%(figures)s）") % {"names": names, "figures": figures}
    return (_("没有通过（%(figures)s）") if is_motion else _("没有选项达到要求（%(figures)s）")) % {"figures": figures}


def bases(outcome: PollOutcome | None, total: int, most: int) -> list[str]:
    """What the percents are of, and how many of those who may vote did."""
    words = []
    if outcome is not None and outcome.eligible:
        share = _percent(total, outcome.eligible)
        words.append(_("%(n)s 人可投，投票率 %(percent)s%%") % {"n": f"{outcome.eligible:,}", "percent": share})
    elif outcome is not None and outcome.active:
        # Who voted on paper is not counted among those who took part in the room.
        own = total - sum(each.total for each in outcome.entered if each.counted)
        share = _percent(own, outcome.active)
        words.append(_("参与本场的 %(n)s 人里 %(percent)s%% 投了票") % {"n": f"{outcome.active:,}", "percent": share})
    else:
        words.append(_("投票人数不限"))
    if most > 1:
        words.append(_("可选多项，比例相加会超过 100%"))
    if outcome is not None and outcome.base == "cast" and outcome.base_count != total:
        words.append(_("比例按表态的 %(n)s 票算") % {"n": f"{outcome.base_count:,}"})
    if outcome is not None and outcome.base == "eligible":
        words.append(_("比例按可投的 %(n)s 人算") % {"n": f"{outcome.base_count:,}"})
    return words


def splits(outcome: PollOutcome, texts: Sequence[str], votes: Sequence[int], total: int) -> list[Split]:
    """By level, against the time before, what was entered: each a table with percents of its own column's ballots."""
    found = []
    if outcome.levels:
        names = {each.value: str(each.label) for each in Assurance}
        columns = [
            _column("、".join(names.get(level, str(level)) for level in each.levels), each.votes, each.total)
            for each in outcome.levels
        ]
        found.append(Split(_("按投票人的身份分，比例是各自票数中的"), tuple(texts), tuple(columns)))
    if outcome.earlier is not None:
        before = outcome.earlier
        columns = [_column(_("上次"), before.votes, before.total), _column(_("这次"), votes, total)]
        found.append(Split(_("和上次的“%(question)s”比") % {"question": before.question}, tuple(texts), tuple(columns)))
    if outcome.entered:
        columns = [
            _column(
                each.source if each.counted else _("%(source)s（未计入）") % {"source": each.source},
                each.votes,
                each.total,
            )
            for each in outcome.entered
        ]
        found.append(Split(_("工作人员代录的票"), tuple(texts), tuple(columns)))
    return found


def _column(name: str, votes: Sequence[int], total: int) -> Column:
    return Column(name, tuple((many, _percent(many, total)) for many in votes), total)
