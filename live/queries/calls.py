"""Calls as the screener, and as the host, see them; whose number is blocked; votes cast for callers; it must not write."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Count, Q

from broadcast import clock
from broadcast.access import Ability, Actor, can
from broadcast.models import Airing, Segment
from live import protocol, wording
from live.models import Call, CallBlock, CallVote, Poll, Room

# Of those that are over, the newest.
OVER_SHOWN = 300
BLOCKS_SHOWN = 200
# What host and control room know of: who is there to be spoken with.
ON_STAGE = (Call.State.WAITING, Call.State.ON_AIR)
# The code of the part of a run-down in which listeners call.
CALL_ROLE = "call"
_ON_BEHALF = """
SELECT vote.poll_id, count(DISTINCT ballot.id) FROM live_callvote AS vote
JOIN live_ballotcast AS kept ON kept.id = vote.cast
JOIN live_ballot AS ballot
ON ballot.poll_id = kept.poll_id AND ballot.participant_id = kept.participant_id AND ballot.cast_id = kept.id
WHERE vote.poll_id = ANY(%s) GROUP BY vote.poll_id
"""


def staff_calls(airing_id: UUID, *, screening: bool, after: int | None = None) -> tuple[protocol.StaffCall, ...]:
    """The calls of a show, or those that changed after that number of the staff lane. With `screening` all that the desk needs;
    else what the stage needs, where one that left it comes without words. Four queries."""
    rows = Call.objects.filter(room=airing_id).select_related("screener")
    if after is not None:
        found = list(rows.filter(staff_seq__gt=after))
    elif screening:
        over = rows.filter(state__in=Call.OVER).order_by("-pk")[:OVER_SHOWN]
        found = [*rows.exclude(state__in=Call.OVER), *over]
    else:
        found = list(rows.filter(state__in=ON_STAGE))
    if not screening:
        return tuple(_on_stage(row) for row in found)
    return tuple(_screened(found))


def _on_stage(row: Call) -> protocol.StaffCall:
    there = row.state in ON_STAGE
    return protocol.StaffCall(
        id=row.pk,
        version=row.version,
        state=row.state,  # type: ignore[arg-type]
        name=row.name if there else "",
        district=row.district if there else "",
        topic=row.topic if there else "",
        note=row.note if there else "",
        priority=row.is_priority,
        position=row.position,
        at=wording.iso(row.created_at),
        notice_at=wording.iso_or_none(row.notice_given_at),
        on_air_at=wording.iso_or_none(row.on_air_at),
    )


def _screened(rows: list[Call]) -> Iterable[protocol.StaffCall]:
    digests = {row.number_digest for row in rows if row.number_digest}
    blocks = {each.number_digest: each for each in _standing().filter(number_digest__in=digests)}
    known = Call.objects.filter(number_digest__in=digests).values("number_digest").annotate(many=Count("pk"))
    many = {each["number_digest"]: each["many"] for each in known}
    votes: dict[int, list[int]] = {}
    for call, poll in CallVote.objects.filter(call__in=rows).order_by("pk").values_list("call", "poll"):
        votes.setdefault(call, []).append(poll)
    for row in rows:
        block = blocks.get(row.number_digest)
        yield protocol.StaffCall(
            id=row.pk,
            version=row.version,
            state=row.state,  # type: ignore[arg-type]
            name=row.name,
            district=row.district,
            topic=row.topic,
            note=row.note,
            priority=row.is_priority,
            position=row.position,
            at=wording.iso(row.created_at),
            notice_at=wording.iso_or_none(row.notice_given_at),
            screened_at=wording.iso_or_none(row.screened_at),
            on_air_at=wording.iso_or_none(row.on_air_at),
            ended_at=wording.iso_or_none(row.ended_at),
            line=row.line,
            tail=row.number_tail,
            has_number=row.sealed_number is not None,
            asked=row.participant_id is not None,
            earlier=max(0, many.get(row.number_digest, 1) - 1),
            blocked=block.reason if block else "",
            block=block.pk if block else None,
            referral=row.referral,
            screener=str(row.screener) if row.screener else "",
            votes=tuple(votes.get(row.pk, ())),
        )


def _standing() -> Any:
    now = clock.now()
    return CallBlock.objects.filter(lifted_at=None).filter(Q(until=None) | Q(until__gt=now))


def standing_block(digest: str) -> CallBlock | None:
    """The block on this number that stands now."""
    found: CallBlock | None = _standing().filter(number_digest=digest).first() if digest else None
    return found


def takes_callbacks(airing: Airing, room: Room | None = None) -> bool:
    """Whether listeners may ask to be called back: what the desk said, else where the run-down has a part for calls.

    `room` where it was read already.
    """
    if airing.state not in {Airing.State.WAITING, Airing.State.ON_AIR}:
        return False
    room = room or Room.objects.filter(pk=airing.pk).first()
    if room is not None and room.takes_callbacks is not None:
        return room.takes_callbacks
    return Segment.objects.filter(episode=airing.episode_id, role__code=CALL_ROLE).exists()


def panel(airing: Airing, actor: Actor) -> dict[str, Any]:
    """The control panel "calls": whether wishes are taken, and the list of numbers not put through. For screeners alone."""
    if not can(actor, Ability.SCREEN_CALLS, airing.episode.programme_id):
        return {}
    blocks = _standing().select_related("by").order_by("-at")[:BLOCKS_SHOWN]
    return {
        "takes": takes_callbacks(airing),
        "blocks": [
            {
                "id": each.pk,
                "tail": each.number_tail,
                "reason": each.reason,
                "by": str(each.by) if each.by else "",
                "at": wording.iso(each.at),
                "until": wording.iso_or_none(each.until),
            }
            for each in blocks
        ],
    }


def of_participant(airing_id: UUID, actor: Actor) -> Call | None:
    """The wish to be called back that this person has in this show, the newest."""
    if actor.participant_id is None:
        return None
    return Call.objects.filter(room=airing_id, participant=actor.participant_id).order_by("-pk").first()


def shown_on_behalf(polls: Iterable[Poll]) -> dict[int, int]:
    """By poll, how many of its ballots were cast for callers: as frozen, else as they count now."""
    found = {poll.pk: int(poll.result.get("on_behalf", 0)) for poll in polls if poll.result is not None}
    return found | on_behalf(poll.pk for poll in polls if poll.result is None)


def on_behalf(poll_ids: Iterable[int]) -> dict[int, int]:
    """By poll, how many of the ballots that count now were cast for callers."""
    asked = list(poll_ids)
    if not asked:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_ON_BEHALF, [asked])
        return {int(poll): int(many) for poll, many in cursor.fetchall()}
