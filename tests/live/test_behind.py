"""The public's picture is the delay behind the studio: what goes with it waits for it, what is taken down does not."""

from __future__ import annotations

import contextlib
import datetime as dt
import random
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from broadcast import clock
from broadcast.errors import IllegalTransition, NotFound
from broadcast.models import Airing, Moment, Segment
from broadcast.services import rundown
from live import commands, protocol, queries
from live.queries import StaffView
from live.services import audience, polls, questions
from tests.live import making
from tests.live.sockets import Server, staff_socket, viewer_socket

START = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)


@contextlib.contextmanager
def at(seconds: float) -> Iterator[None]:
    """The house at so many seconds into the show."""
    with clock.frozen(START + dt.timedelta(seconds=seconds)):
        yield


def make_show(delay: int = 20) -> making.Show:
    with at(0):
        return making.make_show(delay_seconds=delay, questions="post", comments="post")


def ask(show: making.Show, text: str = "电费由谁出？") -> int:
    with at(1):
        return int(commands.perform(making.make_viewer(), show.id, making.question(text))["item"])


def act(show: making.Show, name: str, item: int, **more: Any) -> None:
    """question.show, question.answer, poll.open … by the producer."""
    kinds: dict[str, Any] = {
        "show": (protocol.ShowQuestion, "question"),
        "answer": (protocol.AnswerQuestion, "question"),
        "queue": (protocol.QueueQuestion, "question"),
        "open": (protocol.OpenPoll, "poll"),
        "close": (protocol.ClosePoll, "poll"),
    }
    kind, field = kinds[name]
    command = kind(id=making.command_id(), **{field: item}, **more)
    commands.perform(making.staff_actor(show.producer), show.id, command)


def withdraw(show: making.Show, question: int) -> None:
    version = {each.id: each.version for each in queries.staff_snapshot(*desk(show)).items}[question]
    gone = protocol.WithdrawItem(
        id=making.command_id(), kind="question", item=question, version=version, reason="other"
    )
    commands.perform(making.staff_actor(show.moderator), show.id, gone)


def desk(show: making.Show) -> tuple[Any, Any, StaffView]:
    return making.staff_actor(show.producer), show.id, StaffView.DESK


def end(show: making.Show) -> None:
    Airing.objects.filter(pk=show.id).update(state="ended", actual_end=clock.now())
    show.airing.refresh_from_db()
    questions.leave_air(making.staff_actor(show.producer), show.airing)
    polls.close_all(making.staff_actor(show.producer), show.airing)


def public(show: making.Show, key: str, *, ahead: bool = False) -> Any:
    return {each.key: each for each in queries.public_objects(show.airing, ahead=ahead)}.get(key)


def states(show: making.Show, *, ahead: bool = False) -> dict[str, Any]:
    """Which segment runs and which question is on air or answered."""
    objects = queries.public_objects(Airing.objects.get(pk=show.id), ahead=ahead)
    shown: dict[str, Any] = {}
    for each in objects:
        if isinstance(each, protocol.SegmentObject):
            shown[each.key] = (each.started_at, each.ended_at)
        if isinstance(each, protocol.QuestionObject):
            shown[each.key] = each.state if each.state in {"on_air", "answered"} else "listed"
    return shown


def iso(seconds: float) -> str:
    return (START + dt.timedelta(seconds=seconds)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@pytest.mark.django_db
@pytest.mark.parametrize("delay", [6, 20])
def test_a_segment_starts_for_the_public_when_the_picture_comes_to_it_and_for_staff_at_once(delay: int) -> None:
    show = make_show(delay)
    segment = Segment.objects.get(episode=show.episode)
    with at(100):
        rundown.start_segment(making.staff_actor(show.producer), show.id, segment.pk)
        assert public(show, f"segment:{segment.pk}").started_at is None
        ours = public(show, f"segment:{segment.pk}", ahead=True)
        assert (ours.started_at, ours.shown_from) == (iso(100), iso(100 + delay))
    with at(100 + delay - 0.1):
        assert public(show, f"segment:{segment.pk}").shown_from is None
    with at(100 + delay):
        theirs = public(show, f"segment:{segment.pk}")
        assert (theirs.started_at, theirs.shown_from) == (iso(100), iso(100 + delay))


@pytest.mark.django_db
def test_the_segment_before_runs_on_for_the_public_until_the_picture_comes_to_the_next() -> None:
    show = make_show()
    producer, first = making.staff_actor(show.producer), Segment.objects.get(episode=show.episode)
    second = Segment.objects.create(episode=show.episode, position=2, title="答复")
    with at(100):
        rundown.start_segment(producer, show.id, first.pk)
    with at(200):
        rundown.start_segment(producer, show.id, second.pk)
    with at(219):
        assert public(show, f"segment:{first.pk}").ended_at is None
    with at(220):
        assert public(show, f"segment:{first.pk}").ended_at == iso(200)


def seen_by_all(show: making.Show) -> list[Any]:
    """What the public has, but for the word on how many comments are drawn: staff have all of them."""
    return [each for each in queries.public_objects(show.airing) if not isinstance(each, protocol.LoadObject)]


@pytest.mark.django_db
def test_without_a_delay_everything_is_public_at_once_and_has_no_shown_from() -> None:
    show = make_show(0)
    question = ask(show)
    with at(100):
        act(show, "show", question)
        poll, _options = making.make_poll(show)
        rundown.start_segment(making.staff_actor(show.producer), show.id, Segment.objects.get().pk)
        found = seen_by_all(show)
        assert found == queries.public_objects(show.airing, ahead=True)
        assert public(show, f"question:{question}").state == "on_air"
        assert public(show, f"poll:{poll}").state == "open"
        assert {getattr(each, "shown_from", None) for each in found} == {None}


@pytest.mark.django_db
def test_a_question_is_on_air_for_the_public_as_long_as_it_was_in_the_studio_the_delay_later() -> None:
    show = make_show()
    question = ask(show)
    key = f"question:{question}"
    with at(100):
        act(show, "show", question)
        shown = public(show, key)
        assert (shown.state, shown.on_air_at, shown.shown_from) == ("queued", None, None), "it is on its way"
        assert public(show, key, ahead=True).state == "on_air"
    with at(110):
        act(show, "answer", question)
        shown = public(show, key)
        assert (shown.state, shown.answered_at) == ("queued", None)
    with at(120):
        shown = public(show, key)
        assert (shown.state, shown.on_air_at, shown.answered_at) == ("on_air", iso(100), None)
        assert shown.shown_from == iso(120)
    with at(130):
        shown = public(show, key)
        assert (shown.state, shown.on_air_at, shown.answered_at) == ("answered", iso(100), iso(110))
        assert shown.shown_from == iso(130)


@pytest.mark.django_db
def test_a_question_withdrawn_within_the_delay_is_never_shown_and_one_that_is_shown_leaves_at_once() -> None:
    show = make_show()
    early, late = ask(show), ask(show, "谁来维护？")
    with at(100):
        act(show, "show", early)
    with at(105):
        withdraw(show, early)
        act(show, "show", late)
    for second in (105, 119, 120, 124):
        with at(second):
            assert public(show, f"question:{early}") is None
            assert public(show, f"question:{late}").state == "queued"
    with at(126):
        assert public(show, f"question:{late}").state == "on_air"
        withdraw(show, late)
        assert public(show, f"question:{late}") is None


@pytest.mark.django_db
def test_a_question_that_was_withdrawn_and_is_public_again_does_not_come_back_on_air() -> None:
    show = make_show()
    question = ask(show)
    with at(100):
        act(show, "show", question)
    with at(105):
        withdraw(show, question)
        moderator = making.staff_actor(show.moderator)
        for kind in (protocol.ReopenItem, protocol.ApproveItem):
            version = {each.id: each.version for each in queries.staff_snapshot(*desk(show)).items}[question]
            again = kind(id=making.command_id(), kind="question", item=question, version=version)
            commands.perform(moderator, show.id, again)
    with at(121):
        assert public(show, f"question:{question}").state == "approved"


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(4))
def test_whatever_the_studio_does_the_public_sees_it_the_delay_later(seed: int) -> None:
    chance, show = random.Random(seed), make_show()
    asked = [ask(show, f"第{number}问") for number in range(3)]
    parts = [Segment.objects.create(episode=show.episode, position=n, title=str(n)).pk for n in (2, 3)]
    producer, second = making.staff_actor(show.producer), 30.0
    with at(2):
        studio = [(0.0, states(show, ahead=True))]
    for _step in range(25):
        second += chance.choice((0.5, 3, 9, 25))
        with at(second):
            what = chance.choice(("show", "show", "answer", "queue", "segment"))
            if what == "segment":
                rundown.start_segment(producer, show.id, chance.choice(parts))
            else:
                more = {"on": chance.random() < 0.7} if what == "queue" else {}
                with contextlib.suppress(IllegalTransition):
                    act(show, what, chance.choice(asked), **more)
            studio.append((second, states(show, ahead=True)))
            assert states(show) == [known for when, known in studio if when <= second - 20][-1], f"at {second}"
    with at(second + 20):
        assert states(show) == states(show, ahead=True)


@pytest.mark.django_db
def test_after_the_end_the_picture_plays_out_and_then_nothing_waits() -> None:
    show = make_show()
    question, other = ask(show), ask(show, "谁来维护？")
    with at(100):
        act(show, "show", question)
    with at(130):
        end(show)
        assert public(show, f"question:{question}").state == "on_air", "the public is still there"
    with at(149):
        assert public(show, f"question:{question}").state == "on_air"
    with at(150):
        assert public(show, f"question:{question}").state == "queued"
        act(show, "answer", other)
        assert public(show, f"question:{other}").state == "answered", "what has no picture waits for none"
        assert seen_by_all(show) == queries.public_objects(show.airing, ahead=True)


@pytest.mark.django_db
def test_a_cancelled_show_has_no_picture_to_wait_for() -> None:
    show = make_show()
    question = ask(show)
    with at(100):
        act(show, "show", question)
        Airing.objects.filter(pk=show.id).update(state="cancelled")
        questions.leave_air(making.staff_actor(show.producer), show.airing)
    with at(125):
        assert public(show, f"question:{question}").state == "queued"


@pytest.mark.django_db
def test_a_poll_opens_for_the_public_when_the_picture_comes_to_it_and_no_vote_is_taken_before() -> None:
    show = make_show()
    viewer = making.make_viewer()
    with at(100):
        poll, options = making.make_poll(show)
        assert public(show, f"poll:{poll}") is None
        assert queries.staff_snapshot(*desk(show)).polls[0].state == "open"
    with at(119):
        early = audience.commit_batch([(viewer, show.id, making.vote(poll, options[0]))])[0]
        assert isinstance(early, NotFound), "whoever guesses its number learns nothing"
        assert public(show, f"poll:{poll}") is None
    with at(120):
        shown = public(show, f"poll:{poll}")
        assert (shown.state, shown.opened_at, shown.shown_from) == ("open", iso(100), iso(120))
        taken = audience.commit_batch([(viewer, show.id, making.vote(poll, options[0]))])[0]
        assert isinstance(taken, audience.Answer)


@pytest.mark.django_db
def test_a_poll_closed_before_the_public_saw_it_is_open_to_the_public_as_long_as_it_was_in_the_studio() -> None:
    show = make_show()
    with at(100):
        poll, options = making.make_poll(show)
    with at(105):
        act(show, "close", poll)
        assert public(show, f"poll:{poll}") is None
    with at(122):
        assert polls.freeze_due() == 0
        assert public(show, f"poll:{poll}").state == "open"
        taken = audience.commit_batch([(making.make_viewer(), show.id, making.vote(poll, options[0]))])[0]
        assert isinstance(taken, audience.Answer)
    with at(125):
        assert polls.freeze_due() == 1
        shown = public(show, f"poll:{poll}")
        assert (shown.state, shown.closed_at) == ("closed", iso(125))


@pytest.mark.django_db
def test_the_replay_has_a_polls_opening_and_close_where_the_studio_told_them() -> None:
    show = make_show()
    with at(100):
        poll, _options = making.make_poll(show)
    with at(160):
        act(show, "close", poll)
    with at(181):
        assert polls.freeze_due() == 1
    told = [(mark["kind"], mark["at"]) for mark in queries.marks(show.airing)]
    assert told == [("poll.open", iso(100)), ("poll.close", iso(160))]
    kept = Moment.objects.filter(airing=show.airing).values_list("kind", "at")
    assert list(kept) == [
        (kind, START + dt.timedelta(seconds=s)) for kind, s in (("poll.open", 100), ("poll.close", 160))
    ]


@pytest.mark.django_db
def test_the_author_learns_that_the_question_is_on_air_with_everybody() -> None:
    show, author = make_show(), making.make_viewer()
    with at(1):
        question = commands.perform(author, show.id, making.question())["item"]
    with at(100):
        act(show, "show", question)
        assert [item.state for item in queries.mine(show.airing, author.participant_id).items] == ["queued"]
    with at(120):
        assert [item.state for item in queries.mine(show.airing, author.participant_id).items] == ["on_air"]


new_show, new_question, perform = sync_to_async(making.make_show), sync_to_async(ask), sync_to_async(act)


async def test_open_pages_change_the_delay_after_the_control_room_and_all_have_the_same(server: Server) -> None:
    show = await new_show(delay_seconds=3, questions="post")
    question = await sync_to_async(lambda: commands.perform(making.make_viewer(), show.id, making.question())["item"])()
    key = f"question:{question}"
    async with viewer_socket(server, show) as one, viewer_socket(server, show) as two:
        await one.shows(key)
        await two.shows(key)
        async with await staff_socket(server, show, show.producer) as control:
            began = clock.now()
            await perform(show, "show", question)
            await control.wait(
                lambda frame: any(
                    item["id"] == question and item["state"] == "on_air" for item in frame.get("items", ())
                ),
                seconds=2.5,
            )
        for viewer in (one, two):
            await viewer.shows(key, lambda each: each["state"] == "on_air", seconds=15)
        assert clock.now() - began >= dt.timedelta(seconds=3), "not before its picture"
        assert one.state
        assert two.state
        assert one.state.objects[key] == two.state.objects[key]
