"""The only writers of archive's rows: secrets, what the recorder reports, cuts; every act of a person is checked and audited here."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from archive.ffmpeg import Srt
from archive.models import IngestSecret, OutputCut, Part, Recording
from broadcast import audit, clock, env, sealing, signals
from broadcast.access import Ability, Actor, require
from broadcast.errors import Conflict, IllegalTransition, NotAllowed, NotFound
from broadcast.lifecycle import locked
from broadcast.models import Airing

RTMP_APP = "live"
CONFIRM_SECONDS = 120
_CUT_LOCK = 0x59495348_43555421  # "YISHCUT!": a cut takes it, the recorder's reading shares it, so none slips between
KEY_PURPOSE = "stream-key"


@dataclass(frozen=True)
class Ingest:
    """Where an encoder sends to. Shown to producers only; never logged."""

    srt_url: str
    srt_host: str
    srt_port: int
    passphrase: str
    rtmp_url: str
    stream_key: str


def ensure_recording(airing_id: UUID) -> Recording:
    """The airing's Recording and IngestSecret, made when missing. Safe to call at any time."""
    with transaction.atomic():
        recording, _made = Recording.objects.get_or_create(airing_id=airing_id)
        if not IngestSecret.objects.filter(airing_id=airing_id).exists():
            _make_secret(airing_id)
    return recording


def _make_secret(airing_id: UUID) -> IngestSecret:
    # Letters and digits only: both travel in addresses that people copy by hand.
    key, passphrase = secrets.token_hex(16), secrets.token_hex(12)
    secret, _made = IngestSecret.objects.update_or_create(
        airing_id=airing_id,
        defaults={
            "sealed": sealing.seal({"key": key, "passphrase": passphrase}),
            "key_digest": sealing.digest(KEY_PURPOSE, key),
            "made_at": clock.now(),
        },
    )
    return secret


def ingest_addresses(actor: Actor, airing_id: UUID) -> Ingest:
    """Addresses and secrets for the encoder. Needs PRODUCE. Raises NotFound without a feed."""
    airing = Airing.objects.select_related("episode", "feed").filter(pk=airing_id).first()
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
    )


def public_ingest_host() -> str:
    """The host name that encoders are told: where we listen, or the first of YISHI_HOSTS when we listen everywhere."""
    host = str(env.read("INGEST_HOST"))
    if host in {"0.0.0.0", "::"}:
        return next((name for name in settings.ALLOWED_HOSTS if name not in {"localhost", "*"}), "127.0.0.1")
    return host


def rotate_secret(actor: Actor, airing_id: UUID, reason: str) -> None:
    """New key and passphrase; the recorder drops whoever still uses the old ones. Needs PRODUCE."""
    with transaction.atomic():
        airing = locked(airing_id)
        require(actor, Ability.PRODUCE, airing.episode.programme_id)
        ensure_recording(airing_id)
        _make_secret(airing_id)
        audit.record(actor, "ingest.rotate", f"airing:{airing_id}", airing=airing, reason=reason)


# -- cuts ----------------------------------------------------------------------------------------------------------


def cut_output(actor: Actor, airing_id: UUID, reason: str = "") -> dict[str, Any]:
    """Withhold from the public what is not out yet. Needs CUT. Where the programme asks for a second person this only
    requests, and the first other person who cuts or confirms within two minutes makes it so.

    Takes the cut lock and the airing's row; announces recording_changed. Returns {"state", "cut"}.
    """
    with transaction.atomic():
        airing = _for_cut(actor, airing_id)
        if airing.state == Airing.State.ENDED and clock.now() >= _out_until(airing):
            raise IllegalTransition(_("这一场已经播完，没有可以切断的输出。"), state=airing.state, wanted="cut")
        if airing.state not in {Airing.State.ON_AIR, Airing.State.ENDED}:
            raise IllegalTransition(_("这一场不在播出，没有可以切断的输出。"), state=airing.state, wanted="cut")
        open_cut = OutputCut.objects.filter(airing=airing, state__in=["requested", "active"]).first()
        if open_cut and open_cut.state == OutputCut.State.ACTIVE:
            raise Conflict(_("输出已经切断。"), state="active")
        if open_cut is None:
            open_cut = OutputCut.objects.create(
                airing=airing,
                state=OutputCut.State.REQUESTED,
                reason=reason[:200],
                requested_by=actor.user_id,
                requested_at=clock.now(),
            )
            if airing.episode.programme.cut_needs_second_person and not actor.house:
                audit.record(actor, "output.request_cut", f"cut:{open_cut.pk}", airing=airing, reason=reason)
                signals.tell(signals.recording_changed, airing_id=airing.pk)
                return {"state": "requested", "cut": open_cut.pk}
        elif open_cut.requested_by == actor.user_id:
            raise NotAllowed(_("这个节目要第二个人确认切断，请让另一位同事来确认。"), cut=open_cut.pk)
        return _activate(actor, airing, open_cut, reason)


def confirm_cut(actor: Actor, airing_id: UUID, reason: str = "") -> dict[str, Any]:
    """Confirm a requested cut; must be another person with CUT. Raises NotFound when none is waiting."""
    with transaction.atomic():
        airing = _for_cut(actor, airing_id)
        waiting = OutputCut.objects.filter(airing=airing, state=OutputCut.State.REQUESTED).first()
        if waiting is None:
            raise NotFound(_("没有等待确认的切断请求。"))
        if waiting.requested_by == actor.user_id:
            raise NotAllowed(_("这个节目要第二个人确认切断，请让另一位同事来确认。"), cut=waiting.pk)
        return _activate(actor, airing, waiting, reason)


def resume_output(actor: Actor, airing_id: UUID, reason: str = "") -> dict[str, Any]:
    """Let the public output go on with what is made from now. Needs CUT. A waiting request is dropped."""
    with transaction.atomic():
        airing = _for_cut(actor, airing_id)
        cut = OutputCut.objects.filter(airing=airing, state__in=["requested", "active"]).first()
        if cut is None:
            raise IllegalTransition(_("输出没有被切断。"), state="live", wanted="resumed")
        if cut.state == OutputCut.State.REQUESTED:
            cut.state = OutputCut.State.EXPIRED
        else:
            if airing.state != Airing.State.ON_AIR:
                raise IllegalTransition(_("这一场已经结束，切断的部分不再恢复。"), state=airing.state, wanted="resumed")
            cut.state, cut.until_media_time, cut.resumed_by = OutputCut.State.RESUMED, clock.now(), actor.user_id
        cut.save(update_fields=["state", "until_media_time", "resumed_by"])
        audit.record(actor, "output.resume", f"cut:{cut.pk}", airing=airing, reason=reason, after=cut.state)
        signals.tell(signals.recording_changed, airing_id=airing.pk)
        return {"state": str(cut.state), "cut": cut.pk}


def _for_cut(actor: Actor, airing_id: UUID) -> Airing:
    """Lock airing and cuts, check the right, let old requests lapse."""
    take_cut_lock(shared=False)
    airing = locked(airing_id)
    require(actor, Ability.CUT, airing.episode.programme_id)
    expire_requests(airing_id)
    return airing


def take_cut_lock(*, shared: bool) -> None:
    """Serialise cuts with the recorder's reading until the transaction ends; waits three seconds at most."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '3s'")
        cursor.execute(f"SELECT pg_advisory_xact_lock{'_shared' if shared else ''}(%s)", [_CUT_LOCK])


def _activate(actor: Actor, airing: Airing, cut: OutputCut, reason: str) -> dict[str, Any]:
    now = clock.now()
    cut.state, cut.cut_by, cut.cut_at = OutputCut.State.ACTIVE, actor.user_id, now
    cut.from_media_time = now - dt.timedelta(seconds=airing.delay_seconds)
    cut.save(update_fields=["state", "cut_by", "cut_at", "from_media_time"])
    after = {"from_media_time": cut.from_media_time.isoformat(), "requested_by": cut.requested_by}
    audit.record(actor, "output.cut", f"cut:{cut.pk}", airing=airing, reason=reason or cut.reason, after=after)
    signals.tell(signals.recording_changed, airing_id=airing.pk)
    return {"state": "active", "cut": cut.pk}


def _out_until(airing: Airing) -> dt.datetime:
    return (airing.actual_end or clock.now()) + dt.timedelta(seconds=airing.delay_seconds)


def expire_requests(airing_id: UUID | None = None) -> int:
    """Drop cut requests that nobody confirmed in time; returns how many."""
    lapsed = OutputCut.objects.filter(
        state=OutputCut.State.REQUESTED, requested_at__lt=clock.now() - dt.timedelta(seconds=CONFIRM_SECONDS)
    )
    if airing_id:
        lapsed = lapsed.filter(airing_id=airing_id)
    airings = set(lapsed.values_list("airing_id", flat=True))
    count = lapsed.update(state=OutputCut.State.EXPIRED) if airings else 0
    for each in airings:
        signals.tell(signals.recording_changed, airing_id=each)
    return count


# -- what the recorder reports ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PartReport:
    """A part as it lies on disk."""

    number: int
    source: str
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
)


def note_report(report: Report) -> None:
    """Bring the airing's rows up to what the recorder sees; announces recording_changed when people see something else now."""
    from archive import queries

    with transaction.atomic():
        recording = Recording.objects.select_for_update().filter(airing_id=report.airing_id).first()
        recording = recording or ensure_recording(report.airing_id)
        before = (recording.state, recording.problem, recording.replay_ready_at)
        for name in _REPORTED:
            setattr(recording, name, getattr(report, name))
        recording.reported_at = clock.now()
        recording.save(update_fields=[*_REPORTED, "reported_at"])
        for part in report.parts:
            _note_part(recording, part)
        airing = queries.airing_with_programme(report.airing_id)
        told = airing is not None and tell_if_changed(airing, recording)
        if not told and before != (recording.state, recording.problem, recording.replay_ready_at):
            signals.tell(signals.recording_changed, airing_id=report.airing_id)


def _note_part(recording: Recording, part: PartReport) -> None:
    facts = {name: getattr(part, name) for name in PartReport.__dataclass_fields__ if name != "number"}
    try:
        with transaction.atomic():
            Part.objects.update_or_create(recording=recording, number=part.number, defaults=facts)
    except IntegrityError:
        Part.objects.filter(recording=recording, number=part.number).update(**facts)


def tell_if_changed(airing: Airing, recording: Recording) -> bool:
    """Compare what the public should see of the media with what was last told; store and announce a difference."""
    from archive import queries

    media = queries.media_of(airing, recording)
    if media == recording.public_media:
        return False
    recording.public_media = media
    recording.save(update_fields=["public_media"])
    signals.tell(signals.recording_changed, airing_id=airing.pk)
    return True


def reconcile() -> int:
    """Make missing recordings, let requests lapse, announce what only time changed (a lost feed, a dead recorder)."""
    from archive import queries

    repaired = expire_requests()
    for airing in queries.watched_airings():
        recording = getattr(airing, "recording", None)
        if recording is None:
            recording = ensure_recording(airing.pk)
            repaired += 1
        repaired += tell_if_changed(airing, recording)
    return repaired


def note_recorder(name: str, pid: int, ffmpeg: str, refused: dict[str, Any]) -> None:
    """The recorder process is alive."""
    from archive.models import RecorderStatus

    RecorderStatus.objects.update_or_create(
        name=name, defaults={"seen_at": clock.now(), "pid": pid, "ffmpeg": ffmpeg[:200], "refused": refused}
    )
