"""The control room's view of feed and output; staff only, addresses only for producers; it writes nothing but missing secrets."""

from __future__ import annotations

import datetime as dt
from typing import Any

from cryptography.fernet import InvalidToken

from archive import health, outgoing, queries, services
from archive.models import Part, RecorderStatus, Recording
from archive.output import LOST_MS
from archive.steps import view as steps
from broadcast import clock
from broadcast.access import Ability, Actor, can
from broadcast.models import Airing

RECORDER = "main"
_LOST = dt.timedelta(milliseconds=LOST_MS)
_S = Airing.State


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
        "gaps": [{"from": start, "until": end} for start, end in queries.gap_map(airing)],
        "refused": _counts(status.refused if status else {}, recording.refused if recording else {}),
        "delay_seconds": airing.delay_seconds,
        "cut": queries.cut_view(airing),
        "public": queries.media_of(airing, recording),
        "line": outgoing.line_view(airing, recording),
        "health": health.view(recording.health if recording else {}),
        "pushes": outgoing.pushes_view(airing),
        "disk": status.disk if alive and status else {},
        "steps": steps.panel(airing) if airing.state == _S.ENDED else {},
        "store": (recording.health if recording else {}).get("store", {}),
        "replay": f"/media/airings/{airing.pk}/replay/master.m3u8"
        if recording and recording.received_seconds
        else None,
    }
    if airing.feed_id and can(actor, Ability.PRODUCE, airing.episode.programme_id):
        addresses = _addresses(airing, actor)
        if addresses:
            panel["addresses"] = addresses
    return panel


def _addresses(airing: Airing, actor: Actor) -> dict[str, Any]:
    """What the encoder must know; empty when it cannot be opened (the recorder says so as `secret_unreadable`)."""
    try:
        ingest = services.ingest_addresses(actor, airing.pk)
    except (InvalidToken, ValueError, KeyError):
        return {}
    addresses: dict[str, Any] = {
        "srt_url": ingest.srt_url,
        "srt_passphrase": ingest.passphrase,
        "rtmp_url": ingest.rtmp_url,
        "stream_key": ingest.stream_key,
    }
    if ingest.backup is not None:
        addresses["backup"] = {"srt_url": ingest.backup.srt_url, "stream_key": ingest.backup.stream_key}
    return addresses


def _counts(*refused: dict[str, Any]) -> dict[str, int]:
    """How often each stable code was refused: at the gate since the recorder began, and on this airing's own listener."""
    counts: dict[str, int] = {}
    for table in refused:
        for code, found in table.items():
            counts[code] = counts.get(code, 0) + int(found.get("count", 0))
    return counts


def _part_view(part: Part) -> dict[str, Any]:
    return {
        "number": part.number,
        "source": part.source,
        "lane": part.lane,
        "started_at": part.started_at.isoformat(),
        "ended_at": part.ended_at.isoformat() if part.ended_at else None,
        "end_code": part.end_code,
        "seconds": round((part.media_until - part.first_pdt).total_seconds(), 1),
        "size_bytes": part.size_bytes,
    }
