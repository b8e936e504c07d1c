"""Takes a department's official answer in writing from draft to release; a second person releases it, and only then anybody reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from broadcast import audit, clock
from broadcast.access import Ability, Actor, can
from broadcast.errors import Conflict, IllegalTransition, InvalidInput, NotAllowed, NotFound
from broadcast.models import Airing
from broadcast.services import moments
from broadcast.services.forgetting import words_of
from live import text as texts
from live.models import Question, Reply
from live.queries import offices
from live.services import questions, rooms

S = Question.State
R = Reply.State
TEXT_MAX = 4_000
NAME_MAX = 60
NOTE_MAX = 200
# From which states each decision goes, and to which.
DECISIONS = {
    "release": (R.SUBMITTED, R.RELEASED),
    "return": (R.SUBMITTED, R.RETURNED),
    "recall": (R.RELEASED, R.RECALLED),
}


@dataclass(frozen=True)
class Draft:
    """What was written. `version` is that of the reply it began with, 0 for a new one."""

    department: str
    text: str
    respondent: str = ""
    is_public: bool = True
    version: int = 0


def write(actor: Actor, question_id: int, draft: Draft, *, submit: bool) -> Reply:
    """Keep a draft, and with `submit` hand it in. By the department that the question is addressed or promised to, or by a producer
    for a department (an answer that came as a letter). Audited. Raises NotFound where the question is not theirs to see,
    Conflict when somebody wrote meanwhile, IllegalTransition once it was handed in, InvalidInput (text, department, respondent).
    """
    with transaction.atomic():
        row, airing = _question(question_id)
        department = _writes_for(actor, row, airing, draft.department)
        reply = Reply.objects.select_for_update(of=("self",)).filter(question=row, department=department).first()
        if (reply.version if reply else 0) != draft.version:
            raise Conflict(
                _("这份答复刚被别人改过。您写的还在下面，请看过再存。"), version=reply.version if reply else 0
            )
        if reply is not None and reply.state not in Reply.OPEN:
            raise IllegalTransition(_("这份答复已经提交，不能再改。"), state=reply.state)
        before = reply.state if reply else ""
        reply = reply or Reply(question=row, department=department, created_at=clock.now(), version=0)
        reply.text = _checked(draft.text, TEXT_MAX, "text", needed=submit)
        reply.respondent = _checked(draft.respondent, NAME_MAX, "respondent")
        reply.is_public, reply.written_by_id = draft.is_public, actor.user_id
        reply.version += 1
        if submit:
            reply.state, reply.submitted_at = R.SUBMITTED, clock.now()
        elif reply.state == R.RECALLED:
            reply.state = R.DRAFT
        try:
            with transaction.atomic():
                reply.save()
        except IntegrityError as error:
            raise Conflict(_("这份答复刚被别人改过。您写的还在下面，请看过再存。")) from error
        if submit or not before:
            _note(actor, airing, reply, "submit" if submit else "draft", before)
        return reply


def decide(actor: Actor, reply_id: int, version: int, act: str, note: str = "") -> Reply:
    """`release` it to the asker, and to everybody where it is public; `return` it to its writer; `recall` what is out.

    By a moderator or producer of the programme, never by who wrote it. The question counts as answered with the release. Audited;
    asker and public are told after commit. Raises NotFound, NotAllowed, Conflict, IllegalTransition, InvalidInput (note).
    """
    came_from, to = DECISIONS[act]
    note = _checked(note, NOTE_MAX, "note", needed=act != "release")
    found = Reply.objects.filter(pk=reply_id).values_list("question_id", flat=True).first()
    if found is None:
        raise NotFound(_("没有找到这份答复。"))
    with transaction.atomic():
        row, airing = _question(found)
        _require_releaser(actor, airing)
        reply = Reply.objects.select_for_update(of=("self",)).get(pk=reply_id)
        if reply.version != version or reply.state != came_from:
            raise Conflict(_("这份答复已经有人处理过了，现在是“%(state)s”。") % {"state": reply.get_state_display()})
        if act == "release":
            _require_second(actor, reply)
            questions.require_state(row, *Question.PUBLIC)
        before, now = reply.state, clock.now()
        reply.state, reply.note, reply.version = to, note, reply.version + 1
        reply.decided_by_id, reply.decided_at = actor.user_id, now
        was_released_at = reply.released_at
        reply.released_at = now if act == "release" else None
        reply.save()
        if act != "return":
            _follow(actor, airing, row, reply, was_released_at)
        _note(actor, airing, reply, act, before)
        return reply


def _follow(actor: Actor, airing: Airing, row: Question, reply: Reply, was_released_at: Any) -> None:
    """The question stands where its answers in writing leave it."""
    released = Reply.objects.filter(question=row, state=R.RELEASED)
    columns: dict[str, Any] = {"replies_out": released.count()}
    after, at = row.state, row.on_air_at if row.state == S.ON_AIR else row.answered_at
    if reply.state == R.RELEASED and row.state in {S.PROMISED, S.APPROVED, S.QUEUED}:
        owed = row.promised_to if row.state == S.PROMISED else ""
        if not owed or owed == reply.department:
            after, at = S.ANSWERED, reply.released_at
            moments.mark(airing, "question.reply", at=reply.released_at, data={"question": row.pk}, public=False)
    elif reply.state == R.RECALLED and row.answered_at is not None and row.answered_at == was_released_at:
        # A promise is kept by whoever gave it alone, as above; otherwise any other answer that is out stands in.
        left = released.filter(department=row.promised_to) if row.promised_to else released
        at = left.order_by("released_at").values_list("released_at", flat=True).first()
        columns["answered_at"] = at
        if row.state == S.ANSWERED and at is None:
            after = S.PROMISED if row.promised_at else S.APPROVED
            moments.mark(airing, "question.recall", data={"question": row.pk, "to": after}, public=False)
    questions.move(actor, airing, row, after, "reply" if reply.state == R.RELEASED else "unreply", at, columns)


def _question(question_id: int) -> tuple[Question, Airing]:
    """The question, locked, and its airing."""
    row = Question.objects.select_for_update(of=("self",)).filter(pk=question_id).first()
    if row is None:
        raise NotFound(_("没有找到这个问题。"))
    return row, rooms.airing_of(row.room_id)


def _writes_for(actor: Actor, row: Question, airing: Airing, department: str) -> str:
    """For whom the actor writes here. Raises NotFound: what is not addressed to somebody does not exist for him."""
    programme_id = airing.episode.programme_id
    if can(actor, Ability.PRODUCE, programme_id):
        named = _checked(department, 120, "department")
        return named or row.promised_to or row.department or _missing_department()
    office = offices.of(actor)
    if office is None or not office.answers_in(programme_id) or not office.is_asked(row):
        raise NotFound(_("没有找到这个问题。"))
    return office.name


def _missing_department() -> str:
    raise InvalidInput(_("请选由哪个部门答复。"), field="department")


def _require_releaser(actor: Actor, airing: Airing) -> None:
    programme_id = airing.episode.programme_id
    if not (can(actor, Ability.PRODUCE, programme_id) or can(actor, Ability.MODERATE, programme_id)):
        raise NotAllowed(_("您没有这个节目的这项权限，请联系管理员。"), ability=str(Ability.MODERATE))


def _require_second(actor: Actor, reply: Reply) -> None:
    if reply.written_by_id is not None and reply.written_by_id == actor.user_id:
        raise NotAllowed(_("自己写的答复要由另一个人核发。"))


def _checked(given: str, most: int, field: str, *, needed: bool = False) -> str:
    """The words, line by line cleaned like everybody's."""
    lines: list[str] = []
    for line in given.splitlines() if field == "text" else [given]:
        try:
            lines.append(texts.clean(line, len(line) + 1))
        except texts.BadText:
            continue
    kept = "\n".join(lines)
    if needed and not kept:
        raise InvalidInput(_("请先写点内容。"), field=field)
    if len(kept) > most:
        raise InvalidInput(
            _("最多 %(most)s 个字，现在有 %(length)s 个。") % {"most": most, "length": len(kept)}, field=field
        )
    return kept


def _note(actor: Actor, airing: Airing, reply: Reply, verb: str, before: str) -> None:
    """The words may name who asked: they go into the half of the audit that can be erased."""
    after: dict[str, Any] = {"state": reply.state, "version": reply.version, "public": reply.is_public}
    after["department"] = reply.department
    audit.record(
        actor,
        f"reply.{verb}",
        f"reply:{reply.pk}",
        airing=airing,
        reason=reply.note,
        before={"state": before} if before else None,
        after=after,
        personal={"text": reply.text},
        about=(reply.question.author_id,),
    )


def erase(ids: list[int], instead: str) -> None:
    """Replace the words of what was answered to these questions: their author is forgotten. Inside the erasing transaction."""
    answered = Reply.objects.filter(question__in=ids)
    answered.update(text=instead, note="")
    words_of(f"reply:{key}" for key in answered.values_list("pk", flat=True))
