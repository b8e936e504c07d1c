"""Supports of questions and likes: small signs of the audience; they must not fight over one row."""

from __future__ import annotations

import os
import threading
from collections import Counter
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _

from broadcast import clock
from broadcast.errors import IllegalTransition, NotFound
from broadcast.models import Airing
from live import ladder, pressure, protocol
from live.models import Question, Support
from live.queries import visible
from live.services.batch import Answer, Batch, Write, require_assurance, require_free

LIKE_SHARDS = 64
_OVER = frozenset({Airing.State.ENDED, Airing.State.CANCELLED})


def support(batch: Batch) -> None:
    """Add or take back supports of public questions. The last one of a batch counts; repeating changes nothing."""
    writes = batch.of(protocol.SupportQuestion)
    if not writes:
        return
    ids = {write.command.question for write in writes}  # type: ignore[union-attr]
    standing = _standing(ids)
    public = dict(visible.public_items(Question).filter(pk__in=set(standing.values())).values_list("pk", "room_id"))
    rooms = {asked: public[stands] for asked, stands in standing.items() if stands in public}
    # By question that stands and person: the question that was named, or None to take the support back.
    wanted: dict[tuple[int, UUID], int | None] = {}
    for write in writes:
        if not write.check(lambda each: _may_support(each, rooms)):
            continue
        command = write.command
        if isinstance(command, protocol.SupportQuestion):
            wanted[standing[command.question], write.participant.pk] = command.question if command.on else None
            batch.hint(write.airing_id, "questions")
            write.answer = Answer({"question": command.question, "on": command.on})
    _write(wanted)


def _write(wanted: dict[tuple[int, UUID], int | None]) -> None:
    now = clock.now()
    pairs = sorted(wanted)
    Support.objects.bulk_create(
        [
            Support(
                question_id=question,
                participant_id=person,
                at=now,
                carried_from_id=None if asked == question else asked,
            )
            for question, person in pairs
            if (asked := wanted[question, person]) is not None
        ],
        ignore_conflicts=True,
    )
    for question, person in pairs:
        if wanted[question, person] is None:
            Support.objects.filter(question=question, participant=person).delete()


def _standing(ids: set[int]) -> dict[int, int]:
    """The question that each of these stands under now: its own, or the one that it was merged into, however late a support comes.

    Held until commit, lightly: a merge waits, so that no support is left behind on a question that ceased to be public meanwhile.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, coalesce(merged_into_id, id) FROM live_question WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE",
            [sorted(ids)],
        )
        return dict(cursor.fetchall())


def _may_support(write: Write, rooms: dict[int, UUID]) -> None:
    require_free(write)
    if write.airing.state in _OVER:
        raise IllegalTransition(_("节目已经结束。"), state=write.airing.state)
    require_assurance(write, write.airing.episode.programme.needs("support"))
    if rooms.get(write.command.question) != write.airing_id:  # type: ignore[union-attr]
        raise NotFound(_("没有这个问题，可能已经撤下。"))


def like(batch: Batch) -> None:
    """Add likes to this writer's own shard. Nothing is kept of who liked, so a repeated command counts again.

    Under great pressure they are acknowledged with none counted.
    """
    counts: Counter[UUID] = Counter()
    for write in batch.of(protocol.AddLikes):
        if write.check(_may_like):
            count = write.command.count  # type: ignore[union-attr]
            if write.room.level >= ladder.DROPS_LIKES_FROM:
                pressure.dropped("likes", count)
                write.answer = Answer({"count": 0})
                continue
            counts[write.airing_id] += count
            write.answer = Answer({"count": count})
            batch.hint(write.airing_id, "counts")
    shard = hash((os.getpid(), threading.get_ident())) % LIKE_SHARDS
    with connection.cursor() as cursor:
        for airing_id in sorted(counts):
            cursor.execute(
                "INSERT INTO live_likecount (room_id, shard, count) VALUES (%s, %s, %s) "
                "ON CONFLICT (room_id, shard) DO UPDATE SET count = live_likecount.count + excluded.count",
                [airing_id, shard, counts[airing_id]],
            )


def _may_like(write: Write) -> None:
    require_free(write)
    if not write.airing.episode.programme.likes:
        raise IllegalTransition(_("这个节目没有开放点赞。"), state=write.airing.state)
    if write.airing.state not in {Airing.State.WAITING, Airing.State.ON_AIR}:
        raise IllegalTransition(_("现在不能点赞。"), state=write.airing.state)
