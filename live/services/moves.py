"""Gives the ballots of a merged participant to the survivor and chains that it was done; merging itself is broadcast's."""

from __future__ import annotations

from uuid import UUID

from django.db import connection

from broadcast import clock
from live.models import Ballot, Poll, PollCode
from live.models.poll import BallotLink
from live.services import chain

# Every cast moves, or the recount would count one person twice. Two of one command id: "~" is in no id that a browser may choose.
_MOVE_CASTS = """
UPDATE live_ballotcast AS moved SET participant_id = %(target)s, command_id = CASE WHEN EXISTS (
    SELECT 1 FROM live_ballotcast AS own
    WHERE own.poll_id = moved.poll_id AND own.participant_id = %(target)s AND own.command_id = moved.command_id
) THEN moved.command_id || '~' || moved.id ELSE moved.command_id END
WHERE moved.participant_id = %(source)s AND moved.poll_id = ANY(%(polls)s)
"""


def move_ballots(source_id: UUID, target_id: UUID) -> None:
    """Give the ballots, casts and codes of a merged participant to the survivor; of two ballots in a poll the one accepted last stays,
    or first, where a ballot cannot be changed.

    Runs inside the merging transaction. Closed and void polls are left as they were. Where both had chosen the same command id,
    a retry of it is answered with the survivor's.
    """
    held = list(Ballot.objects.filter(participant=source_id).values_list("poll_id", flat=True))
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, state, revote FROM live_poll WHERE id = ANY(%s) ORDER BY id FOR SHARE", [held])
        polls = {pk: revote for pk, state, revote in cursor.fetchall() if state == Poll.State.OPEN}
        cursor.execute(_MOVE_CASTS, {"source": source_id, "target": target_id, "polls": list(polls)})
    PollCode.objects.filter(participant=source_id).update(participant=target_id)
    now = clock.now()
    for poll in polls:
        chain.add(poll, BallotLink.Kind.MOVE, {"source": str(source_id), "target": str(target_id)}, now)
    for ballot in Ballot.objects.filter(participant=source_id, poll__in=polls):
        other = Ballot.objects.select_for_update().filter(participant=target_id, poll=ballot.poll_id).first()
        if other is None:
            Ballot.objects.filter(pk=ballot.pk).update(participant=target_id)
            continue
        which = min if polls[ballot.poll_id] == Poll.Revote.NEVER else max
        kept = which(ballot, other, key=lambda each: each.cast_id)
        ballot.delete()
        Ballot.objects.filter(pk=other.pk).update(cast=kept.cast_id, options=kept.options, at=kept.at)
