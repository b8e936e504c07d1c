"""The only writer of corrections, sign-offs and withdrawals of transcripts: rights, versions and the second person are checked here."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from archive.models import Transcript
from archive.queries import from_milliseconds
from archive.search import stale
from archive.transcripts import drafts, formats, queries
from archive.transcripts.lines import Line
from archive.transcripts.queries import Placed, Timed
from broadcast import audit, clock, signals
from broadcast.access import Ability, Actor, require
from broadcast.errors import Conflict, IllegalTransition, InvalidInput, NotAllowed, NotFound
from broadcast.models import Airing
from broadcast.replay_times import Span, programme_ms

_K, _S = Transcript.Kind, Transcript.State


class Changed(Conflict):
    """Somebody saved the same draft first; data: version, by, at, lines (numbers from 1 that differ from what was sent)."""

    code = "transcript_changed"


def save(actor: Actor, airing_id: UUID, pk: int, version: int, lines: Sequence[Timed]) -> Transcript:
    """Keep the lines as a correction: of a corrected draft its next state, of anything else a new version that says from which it came.

    Needs CAPTION. Raises Changed when `version` is not the one that stands, InvalidInput for no lines.
    """
    if not lines:
        raise InvalidInput(_("至少要有一句。要撤下文稿，请用“撤下”。"), field="lines")
    with transaction.atomic():
        airing = _locked(actor, airing_id, Ability.CAPTION)
        old = _of(airing, pk)
        before = queries.timed(old)
        if old.version != version:
            raise _changed(old, before, lines)
        if old.kind == _K.CORRECTED and old.state == _S.DRAFT:
            if before == list(lines):
                return old
            old.lines.all().delete()
            old.version += 1
            old.changed_by_id, old.changed_at = actor.user_id, clock.now()
            old.save(update_fields=["version", "changed_by", "changed_at"])
            kept = old
        else:
            kept = drafts.make(actor, airing_id, _K.CORRECTED, old.source, old)
        count = drafts.write_lines(kept, lines)
        audit.record(
            actor,
            "transcript.correct",
            f"transcript:{kept.pk}",
            airing=airing,
            before={"transcript": old.pk, "lines": len(before)},
            after={"version": kept.version, "lines": count},
        )
    return kept


def _changed(old: Transcript, stands: Sequence[Timed], sent: Sequence[Timed]) -> Changed:
    by = old.changed_by
    longest = max(len(stands), len(sent))
    differ = [
        number + 1
        for number in range(longest)
        if number >= len(stands) or number >= len(sent) or stands[number] != sent[number]
    ]
    name = str(by) if by else _("另一位同事")
    message = _("%(name)s刚保存过这份文稿，您的修改还没有保存。不同的句子已经标出，请核对后再保存。") % {"name": name}
    return Changed(message, version=old.version, by=name, at=old.changed_at, lines=differ)


def take_file(actor: Actor, airing_id: UUID, file_name: str, content: bytes) -> Transcript:
    """A file's lines, by seconds of the public replay, as a correction of its own. Needs CAPTION; audited.

    Raises Unreadable (names the line), InvalidInput, IllegalTransition while there is no replay.
    """
    with transaction.atomic():
        airing = _locked(actor, airing_id, Ability.CAPTION)
        found = in_programme_time(formats.parse(file_name, content), queries.spans(airing_id))
        made = drafts.make(actor, airing_id, _K.CORRECTED, file_name)
        count = drafts.write_lines(made, found)
        after = {"lines": count, "digest": hashlib.sha256(content).hexdigest()}
        audit.record(actor, "transcript.import", f"transcript:{made.pk}", airing=airing, after=after)
    return made


def in_programme_time(lines: Sequence[Line], spans: Sequence[Span], known: Sequence[Placed] = ()) -> list[Timed]:
    """Lines by seconds of the replay as lines in programme time. One that stands where one of `known` stands keeps its whole time,
    also what of it the replay lacks. Raises IllegalTransition while there is no replay.
    """
    if lines and not spans:
        raise IllegalTransition(
            _("回看还没有做好，文稿的时间对不上。请等回看好了再做。"), state="none", wanted="replay"
        )
    stands = {(each.place.start, each.place.end): each.timed for each in known if each.place is not None}
    found = []
    for line in lines:
        old = stands.get((line.start, line.end))
        start = old.starts_at if old else from_milliseconds(programme_ms(line.start, spans))
        end = old.ends_at if old else from_milliseconds(programme_ms(line.end, spans, end=True))
        found.append(Timed(start, end, line.speaker, line.text))
    return found


def sign(actor: Actor, airing_id: UUID, pk: int, version: int, reason: str = "") -> Transcript:
    """Make this version public; the one that was is withdrawn. Needs SIGN_OFF; audited with the digest of its words.

    Where the programme reviews by two persons, whoever changed it last does not sign it. Raises NotAllowed, Changed, IllegalTransition.
    """
    with transaction.atomic():
        airing = _locked(actor, airing_id, Ability.SIGN_OFF)
        found = _of(airing, pk)
        lines = queries.timed(found)
        if found.version != version:
            raise _changed(found, lines, lines)
        if found.state == _S.SIGNED:
            raise IllegalTransition(_("这一版已经签发。"), state=found.state, wanted=_S.SIGNED)
        if not lines:
            raise IllegalTransition(_("这一版没有一句话，不能签发。"), state=found.state, wanted=_S.SIGNED)
        if needs_second_person(airing) and found.changed_by_id is not None and found.changed_by_id == actor.user_id:
            raise NotAllowed(_("这个节目要两个人：改的人不能自己签发，请让另一位同事来签发。"), transcript=pk)
        for other in Transcript.objects.filter(airing=airing, state=_S.SIGNED):
            _take_off(actor, airing, other, _("换成新的一版"))
        now = clock.now()
        found.state, found.signed_by_id, found.signed_at, found.withdrawn_at = _S.SIGNED, actor.user_id, now, None
        found.save(update_fields=["state", "signed_by", "signed_at", "withdrawn_at"])
        after = {"version": version, "lines": len(lines), "digest": digest(lines)}
        audit.record(actor, "transcript.sign", f"transcript:{pk}", airing=airing, reason=reason[:200], after=after)
        _told(airing)
    return found


def withdraw(actor: Actor, airing_id: UUID, pk: int, reason: str) -> Transcript:
    """Take the public version back, at once. Needs SIGN_OFF and a reason; audited. Raises IllegalTransition, InvalidInput."""
    if not reason.strip():
        raise InvalidInput(_("请写明为什么撤下。"), field="reason")
    with transaction.atomic():
        airing = _locked(actor, airing_id, Ability.SIGN_OFF)
        found = _of(airing, pk)
        if found.state != _S.SIGNED:
            raise IllegalTransition(_("这一版没有公开。"), state=found.state, wanted=_S.WITHDRAWN)
        _take_off(actor, airing, found, reason)
        _told(airing)
    return found


def _take_off(actor: Actor, airing: Airing, found: Transcript, reason: str) -> None:
    found.state, found.withdrawn_at = _S.WITHDRAWN, clock.now()
    found.save(update_fields=["state", "withdrawn_at"])
    audit.record(
        actor,
        "transcript.withdraw",
        f"transcript:{found.pk}",
        airing=airing,
        reason=reason.strip()[:200],
        before={"state": _S.SIGNED.value},
        after={"state": found.state},
    )


def _told(airing: Airing) -> None:
    """What hangs on the public words follows: the search reads the episode again."""
    stale.mark(airing.episode_id)
    signals.tell(signals.episode_changed, episode_id=airing.episode_id)


def needs_second_person(airing: Airing) -> bool:
    """Whether the programme wants two persons for what becomes public."""
    return airing.episode.programme.review_steps > 1


def digest(lines: Sequence[Timed]) -> str:
    """SHA-256 of times, speakers and words: what exactly was signed."""
    found = hashlib.sha256()
    for line in lines:
        words = (line.starts_at.isoformat(), line.ends_at.isoformat(), line.speaker, line.text)
        found.update(("\t".join(words) + "\n").encode())
    return found.hexdigest()


def _locked(actor: Actor, airing_id: UUID, ability: Ability) -> Airing:
    found = Airing.objects.select_for_update(of=("self",)).select_related("episode__programme").filter(pk=airing_id)
    airing = found.first()
    if airing is None:
        raise NotFound(_("没有这一场。"))
    require(actor, ability, airing.episode.programme_id)
    return airing


def _of(airing: Airing, pk: int) -> Transcript:
    found = Transcript.objects.select_for_update(of=("self",)).filter(airing=airing, pk=pk).first()
    if found is None:
        raise NotFound(_("没有这一版文稿。"))
    return found
