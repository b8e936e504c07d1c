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
    rooms = dict(visible.public_items(Question).filter(pk__in=ids).values_list("pk", "room_id"))
    wanted: dict[tuple[int, UUID], bool] = {}
    for write in writes:
        if not write.check(lambda each: _may_support(each, rooms)):
            continue
        command = write.command
        if isinstance(command, protocol.SupportQuestion):
            wanted[command.question, write.participant.pk] = command.on
            batch.hint(write.airing_id, "questions")
            write.answer = Answer({"question": command.question, "on": command.on})
    now = clock.now()
    pairs = sorted(wanted)
    Support.objects.bulk_create(
        [
            Support(question_id=question, participant_id=person, at=now)
            for question, person in pairs
            if wanted[question, person]
        ],
        ignore_conflicts=True,
    )
    for question, person in pairs:
        if not wanted[question, person]:
            Support.objects.filter(question=question, participant=person).delete()


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
