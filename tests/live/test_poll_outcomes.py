"""What is told of a poll: names, publication, levels side by side, verdicts, comparisons, what a clerk entered."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from broadcast import clock
from broadcast.errors import IllegalTransition, InvalidInput
from broadcast.models import Airing, AuditEntry, Episode, Participant, Person
from broadcast.models.catalogue import Assurance
from live import commands, protocol
from live.models import Poll
from live.queries import entered, outcome, poll_pages
from live.queries import overlay as overlays
from live.queries.named import named_ballots
from live.queries.staff import staff_polls
from live.queries.verify import verify
from live.services import overlay, polls
from live.services.ballot_rights import NamedPoll
from tests.live import making
from tests.live.polling import do, draft, finish, options, row, shown

pytestmark = pytest.mark.django_db


def test_names_are_told_with_the_result_to_those_who_were_told_before(client: Client) -> None:
    show = making.make_show()
    poll = draft(show, secrecy="named", results="after_publication")
    do(show, protocol.OpenPoll, poll=poll)
    yes, no, _none = options(poll)
    for name, chosen in (("王委员", yes), ("李委员", no)):
        person = making.make_viewer(name=name)
        with pytest.raises(NamedPoll):
            commands.perform(person, show.id, making.vote(poll, chosen))
        commands.perform(person, show.id, making.vote(poll, chosen, named=True))
    address = f"/live/polls/{poll}/names"
    assert client.get(address).status_code == 404
    finish(show, poll)
    assert client.get(address).status_code == 404, "closed is not published"
    assert shown(show, poll).outcome is None
    do(show, protocol.PublishPoll, poll=poll)
    told = shown(show, poll).outcome
    assert told is not None
    assert told.names == address
    named = client.get(address).json()["ballots"]
    assert {each["name"]: each["texts"] for each in named} == {"王委员": ["赞成"], "李委员": ["反对"]}
    polls.void(
        making.staff_actor(show.producer),
        show.id,
        protocol.VoidPoll(id=making.command_id(), poll=poll, reason="开错了"),
    )
    assert client.get(address).status_code == 404


def test_names_stand_in_the_order_in_which_they_are_read() -> None:
    show = making.make_show()
    poll = draft(show, secrecy="named")
    do(show, protocol.OpenPoll, poll=poll)
    for name, member in (("Moe", ""), ("Zed", "Ada"), ("Bob", "")):
        voter = making.make_viewer(name=name)
        commands.perform(voter, show.id, making.vote(poll, options(poll)[0], named=True))
        if member:
            account = making.make_staff(show.programme, "host")
            Person.objects.create(name=member, user=account)
            Participant.objects.filter(pk=voter.participant_id).update(user=account)
    assert [each.name for each in named_ballots(row(poll))] == ["Ada", "Bob", "Moe"]


def test_a_secret_poll_has_no_names(client: Client) -> None:
    show = making.make_show()
    poll = draft(show, results="always")
    do(show, protocol.OpenPoll, poll=poll)
    commands.perform(making.make_viewer(), show.id, making.vote(poll, options(poll)[0]))
    finish(show, poll)
    told = shown(show, poll).outcome
    assert told is not None
    assert told.names == ""
    assert client.get(f"/live/polls/{poll}/names").status_code == 404


def test_publication_is_an_act_of_its_own() -> None:
    show = making.make_show()
    poll, other = draft(show, results="after_publication"), draft(show)
    for each in (poll, other):
        do(show, protocol.OpenPoll, poll=each)
    with pytest.raises(IllegalTransition):
        do(show, protocol.PublishPoll, poll=poll)
    finish(show, poll)
    finish(show, other)
    with pytest.raises(IllegalTransition):
        do(show, protocol.PublishPoll, poll=other)
    assert shown(show, poll).total is None
    for _twice in range(2):
        do(show, protocol.PublishPoll, poll=poll)
    assert shown(show, poll).total == 0
    assert AuditEntry.objects.filter(airing_id=show.id, act="poll.publish").count() == 1


def test_the_result_has_levels_side_by_side_and_a_verdict_that_is_stored() -> None:
    show = making.make_show(least_assurance={"vote": Assurance.GUEST})
    poll = draft(show, eligible=40, rule=protocol.PollRule(quorum=(1, 4)))
    do(show, protocol.OpenPoll, poll=poll)
    yes, no, _none = options(poll)
    for level, ayes, noes in ((Assurance.GUEST, 4, 2), (Assurance.PHONE, 1, 5), (Assurance.MEMBER, 2, 0)):
        for chosen, many in ((yes, ayes), (no, noes)):
            for _each in range(many):
                commands.perform(making.make_viewer(level), show.id, making.vote(poll, chosen))
    finish(show, poll)
    told = shown(show, poll).outcome
    assert told is not None
    assert [(each.levels, each.votes, each.total) for each in told.levels] == [
        ((0,), (4, 2, 0), 6),
        ((20, 30), (3, 5, 0), 8),
    ], "two members would be known by their votes"
    staff = staff_polls(show.id)[0].outcome
    assert staff is not None
    assert [each.levels for each in staff.levels] == [(0,), (20,), (30,)]
    stored = row(poll).result
    assert stored is not None
    assert stored["verdict"] == {
        "outcome": "rejected",
        "options": [],
        "votes": 7,
        "base": 14,
        "needed": 8,
        "quorum": 10,
    }
    assert verify(poll).wrong == []
    assert [each["total"] for each in stored["levels"]] == [6, 8], "nor does the published list tell a small group"
    stored["verdict"]["outcome"] = "accepted"
    Poll.objects.filter(pk=poll).update(result=stored)
    assert any("verdict" in each for each in verify(poll).wrong)


def test_the_same_rating_asked_again_is_compared() -> None:
    show = making.make_show()
    before = draft(show, kind="scale")
    do(show, protocol.OpenPoll, poll=before)
    commands.perform(making.make_viewer(), show.id, making.vote(before, options(before)[1]))
    finish(show, before)
    after = draft(show, kind="scale", compares=before)
    do(show, protocol.OpenPoll, poll=after)
    commands.perform(making.make_viewer(), show.id, making.vote(after, options(after)[3]))
    finish(show, after)
    told = shown(show, after).outcome
    assert told is not None
    assert told.earlier is not None
    assert (told.earlier.poll, told.earlier.votes, told.earlier.total) == (before, (0, 1, 0, 0, 0), 1)
    assert told.scale is not None
    assert (told.scale.mean, told.earlier.scale and told.earlier.scale.mean) == (4, 2)
    Poll.objects.filter(pk=before).update(results="never")
    told = shown(show, after).outcome
    assert told is not None
    assert told.earlier is None, "what is hidden there is hidden here"
    with pytest.raises(InvalidInput):
        draft(show, kind="satisfaction", compares=before)


def another_evening(show: making.Show, **of: Any) -> making.Show:
    """Another airing of the programme, of an episode of its own."""
    other = making.make_show()
    Episode.objects.filter(pk=other.episode.pk).update(programme=show.programme, number=900 + other.episode.pk)
    Airing.objects.filter(pk=other.id).update(**of)
    other.airing = Airing.objects.select_related("episode__programme").get(pk=other.id)
    return replace(other, producer=show.producer)


@pytest.mark.parametrize(
    ("model", "gone"),
    [
        (Episode, {"publication": "withdrawn"}),
        (Airing, {"announced_at": None}),
        (Airing, {"kind": "rehearsal"}),
    ],
)
def test_a_comparison_tells_nothing_of_an_evening_that_is_not_told_any_more(
    model: type[Episode | Airing], gone: dict[str, Any]
) -> None:
    show = making.make_show()
    other = another_evening(show)
    before = draft(other, kind="scale")
    do(other, protocol.OpenPoll, poll=before)
    finish(other, before)
    after = draft(show, kind="scale", compares=before, results="always")
    do(show, protocol.OpenPoll, poll=after)
    finish(show, after)
    told = shown(show, after).outcome
    assert told is not None
    assert told.earlier is not None
    model.objects.filter(pk=other.episode.pk if model is Episode else other.id).update(**gone)
    told = shown(show, after).outcome
    assert told is not None
    assert told.earlier is None
    staff = staff_polls(show.id)[0].outcome
    assert staff is not None
    assert staff.earlier is not None


def test_what_a_rehearsal_came_to_is_compared_in_rehearsals_alone() -> None:
    show = making.make_show()
    rehearsal = another_evening(show, kind="rehearsal")
    before = draft(rehearsal, kind="scale")
    do(rehearsal, protocol.OpenPoll, poll=before)
    finish(rehearsal, before)
    assert list(poll_pages.earlier(show.airing)) == []
    assert [each.pk for each in poll_pages.earlier(rehearsal.airing)] == [before]
    with pytest.raises(InvalidInput):
        draft(show, kind="scale", compares=before)
    draft(rehearsal, kind="scale", compares=before)
    do(rehearsal, protocol.VoidPoll, poll=before, reason="选项写错了")
    with pytest.raises(InvalidInput):
        draft(rehearsal, kind="scale", compares=before)


@pytest.mark.parametrize("adds", [True, False])
def test_what_a_clerk_enters_stands_apart_and_is_added_where_the_poll_says_so(
    monkeypatch: pytest.MonkeyPatch, *, adds: bool
) -> None:
    show = making.make_show()
    poll = draft(show, adds_entered=adds, results="always")
    do(show, protocol.OpenPoll, poll=poll)
    yes, no, _none = options(poll)
    rows = [entered.Entered("粤海工作站", {yes: 20, no: 3}, 23)]
    monkeypatch.setattr(entered, "_sources", {"venues": lambda asked: {poll: rows} if poll in asked else {}})
    commands.perform(making.make_viewer(), show.id, making.vote(poll, no))
    running = shown(show, poll)
    finish(show, poll)
    for told in (running, shown(show, poll)):
        assert told.total == (24 if adds else 1)
        assert [each.votes for each in told.options] == ([20, 4, 0] if adds else [0, 1, 0])
        assert told.outcome is not None
        assert told.outcome.entered == (protocol.EnteredResult("粤海工作站", (20, 3, 0), 23, adds),)
        assert told.outcome.changes == 0
    assert verify(poll).wrong == []
    assert outcome.are_public(row(poll))


def test_a_published_result_comes_back_over_the_picture_for_a_while() -> None:
    show = making.make_show()
    poll, other = draft(show, results="after_publication"), draft(show)
    overlay.make_links(making.staff_actor(show.producer), show.id)
    links = overlays.standing(show.id).links

    def over_the_picture() -> set[int | None]:
        scenes = [each for each in overlays.look(show.id, set(links)).values() if each is not None]
        return {each.poll.id if each.poll else None for each in scenes}

    do(show, protocol.OpenPoll, poll=poll)
    finish(show, poll)
    with clock.shifted(dt.timedelta(minutes=2)):
        assert over_the_picture() == {None}
        do(show, protocol.PublishPoll, poll=poll)
        assert over_the_picture() == {poll}
        do(show, protocol.OpenPoll, poll=other)
        assert over_the_picture() == {other}, "what is asked now goes first"
        finish(show, other)
    with clock.shifted(dt.timedelta(minutes=4)):
        assert over_the_picture() == {None}
