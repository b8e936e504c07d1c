"""Void polls: said to everybody with the reason, counted no more, kept; asked again as a new poll that names the old one."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from broadcast.errors import IllegalTransition, InvalidInput, NotAllowed
from broadcast.models import AuditEntry
from live import commands, protocol, queries
from live.models import Ballot, BallotCast, Poll
from live.queries.verify import verify
from live.services import audience, polls
from tests.live import making


def void(show: making.Show, poll: int, reason: str = "选项写错了", **more: Any) -> dict[str, Any]:
    actor = more.pop("actor", None) or making.staff_actor(show.producer)
    return commands.perform(actor, show.id, protocol.VoidPoll(id=making.command_id(), poll=poll, reason=reason))


def close(show: making.Show, poll: int) -> None:
    polls.close(making.staff_actor(show.producer), show.id, protocol.ClosePoll(id=making.command_id(), poll=poll))
    polls.freeze_due()


def shown(show: making.Show, poll: int) -> protocol.PollObject:
    found = [each for each in queries.public_objects(show.airing) if isinstance(each, protocol.PollObject)]
    return next(each for each in found if each.id == poll)


@pytest.mark.django_db
@pytest.mark.parametrize("is_closed", [False, True])
def test_a_void_poll_says_why_and_shows_no_counts(*, is_closed: bool) -> None:
    show, viewer = making.make_show(), making.make_viewer()
    poll, options = making.make_poll(show, results="always")
    audience.commit_one(viewer, show.id, making.vote(poll, options[0]))
    if is_closed:
        close(show, poll)
    assert void(show, poll)["state"] == "void"
    public = shown(show, poll)
    assert (public.state, public.void_reason, public.total) == ("void", "选项写错了", None)
    assert {option.votes for option in public.options} == {None}
    own = queries.mine(show.airing, viewer.participant_id).ballots[0]
    assert (own.options, own.result, own.total) == ((options[0],), None, None)
    assert (Ballot.objects.filter(poll=poll).count(), BallotCast.objects.filter(poll=poll).count()) == (1, 1), "kept"
    assert verify(poll).wrong == []
    outcome = audience.commit_batch([(making.make_viewer(), show.id, making.vote(poll, options[0]))])[0]
    assert isinstance(outcome, IllegalTransition)
    assert outcome.data == {"state": "void"}


@pytest.mark.django_db
def test_voiding_is_a_producers_audited_act_with_a_reason() -> None:
    show = making.make_show()
    poll, _options = making.make_poll(show)
    for nobody in (show.host, show.moderator):
        with pytest.raises(NotAllowed):
            void(show, poll, actor=making.staff_actor(nobody))
    with pytest.raises(InvalidInput):
        void(show, poll, reason="   ")
    void(show, poll)
    void(show, poll, reason="再说一次")
    entry = AuditEntry.objects.get(act="poll.void")
    assert (entry.actor_id, entry.target, entry.reason) == (show.producer.pk, f"poll:{poll}", "选项写错了")
    assert (entry.before, entry.after["state"]) == ("open", "void")


@pytest.mark.django_db
def test_a_draft_cannot_be_void_and_what_is_void_does_not_open_or_close() -> None:
    show = making.make_show()
    producer = making.staff_actor(show.producer)
    draft = commands.perform(
        producer, show.id, protocol.CreatePoll(id=making.command_id(), question="好吗", options=("好", "不好"))
    )["poll"]
    with pytest.raises(IllegalTransition):
        void(show, draft)
    poll, _options = making.make_poll(show)
    void(show, poll)
    for command in (
        protocol.OpenPoll(id=making.command_id(), poll=poll),
        protocol.ClosePoll(id=making.command_id(), poll=poll),
    ):
        with pytest.raises(IllegalTransition):
            commands.perform(producer, show.id, command)
    assert polls.freeze_due() == 0


@pytest.mark.django_db
def test_the_next_round_is_a_poll_of_its_own() -> None:
    show, viewer = making.make_show(), making.make_viewer()
    poll, options = making.make_poll(show)
    audience.commit_one(viewer, show.id, making.vote(poll, options[0]))
    with pytest.raises(InvalidInput):
        making.make_poll(show, replaces=poll)
    void(show, poll)
    again, new_options = making.make_poll(show, replaces=poll)
    assert shown(show, again).replaces == poll
    assert Poll.objects.get(pk=again).replaces_id == poll
    assert Ballot.objects.filter(poll=again).count() == 0
    audience.commit_one(viewer, show.id, making.vote(again, new_options[1]))
    close(show, again)
    frozen = Poll.objects.get(pk=again)
    assert frozen.result is not None
    assert frozen.result["total"] == 1
    with pytest.raises(InvalidInput):
        making.make_poll(making.make_show(), replaces=poll)


@pytest.mark.django_db(transaction=True)
def test_voiding_while_votes_are_in_flight() -> None:
    """Whoever was acknowledged is kept, whoever was refused is not, and the chain ends with the voiding."""
    show = making.make_show()
    poll, options = making.make_poll(show)
    people = [making.make_viewer() for _each in range(60)]
    accepted: list[int] = []
    start = threading.Barrier(4)

    def vote(mine: list[Any]) -> None:
        start.wait()
        for each in mine:
            for outcome in audience.commit_batch([(each, show.id, making.vote(poll, options[0]))]):
                accepted.extend([1] if isinstance(outcome, audience.Answer) else [])
        connection.close()

    threads = [threading.Thread(target=vote, args=(people[part::3],)) for part in range(3)]
    for each in threads:
        each.start()
    start.wait()
    while BallotCast.objects.count() < 10:
        pass
    void(show, poll)
    for each in threads:
        each.join()
    found = verify(poll)
    assert found.wrong == []
    assert found.ballots == len(accepted)


@pytest.mark.django_db
def test_the_page_without_script_says_that_it_is_void_and_takes_no_vote() -> None:
    show = making.make_show()
    poll, options = making.make_poll(show)
    void(show, poll)
    page = Client().get(f"/programmes/{show.programme.slug}/{show.episode.key}/?tab=vote").content.decode()
    assert "已作废" in page
    assert "作废原因：选项写错了" in page
    assert f'value="{options[0]}"' not in page
