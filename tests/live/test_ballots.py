"""Polls against a simple model: one ballot each, the last accepted counts, retries change nothing, the tally is the recount."""

from __future__ import annotations

import datetime as dt
import threading
from contextlib import suppress
from typing import Any
from unittest import mock

import pytest
from django.db import DatabaseError, connection
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from broadcast import clock
from broadcast.errors import AssuranceTooLow, BroadcastError, IllegalTransition, InvalidInput
from broadcast.models import Participant
from live import commands, protocol, queries
from live.models import Ballot, BallotCast, Poll
from live.models.poll import BallotLink
from live.queries.polls import tally
from live.queries.verify import verify
from live.services import aftercare, audience, chain, polls
from tests.live import making

PEOPLE = 4


def close(show: making.Show, poll: int) -> None:
    polls.close(making.staff_actor(show.producer), show.id, protocol.ClosePoll(id=making.command_id(), poll=poll))
    polls.freeze_due()


def void(show: making.Show, poll: int, reason: str = "选项写错了") -> None:
    polls.void(
        making.staff_actor(show.producer), show.id, protocol.VoidPoll(id=making.command_id(), poll=poll, reason=reason)
    )


class Voting(RuleBasedStateMachine):
    """A poll of four people, two browsers each."""

    def __init__(self) -> None:
        super().__init__()
        self.show = making.make_show()
        self.poll, self.options = making.make_poll(self.show, ("甲", "乙", "丙"))
        self.people = [making.make_viewer() for _each in range(PEOPLE)]
        self.merged: dict[int, int] = {}
        self.model: dict[int, int] = {}
        self.sent: list[tuple[int, protocol.CastVote]] = []
        # Commands whose id several browsers chose: by person and id, the option accepted first.
        self.chosen: dict[int, dict[str, int]] = {person: {} for person in range(PEOPLE)}
        # No ballot is taken any more; and the result stands.
        self.closed = self.frozen = False

    def holder(self, person: int) -> int:
        while person in self.merged:
            person = self.merged[person]
        return person

    def send(self, votes: list[tuple[int, protocol.CastVote]]) -> list[Any]:
        return audience.commit_batch([(self.people[person], self.show.id, vote) for person, vote in votes])

    @rule(votes=st.lists(st.tuples(st.integers(0, PEOPLE - 1), st.integers(0, 2)), min_size=1, max_size=6))
    def vote(self, votes: list[tuple[int, int]]) -> None:
        sent = [(person, making.vote(self.poll, self.options[option])) for person, option in votes]
        for (person, vote), outcome in zip(sent, self.send(sent), strict=True):
            if self.closed:
                assert isinstance(outcome, IllegalTransition)
                continue
            assert isinstance(outcome, audience.Answer), outcome
            self.model[self.holder(person)] = vote.options[0]
            self.sent.append((person, vote))

    @rule(person=st.integers(0, PEOPLE - 1), option=st.integers(0, 2), number=st.integers(0, 1))
    def vote_with_an_id_that_others_chose(self, person: int, option: int, number: int) -> None:
        chosen, name = self.chosen[self.holder(person)], f"the-same-{number}"
        outcome = self.send([(person, making.vote(self.poll, self.options[option], id=name))])[0]
        if name in chosen:
            assert isinstance(outcome, audience.Answer)
            assert outcome.result["options"] == [chosen[name]], "a retry is answered as the first, whatever it says"
        elif self.closed:
            assert isinstance(outcome, IllegalTransition)
        else:
            assert isinstance(outcome, audience.Answer)
            chosen[name] = self.model[self.holder(person)] = self.options[option]

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def retry_late(self, data: st.DataObject) -> None:
        person, vote = data.draw(st.sampled_from(self.sent))
        outcome = self.send([(person, vote)])[0]
        assert isinstance(outcome, audience.Answer), "what was accepted once is answered again, even after the close"
        assert outcome.result["options"] == list(vote.options)

    @rule(person=st.integers(0, PEOPLE - 1), option=st.integers(0, 2))
    def vote_while_the_database_fails(self, person: int, option: int) -> None:
        vote = making.vote(self.poll, self.options[option])
        with mock.patch("broadcast.evidence.keep", side_effect=DatabaseError("down")):
            outcome = self.send([(person, vote)])[0]
        assert isinstance(outcome, BroadcastError)
        outcome = self.send([(person, vote)])[0]
        assert isinstance(outcome, audience.Answer) is not self.closed
        if not self.closed:
            self.model[self.holder(person)] = option_of(vote)
            self.sent.append((person, vote))

    @rule(person=st.integers(0, PEOPLE - 1))
    def vote_wrongly(self, person: int) -> None:
        other = making.make_poll(self.show)[1]
        wrong = [making.vote(self.poll, other[0]), making.vote(self.poll, self.options[0], self.options[1])]
        for outcome in self.send([(person, vote) for vote in wrong]):
            assert isinstance(outcome, InvalidInput | IllegalTransition)

    @precondition(lambda self: not self.closed)
    @rule(guest=st.integers(0, PEOPLE - 1), account=st.integers(0, PEOPLE - 1))
    def merge(self, guest: int, account: int) -> None:
        if guest == account or guest in self.merged or account in self.merged:
            return
        source_id, target_id = self.people[guest].participant_id, self.people[account].participant_id
        assert source_id is not None
        assert target_id is not None
        last = {each.participant_id: each.cast_id for each in Ballot.objects.filter(poll=self.poll)}
        aftercare.merge(source_id, target_id)
        Participant.objects.filter(merged_into=source_id).update(merged_into=target_id)
        Participant.objects.filter(pk=source_id).update(merged_into=target_id)
        if last.get(source_id, 0) > last.get(target_id, 0):
            self.model[account] = self.model[guest]
        self.model.pop(guest, None)
        self.merged[guest] = account
        # The browser has the account's token from now on.
        for person in range(PEOPLE):
            if self.holder(person) == account:
                self.people[person] = self.people[account]
        self.chosen[account] = self.chosen[guest] | self.chosen[account]

    @precondition(lambda self: not self.closed)
    @rule(dies=st.booleans())
    def close(self, *, dies: bool) -> None:
        if dies:
            # Announced, but whoever freezes dies before the commit: another does it.
            with mock.patch("live.services.chain.place", side_effect=DatabaseError("down")), suppress(DatabaseError):
                close(self.show, self.poll)
            assert Poll.objects.get(pk=self.poll).result is None
        close(self.show, self.poll)
        self.closed = self.frozen = True

    @rule()
    def void(self) -> None:
        for _twice in range(2):
            void(self.show, self.poll)
        self.closed = True

    @rule()
    def tick(self) -> None:
        chain.place_all()
        assert not BallotLink.objects.filter(poll=self.poll, number=None).exists()

    @invariant()
    def tally_is_model_is_recount(self) -> None:
        expected: dict[int, int] = {}
        for option in self.model.values():
            expected[option] = expected.get(option, 0) + 1
        assert tally(self.poll) == expected
        assert queries.recount(self.poll) == expected
        assert Ballot.objects.filter(poll=self.poll).count() == len(self.model)

    @invariant()
    def a_frozen_result_is_the_tally(self) -> None:
        result = Poll.objects.get(pk=self.poll).result
        assert (result is not None) is self.frozen
        if result:
            assert result["total"] == len(self.model)
            assert {int(key): many for key, many in result["votes"].items() if many} == tally(self.poll)

    def teardown(self) -> None:
        found = verify(self.poll)
        assert found.wrong == []
        assert found.ballots == len(self.model)


def option_of(vote: protocol.CastVote) -> int:
    return vote.options[0]


@pytest.mark.django_db
def test_polls_behave_as_the_model() -> None:
    run_state_machine_as_test(Voting, settings=settings(max_examples=12, stateful_step_count=12, deadline=None))


@pytest.mark.django_db
@pytest.mark.parametrize("guest_last", [True, False])
def test_a_merge_of_two_who_chose_the_same_command_id(*, guest_last: bool) -> None:
    show = making.make_show()
    poll, options = making.make_poll(show)
    guest, account = making.make_viewer(), making.make_viewer()
    votes = [(account, options[0]), (guest, options[1])]
    for person, option in votes if guest_last else reversed(votes):
        audience.commit_one(person, show.id, making.vote(poll, option, id="the-same-id"))
    assert guest.participant_id
    assert account.participant_id
    aftercare.merge(guest.participant_id, account.participant_id)
    assert queries.recount(poll) == tally(poll) == {options[1 if guest_last else 0]: 1}
    assert BallotCast.objects.filter(poll=poll, participant=account.participant_id).count() == 2


@pytest.mark.django_db(transaction=True)
def test_closing_while_votes_are_in_flight() -> None:
    """Every vote is either acknowledged and counted, or refused and not counted; the frozen result is the recount."""
    show = making.make_show()
    poll, options = making.make_poll(show)
    people = [making.make_viewer() for _each in range(120)]
    accepted: list[int] = []
    refused: list[str] = []
    start = threading.Barrier(5)

    def vote(mine: list[Any]) -> None:
        start.wait()
        for at in range(0, len(mine), 3):
            batch = [(each, show.id, making.vote(poll, options[at % 2])) for each in mine[at : at + 3]]
            for outcome in audience.commit_batch(batch):
                (accepted.append(1) if isinstance(outcome, audience.Answer) else refused.append(outcome.code))
        connection.close()

    threads = [threading.Thread(target=vote, args=(people[part::4],)) for part in range(4)]
    for each in threads:
        each.start()
    start.wait()
    while BallotCast.objects.count() < 20:
        pass
    close(show, poll)
    for each in threads:
        each.join()
    frozen = Poll.objects.get(pk=poll)
    assert frozen.result is not None
    assert frozen.result["total"] == len(accepted) == Ballot.objects.filter(poll=poll).count()
    assert sum(queries.recount(poll).values()) == len(accepted)
    assert set(refused) <= {"illegal_transition"}


@pytest.mark.django_db(transaction=True)
def test_one_participant_on_two_sockets_at_once() -> None:
    show = making.make_show()
    poll, options = making.make_poll(show)
    person = making.make_viewer()
    sent = [making.vote(poll, options[n % 2]) for n in range(40)]
    start = threading.Barrier(2)

    def vote(mine: list[protocol.CastVote]) -> None:
        start.wait()
        for each in (*mine, *mine):
            assert isinstance(audience.commit_batch([(person, show.id, each)])[0], audience.Answer)
        connection.close()

    threads = [threading.Thread(target=vote, args=(sent[part::2],)) for part in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert BallotCast.objects.filter(poll=poll).count() == 40
    ballot = Ballot.objects.get(poll=poll)
    assert ballot.cast_id == max(BallotCast.objects.values_list("pk", flat=True))
    assert queries.recount(poll) == tally(poll) == {ballot.options[0]: 1}


@pytest.mark.django_db
def test_a_batch_counts_a_poll_once() -> None:
    show = making.make_show()
    poll, options = making.make_poll(show)
    people = [making.make_viewer() for _each in range(20)]
    with mock.patch("live.queries.polls.tally", wraps=tally) as counting:
        outcomes = audience.commit_batch([(each, show.id, making.vote(poll, options[0])) for each in people])
    assert {type(each) for each in outcomes} == {audience.Answer}
    assert counting.call_count <= 1


@pytest.mark.django_db
def test_a_grace_covers_the_streams_delay() -> None:
    show = making.make_show(delay_seconds=20)
    with clock.shifted(dt.timedelta(seconds=-25)):
        poll, options = making.make_poll(show)
    close(show, poll)
    late = audience.commit_batch([(making.make_viewer(), show.id, making.vote(poll, options[0]))])[0]
    assert isinstance(late, audience.Answer), "viewers are twenty seconds behind"
    with clock.shifted(dt.timedelta(seconds=21)):
        outcome = audience.commit_batch([(making.make_viewer(), show.id, making.vote(poll, options[0]))])[0]
        assert isinstance(outcome, IllegalTransition), "before anybody froze it"
        assert polls.freeze_due() == 1
        assert polls.freeze_due() == 0
    frozen = Poll.objects.get(pk=poll)
    assert frozen.result is not None
    assert {key: frozen.result[key] for key in ("total", "votes", "base", "casts", "turnout")} == {
        "total": 1,
        "votes": {str(options[0]): 1, str(options[1]): 0},
        "base": "ballots",
        "casts": 1,
        "turnout": {"ballots": 1, "active": 1},
    }


@pytest.mark.django_db
def test_the_end_of_the_show_closes_its_polls() -> None:
    show = making.make_show()
    poll, _options = making.make_poll(show)
    type(show.airing).objects.filter(pk=show.id).update(state="ended")
    assert aftercare.reconcile() >= 1
    assert Poll.objects.get(pk=poll).state == "closed"
    assert aftercare.reconcile() == 0


@pytest.mark.django_db
def test_a_poll_may_ask_for_more_than_the_programme() -> None:
    show = making.make_show()
    poll, options = making.make_poll(show, least_assurance=30)
    outcome = audience.commit_batch([(making.make_viewer(), show.id, making.vote(poll, options[0]))])[0]
    assert isinstance(outcome, AssuranceTooLow)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("results", "before", "own", "after"),
    [
        ("always", True, True, True),
        ("after_vote", False, True, True),
        ("after_close", False, False, True),
        ("never", False, False, False),
    ],
)
def test_hidden_results_are_hidden(results: str, before: bool, own: bool, after: bool) -> None:
    show, viewer = making.make_show(), making.make_viewer()
    poll, options = making.make_poll(show, results=results)

    def public() -> bool:
        shown = next(each for each in queries.public_objects(show.airing) if isinstance(each, protocol.PollObject))
        assert (shown.total is None) is all(option.votes is None for option in shown.options)
        return shown.total is not None

    assert public() is before
    outcome = audience.commit_batch([(viewer, show.id, making.vote(poll, options[0]))])[0]
    assert isinstance(outcome, audience.Answer)
    assert outcome.mine is not None
    assert (outcome.mine.ballots[0].total is not None) is own
    assert (queries.mine(show.airing, viewer.participant_id).ballots[0].total is not None) is own
    assert queries.mine(show.airing, making.make_viewer().participant_id).ballots == ()
    close(show, poll)
    assert public() is after


@pytest.mark.django_db
def test_a_repeated_create_makes_one_poll() -> None:
    show = making.make_show()
    sent = protocol.CreatePoll(id=making.command_id(), question="好吗", options=("好", "不好"))
    producer = making.staff_actor(show.producer)
    assert commands.perform(producer, show.id, sent) == commands.perform(producer, show.id, sent)
    assert Poll.objects.count() == 1
    with pytest.raises(InvalidInput):
        commands.perform(
            producer, show.id, protocol.CreatePoll(id=making.command_id(), question="好吗", options=("好", "好 "))
        )
