"""Takes in, corrects and takes out caption lines, from a captioner or a recogniser; when the public sees them, queries say."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from broadcast import audit, clock
from broadcast.access import Ability, Actor, can, require
from broadcast.errors import Conflict, IllegalTransition, InvalidInput, NotFound
from broadcast.models import Airing
from live import hints, protocol, text
from live.models import CaptionLine, Room
from live.services import rooms

_S = Airing.State
# What is said after the end is nobody's business; before the start the captioner may try.
OPEN = frozenset({_S.WAITING, _S.ON_AIR})
# Nothing older is taken: by then the line is that of another sentence.
OLDEST = dt.timedelta(minutes=10)


class LineChanged(Conflict):
    """Somebody corrected the line first; data: text, version."""

    code = "line_changed"


@dataclass(frozen=True)
class Heard:
    """What a recogniser understood. `key` is its own name of the line: the same again replaces the words, until it is done with it."""

    source: str
    key: str
    text: str
    at: dt.datetime
    until: dt.datetime | None = None


def add(actor: Actor, airing_id: UUID, command: protocol.AddCaption) -> dict[str, Any]:
    """A typed line. Returns line, version and at. A retry is answered again.

    Public when the delayed picture comes to its time. Raises NotAllowed, InvalidInput (text), IllegalTransition outside the show.
    """
    at = clock.now() - dt.timedelta(milliseconds=command.ago_ms)
    words = _cleaned(command.text)
    with transaction.atomic():
        airing = _open(actor, airing_id)
        line = _put(actor, airing, Heard("", command.id, words, at), replace=False)
    return told(line)


def hear(actor: Actor, airing_id: UUID, heard: Heard) -> dict[str, Any]:
    """A recogniser's line, new or better understood. Returns line, version and at; raises what `add` raises.

    What a person corrected or took out stays so, whatever the recogniser says later.
    """
    if not heard.source or not heard.key:
        raise InvalidInput(_("识别程序要说明自己的名字和这一句的编号。"), field="source")
    now = clock.now()
    if heard.at < now - OLDEST:
        raise InvalidInput(_("这一句是十分钟以前的，不再接收。"), field="at")
    words = Heard(heard.source[:32], heard.key[:64], _cleaned(heard.text), min(heard.at, now), heard.until)
    with transaction.atomic():
        airing = _open(actor, airing_id)
        line = _put(actor, airing, words, replace=True)
    return told(line)


def correct(actor: Actor, airing_id: UUID, command: protocol.CorrectCaption) -> dict[str, Any]:
    """Replace the words of a line; also after the show, for the replay. Audited. Raises LineChanged, NotFound, InvalidInput."""
    words = _cleaned(command.text)
    with transaction.atomic():
        airing = _airing(actor, airing_id)
        line = _locked(airing_id, command.line)
        if line.text == words:
            return told(line)
        if line.version != command.version:
            raise LineChanged(_("这一句刚被改过，请看新的再改。"), text=line.text, version=line.version)
        before, line.text = line.text, words
        _store(actor, line)
        _record(actor, airing, "correct", line, {"words": before}, {"words": words})
    return told(line)


def remove(actor: Actor, airing_id: UUID, command: protocol.RemoveCaption) -> dict[str, Any]:
    """Take a line out, for good. Audited; a second time changes nothing. Raises NotFound."""
    with transaction.atomic():
        airing = _airing(actor, airing_id)
        line = _locked(airing_id, command.line)
        if line.removed_at is None:
            line.removed_at = clock.now()
            _store(actor, line)
            _record(actor, airing, "remove", line, {"words": line.text}, {})
    return told(line)


def told(line: CaptionLine) -> dict[str, Any]:
    """The plain data of an acknowledgement."""
    return {"line": line.pk, "version": line.version, "at": line.at.isoformat()}


def _airing(actor: Actor, airing_id: UUID) -> Airing:
    airing = rooms.airing_of(airing_id)
    programme = airing.episode.programme_id
    if not can(actor, Ability.RUN, programme):
        require(actor, Ability.CAPTION, programme)
    return airing


def _open(actor: Actor, airing_id: UUID) -> Airing:
    airing = _airing(actor, airing_id)
    if airing.state not in OPEN:
        raise IllegalTransition(_("现在不在播出，不能加字幕。已有的字幕可以修改。"), state=airing.state)
    return airing


def _cleaned(words: str) -> str:
    try:
        return text.clean(words, protocol.CAPTION_MAX)
    except text.BadText as bad:
        if bad.code == "empty":
            raise InvalidInput(_("请先写点内容。"), field="text", cause="empty") from bad
        raise InvalidInput(
            _("一句最多 %(most)s 个字，请分成几句。") % {"most": protocol.CAPTION_MAX}, field="text", cause="too_long"
        ) from bad


def _put(actor: Actor, airing: Airing, heard: Heard, *, replace: bool) -> CaptionLine:
    """The line of this name, made if there is none. Two that come at once make one."""
    rooms.ensure([airing.pk])
    now = clock.now()
    line, made = CaptionLine.objects.get_or_create(
        room_id=airing.pk,
        source=heard.source,
        command_id=heard.key,
        defaults={
            "at": heard.at,
            "until": heard.until,
            "text": heard.text,
            "by_id": actor.user_id,
            "created_at": now,
        },
    )
    if made:
        Room.objects.filter(pk=airing.pk, captions_since=None).update(captions_since=now)
        hints.hint(airing.pk, "captions", "airing")
    elif replace:
        _understand(actor, line, heard)
    return line


def _understand(actor: Actor, known: CaptionLine, heard: Heard) -> None:
    """Lay what a recogniser understood better over its line, unless a person has touched that."""
    line = CaptionLine.objects.select_for_update(of=("self",)).get(pk=known.pk)
    is_its_own = line.by_id == actor.user_id and line.removed_at is None
    if is_its_own and (line.text, line.until) != (heard.text, heard.until):
        line.text, line.until = heard.text, heard.until
        _store(actor, line)
    known.version = line.version


def _locked(airing_id: UUID, pk: int) -> CaptionLine:
    line = CaptionLine.objects.select_for_update(of=("self",)).filter(pk=pk, room=airing_id).first()
    if line is None:
        raise NotFound(_("没有这一句字幕。"))
    return line


def _store(actor: Actor, line: CaptionLine) -> None:
    line.version, line.by_id = line.version + 1, actor.user_id
    line.save(update_fields=["text", "until", "version", "removed_at", "by"])
    hints.hint(line.room_id, "captions")


def _record(
    actor: Actor, airing: Airing, verb: str, line: CaptionLine, before: dict[str, Any], after: dict[str, Any]
) -> None:
    audit.record(actor, f"caption.{verb}", f"caption:{line.pk}", airing=airing, before=before, after=after)
