"""Reads what partners' apps are told: programmes, upcoming, on air, past, a page at a time; only what is for everybody."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
from collections.abc import Sequence
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Prefetch, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from broadcast import shown_people
from broadcast.access import replay_is_released
from broadcast.clock import ZONE
from broadcast.errors import InvalidInput
from broadcast.models import Airing, Appearance, Programme
from scheduling import wire
from scheduling.queries import outings


def programmes(site: str) -> wire.Programmes:
    """All programmes that are for everybody."""
    found = Programme.objects.filter(is_active=True, audience=Programme.Audience.PUBLIC)
    return wire.Programmes(
        [
            wire.ProgrammeOut(
                slug=each.slug,
                name=each.name_zh,
                name_en=each.name_en,
                kind=each.kind,
                description=each.description_zh,
                url=site + reverse("programme", args=[each.slug]),
                calendar_url=site + reverse("schedule:calendar", args=[each.slug]),
            )
            for each in found
        ]
    )


def upcoming(site: str, programme: str, limit: int, cursor: str) -> tuple[list[wire.Airing], str]:
    """A page of what is announced and not over, and the cursor of the next page, empty on the last."""
    found = outings.coming(_of(programme))
    if cursor:
        at, pk = _read(cursor)
        found = found.filter(Q(planned_start__gt=at) | Q(planned_start=at, pk__gt=pk))
    return _page(site, found, limit, "planned_start")


def past(site: str, programme: str, limit: int, cursor: str) -> tuple[list[wire.Airing], str]:
    """A page of what is over, the latest first."""
    found = _of(programme).filter(state=Airing.State.ENDED, actual_end__isnull=False).order_by("-actual_end", "-pk")
    if cursor:
        at, pk = _read(cursor)
        found = found.filter(Q(actual_end__lt=at) | Q(actual_end=at, pk__lt=pk))
    return _page(site, found, limit, "actual_end")


def on_air(site: str, programme: str) -> list[wire.Airing]:
    """What is on air now."""
    found = _of(programme).filter(state=Airing.State.ON_AIR).order_by("planned_start", "pk")
    return _airings(site, list(_with_people(found)[: wire.MOST_A_PAGE]))


def _of(programme: str) -> QuerySet[Airing]:
    """What is public; cancelled airings are among what is not over for calendars only."""
    found = outings.public()
    return found.filter(episode__programme__slug=programme) if programme else found


def _page(site: str, found: QuerySet[Airing], limit: int, order: str) -> tuple[list[wire.Airing], str]:
    rows = list(_with_people(found)[: limit + 1])
    shown = rows[:limit]
    last = shown[-1] if len(rows) > limit else None
    return _airings(site, shown), _cursor(getattr(last, order), last.pk) if last is not None else ""


def _with_people(found: QuerySet[Airing]) -> QuerySet[Airing]:
    people = shown_people.named(Appearance.objects.select_related("person"))
    return found.select_related("episode__programme", "occurrence__slot").prefetch_related(
        Prefetch("episode__appearances", people)
    )


def _airings(site: str, rows: Sequence[Airing]) -> list[wire.Airing]:
    return [_airing(site, each) for each in rows]


def _airing(site: str, airing: Airing) -> wire.Airing:
    episode = airing.episode
    occurrence = getattr(airing, "occurrence", None)
    zone = ZoneInfo(occurrence.slot.zone if occurrence is not None else ZONE.key)
    return wire.Airing(
        id=str(airing.pk),
        programme=episode.programme.slug,
        episode=episode.key,
        title=episode.title,
        title_en=episode.title_en,
        description=episode.description,
        kind=airing.kind,  # type: ignore[arg-type]  # only these two are public
        state=airing.state,  # type: ignore[arg-type]
        starts_at=airing.planned_start.astimezone(zone).isoformat(timespec="seconds"),
        ends_at=airing.planned_end.astimezone(zone).isoformat(timespec="seconds"),
        started_at=airing.actual_start.astimezone(zone).isoformat(timespec="seconds") if airing.actual_start else None,
        ended_at=airing.actual_end.astimezone(zone).isoformat(timespec="seconds") if airing.actual_end else None,
        people=list(dict.fromkeys(each.person.name for each in episode.appearances.all())),
        url=site + reverse("episode", args=[episode.programme.slug, episode.key]),
        has_replay=airing.state == Airing.State.ENDED and replay_is_released(airing),
    )


def _cursor(at: dt.datetime, pk: UUID) -> str:
    return base64.urlsafe_b64encode(f"{at.astimezone(dt.UTC).isoformat()}|{pk}".encode()).decode().rstrip("=")


def _read(cursor: str) -> tuple[dt.datetime, UUID]:
    try:
        text = base64.b64decode(cursor.encode() + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
        at, _bar, pk = text.partition("|")
        moment = dt.datetime.fromisoformat(at)
        if moment.tzinfo is None:
            raise ValueError(cursor)
        return moment, UUID(pk)
    except (ValueError, binascii.Error, OverflowError) as error:
        raise InvalidInput(_("cursor 读不懂，请用上一页给的 next。"), field="cursor") from error
