"""Takes in what citizens say and ask, and lets them take it back; deciding about it is moderation's."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from functools import partial
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, Min, Q
from django.utils.translation import gettext as _

from broadcast import clock
from broadcast.errors import AssuranceTooLow, IllegalTransition, InvalidInput, NotFound, TooMany
from broadcast.models import Airing, Programme
from broadcast.models.catalogue import Assurance
from live import ladder, protocol, text, wording
from live.models import Comment, Item, Question, Room
from live.queries import reason_list
from live.services import addressing, rooms, screening, speaking
from live.services.batch import Answer, Batch, Write, require_assurance, require_free

_S = Airing.State
OPEN_FOR_COMMENTS = frozenset({_S.WAITING, _S.ON_AIR})
OPEN_FOR_QUESTIONS = frozenset({_S.PLANNED, _S.WAITING, _S.ON_AIR})
ItemModel = type[Comment] | type[Question]
Key = tuple[UUID, str]


class CommentsOff(IllegalTransition):
    """The desk takes no comments now; it may again in a moment."""

    code = "comments_off"


class QuestionsOff(IllegalTransition):
    """The desk takes no questions now; it may again in a moment."""

    code = "questions_off"


class VerifiedOnly(AssuranceTooLow):
    """The desk takes words now only from those whose telephone is verified; data: needed, have."""

    code = "verified_only"


def post(batch: Batch) -> None:
    """Accept comments and questions: a retry gets its first answer, the rest is checked and inserted together."""
    for kind, model in ((protocol.PostComment, Comment), (protocol.AskQuestion, Question)):
        writes = batch.of(kind)
        if writes:
            _post(batch, writes, model)


def _post(batch: Batch, writes: list[Write], model: ItemModel) -> None:
    known = _rows(model, {_key(write) for write in writes})
    fresh: dict[Key, Write] = {}
    speakers = speaking.speakers(write for write in writes if _key(write) not in known)
    for write in writes:
        write.speaker = speakers.get((write.participant.pk, write.airing_id), write.speaker)
        if _key(write) not in known and _key(write) not in fresh and write.check(_may_post):
            fresh[_key(write)] = write
    _limit(list(fresh.values()), model)
    made = _insert(batch, [write for write in fresh.values() if write.refusal is None], model)
    rows = known | made
    for write in writes:
        row = rows.get(_key(write))
        if write.refusal is not None or row is None:
            _same_refusal(write, fresh)
            continue
        _accept(batch, write, row, is_new=_key(write) not in known and fresh.get(_key(write)) is write)


def _same_refusal(write: Write, fresh: dict[Key, Write]) -> None:
    first = fresh.get(_key(write))
    write.refusal = write.refusal or (first.refusal if first else None)
    if write.refusal is None:
        write.refuse(lambda: NotFound(_("没有找到。")))


def _accept(batch: Batch, write: Write, row: Comment | Question, *, is_new: bool) -> None:
    kind = wording.kind_of(row)
    with write.actor.spoken_to():
        shown = wording.my_item(row, reason_list.names() if row.state == Item.State.REJECTED else {})
    write.answer = Answer({"kind": kind, "item": row.pk, "text": row.text}, protocol.Mine(items=(shown,)))
    if is_new:
        batch.keep(write, f"{kind}:{row.pk}")
        batch.number(row)
        batch.hint(write.airing_id, "staff", *([f"{kind}s", "counts"] if row.state == Item.State.APPROVED else []))


def _may_post(write: Write) -> None:
    require_free(write, to_speak=True)
    programme, state = write.airing.episode.programme, write.airing.state
    is_question = isinstance(write.command, protocol.AskQuestion)
    policy = programme.questions if is_question else programme.comments
    if policy == Programme.Moderation.OFF:
        raise IllegalTransition(
            _("这个节目没有开放提问。") if is_question else _("这个节目没有开放评论。"), state=state
        )
    _require_taken(write, is_question)
    if state not in (OPEN_FOR_QUESTIONS if is_question else OPEN_FOR_COMMENTS):
        raise IllegalTransition(_("现在不能提问。") if is_question else _("现在不能评论。"), state=state)
    require_assurance(write, programme.needs("ask" if is_question else "comment"))
    _cleaned(write)
    speaking.require_may_reply(write)
    addressing.require(write)


def _require_taken(write: Write, is_question: bool) -> None:
    """Raise what the room's switches refuse now."""
    if is_question and not write.room.takes_questions:
        raise QuestionsOff(_("提问已暂时关闭，审核员打开后就能再提。写好的内容还在。"))
    if not is_question and not write.room.takes_comments:
        raise CommentsOff(_("评论已暂时关闭，审核员打开后就能再发。写好的内容还在。"))
    if write.room.verified_only and write.participant.assurance < Assurance.PHONE:
        raise VerifiedOnly(
            _("本场暂时只接受已验证手机号的用户发言。请先验证手机号，再试一次。"),
            needed=int(Assurance.PHONE),
            have=int(write.participant.assurance),
        )


def _cleaned(write: Write) -> str:
    try:
        return text.clean(write.command.text, protocol.TEXT_MAX)  # type: ignore[union-attr]
    except text.BadText as error:
        if error.code == "empty":
            raise InvalidInput(_("请先写点内容。"), field="text", cause="empty") from error
        raise InvalidInput(
            _("最多 %(most)s 个字，现在有 %(length)s 个。") % {"most": protocol.TEXT_MAX, "length": error.length},
            field="text",
            cause="too_long",
            most=protocol.TEXT_MAX,
        ) from error


def _limit(writes: list[Write], model: ItemModel) -> None:
    """Refuse whoever wrote more than the room allows in its window, or again before its pause is over. Counts what stands and what
    this batch brings."""
    if not writes:
        return
    now = clock.now()
    window = dt.timedelta(minutes=10 if model is Question else 1)
    pauses = {write.airing_id: dt.timedelta(seconds=_pause(write.room, model)) for write in writes}
    lately = Q(created_at__gt=now - window)
    counted: dict[tuple[UUID, UUID], Any] = {
        (row["author_id"], row["room_id"]): row
        for row in model.objects.filter(
            author__in={write.participant.pk for write in writes},
            created_at__gt=now - max(window, *pauses.values()),
        )
        .values("author_id", "room_id")
        .annotate(many=Count("id", filter=lately), first=Min("created_at", filter=lately), last=Max("created_at"))
    }
    brought: dict[tuple[UUID, UUID], int] = defaultdict(int)
    for write in writes:
        key = (write.participant.pk, write.airing_id)
        stands = counted.get(key, {"many": 0, "first": None, "last": None})
        last = now if brought[key] else stands["last"]
        pause = pauses[write.airing_id]
        # Never longer than the pause itself: a clock that was set back shall lock nobody out.
        wait = min(last + pause - now, pause).total_seconds() if last else 0
        if wait > 0:
            write.refuse(partial(_too_soon, int(wait) + 1, _pause(write.room, model)))
        elif stands["many"] + brought[key] >= _most(write.room, model):
            free = ((stands["first"] or now) + window - now).total_seconds()
            write.refuse(partial(_too_fast, max(1, int(free) + 1)))
        else:
            brought[key] += 1


def _pause(room: Room, model: ItemModel) -> int:
    return room.question_seconds if model is Question else room.comment_seconds


def _most(room: Room, model: ItemModel) -> int:
    if model is Question:
        return ladder.limit_of(room.questions_per_ten_minutes, room.level)
    return room.comments_per_minute


def _too_soon(wait: int, pause: int) -> TooMany:
    return TooMany(
        _("现在每 %(pause)s 秒可发一条，请 %(wait)s 秒后再发。内容还在，不用重写。") % {"pause": pause, "wait": wait},
        retry_after_seconds=wait,
        pause_seconds=pause,
    )


def _too_fast(wait: int) -> TooMany:
    return TooMany(
        _("写得太快了，请 %(wait)s 秒后再发。内容还在，不用重写。") % {"wait": wait}, retry_after_seconds=wait
    )


def _insert(batch: Batch, writes: list[Write], model: ItemModel) -> dict[Key, Comment | Question]:
    if not writes:
        return {}
    rows = _new_rows(writes, model)
    screening.screen(rows, {write.airing_id: write.airing.episode.programme_id for write in writes})
    model.objects.bulk_create(rows, ignore_conflicts=True)
    made = _rows(model, {_key(write) for write in writes})
    screening.remember(made.values())
    airings = {write.airing_id: write.airing for write in writes}
    batch.refused_by_rules += [(airings[row.room_id], row) for row in screening.refused(made.values())]
    return made


def _new_rows(writes: list[Write], model: ItemModel) -> list[Any]:
    now = clock.now()
    rows: list[Any] = []
    for write in writes:
        programme = write.airing.episode.programme
        policy = programme.questions if model is Question else programme.comments
        at_once = policy == Programme.Moderation.POST and write.room.is_post
        rows.append(
            model(
                room_id=write.airing_id,
                author_id=write.participant.pk,
                author_name=_name(write),
                assurance=write.participant.assurance,
                text=_cleaned(write),
                state=Item.State.APPROVED if at_once else Item.State.PENDING,
                public_at=now if at_once else None,
                command_id=write.command.id,
                created_at=now,
                **speaking.columns(write),
                **addressing.columns(write),
            )
        )
    return rows


def _name(write: Write) -> str:
    try:
        return text.clean(write.speaker.name or write.participant.display_name or write.actor.name, 40)
    except text.BadText:
        return wording.nameless()


def _key(write: Write) -> Key:
    return (write.participant.pk, write.command.id)


def _rows(model: ItemModel, keys: set[Key]) -> dict[Key, Comment | Question]:
    people, commands = {person for person, _command in keys}, {command for _person, command in keys}
    found = model.objects.filter(author__in=people, command_id__in=commands)
    return {(row.author_id, row.command_id): row for row in found}


def retract(batch: Batch) -> None:
    """Let authors take back what is pending or public. Taking back what is taken back changes nothing."""
    for write in batch.of(protocol.RetractItem):
        write.check(lambda each: _retract(batch, each))


def number(batch: Batch) -> None:
    """Number what was written, as the last thing before the commit: the rooms are locked from here on, for all who write in them."""
    if not batch.unnumbered:
        return
    sequence = rooms.next_staff_seq({row.room_id for row in batch.unnumbered})
    for model in (Comment, Question):
        for airing_id, seq in sequence.items():
            rows = [row.pk for row in batch.unnumbered if isinstance(row, model) and row.room_id == airing_id]
            if rows:
                model.objects.filter(pk__in=rows).update(staff_seq=seq)


def _retract(batch: Batch, write: Write) -> None:
    command = write.command
    if not isinstance(command, protocol.RetractItem):
        raise TypeError(command)
    model: ItemModel = Comment if command.kind == "comment" else Question
    row = (
        model.objects.select_for_update()
        .filter(pk=command.item, room=write.airing_id, author=write.participant.pk)
        .first()
    )
    if row is None:
        raise NotFound(_("没有找到这一条。"))
    if row.state != Item.State.RETRACTED:
        if row.state in {"on_air", "answered"} or (isinstance(row, Question) and row.on_air_at is not None):
            raise IllegalTransition(_("这个问题已经播出，不能撤回。"), state=row.state)
        if row.state in {"rejected", "withdrawn"}:
            raise IllegalTransition(_("这一条已由审核员处理。"), state=row.state)
        row.state, row.version = Item.State.RETRACTED, row.version + 1
        row.save(update_fields=["state", "version"])
        batch.number(row)
        batch.hint(write.airing_id, "staff", f"{command.kind}s", "counts")
    shown = protocol.Mine(items=(wording.my_item(row, {}),))
    write.answer = Answer({"kind": command.kind, "item": row.pk}, shown)
