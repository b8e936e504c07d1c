"""Ballots: merges, many at once, several processes, closing and voiding; the tally is the recount. All kinds: test_poll_machine."""

from __future__ import annotations

import datetime as dt
import re
import threading
from typing import Any
from unittest import mock

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from broadcast import clock
from broadcast.errors import AssuranceTooLow, IllegalTransition, InvalidInput
from live import commands, protocol, queries
from live.models import Ballot, BallotCast, Poll
from live.queries.polls import tally
from live.services import aftercare, audience, polls
from tests.live import making


def close(show: making.Show, poll: int) -> None:
    polls.close(making.staff_actor(show.producer), show.id, protocol.ClosePoll(id=making.command_id(), poll=poll))
    polls.freeze_due()


def void(show: making.Show, poll: int, reason: str = "选项写错了") -> None:
    polls.void(
        making.staff_actor(show.producer), show.id, protocol.VoidPoll(id=making.command_id(), poll=poll, reason=reason)
    )


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
    told = queries.mine(show.airing, viewer.participant_id).ballots[0].total is not None
    assert told is (own and not before), "what everybody sees is not told to each again"
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


@pytest.mark.django_db
def test_a_poll_that_asks_for_nothing_more_costs_no_query_more() -> None:
    show = making.make_show()
    poll, options = making.make_poll(show)
    people = [making.make_viewer() for _each in range(20)]
    with CaptureQueriesContext(connection) as few:
        audience.commit_batch([(people[0], show.id, making.vote(poll, options[0]))])
    with CaptureQueriesContext(connection) as many:
        audience.commit_batch([(each, show.id, making.vote(poll, options[1])) for each in people])
    assert len(many) == len(few), "a batch of votes costs what one does"
    asked = " ".join(each["sql"] for each in many)
    assert not re.search("pollcode|rollentry|advisory_xact_lock|rolegrant", asked)
