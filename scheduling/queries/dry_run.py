"""What the house will do by itself in the next hours, and why, or why it cannot; nothing is done and nothing changed."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from broadcast import clock, registry
from broadcast.models import Airing, Programme
from scheduling import plans
from scheduling.models import AiringPlan, Firing
from scheduling.plans import Due
from scheduling.queries import due as reading

_A, _S = Firing.Action, Airing.State
WILL, NEEDLESS, CANNOT, PEOPLE = "will", "needless", "cannot", "people"
# An act of today may depend on an airing that began before the window.
_NEIGHBOURS = dt.timedelta(days=1)


@dataclass(frozen=True)
class Expected:
    """One act to come: what becomes of it as things stand (will, needless, cannot, people: nobody but people does it), and why."""

    airing: Airing
    action: str
    at: dt.datetime
    verdict: str
    why: str
    subject: str = ""
    # What else people should know, such as what goes out when the feed is missing.
    notes: tuple[str, ...] = ()

    @property
    def what(self) -> str:
        """The act in words."""
        return str(_A(self.action).label)

    @property
    def will(self) -> bool:
        """Whether the house will do it."""
        return self.verdict == WILL


@dataclass
class _Course:
    """One airing as it will be while its acts are gone through in order of time."""

    airing: Airing
    announced: bool
    state: str
    signed_off: bool
    expected: list[Expected] = field(default_factory=list)

    @property
    def shown(self) -> bool:
        """Whether the public knows of it, or need not."""
        return self.announced or self.airing.kind == Airing.Kind.REHEARSAL


def count(programmes: Iterable[int] | None = None, hours: int = 48) -> int:
    """How many acts the house will do by itself."""
    return sum(each.will for each in next_hours(hours, programmes, notes=False))


def next_hours(hours: int = 48, programmes: Iterable[int] | None = None, *, notes: bool = True) -> list[Expected]:
    """Every act that falls due until then, those of before that are still to be done too, in order of time.

    Shows that people must begin or end themselves stand between them. The number of queries does not depend on that of the airings,
    but for what other apps tell of those that go on air; without `notes` they are not asked.
    """
    now = clock.now()
    until = now + dt.timedelta(hours=hours)
    mine = None if programmes is None else set(programmes)
    found: list[Expected] = []
    rows = [plan for plan in reading.living(now) if mine is None or plan.airing.episode.programme_id in mine]
    reminders = reading.reminders_of([plan.airing for plan in rows if plan.auto_remind])
    known = reading.keys_of(plan.airing_id for plan in rows)
    used = _used_feeds(now, until) if notes else {}
    for plan in rows:
        acts = [each for each in plans.wanted(plan, reminders[plan.airing_id], foreseen=True) if each.key not in known]
        acts.sort(key=lambda each: (each.at, each.action != _A.START))
        found += _through(plan, acts, until, now, used if notes else None)
    found += _by_people(now, until, mine)
    return sorted(found, key=lambda each: (each.at, str(each.airing.pk), each.action))


def _through(
    plan: AiringPlan, acts: list[Due], until: dt.datetime, now: dt.datetime, used: dict[int, list[Airing]] | None
) -> list[Expected]:
    """What becomes of each act, one after the other: what one does, the next finds done."""
    airing = plan.airing
    course = _Course(airing, airing.announced_at is not None, airing.state, airing.episode.signed_off_at is not None)
    for due in acts:
        if due.at > until:
            break
        verdict, why = _verdict(course, due, now, plan)
        notes: list[str] = []
        if verdict == WILL:
            why = why or _reason(due, plan)
            notes = _notes(course, due, used) if used is not None else []
            _apply(course, due.action)
        course.expected.append(Expected(airing, due.action, due.at, verdict, why, due.subject, tuple(notes)))
    return course.expected


def _verdict(course: _Course, due: Due, now: dt.datetime, plan: AiringPlan) -> tuple[str, str]:
    """What becomes of an act as the course stands then, and why; an empty reason where nothing stands in its way."""
    if why := _impossible(course, due, now):
        return CANNOT, why
    if why := _done_by_then(course, due.action):
        return NEEDLESS, why
    if due.action == _A.END and course.state != _S.ON_AIR:
        return (WILL, _("那时如果已由人工开播")) if course.shown else (CANNOT, _("没有开播"))
    if due.action == _A.PUBLISH and course.state in plans.BEFORE:
        return CANNOT, _("没有开播，没有回看")
    late = due.action == _A.PUBLISH and course.state == _S.ON_AIR and not plan.auto_end
    return WILL, _("从人工结束时算起") if late else ""


def _impossible(course: _Course, due: Due, now: dt.datetime) -> str:
    if now > due.last:
        return _("已经太晚，请人工决定")
    if due.action in {_A.OPEN_FEED, _A.START} and not course.shown:
        return _("没有预告。预告之后才会自动执行。")
    return plans.forbidden(due.action, course.airing)


def _done_by_then(course: _Course, action: str) -> str:
    """Why there will be nothing left to do; empty where there will."""
    if action == _A.PUBLISH and course.airing.episode.programme.replay_release == Programme.Release.AT_ONCE:
        return _("结束时就公开")
    done = {
        _A.ANNOUNCE: (course.announced, _("已经预告")),
        _A.OPEN_FEED: (course.state != _S.PLANNED, _("信号已经打开")),
        _A.START: (course.state not in plans.BEFORE, _("已经开播")),
        _A.PUBLISH: (course.signed_off, _("回看已经签发")),
    }
    is_done, why = done.get(_A(action), (False, ""))
    return why if is_done else ""


def _apply(course: _Course, action: str) -> None:
    course.announced = course.announced or action in {_A.ANNOUNCE, _A.START}
    course.signed_off = course.signed_off or action == _A.PUBLISH
    after: dict[str, str] = {_A.OPEN_FEED: _S.WAITING, _A.START: _S.ON_AIR, _A.END: _S.ENDED}
    course.state = after.get(action, course.state)


def _reason(due: Due, plan: AiringPlan) -> str:
    """Why then."""
    reasons = {
        _A.ANNOUNCE: _("开播前 %(n)s 小时") % {"n": min(plan.announce_hours_before, plans.MOST_ANNOUNCE_HOURS)},
        _A.OPEN_FEED: _("开播前 %(n)s 分钟") % {"n": plan.open_minutes_before},
        _A.START: _("计划开播时间，最多晚 %(n)s 秒") % {"n": due.late_seconds},
        _A.END: _("计划结束时间"),
        _A.PUBLISH: _("结束后 %(n)s 分钟") % {"n": plan.publish_minutes_after},
        _A.REMIND: _("提醒嘉宾"),
    }
    return reasons[_A(due.action)]


def _notes(course: _Course, due: Due, used: dict[int, list[Airing]]) -> list[str]:
    airing, notes = course.airing, []
    if due.action in {_A.OPEN_FEED, _A.START} and course.state != _S.WAITING:
        for other in _in_the_way(airing, due.at, used):
            words = {"feed": str(airing.feed), "other": str(other.episode)}
            notes.append(_("信号“%(feed)s”那时可能还被“%(other)s”使用，会一直重试到它结束。") % words)
    if due.action == _A.START:
        for _name, tell in registry.foretold:
            notes += tell(airing)
    if due.action == _A.ANNOUNCE and not airing.episode.description.strip():
        notes.append(_("这一期还没有简介。"))
    return notes


def _used_feeds(now: dt.datetime, until: dt.datetime) -> dict[int, list[Airing]]:
    """By feed, the airings that run or will run on it, as main or as back-up."""
    rows = Airing.objects.select_related("episode__programme", "plan").filter(
        Q(state__in=[_S.WAITING, _S.ON_AIR])
        | Q(state=_S.PLANNED, planned_end__gt=now - _NEIGHBOURS, planned_start__lt=until)
    )
    found: defaultdict[int, list[Airing]] = defaultdict(list)
    for each in rows:
        for feed_id in _feeds(each):
            found[feed_id].append(each)
    return found


def _feeds(airing: Airing) -> set[int]:
    return {key for key in (airing.feed_id, airing.backup_feed_id) if key is not None}


def _in_the_way(airing: Airing, at: dt.datetime, used: dict[int, list[Airing]]) -> list[Airing]:
    """Others that hold one of its feeds at that time, unless they are ended by then by themselves."""
    others = {each.pk: each for feed_id in _feeds(airing) for each in used.get(feed_id, []) if each.pk != airing.pk}
    return [each for each in others.values() if _holds(each, at)]


def _holds(other: Airing, at: dt.datetime) -> bool:
    plan = getattr(other, "plan", None)
    begins = other.planned_start - dt.timedelta(minutes=plan.open_minutes_before if plan and plan.auto_open else 0)
    ends_itself = plan is not None and plan.auto_end
    if other.state == _S.ON_AIR:
        return other.planned_end > at or not ends_itself
    # One that waits and never began gives way after its time.
    return (other.state == _S.WAITING or begins <= at) and other.planned_end > at


def _by_people(now: dt.datetime, until: dt.datetime, mine: set[int] | None) -> list[Expected]:
    """Shows of the window that nobody begins, or ends, but people."""
    rows = Airing.objects.select_related("episode__programme", "plan").filter(
        Q(state__in=[_S.PLANNED, _S.WAITING], planned_start__gte=now, planned_start__lte=until)
        | Q(state=_S.ON_AIR, planned_end__lte=until)
    )
    if mine is not None:
        rows = rows.filter(episode__programme__in=mine)
    found = []
    for each in rows:
        plan: AiringPlan | None = getattr(each, "plan", None)
        if each.state != _S.ON_AIR and (plan is None or not plan.auto_start):
            why = _("没有安排自动开播") if each.announced_at else _("没有预告，也没有安排自动开播")
            found.append(Expected(each, str(_A.START), each.planned_start, PEOPLE, why))
        if each.planned_end <= until and (plan is None or not plan.auto_end):
            found.append(Expected(each, str(_A.END), each.planned_end, PEOPLE, _("没有安排自动结束")))
    return found


def by_day(expected: Iterable[Expected]) -> dict[dt.date, list[Expected]]:
    """The same by day in the house's zone."""
    found: dict[dt.date, list[Expected]] = {}
    for each in expected:
        found.setdefault(timezone.localtime(each.at).date(), []).append(each)
    return found
