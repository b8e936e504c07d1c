"""A run-down as plain data: its lines, whether they can be, and what differs between two; it touches no table and knows no actor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from broadcast.errors import InvalidInput

if TYPE_CHECKING:
    from broadcast.models import Segment

# As many as the episode's form has rows.
MOST_LINES = 40
LONGEST_SECONDS = 6 * 3600
LATEST_SECONDS = 24 * 3600
LONGEST_WAIT = 3600
FOLLOW, SOFT, HARD = "follow", "soft", "hard"


@dataclass(frozen=True)
class LinePlan:
    """One segment as a producer wants it; `pk` None: a new one. Times are seconds; `offset` counts from the airing's planned start.

    `role` is a code of the programme's segment roles, or empty.
    """

    title: str
    seconds: int
    role: str = ""
    start: str = FOLLOW
    offset: int | None = None
    wait: int | None = None
    is_floating: bool = False
    least: int | None = None
    most: int | None = None
    note: str = ""
    pk: int | None = None


def plan_of(segment: Segment) -> LinePlan:
    """A segment as it stands; reads its role too, so select_related it."""
    return LinePlan(
        title=segment.title,
        seconds=segment.planned_seconds,
        role=segment.role.code if segment.role else "",
        start=segment.start,
        offset=segment.offset_seconds,
        wait=segment.wait_seconds,
        is_floating=segment.is_floating,
        least=segment.least_seconds,
        most=segment.most_seconds,
        note=segment.note,
        pk=segment.pk,
    )


FIELDS = tuple(each.name for each in fields(LinePlan) if each.name != "pk")


def check(lines: Sequence[LinePlan]) -> None:
    """Raise InvalidInput (data: field, line counted from 1) for the first line that cannot be."""
    if len(lines) > MOST_LINES:
        raise InvalidInput(_("一份串联单最多 %(most)s 行。") % {"most": MOST_LINES}, field="lines", line=MOST_LINES + 1)
    known = [line.pk for line in lines if line.pk is not None]
    if len(known) != len(set(known)):
        raise InvalidInput(_("同一个环节出现了两次。"), field="lines")
    reached = -1
    for number, line in enumerate(lines, start=1):
        wrong = _wrong(line)
        if wrong is None and line.offset is not None and line.offset < reached:
            wrong = ("offset", _("“%(title)s”的起点早于它前面的定时环节。") % {"title": line.title})
        if wrong is not None:
            raise InvalidInput(wrong[1], field=wrong[0], line=number)
        reached = reached if line.offset is None else line.offset


def _wrong(line: LinePlan) -> tuple[str, str] | None:
    """Field and sentence of what cannot be in one line."""
    if not line.title.strip():
        return "title", _("请填写环节的内容。")
    if len(line.title) > 80:
        return "title", _("环节的内容最多 80 个字。")
    if len(line.note) > 200:
        return "note", _("备注最多 200 个字。")
    if not 1 <= line.seconds <= LONGEST_SECONDS:
        return "seconds", _("“%(title)s”的时长要在 1 秒到 6 小时之间。") % {"title": line.title}
    return _wrong_start(line) or _wrong_float(line)


def _wrong_start(line: LinePlan) -> tuple[str, str] | None:
    if line.start not in {FOLLOW, SOFT, HARD}:
        return "start", _("请选择怎样开始。")
    if line.start == FOLLOW:
        timed = line.offset is not None or line.wait is not None
        return ("offset", _("接着上一节的环节没有起点。")) if timed else None
    if line.offset is None:
        return "offset", _("“%(title)s”是定时环节，请填写起点。") % {"title": line.title}
    if not 0 <= line.offset <= LATEST_SECONDS:
        return "offset", _("起点要在开播以后 24 小时之内。")
    if line.wait is not None and (line.start != HARD or not 0 <= line.wait <= LONGEST_WAIT):
        return "wait", _("只有硬起点可以等，最多等一小时。")
    return None


def _wrong_float(line: LinePlan) -> tuple[str, str] | None:
    if not line.is_floating:
        bounded = line.least is not None or line.most is not None
        return ("least", _("不浮动的环节没有最短和最长。")) if bounded else None
    if line.start != FOLLOW:
        return "start", _("浮动环节接着上一节，不能定时。")
    if not 0 <= (line.least or 0) <= line.seconds:
        return "least", _("最短要不长于时长。")
    if line.most is not None and not line.seconds <= line.most <= LONGEST_SECONDS:
        return "most", _("最长要不短于时长。")
    return None


def changes(before: Sequence[LinePlan], after: Sequence[LinePlan]) -> list[dict[str, Any]]:
    """What was added, removed, changed or moved, as plain data: what, title, pk, fields (name: [before, after]), behind (the title of
    the line that a moved or added one now follows; empty: it is the first)."""
    old = {line.pk: line for line in before}
    kept = {line.pk for line in after if line.pk in old}
    found: list[dict[str, Any]] = [
        {"what": "removed", "title": line.title, "pk": line.pk} for line in before if line.pk not in kept
    ]
    still = _in_place([line.pk for line in before if line.pk in kept], [line.pk for line in after if line.pk in kept])
    for place, line in enumerate(after):
        behind = after[place - 1].title if place else ""
        if line.pk not in kept:
            found.append({"what": "added", "title": line.title, "pk": line.pk, "behind": behind})
            continue
        was = old[line.pk]
        differing = {name: [getattr(was, name), getattr(line, name)] for name in FIELDS}
        differing = {name: pair for name, pair in differing.items() if pair[0] != pair[1]}
        if differing:
            found.append({"what": "changed", "title": was.title, "pk": line.pk, "fields": differing})
        if line.pk not in still:
            found.append({"what": "moved", "title": line.title, "pk": line.pk, "behind": behind})
    return found


def _in_place(before: list[int | None], after: list[int | None]) -> set[int | None]:
    """Those that need not be said to have moved: the longest common stretches of both orders."""
    blocks = SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()
    return {each for block in blocks for each in before[block.a : block.a + block.size]}


def matched(before: Sequence[LinePlan], proposed: Sequence[LinePlan]) -> list[LinePlan]:
    """Lines from elsewhere (a file), each with the `pk` of the line that it means, or none where it is new.

    A number that is not one of `before`, or comes a second time (a copied row), says nothing; then the same words say it.
    """
    left = {line.pk: line for line in before}
    found = [replace(line, pk=line.pk if left.pop(line.pk, None) is not None else None) for line in proposed]
    for place, line in enumerate(found):
        if line.pk is None:
            same = next((pk for pk, other in left.items() if other.title == line.title), None)
            left.pop(same, None)
            found[place] = replace(line, pk=same)
    return found
