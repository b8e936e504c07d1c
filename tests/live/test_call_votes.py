"""Votes cast for callers are ballots like all others: one a number, recounted, named 代投, and never over somebody's own."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from broadcast import clock
from broadcast.access import Actor
from broadcast.errors import BroadcastError, IllegalTransition, InvalidInput, NotFound
from broadcast.identity import Identity
from broadcast.models import AuditEntry, Consent, EvidenceRecord, Participant
from broadcast.models.catalogue import Assurance
from broadcast.personal import Held, Whose
from broadcast.services import identity
from live import commands, protocol, queries
from live.models import Ballot, BallotCast, Call, CallVote, Poll, Sanction
from live.queries.polls import tally
from live.queries.staff import StaffView, staff_snapshot
from live.queries.verify import verify
from live.services import forgetting, polls
from tests.live import calling, making
from tests.lockstep import together

pytestmark = pytest.mark.django_db


@pytest.fixture
def show() -> making.Show:
    return making.make_show(publishes_ballots=True)


def talks(show: making.Show, number: str = calling.NUMBER) -> Call:
    """A call with which the desk has spoken."""
    return calling.screen(show, calling.rings(show, number))


def cast(show: making.Show, call: Call, poll: int, option: int, **more: str) -> None:
    calling.do(show, calling.screener(show), protocol.VoteForCaller, call=call.pk, poll=poll, options=(option,), **more)


def close(show: making.Show, poll: int) -> Poll:
    commands.perform(making.staff_actor(show.producer), show.id, protocol.ClosePoll(id=making.command_id(), poll=poll))
    with clock.shifted(dt.timedelta(minutes=1)):
        polls.freeze_due()
    return Poll.objects.get(pk=poll)


def test_the_vote_counts_and_recount_is_tally(show: making.Show) -> None:
    poll, (yes, no) = making.make_poll(show)
    commands.perform(making.make_viewer(), show.id, making.vote(poll, no))
    cast(show, talks(show), poll, yes)
    assert tally(poll) == queries.recount(poll) == {yes: 1, no: 1}
    frozen = close(show, poll)
    assert frozen.result is not None
    assert frozen.result["total"] == 2
    assert frozen.result["on_behalf"] == 1
    found = verify(poll)
    assert not found.wrong
    assert found.ballots == 2


def test_a_number_has_one_ballot_however_often_it_calls(show: making.Show) -> None:
    poll, (yes, no) = making.make_poll(show)
    for option in (yes, no):
        cast(show, talks(show), poll, option)
    assert queries.recount(poll) == {no: 1}
    assert Ballot.objects.count() == 1
    assert BallotCast.objects.count() == 2


def test_a_retry_casts_once(show: making.Show) -> None:
    poll, (yes, _no) = making.make_poll(show)
    call = talks(show)
    for _again in range(2):
        cast(show, call, poll, yes, id="the-same-command")
    assert BallotCast.objects.count() == 1


def test_a_call_has_one_ballot_whatever_number_is_written_down_later(show: making.Show) -> None:
    poll, (yes, no) = making.make_poll(show)
    call = talks(show)
    cast(show, call, poll, yes)
    call = calling.screen(show, calling.now(call), number="139 0000 9999")
    cast(show, call, poll, no)
    assert queries.recount(poll) == {no: 1}
    [staff] = staff_snapshot(calling.screener(show), show.id, StaffView.CALLS).polls
    assert staff.on_behalf == 1


def test_a_retry_that_comes_late_does_not_hide_the_newer_vote(show: making.Show) -> None:
    poll, (yes, no) = making.make_poll(show)
    call = talks(show)
    cast(show, call, poll, yes, id="the-first-command")
    cast(show, call, poll, no)
    cast(show, call, poll, yes, id="the-first-command")
    assert queries.recount(poll) == {no: 1}
    assert CallVote.objects.get().cast == Ballot.objects.get().cast_id
    cast(show, call, poll, yes)
    assert queries.recount(poll) == {yes: 1}


def test_nobody_votes_for_whom_nobody_has_spoken_with(show: making.Show) -> None:
    poll, (yes, _no) = making.make_poll(show)
    for call in (calling.rings(show), calling.move(show, talks(show, "139 0000 7777"), "refused")):
        with pytest.raises(IllegalTransition):
            cast(show, call, poll, yes)
    assert not Ballot.objects.exists()


def test_a_poll_for_verified_phones_takes_no_vote_of_a_call_without_a_number(show: making.Show) -> None:
    poll, (yes, _no) = making.make_poll(show, least_assurance=int(Assurance.PHONE))
    with pytest.raises(IllegalTransition):
        cast(show, talks(show, ""), poll, yes)
    cast(show, talks(show), poll, yes)
    assert queries.recount(poll) == {yes: 1}


def test_calls_without_a_number_are_different_people(show: making.Show) -> None:
    poll, (yes, _no) = making.make_poll(show)
    for _each in range(2):
        cast(show, talks(show, ""), poll, yes)
    assert queries.recount(poll) == {yes: 2}


def test_who_voted_on_the_page_is_not_voted_for(show: making.Show) -> None:
    poll, (yes, no) = making.make_poll(show)
    commands.perform(calling.listener(), show.id, making.vote(poll, no))
    with pytest.raises(IllegalTransition):
        cast(show, talks(show), poll, yes)
    assert queries.recount(poll) == {no: 1}
    assert not CallVote.objects.exists()


def test_who_votes_on_the_page_afterwards_has_the_last_word_and_it_is_not_named_on_behalf(show: making.Show) -> None:
    poll, (yes, no) = making.make_poll(show, results="always")
    listener = calling.listener()
    cast(show, talks(show), poll, yes)
    assert shown(show).on_behalf == 1
    commands.perform(listener, show.id, making.vote(poll, no))
    assert queries.recount(poll) == {no: 1}
    assert shown(show).on_behalf == 0
    assert "on_behalf" not in (close(show, poll).result or {})


def verifies(guest: Actor, number: str = calling.NUMBER) -> Identity:
    """As the page does: a code is sent to the phone and typed."""
    sent = identity.send_code(guest, number)
    return identity.verify_code(guest, number, sent.code or "")


@pytest.fixture
def _codes_are_told(settings: Any) -> None:
    settings.DEMO = True


@pytest.mark.usefixtures("_codes_are_told")
def test_who_verifies_the_number_after_the_call_is_the_same_person_with_one_ballot(show: making.Show) -> None:
    poll, (yes, no) = making.make_poll(show)
    cast(show, talks(show), poll, yes)
    who = verifies(making.make_viewer(Assurance.GUEST))
    assert Ballot.objects.get().participant_id == who.participant_id
    assert CallVote.objects.get().cast == Ballot.objects.get().cast_id
    cast(show, talks(show), poll, no)
    assert queries.recount(poll) == {no: 1}
    commands.perform(
        Actor(participant_id=who.participant_id, generation=who.generation), show.id, making.vote(poll, yes)
    )
    assert queries.recount(poll) == {yes: 1}
    assert (close(show, poll).result or {})["total"] == 1
    assert not verify(poll).wrong


@pytest.mark.usefixtures("_codes_are_told")
@pytest.mark.parametrize("page_last", [True, False])
def test_of_a_guests_ballot_and_one_cast_for_its_number_the_last_counts(*, show: making.Show, page_last: bool) -> None:
    poll, (yes, no) = making.make_poll(show)
    guest = making.make_viewer(Assurance.GUEST)
    steps = [
        lambda: cast(show, talks(show), poll, yes),
        lambda: commands.perform(guest, show.id, making.vote(poll, no)),
    ]
    for step in steps if page_last else reversed(steps):
        step()
    verifies(guest)
    assert queries.recount(poll) == tally(poll) == ({no: 1} if page_last else {yes: 1})
    close(show, poll)
    assert not verify(poll).wrong


@pytest.mark.usefixtures("_codes_are_told")
@pytest.mark.django_db(transaction=True)
def test_who_verifies_while_the_desk_votes_for_the_number_is_one_person(show: making.Show) -> None:
    poll, (yes, _no) = making.make_poll(show)
    call, screener, guest = talks(show), calling.screener(show), making.make_viewer(Assurance.GUEST)
    code = identity.send_code(guest, calling.NUMBER).code or ""
    command = protocol.VoteForCaller(id="vote-1", call=call.pk, poll=poll, options=(yes,))
    who, voted = together(
        lambda: identity.verify_code(guest, calling.NUMBER, code),
        lambda: commands.perform(screener, show.id, command),
    )
    assert voted["poll"] == poll
    assert Ballot.objects.get().participant_id == who.participant_id


def test_a_ban_of_the_numbers_owner_holds_for_votes_on_behalf_too(show: making.Show) -> None:
    poll, (yes, _no) = making.make_poll(show)
    listener = calling.listener()
    for kind in (Sanction.Kind.MUTE, Sanction.Kind.BAN):
        Sanction.objects.create(
            kind=kind, scope="participant", participant_id=listener.participant_id, room_id=show.id, at=clock.now()
        )
        if kind == Sanction.Kind.MUTE:
            cast(show, talks(show), poll, yes)
            continue
        with pytest.raises(IllegalTransition):
            cast(show, talks(show), poll, yes)
    assert BallotCast.objects.count() == 1, "who is muted may vote"


def test_nobody_votes_for_a_child_whose_guardian_did_not_agree(show: making.Show) -> None:
    poll, (yes, _no) = making.make_poll(show)
    listener = calling.listener()
    person = Participant.objects.filter(pk=listener.participant_id)
    person.update(age=Participant.Age.UNDER)
    with pytest.raises(IllegalTransition):
        cast(show, talks(show), poll, yes)
    assert not BallotCast.objects.exists()
    person.update(age=Participant.Age.ALLOWED)
    cast(show, talks(show), poll, yes)
    assert queries.recount(poll) == {yes: 1}


def test_nobody_votes_for_a_number_on_the_list(show: making.Show) -> None:
    poll, (yes, _no) = making.make_poll(show)
    call = talks(show)
    calling.do(show, calling.screener(show), protocol.BlockCaller, call=call.pk, reason="多次辱骂", days=7)
    with pytest.raises(InvalidInput):
        cast(show, call, poll, yes)
    assert not BallotCast.objects.exists()


def shown(show: making.Show) -> protocol.PollObject:
    [found] = [each for each in queries.public_objects(show.airing) if isinstance(each, protocol.PollObject)]
    return found


def test_the_public_reads_how_many_only_where_it_reads_the_counts(show: making.Show) -> None:
    poll, (yes, _no) = making.make_poll(show, results="after_close")
    cast(show, talks(show), poll, yes)
    assert shown(show).on_behalf == 0
    [staff] = staff_snapshot(calling.screener(show), show.id, StaffView.CALLS).polls
    assert staff.on_behalf == 1
    close(show, poll)
    assert shown(show).on_behalf == 1


def test_no_vote_in_a_closed_poll_or_for_what_is_not_offered(show: making.Show) -> None:
    poll, (yes, _no) = making.make_poll(show)
    with pytest.raises(InvalidInput):
        cast(show, talks(show), poll, yes + 1_000)
    close(show, poll)
    with pytest.raises(BroadcastError):
        cast(show, talks(show), poll, yes)
    with pytest.raises(NotFound):
        cast(show, talks(show), making.make_poll(making.make_show())[0], yes)
    assert not BallotCast.objects.exists()
    assert not CallVote.objects.exists()


def test_a_poll_for_members_takes_no_votes_by_telephone(show: making.Show) -> None:
    poll, (yes, _no) = making.make_poll(show, least_assurance=int(Assurance.MEMBER))
    with pytest.raises(IllegalTransition):
        cast(show, talks(show), poll, yes)


def test_consents_are_not_invented_and_the_record_names_the_screener_not_the_choice(show: making.Show) -> None:
    poll, (yes, _no) = making.make_poll(show)
    before = Consent.objects.count()
    cast(show, talks(show), poll, yes)
    assert Consent.objects.count() == before
    assert EvidenceRecord.objects.filter(kind="poll.vote").count() == 1
    entry = AuditEntry.objects.get(act="call.vote")
    assert entry.actor_id == calling.screener(show).user_id
    assert "options" not in (entry.after or {})


def test_who_is_forgotten_keeps_the_count_and_leaves_the_chain_whole(show: making.Show) -> None:
    poll, (yes, _no) = making.make_poll(show)
    cast(show, talks(show), poll, yes)
    listener = calling.listener()
    assert listener.participant_id is not None
    user = Participant.objects.get(pk=listener.participant_id).user_id
    forgetting.forget(Whose(listener.participant_id, (listener.participant_id,), user), Held())
    assert queries.recount(poll) == {yes: 1}
    assert not BallotCast.objects.filter(salt__isnull=False).exists()
    assert not Participant.objects.exclude(partner_subject="").exists()
    close(show, poll)
    assert not verify(poll).wrong
