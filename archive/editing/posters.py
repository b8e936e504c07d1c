"""The only writer of chosen posters: a frame of the public's replay, or an uploaded picture made anew; files of steps it leaves alone."""

from __future__ import annotations

import hashlib
import logging
import subprocess
import tempfile
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from archive import derivatives, tools
from archive.models import Derivative, EditedReplay, Recording
from archive.steps import chosen, engine, gone, hints
from archive.storage import ALGORITHM, media
from archive.transcripts import queries
from broadcast import audit, clock, pictures, replay_times, signals
from broadcast.access import Ability, Actor, require
from broadcast.errors import IllegalTransition, InvalidInput, NotFound, Unavailable
from broadcast.models import Airing

logger = logging.getLogger(__name__)
SIZE, LEAST = (1280, 720), (640, 360)
MOST_BYTES = pictures.MOST_BYTES
_FRAME_SECONDS = 30
_KIND = Derivative.Kind


def choose_frame(actor: Actor, airing_id: UUID, at_ms: int) -> Derivative:
    """The frame of that programme time, as the public sees it (blurred where it is blurred). Needs PRODUCE; audited.

    Announces recording_changed and episode_changed. Raises InvalidInput where the public's replay holds no such moment,
    IllegalTransition before it is ready, Unavailable when its master cannot be read here.
    """
    airing = _airing(actor, airing_id)
    master = _master(airing)
    second = replay_times.moment(at_ms, queries.spans(airing_id))
    if second is None:
        raise InvalidInput(_("这一刻不在公众的回看里，请另选一帧。"), field="at")
    taken_at = clock.now().isoformat()
    data = _frame(media().path(master.key), min(second, max(0.0, float(master.details["seconds"]) - 0.1)))
    facts = {"at": at_ms, "taken_at": taken_at}
    return _keep(actor, airing, data, "frame", facts, master)


def upload(actor: Actor, airing_id: UUID, data: bytes) -> Derivative:
    """A JPEG, PNG or WebP picture, decoded and made anew at 16:9; what was uploaded is not stored. Needs PRODUCE; audited.

    Announces as choose_frame. Raises InvalidInput (field: file) saying what to do.
    """
    airing = _airing(actor, airing_id)
    try:
        made = pictures.fitted(data, SIZE, LEAST, (0.5, 0.5))
    except pictures.BadPicture as error:
        raise InvalidInput(words_of(error.code), field="file", cause=error.code) from error
    return _keep(actor, airing, made, "upload", {})


def drop(actor: Actor, airing_id: UUID) -> None:
    """Back to the poster that the steps made. Needs PRODUCE; audited. Raises NotFound when none was chosen."""
    airing = _airing(actor, airing_id)
    with transaction.atomic():
        _locked(airing)
        old = Derivative.objects.filter(recording_id=airing_id, details__step=chosen.CHOSEN)
        if not old.exists():
            raise NotFound(_("没有另选过封面。"))
        gone.forget(old)
        audit.record(actor, "poster.remove", f"airing:{airing_id}", airing=airing)
        _told(airing)


def words_of(code: str) -> str:
    """What a refused picture means, for people."""
    return {
        "type": _("这不是 JPEG、PNG 或 WebP 图片。请换一张。"),
        "size": _("图片太大：最多 5 MB、4000 万像素（PNG 和 WebP 1600 万）。请缩小后再传。"),
        "small": _("图片太小：至少要 %(width)s×%(height)s 像素。请换一张。") % {"width": LEAST[0], "height": LEAST[1]},
        "broken": _("图片已损坏，打不开。请换一张，或者另存一次再传。"),
    }[code]


def _airing(actor: Actor, airing_id: UUID) -> Airing:
    airing = Airing.objects.select_related("episode__programme").filter(pk=airing_id).first()
    if airing is None:
        raise NotFound(_("没有这一场。"))
    require(actor, Ability.PRODUCE, airing.episode.programme_id)
    return airing


def _locked(airing: Airing) -> Recording:
    found = Recording.objects.select_for_update().filter(pk=airing.pk).first()
    if found is None or found.state != Recording.State.FINISHED or found.replay_ready_at is None:
        state = found.state if found else "none"
        raise IllegalTransition(_("回看还没有做好，做好以后才能选封面。"), state=state, wanted="finished")
    return found


def _master(airing: Airing) -> Derivative:
    found = [each for each in derivatives.shown(airing.pk, everything=False) if each.kind == _KIND.MASTER]
    # While the files follow an edit, they may still show what it takes away.
    if not found or EditedReplay.objects.filter(airing=airing, wanted__gt=F("written")).exists():
        raise IllegalTransition(_("公众的母版还没有做好，做好以后才能从画面选封面。"), state="none", wanted="master")
    if not found[-1].details.get("has_picture"):
        raise InvalidInput(_("这一场只有声音，请上传一张图片。"), field="at")
    if not media().path(found[-1].key).is_file():
        raise Unavailable(_("母版不在这台机器上，暂时取不了画面。可以上传一张图片。"))
    return found[-1]


def _frame(master: Path, second: float) -> bytes:
    """One picture of our own file as JPEG. Raises Unavailable."""
    with tempfile.TemporaryDirectory(prefix="yishi-poster-") as folder:
        target = Path(folder) / "frame.jpg"
        words = [tools.path(), "-nostdin", "-v", "error", "-protocol_whitelist", "file", "-ss", f"{second:.3f}"]
        words += ["-i", f"file:{master}", "-map", "0:v:0", "-an", "-frames:v", "1", "-vf", "scale='min(1280,iw)':-2"]
        words += ["-q:v", "3", "-update", "1", "-f", "image2", f"file:{target}"]
        try:
            done = subprocess.run(words, capture_output=True, timeout=_FRAME_SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            logger.warning("no frame taken: %s", type(error).__name__)
            raise Unavailable(_("没有取到这一帧，请再试一次。")) from error
        if done.returncode or not target.is_file():
            logger.warning("no frame taken code=%s %s", done.returncode, done.stderr[-300:])
            raise Unavailable(_("没有取到这一帧，请再试一次。"))
        return target.read_bytes()


def _keep(
    actor: Actor, airing: Airing, data: bytes, source: str, facts: dict[str, Any], master: Derivative | None = None
) -> Derivative:
    digest = hashlib.new(ALGORITHM, data).hexdigest()
    with transaction.atomic():
        recording = _locked(airing)
        if master is not None and master.made_at < (recording.replay_ready_at or master.made_at):
            raise IllegalTransition(_("回看刚刚改过，请等母版重新做好再选。"), state="old", wanted="master")
        assert recording.replay_ready_at is not None
        folder = f"airings/{airing.pk}/derived/{int(recording.replay_ready_at.timestamp() * 1000):x}"
        key = f"{folder}/poster-{digest[:12]}.jpg"
        old = Derivative.objects.filter(recording=recording, details__step=chosen.CHOSEN)
        gone.forget(old.exclude(key=key))
        Derivative.objects.filter(key=key).delete()
        _write(media().path(key), data)
        made = Derivative.objects.create(
            recording=recording,
            kind=_KIND.POSTER,
            key=key,
            size_bytes=len(data),
            digest=digest,
            algorithm=ALGORITHM,
            media_type="image/jpeg",
            is_public=True,
            details={**facts, "step": chosen.CHOSEN, "source": source},
            made_at=max(clock.now(), recording.replay_ready_at),
        )
        after = {"source": source, "digest": digest, **facts}
        audit.record(actor, "poster.choose", f"airing:{airing.pk}", airing=airing, after=after)
        _told(airing)
    return made


def _write(target: Path, data: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name}")
    fresh.write_bytes(data)
    fresh.replace(target)


def _told(airing: Airing) -> None:
    """Copies and the manifest follow; whoever shows the episode is told."""
    engine.again(airing.pk, "images")
    signals.tell(signals.recording_changed, airing_id=airing.pk)
    signals.tell(signals.episode_changed, episode_id=airing.episode_id)
    transaction.on_commit(hints.hint)
