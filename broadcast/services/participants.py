"""Rows of participants: made at the first write, held while somebody writes for them, asked whether a token is still theirs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from broadcast import clock
from broadcast.access import Actor
from broadcast.arrays import uuids
from broadcast.errors import IdentityStale, NotAllowed
from broadcast.models import Participant
from broadcast.models.catalogue import Assurance

# FOR KEY SHARE waits for a running merge (FOR UPDATE) and is shared with every other writer.
_HOLD = "SELECT 1 FROM broadcast_participant WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE"
# A merge that runs is waited for, as by _HOLD; what was agreed to comes with the row.
_STANDING = """
SELECT person.id, person.assurance, person.display_name, person.generation, person.merged_into_id, (
    SELECT count(*) FROM broadcast_consent AS given
    WHERE given.participant_id = person.id AND given.document || ' ' || given.version = ANY(%s)
), person.age FROM broadcast_participant AS person WHERE person.id = ANY(%s::uuid[]) ORDER BY person.id FOR KEY SHARE OF person
"""


class Standing(NamedTuple):
    """What a write asks of the participant who sends it, as the row stands; `agreed`: to every document in force."""

    pk: UUID
    assurance: int
    display_name: str
    generation: int
    merged_into_id: UUID | None
    agreed: bool
    age: str = Participant.Age.UNSAID


def is_stale(actor: Actor, row: Participant | Standing | None) -> bool:
    """Whether the token was given for somebody else than the row under its id is now. Without a row it may only be a guest's."""
    if row is None:
        return actor.generation > 0
    return row.merged_into_id is not None or row.generation != actor.generation


def require_current(actor: Actor, row: Participant | Standing | None) -> None:
    """Raise IdentityStale where `is_stale`: a guest's token must never act for the account that its row became."""
    if is_stale(actor, row):
        raise IdentityStale(_("您在这个浏览器里的身份已经更新，请刷新页面后再试。"))


def ensure_participant(actor: Actor) -> Participant:
    """The row of whoever acts, made at the first write. Raises NotAllowed without a token, IdentityStale with an old one."""
    if actor.participant_id is None:
        raise NotAllowed(_("请刷新页面后再试。"), cause="no_participant")
    row = ensure_participants([actor]).get(actor.participant_id)
    require_current(actor, row)
    if row is None:
        raise RuntimeError("a guest without a row")
    return row


def ensure_participants(actors: Iterable[Actor]) -> dict[UUID, Participant]:
    """By the id in the token: the row as it stands, in two queries however many they are. Call inside a transaction.

    Whoever writes for an actor asks `is_stale` first: a row may have become somebody's since the token was signed. The rows
    cannot be merged away until the transaction ends, so what it writes for them is never left behind by a merge.
    """
    known = list(actors)
    wanted = list({actor.participant_id for actor in known if actor.participant_id is not None})
    _hold(wanted)
    found = Participant.objects.in_bulk(wanted)
    missing = {
        actor.participant_id: _guest_row(actor.participant_id, actor)
        for actor in known
        if actor.participant_id is not None and actor.participant_id not in found and not actor.generation
    }
    if missing:
        Participant.objects.bulk_create(missing.values(), ignore_conflicts=True)
        _hold(list(missing))
        found.update(Participant.objects.in_bulk(list(missing)))
    return found


def standing(participant_ids: Iterable[UUID]) -> dict[UUID, Standing]:
    """The rows there are, held until the transaction ends as by `ensure_participants`, in one query; it makes none."""
    documents = [f"{name} {version}" for name, version in settings.CONSENT_VERSIONS.items()]
    with connection.cursor() as cursor:
        cursor.execute(_STANDING, [documents, uuids(set(participant_ids))])
        return {row[0]: Standing._make((*row[:5], row[5] == len(documents), row[6])) for row in cursor.fetchall()}


def seat_of(participant_id: UUID, generation: int) -> str:
    """The name under which a participant's own frames travel: whoever sits with an older token does not get them."""
    return f"{participant_id}.{generation}"


def generation_of(participant_id: UUID) -> int:
    """The participant's generation now; 0 for one without a row."""
    return Participant.objects.filter(pk=participant_id).values_list("generation", flat=True).first() or 0


def _hold(ids: list[UUID]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, [ids])


def _guest_row(participant_id: UUID, actor: Actor) -> Participant:
    return Participant(
        pk=participant_id, assurance=Assurance.GUEST, display_name=actor.name[:40], created_at=clock.now()
    )
