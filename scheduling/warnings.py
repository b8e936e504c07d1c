"""What a producer should know of an airing to come, though nothing of it stops anybody: pure rules over facts; it reads no table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

# Two editions of a programme, and two appearances of a person, are close when less lies between them.
CLOSE = dt.timedelta(days=3)
GUEST_CLOSE = dt.timedelta(hours=48)
OFTEN_DAYS = 30
OFTEN_TIMES = 3
# What should be done so long before the start.
SOON = dt.timedelta(hours=48)


@dataclass(frozen=True)
class Warning:
    """One thing to look at. `code` is stable; `text` is for people, in the reader's language."""

    code: str
    text: str


@dataclass(frozen=True)
class Guest:
    """Somebody at the table, host or guest, and when else they are on air (premieres that went out or will)."""

    name: str
    others: tuple[dt.datetime, ...] = ()
    is_host: bool = False


@dataclass(frozen=True)
class Facts:
    """All that the rules look at, of one airing."""

    start: dt.datetime
    now: dt.datetime
    is_rehearsal: bool = False
    is_announced: bool = False
    has_description: bool = True
    has_feed: bool = True
    is_booked: bool = True
    # When the edition before this one goes out.
    previous: dt.datetime | None = None
    guests: tuple[Guest, ...] = ()
    # Hints of the empty seats, by role.
    empty: tuple[tuple[str, str], ...] = ()
    unanswered: tuple[str, ...] = ()
    other_time: tuple[str, ...] = field(default=())


def of(facts: Facts) -> list[Warning]:
    """All warnings, the graver first."""
    return [*_clash(facts), *_table(facts), *_words(facts), *_pace(facts)]


def _clash(facts: Facts) -> Iterator[Warning]:
    if not facts.is_booked:
        yield Warning("not_booked", _("人员、演播室或信号与另一场冲突，还没有排上"))


def _table(facts: Facts) -> Iterator[Warning]:
    for role, hint in facts.empty:
        if role == "department":
            yield Warning("department", _("%(who)s 缺答复人") % {"who": hint} if hint else _("缺部门答复人"))
    others = sum(1 for role, _hint in facts.empty if role != "department")
    if others:
        yield Warning("seats", ngettext("还有 %(n)d 席没有人", "还有 %(n)d 席没有人", others) % {"n": others})
    for name in facts.other_time:
        yield Warning("other_time", _("%(name)s 另提时间，等您答复") % {"name": name})
    if facts.unanswered:
        many = len(facts.unanswered)
        yield Warning("unanswered", ngettext("%(n)d 位嘉宾还没有答复", "%(n)d 位嘉宾还没有答复", many) % {"n": many})


def _words(facts: Facts) -> Iterator[Warning]:
    if facts.is_rehearsal:
        return
    if not facts.has_description:
        yield Warning("description", _("还没有写简介"))
    soon = facts.start - facts.now < SOON
    if soon and not facts.is_announced:
        yield Warning("announce", _("还没有发布预告"))
    if soon and not facts.has_feed:
        yield Warning("feed", _("信号还没有定"))


def _pace(facts: Facts) -> Iterator[Warning]:
    if facts.is_rehearsal:
        return
    if facts.previous is not None and facts.start - facts.previous < CLOSE:
        yield Warning("close", _("距上期只有 %(days)s") % {"days": _gap(facts.start - facts.previous)})
    for guest in facts.guests:
        if guest.is_host:
            continue
        times = 1 + sum(1 for at in guest.others if dt.timedelta(0) <= facts.start - at < dt.timedelta(days=OFTEN_DAYS))
        if times >= OFTEN_TIMES:
            words = {"name": guest.name, "days": OFTEN_DAYS, "times": times}
            yield Warning("often", _("%(name)s %(days)s 天内第 %(times)s 次上节目") % words)
        elif any(abs(facts.start - at) < GUEST_CLOSE for at in guest.others):
            yield Warning("guest_close", _("%(name)s 前后两天内还上另一期") % {"name": guest.name})


def _gap(between: dt.timedelta) -> str:
    if between < dt.timedelta(days=1):
        hours = max(1, round(between.total_seconds() / 3600))
        return ngettext("%(n)d 小时", "%(n)d 小时", hours) % {"n": hours}
    return ngettext("%(n)d 天", "%(n)d 天", between.days) % {"n": between.days}
