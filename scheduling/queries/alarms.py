"""What went wrong with due acts and nobody has seen yet, and shows that should be on air and are not; it changes nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from broadcast import clock
from broadcast.access import Ability, Actor
from broadcast.models import Airing
from scheduling import plans
from scheduling.models import Firing
from scheduling.queries import due as reading

# A show that people begin may be late by so much before all staff hear of it.
PATIENCE = dt.timedelta(minutes=2)
# So long after its time an act without a row in the ledger means that no tick runs, and a claim that is still tried is told.
SLACK = dt.timedelta(seconds=30)
_DAY = dt.timedelta(days=1)
_MOST = 20
_A, _O, _S = Firing.Action, Firing.Outcome, Airing.State


@dataclass(frozen=True)
class Alarm:
    """What did not happen, to which airing, and why. Without `firing_id` it ends by what people do, not by being seen."""

    airing: Airing
    what: str
    why: str
    at: dt.datetime
    firing_id: int | None = None

    @property
    def text(self) -> str:
        """One sentence for the head of a page."""
        words = {"what": self.what, "show": label(self.airing), "why": self.why}
        return _("%(show)s：%(what)s没有完成。%(why)s") % words


def label(airing: Airing) -> str:
    """Programme and number, as people call it. Reads airing.episode.programme."""
    episode = airing.episode
    if episode.number is None:
        return f"{episode.programme.name}《{episode.title}》"
    return _("%(programme)s第 %(number)s 期") % {"programme": episode.programme.name, "number": episode.number}


def standing(programmes: Iterable[int] | None = None, airing: Airing | None = None) -> list[Alarm]:
    """All alarms, the newest first; only of those programmes, or of that airing. Four queries."""
    now = clock.now()
    mine = Q()
    if programmes is not None:
        mine &= Q(episode__programme__in=list(programmes))
    if airing is not None:
        mine &= Q(pk=airing.pk)
    of_mine = Q(airing__in=Airing.objects.filter(mine)) if mine else Q()
    found = [*_noted(of_mine, now), *_not_begun(mine, now), *_waiting(mine, now)]
    return sorted(found, key=lambda each: each.at, reverse=True)


def of_airing(airing: Airing) -> list[Alarm]:
    """The alarms of one airing, for its control room."""
    return standing(airing=airing)


def banner(actor: Actor) -> list[dict[str, str]]:
    """What `actor` must hear: alarms of the programmes in which it may run a show."""
    everywhere = Ability.RUN in actor.grants.get(None, ())
    mine = [key for key, abilities in actor.grants.items() if key is not None and Ability.RUN in abilities]
    if not everywhere and not mine:
        return []
    url = reverse("staff:schedule-next")
    return [{"text": each.text, "url": url} for each in standing(None if everywhere else mine)[:_MOST]]


def is_well() -> bool:
    """Whether no show of the last day failed to begin unseen."""
    now = clock.now()
    missed = _unseen(now).filter(action=_A.START, due_at__gte=now - _DAY)
    return not missed.exists() and not _late(Q(), now).exists()


def _unseen(now: dt.datetime) -> QuerySet[Firing]:
    bad = Q(outcome__in=[_O.FAILED, _O.TOO_LATE]) | Q(outcome=_O.CLAIMED, due_at__lt=now - SLACK)
    return Firing.objects.filter(bad, seen_at=None)


def _noted(mine: Q, now: dt.datetime) -> list[Alarm]:
    rows = _unseen(now).filter(mine).select_related("airing__episode__programme").order_by("-due_at")[:_MOST]
    return [
        Alarm(
            each.airing,
            each.get_action_display(),
            _("还在重试：%(why)s") % {"why": each.reason} if each.outcome == _O.CLAIMED else each.reason,
            each.due_at,
            None if each.outcome == _O.CLAIMED else each.pk,
        )
        for each in rows
    ]


def _late(mine: Q, now: dt.datetime) -> QuerySet[Airing]:
    """Announced airings whose time has come, that nobody began; those of which the ledger speaks are left to it."""
    noted = Firing.objects.filter(airing=OuterRef("pk"), action=_A.START, due_at=OuterRef("planned_start"))
    return Airing.objects.filter(
        mine,
        ~Exists(noted),
        state__in=[_S.PLANNED, _S.WAITING],
        announced_at__isnull=False,
        planned_start__lt=now - PATIENCE,
        planned_start__gt=now - _DAY,
    ).exclude(kind=Airing.Kind.REHEARSAL)


def _not_begun(mine: Q, now: dt.datetime) -> list[Alarm]:
    rows = _late(mine, now).select_related("episode__programme", "plan")[:_MOST]
    what = str(_A.START.label)
    return [
        Alarm(each, what, _("没有安排自动开播，也没有人开播。请开播、改时间或取消。"), each.planned_start)
        for each in rows
        if not _starts_itself(each)
    ]


def _starts_itself(airing: Airing) -> bool:
    plan = getattr(airing, "plan", None)
    return plan is not None and plan.auto_start


def _waiting(mine: Q, now: dt.datetime) -> list[Alarm]:
    """Due acts that stand in no ledger: nobody ticks."""
    overdue = [
        (each, plan)
        for each, plan in reading.undone(now - SLACK)
        if not plans.unannounced(each.action, plan.airing) and each.at > now - _DAY
    ]
    ids: set[UUID] = {each.airing_id for each, _plan in overdue}
    rows = Airing.objects.filter(mine, pk__in=ids).select_related("episode__programme").in_bulk() if ids else {}
    why = _("到点的事没有人做：定时进程（tick）没有运行。")
    return [
        Alarm(rows[each.airing_id], str(_A(each.action).label), why, each.at)
        for each, _plan in overdue
        if each.airing_id in rows
    ]
