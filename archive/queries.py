"""What others may read of the recording: the public media object, cuts, the gap map and its marks; it writes nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from archive import playlists
from archive.models import OutputCut, Part, Recording
from archive.output import LOST_MS, Cut
from broadcast import access, clock
from broadcast.models import Airing, Programme

RECORDER = "main"
_LOST = dt.timedelta(milliseconds=LOST_MS)
_S = Airing.State
# What goes out in place of the show, where that is said to the public.
_SHOWING = {"filler": "filler", "rerun": "rerun"}


def milliseconds(at: dt.datetime) -> int:
    """Whole milliseconds since 1970."""
    return int(at.timestamp() * 1000)


def from_milliseconds(ms: int) -> dt.datetime:
    """The time, aware, UTC."""
    return dt.datetime.fromtimestamp(ms / 1000, dt.UTC)


def airing_with_programme(airing_id: UUID) -> Airing | None:
    """The airing with all that rights and media need, or None."""
    return Airing.objects.select_related("episode__programme", "feed", "recording").filter(pk=airing_id).first()


def watched_airings() -> Iterable[Airing]:
    """Airings whose media change by time: those that receive, and those that ended lately."""
    lately = clock.now() - dt.timedelta(minutes=10)
    return Airing.objects.select_related("episode__programme", "recording").filter(
        Q(state__in=[_S.WAITING, _S.ON_AIR]) | Q(state=_S.ENDED, actual_end__gt=lately)
    )


def cut_span(cut: OutputCut) -> Cut:
    """The media that the cut withholds, as output.py knows it."""
    assert cut.from_media_time is not None
    until = milliseconds(cut.until_media_time) if cut.until_media_time else None
    return Cut(milliseconds(cut.from_media_time), until)


def public_media(airing: Airing) -> dict[str, Any]:
    """Fields of the public state object "media" of this airing, as of now."""
    return media_of(airing, Recording.objects.filter(airing_id=airing.pk).first())


def media_of(airing: Airing, recording: Recording | None) -> dict[str, Any]:
    """The same for a row at hand. `since` only moves when the state does, so that equal states are equal objects."""
    state, since = _public_state(airing, recording)
    base = f"/media/airings/{airing.pk}"
    shown = recording is not None and recording.public_until is not None and state in {"live", "lost", "cut"}
    replay = state == "ended" and recording is not None and recording.replay_ready_at and recording.public_until
    return {
        "key": "media",
        "state": state,
        "playlist": f"{base}/live/master.m3u8" if shown else None,
        "replay": f"{base}/replay/master.m3u8" if replay and access.replay_is_released(airing) else None,
        "since": since.astimezone(dt.UTC).isoformat() if since else None,
        "media_kind": "audio" if airing.episode.programme.kind == Programme.Kind.RADIO else "video",
        "showing": _SHOWING.get(recording.going_out, "live") if recording and state == "live" else "live",
    }


def _public_state(airing: Airing, recording: Recording | None) -> tuple[str, dt.datetime | None]:
    now = clock.now()
    delay = dt.timedelta(seconds=airing.delay_seconds)
    if airing.episode.publication == "withdrawn" or airing.state in {_S.PLANNED, _S.CANCELLED}:
        return "none", None
    if airing.state == _S.WAITING or airing.actual_start is None:
        return "waiting", None
    if airing.actual_end is not None and now >= airing.actual_end + delay:
        return "ended", airing.actual_end
    return _while_out(airing, recording, now, delay)


def _while_out(
    airing: Airing, recording: Recording | None, now: dt.datetime, delay: dt.timedelta
) -> tuple[str, dt.datetime | None]:
    """State while the delayed picture runs."""
    cut = cut_in_force(airing, now, delay)
    if cut is not None:
        return "cut", cut.cut_at
    if recording is None or recording.public_until is None:
        return "waiting", airing.actual_start
    if now - delay - recording.public_until > _LOST and airing.state == _S.ON_AIR:
        return "lost", recording.public_until + delay
    return "live", recording.public_since


def cut_in_force(airing: Airing, now: dt.datetime, delay: dt.timedelta) -> OutputCut | None:
    """The cut that the public notices now: from the CUT until the delayed clock reaches the RESUME."""
    return (
        OutputCut.objects.filter(airing=airing)
        .filter(Q(state="active") | Q(state="resumed", until_media_time__gt=now - delay))
        .order_by("-id")
        .first()
    )


def cut_view(airing: Airing) -> dict[str, Any]:
    """The cut as staff see it: state none, requested, active, or resuming (until the delayed clock has passed it)."""
    cut = OutputCut.objects.filter(airing=airing).exclude(state="expired").order_by("-id").first()
    if cut is None or (
        cut.state == "resumed" and cut_in_force(airing, clock.now(), dt.timedelta(seconds=airing.delay_seconds)) is None
    ):
        return {"state": "none"}
    return {
        "state": "resuming" if cut.state == "resumed" else cut.state,
        "id": cut.pk,
        "reason": cut.reason,
        "requested_by": cut.requested_by,
        "requested_at": cut.requested_at.isoformat(),
        "cut_at": cut.cut_at.isoformat() if cut.cut_at else None,
        "needs_second_person": airing.episode.programme.cut_needs_second_person,
    }


def gap_map(airing: Airing) -> list[tuple[str, str]]:
    """Stretches of the airing of which nothing was received, as ISO times; the last few seconds are not a gap yet."""
    if airing.actual_start is None:
        return []
    until = airing.actual_end or clock.now() - _LOST
    covered: list[tuple[int, int]] = []
    for first, last in (
        Part.objects.filter(recording_id=airing.pk).order_by("first_pdt").values_list("first_pdt", "media_until")
    ):
        start, end = milliseconds(first), milliseconds(last)
        if covered and start <= covered[-1][1]:
            covered[-1] = (covered[-1][0], max(covered[-1][1], end))
        else:
            covered.append((start, end))
    holes = playlists.gaps(covered, milliseconds(airing.actual_start), milliseconds(until))
    # The first and last segment are cut at a key frame: up to two seconds at either end are no outage.
    return [(playlists.format_time(start), playlists.format_time(end)) for start, end in holes if end - start >= 2_000]


def gap_marks(airing: Airing, staff: bool) -> list[dict[str, Any]]:
    """Marks for a replay's timeline: gaps and cuts, for staff alone."""
    if not staff:
        return []
    marks: list[dict[str, Any]] = [
        {"at": start, "kind": "gap", "title": _("信号中断"), "until": end} for start, end in gap_map(airing)
    ]
    for cut in OutputCut.objects.filter(airing=airing, state__in=["active", "resumed"]):
        span = cut_span(cut)
        until = playlists.format_time(span.until_ms) if span.until_ms else None
        marks.append(
            {
                "at": playlists.format_time(span.since_ms),
                "kind": "cut",
                "title": _("切断"),
                "until": until,
                "note": cut.reason,
            }
        )
    return marks
