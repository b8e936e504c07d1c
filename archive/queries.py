"""What others may read of the recording: the public media object, the control room's panel, what the recorder must do; writes nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from archive import playlists, services
from archive.models import IngestSecret, OutputCut, Part, RecorderStatus, Recording
from archive.output import LOST_MS, Cut, Show
from broadcast import access, clock, sealing
from broadcast.access import Ability, Actor, can
from broadcast.models import Airing, Programme

RECORDER = "main"
_LOST = dt.timedelta(milliseconds=LOST_MS)
_S = Airing.State


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


# -- for the recorder --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wanted:
    """What the recorder must do for one airing. The secrets are open here: never log one."""

    airing_id: UUID
    receives: bool
    srt_port: int
    passphrase: str
    key_digest: str
    sound_only: bool
    show: Show | None


def wanted() -> tuple[int, list[Wanted]]:
    """All that the recorder must do, and the time in ms as of which no cut is missing: a cut shares the lock we take."""
    with transaction.atomic():
        services.take_cut_lock(shared=True)
        as_of = milliseconds(clock.now())
        unfinished = Q(state=_S.ENDED, actual_start__isnull=False) & ~Q(recording__state="finished")
        airings = list(
            Airing.objects.select_related("episode__programme", "feed", "ingest_secret")
            .filter(Q(state__in=[_S.WAITING, _S.ON_AIR]) | unfinished)
            .filter(feed__isnull=False)
        )
        cuts: dict[UUID, list[Cut]] = {}
        for cut in OutputCut.objects.filter(airing__in=airings, state__in=["active", "resumed"]):
            cuts.setdefault(cut.airing_id, []).append(_cut_span(cut))
    found = []
    for airing in airings:
        if not hasattr(airing, "ingest_secret"):
            services.ensure_recording(airing.pk)
            airing.ingest_secret = IngestSecret.objects.get(airing_id=airing.pk)
        found.append(_wanted_of(airing, tuple(cuts.get(airing.pk, ()))))
    return as_of, found


def _wanted_of(airing: Airing, cuts: tuple[Cut, ...]) -> Wanted:
    assert airing.feed is not None
    return Wanted(
        airing_id=airing.pk,
        receives=airing.state in {_S.WAITING, _S.ON_AIR} and airing.feed.is_active,
        srt_port=airing.feed.srt_port,
        passphrase=sealing.unseal(airing.ingest_secret.sealed)["passphrase"],
        key_digest=airing.ingest_secret.key_digest,
        sound_only=airing.episode.programme.kind == Programme.Kind.RADIO,
        show=show_of(airing, cuts),
    )


def show_of(airing: Airing, cuts: tuple[Cut, ...]) -> Show | None:
    """The airing as output.py knows it; None before it started."""
    if airing.actual_start is None:
        return None
    end = milliseconds(airing.actual_end) if airing.actual_end else None
    return Show(milliseconds(airing.actual_start), end, airing.delay_seconds * 1000, cuts)


def _cut_span(cut: OutputCut) -> Cut:
    assert cut.from_media_time is not None
    until = milliseconds(cut.until_media_time) if cut.until_media_time else None
    return Cut(milliseconds(cut.from_media_time), until)


# -- what people see -----------------------------------------------------------------------------------------------------


def public_media(airing: Airing) -> dict[str, Any]:
    """Fields of the public state object "media" of this airing, as of now."""
    return media_of(airing, Recording.objects.filter(airing_id=airing.pk).first())


def media_of(airing: Airing, recording: Recording | None) -> dict[str, Any]:
    """The same for a row at hand. `since` only moves when the state does, so that equal states are equal objects."""
    state, since = _public_state(airing, recording)
    base = f"/media/airings/{airing.pk}"
    shown = recording is not None and recording.public_until is not None and state in {"live", "lost", "cut"}
    replay = state == "ended" and recording is not None and recording.replay_ready_at is not None
    return {
        "key": "media",
        "state": state,
        "playlist": f"{base}/live/index.m3u8" if shown else None,
        "replay": f"{base}/replay/index.m3u8" if replay and _released(airing) else None,
        "since": since.astimezone(dt.UTC).isoformat() if since else None,
        "media_kind": "audio" if airing.episode.programme.kind == Programme.Kind.RADIO else "video",
    }


def _released(airing: Airing) -> bool:
    """Whether those for whom the programme is made may play the replay."""
    if airing.episode.programme.audience == Programme.Audience.PUBLIC:
        return access.may_watch_replay(Actor(), airing)
    return airing.episode.publication != "withdrawn" and (
        airing.episode.signed_off_at is not None or airing.episode.programme.replay_release == Programme.Release.AT_ONCE
    )


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
    cut = _cut_in_force(airing, now, delay)
    if cut is not None:
        return "cut", cut.cut_at
    if recording is None or recording.public_until is None:
        return "waiting", airing.actual_start
    if now - delay - recording.public_until > _LOST and airing.state == _S.ON_AIR:
        return "lost", recording.public_until + delay
    return "live", recording.public_since


def _cut_in_force(airing: Airing, now: dt.datetime, delay: dt.timedelta) -> OutputCut | None:
    """The cut that the public notices now: from the CUT until the delayed clock reaches the RESUME."""
    return (
        OutputCut.objects.filter(airing=airing)
        .filter(Q(state="active") | Q(state="resumed", until_media_time__gt=now - delay))
        .order_by("-id")
        .first()
    )


def recorder_alive() -> bool:
    """Whether the recorder process was seen in the last seconds."""
    return RecorderStatus.objects.filter(name=RECORDER, seen_at__gt=clock.now() - _LOST).exists()


def feed_panel(airing: Airing, actor: Actor) -> dict[str, Any]:
    """The control room's view of feed and output. Addresses only for those who may PRODUCE."""
    recording = Recording.objects.filter(airing_id=airing.pk).first()
    status = RecorderStatus.objects.filter(name=RECORDER).first()
    alive = status is not None and clock.now() - status.seen_at < _LOST
    receiving = airing.state in {_S.WAITING, _S.ON_AIR}
    state = recording.state if recording else "off"
    if not alive and receiving:
        state = "recorder_down"
    last = recording.last_segment_at if recording else None
    panel: dict[str, Any] = {
        "state": state,
        "source": recording.source if recording else "",
        "problem": recording.problem if recording else "",
        "received_seconds": round(recording.received_seconds, 1) if recording else 0,
        "last_segment_age_seconds": round((clock.now() - last).total_seconds(), 1) if last and receiving else None,
        "bitrate": recording.bitrate if recording else 0,
        "parts": [_part_view(part) for part in Part.objects.filter(recording_id=airing.pk)],
        "gaps": [{"from": start, "until": end} for start, end in gap_map(airing)],
        "refused": {**(status.refused if status else {}), **(recording.refused if recording else {})},
        "delay_seconds": airing.delay_seconds,
        "cut": cut_view(airing),
        "public": media_of(airing, recording),
        "replay": f"/media/airings/{airing.pk}/replay/index.m3u8" if recording and recording.received_seconds else None,
    }
    if airing.feed_id and can(actor, Ability.PRODUCE, airing.episode.programme_id):
        ingest = services.ingest_addresses(actor, airing.pk)
        panel["addresses"] = {
            "srt_url": ingest.srt_url,
            "srt_passphrase": ingest.passphrase,
            "rtmp_url": ingest.rtmp_url,
            "stream_key": ingest.stream_key,
        }
    return panel


def _part_view(part: Part) -> dict[str, Any]:
    return {
        "number": part.number,
        "source": part.source,
        "started_at": part.started_at.isoformat(),
        "ended_at": part.ended_at.isoformat() if part.ended_at else None,
        "end_code": part.end_code,
        "seconds": round((part.media_until - part.first_pdt).total_seconds(), 1),
        "size_bytes": part.size_bytes,
    }


def cut_view(airing: Airing) -> dict[str, Any]:
    """The cut as staff see it: state none, requested, active, or resuming (until the delayed clock has passed it)."""
    cut = OutputCut.objects.filter(airing=airing).exclude(state="expired").order_by("-id").first()
    if cut is None or (
        cut.state == "resumed"
        and _cut_in_force(airing, clock.now(), dt.timedelta(seconds=airing.delay_seconds)) is None
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
        span = _cut_span(cut)
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
