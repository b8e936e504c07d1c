"""What became of all that somebody asked, in every show; for its author alone, it must not write."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Count

from broadcast.access import Actor, may_watch
from broadcast.models import Participant
from live import protocol, wording
from live.models import Question
from live.queries import behind, outings, own, visible

SHOWN = 200


def my_questions(actor: Actor) -> list[dict[str, Any]]:
    """All questions of the actor's participant, the newest first, each as its author is told of it in the room (`item`)."""
    who = _participant(actor.participant_id)
    if who is None:
        return []
    rows = Question.objects.filter(author=who).exclude(state=Question.State.RETRACTED)
    rows = rows.annotate(support_count=Count("supports"), to_nobody=visible.to_nobody())
    found = list(rows.select_related("room__airing__episode__programme", "person").order_by("-pk")[:SHOWN])
    told = []
    for airing_id in dict.fromkeys(row.room_id for row in found):
        here = [row for row in found if row.room_id == airing_id]
        airing = here[0].room.airing
        seen = behind.seen_until(airing)
        asked = None if seen is None else behind.asked_until(airing, seen)
        items: list[protocol.MyItem] = own.worded([*here], asked)
        for row, item in zip(here, items, strict=True):
            told.append(
                {
                    "item": item,
                    "asked_at": row.created_at,
                    "to": wording.addressee(row),
                    "episode": airing.episode,
                    "programme": airing.episode.programme,
                    "address": outings.address(airing, tab="ask") if may_watch(actor, airing) else "",
                    # As `_end.html` reads a public question.
                    "question": {"state": item.state, "on_air_at": row.on_air_at},
                    "supports": row.support_count,
                }
            )
    return told


def _participant(participant_id: UUID | None) -> UUID | None:
    row = Participant.objects.filter(pk=participant_id).first() if participant_id else None
    return None if row is None else row.merged_into_id or row.pk
