"""The writers of archive's rows beside cuts.py: secrets of the way in, what the recorder reports; people's acts are audited."""

from __future__ import annotations

import datetime as dt
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from archive import cuts, machine, playout, queries
from archive.asrun import Stretch
from archive.ffmpeg import Srt
from archive.models import IngestSecret, Part, RecorderStatus, Recording
from broadcast import audit, clock, env, sealing, signals
from broadcast.access import Ability, Actor, require
from broadcast.errors import IllegalTransition, NotFound
from broadcast.lifecycle import locked
from broadcast.models import Airing

RTMP_APP = "live"
KEY_PURPOSE = "stream-key"


@dataclass(frozen=True)
class BackupIngest:
    """What is another on the back-up feed."""

    srt_url: str
    srt_port: int
    stream_key: str


@dataclass(frozen=True)
class Ingest:
    """Where an encoder sends to. Shown to producers only; never logged."""

    srt_url: str
    srt_host: str
    srt_port: int
    passphrase: str
    rtmp_url: str
    stream_key: str
    # None without a back-up feed; passphrase and RTMP address are the same on both.
    backup: BackupIngest | None = None


def ensure_recording(airing_id: UUID) -> Recording:
    """The airing's Recording and IngestSecret with both keys, made when missing. Safe to call at any time."""
    with transaction.atomic():
        recording, _made = Recording.objects.get_or_create(airing_id=airing_id)
        secret = IngestSecret.objects.filter(airing_id=airing_id).first()
        if secret is None:
            # Letters and digits only: they travel in addresses that people copy by hand.
            _keep_secret(airing_id, secrets.token_hex(16), secrets.token_hex(12))
        elif not secret.backup_key_digest:
            _add_backup_key(airing_id)
    return recording


def _add_backup_key(airing_id: UUID) -> None:
    """A secret from before there were back-up feeds gets its second key; one that cannot be opened stays as it is."""
    secret = IngestSecret.objects.select_for_update().get(airing_id=airing_id)
    if secret.backup_key_digest:
        return
    try:
        opened = sealing.unseal(secret.sealed)
        key, passphrase = str(opened["key"]), str(opened["passphrase"])
    except (InvalidToken, ValueError, KeyError, TypeError):
        return
    _keep_secret(airing_id, key, passphrase)


def _keep_secret(airing_id: UUID, key: str, passphrase: str) -> None:
    backup = secrets.token_hex(16)
    IngestSecret.objects.update_or_create(
        airing_id=airing_id,
        defaults={
            "sealed": sealing.seal({"key": key, "backup_key": backup, "passphrase": passphrase}),
            "key_digest": sealing.digest(KEY_PURPOSE, key),
            "backup_key_digest": sealing.digest(KEY_PURPOSE, backup),
            "made_at": clock.now(),
        },
    )


def ingest_addresses(actor: Actor, airing_id: UUID) -> Ingest:
    """Addresses and secrets for the encoder. Needs PRODUCE. Raises NotFound without a feed."""
    airing = Airing.objects.select_related("episode", "feed", "backup_feed").filter(pk=airing_id).first()
    if airing is None:
        raise NotFound(_("没有这一场。"))
    require(actor, Ability.PRODUCE, airing.episode.programme_id)
    if airing.feed is None:
        raise NotFound(_("这一场还没有信号线路，请先给它选一路信号。"))
    ensure_recording(airing_id)
    return addresses_of(airing, IngestSecret.objects.get(airing_id=airing_id))


def addresses_of(airing: Airing, secret: IngestSecret) -> Ingest:
    """The addresses, rights not asked: for the house's own demo publisher and for `ingest_addresses`."""
    assert airing.feed is not None
    opened = sealing.unseal(secret.sealed)
    host = public_ingest_host()
    srt = Srt(host, airing.feed.srt_port, opened["passphrase"])
    shown = f"[{host}]" if ":" in host else host
    return Ingest(
        srt_url=srt.url("caller"),
        srt_host=host,
        srt_port=airing.feed.srt_port,
        passphrase=opened["passphrase"],
        rtmp_url=f"rtmp://{shown}:{env.read('RTMP_PORT')}/{RTMP_APP}",
        stream_key=opened["key"],
        backup=_backup_of(airing, host, opened),
    )


def _backup_of(airing: Airing, host: str, opened: dict[str, str]) -> BackupIngest | None:
    if airing.backup_feed is None or "backup_key" not in opened:
        return None
    srt = Srt(host, airing.backup_feed.srt_port, opened["passphrase"])
    return BackupIngest(srt.url("caller"), srt.port, opened["backup_key"])


def public_ingest_host() -> str:
    """The host name that encoders are told: where we listen, or the first of YISHI_HOSTS when we listen everywhere."""
    host = str(env.read("INGEST_HOST"))
    if host in {"0.0.0.0", "::"}:
        return next((name for name in settings.ALLOWED_HOSTS if name not in {"localhost", "*"}), "127.0.0.1")
    return host


def rotate_secret(actor: Actor, airing_id: UUID, reason: str = "") -> dict[str, Any]:
    """New keys and passphrase; the recorder drops whoever still uses the old ones. Needs PRODUCE.

    Takes the airing's row; announces recording_changed. Raises NotFound without a feed and IllegalTransition when it is over.
    """
    with transaction.atomic():
        airing = locked(airing_id)
        require(actor, Ability.PRODUCE, airing.episode.programme_id)
        if airing.feed_id is None:
            raise NotFound(_("这一场还没有信号线路，请先给它选一路信号。"))
        if airing.state in {Airing.State.ENDED, Airing.State.CANCELLED}:
            raise IllegalTransition(_("这一场已经结束，密钥不再改动。"), state=airing.state, wanted="rotated")
        ensure_recording(airing_id)
        _keep_secret(airing_id, secrets.token_hex(16), secrets.token_hex(12))
        audit.record(actor, "ingest.rotate", f"airing:{airing_id}", airing=airing, reason=reason)
        signals.tell(signals.recording_changed, airing_id=airing_id)
    return {"rotated": True}


# -- what the recorder reports ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PartReport:
    """A part as it lies on disk."""

    number: int
    source: str
    lane: str
    directory: str
    started_at: dt.datetime
    ended_at: dt.datetime | None
    end_code: str
    first_pdt: dt.datetime
    media_until: dt.datetime
    segments: int
    size_bytes: int


@dataclass(frozen=True)
class Report:
    """What the recorder sees of one airing."""

    airing_id: UUID
    state: str
    source: str
    problem: str
    last_segment_at: dt.datetime | None
    public_until: dt.datetime | None
    public_since: dt.datetime | None
    received_seconds: float
    received_bytes: int
    bitrate: int
    refused: dict[str, Any]
    replay_ready_at: dt.datetime | None
    parts: tuple[PartReport, ...]
    going_out: str = ""
    health: dict[str, Any] = field(default_factory=dict)
    as_run: tuple[Stretch, ...] = ()


_REPORTED = (
    "state",
    "source",
    "problem",
    "last_segment_at",
    "public_until",
    "public_since",
    "received_seconds",
    "received_bytes",
    "bitrate",
    "refused",
    "replay_ready_at",
    "going_out",
    "health",
)


def note_report(report: Report) -> None:
    """Bring the airing's rows up to what the recorder sees; announces recording_changed when people see something else now."""
    with transaction.atomic():
        recording = Recording.objects.select_for_update().filter(airing_id=report.airing_id).first()
        recording = recording or ensure_recording(report.airing_id)
        before = _seen(recording)
        for name in _REPORTED:
            setattr(recording, name, getattr(report, name))
        recording.reported_at = clock.now()
        recording.save(update_fields=[*_REPORTED, "reported_at"])
        for part in report.parts:
            _note_part(recording, part)
        playout.note_as_run(report.airing_id, report.as_run)
        airing = queries.airing_with_programme(report.airing_id)
        told = airing is not None and tell_if_changed(airing, recording)
        if not told and before != _seen(recording):
            signals.tell(signals.recording_changed, airing_id=report.airing_id)


def _seen(recording: Recording) -> tuple[Any, ...]:
    """What people are told of when it changes."""
    return recording.state, recording.problem, recording.replay_ready_at, recording.going_out


def _note_part(recording: Recording, part: PartReport) -> None:
    facts = {name: getattr(part, name) for name in PartReport.__dataclass_fields__ if name != "number"}
    try:
        with transaction.atomic():
            Part.objects.update_or_create(recording=recording, number=part.number, defaults=facts)
    except IntegrityError:
        Part.objects.filter(recording=recording, number=part.number).update(**facts)


def tell_if_changed(airing: Airing, recording: Recording) -> bool:
    """Compare what the public should see of the media with what was last told; store and announce a difference."""
    media = queries.media_of(airing, recording)
    if media == recording.public_media:
        return False
    recording.public_media = media
    recording.save(update_fields=["public_media"])
    signals.tell(signals.recording_changed, airing_id=airing.pk)
    return True


def reconcile() -> int:
    """Make missing recordings, let requests lapse, announce what only time changed (a lost feed, a dead recorder)."""
    repaired = cuts.expire_requests()
    for airing in queries.watched_airings():
        recording = getattr(airing, "recording", None)
        if recording is None:
            recording = ensure_recording(airing.pk)
            repaired += 1
        repaired += tell_if_changed(airing, recording)
    return repaired


def note_recorder(name: str, pid: int, ffmpeg: str, refused: dict[str, Any], disk: dict[str, Any]) -> None:
    """The recorder process is alive; `disk` is what its disk guard says."""
    RecorderStatus.objects.update_or_create(
        name=name,
        defaults={
            "seen_at": clock.now(),
            "pid": pid,
            "machine": machine.here(Path(settings.MEDIA_ROOT)),
            "host": os.uname().nodename[:80],
            "ffmpeg": ffmpeg[:200],
            "refused": refused,
            "disk": disk,
        },
    )
