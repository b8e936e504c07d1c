"""Votes that must not count, one rule a test: each is refused with a stable code and leaves all else as it was."""

from __future__ import annotations

from typing import Any

import pytest

from broadcast.access import Actor
from live import protocol, queries
from live.models import Ballot, BallotCast
from live.services import audience, polls
from tests.live import making

pytestmark = pytest.mark.django_db


def send(show: making.Show, person: Actor, command: protocol.CastVote) -> Any:
    return audience.commit_batch([(person, show.id, command)])[0]


def close(show: making.Show, poll: int) -> None:
    polls.close(making.staff_actor(show.producer), show.id, protocol.ClosePoll(id=making.command_id(), poll=poll))
    polls.freeze_due()


def test_an_option_of_another_poll() -> None:
    show, person = making.make_show(), making.make_viewer()
    poll, _options = making.make_poll(show)
    _other, others = making.make_poll(show)
    refused = send(show, person, making.vote(poll, others[0]))
    assert (refused.code, refused.data["field"]) == ("invalid_input", "options")
    assert not Ballot.objects.exists()


def test_two_options_in_a_single_choice_poll() -> None:
    show, person = making.make_show(), making.make_viewer()
    poll, options = making.make_poll(show)
    assert send(show, person, making.vote(poll, *options)).code == "invalid_input"
    assert not BallotCast.objects.exists()


def test_a_vote_after_the_close() -> None:
    show, person = making.make_show(), making.make_viewer()
    poll, options = making.make_poll(show)
    close(show, poll)
    refused = send(show, person, making.vote(poll, options[0]))
    assert (refused.code, refused.data) == ("illegal_transition", {"state": "closed"})
    assert queries.recount(poll) == {}


def test_a_poll_of_another_show_and_one_that_is_not_open_yet() -> None:
    show, elsewhere, person = making.make_show(), making.make_show(), making.make_viewer()
    poll, options = making.make_poll(elsewhere)
    assert send(show, person, making.vote(poll, options[0])).code == "not_found"
    assert send(show, person, making.vote(999_999, 1)).code == "not_found"


def test_a_late_retry_of_an_older_vote_changes_nothing_and_gets_its_first_answer() -> None:
    show, person = making.make_show(), making.make_viewer()
    poll, options = making.make_poll(show)
    older, newer = making.vote(poll, options[0]), making.vote(poll, options[1])
    first = send(show, person, older)
    send(show, person, newer)
    again = send(show, person, older)
    assert again.result == first.result
    assert Ballot.objects.get().options == [options[1]]
    assert queries.recount(poll) == {options[1]: 1}


def test_a_retry_after_the_close_is_answered_as_the_first_time() -> None:
    show, person = making.make_show(), making.make_viewer()
    poll, options = making.make_poll(show)
    vote = making.vote(poll, options[0])
    first = send(show, person, vote)
    close(show, poll)
    assert send(show, person, vote).result == first.result, "the browser never heard that it was counted"
    assert queries.recount(poll) == {options[0]: 1}


def test_nobody_without_an_identity_votes() -> None:
    show = making.make_show()
    poll, options = making.make_poll(show)
    assert send(show, Actor(), making.vote(poll, options[0])).code == "no_identity"
