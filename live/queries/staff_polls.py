"""A poll as staff see it, with its terms, its plan and its counts; which of them whom concerns is decided elsewhere."""

from __future__ import annotations

from broadcast import clock
from live import protocol, wording
from live.models import Poll
from live.queries import behind, electorate, outcome, poll_schedule
from live.queries.polls import results


def staff_poll(poll: Poll, on_behalf: int) -> protocol.StaffPoll:
    """Needs options, room with airing, and roll loaded."""
    known = results(poll, poll.options.all())
    codes, used = electorate.codes(poll.pk) if poll.electorate == Poll.Electorate.CODES else (0, 0)
    return protocol.StaffPoll(
        id=poll.pk,
        question=poll.question,
        options=known.options,
        state=poll.state,  # type: ignore[arg-type]
        results=poll.results,  # type: ignore[arg-type]
        least_assurance=poll.least_assurance,
        total=known.total,
        opened_at=wording.iso_or_none(poll.opened_at),
        closes_at=wording.iso_or_none(poll.closes_at),
        closed_at=wording.iso_or_none(poll.closed_at),
        void_reason=poll.void_reason,
        replaces=poll.replaces_id,
        on_behalf=on_behalf,
        poll_kind=poll.kind,  # type: ignore[arg-type]
        fewest=poll.fewest,
        most=poll.most,
        secrecy=poll.secrecy,  # type: ignore[arg-type]
        revote=poll.revote,  # type: ignore[arg-type]
        electorate=poll.electorate,  # type: ignore[arg-type]
        roll=poll.roll_id,
        roll_name=poll.roll.name if poll.roll else "",
        eligible=poll.eligible,
        position=poll.position,
        seconds=poll.seconds,
        filling_seconds=poll.filling_seconds,
        delay_seconds=poll.grace_seconds,
        ends_at=wording.iso_or_none(behind.poll_ends_at(poll)),
        opens_at=wording.iso_or_none(poll.opens_at),
        opens_with=poll.opens_with_id,
        missed=poll_schedule.is_missed(poll, poll.room.airing, clock.now()),
        published_at=wording.iso_or_none(poll.published_at),
        segment=poll.segment_id,
        about=poll.about_id,
        compares=poll.compares_id,
        rule=outcome.rule_of(poll),
        adds_entered=poll.adds_entered,
        codes=codes,
        codes_used=used,
        outcome=outcome.outcome(poll, known.options, known.total, staff=True),
    )
