"""Merging questions that ask the same, by hand: supports are carried over once a person, and everything can be taken back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from broadcast.access import Actor
from broadcast.errors import Conflict, InvalidInput, NotAllowed, NotFound
from broadcast.models import AuditEntry, Participant
from broadcast.services import identity
from live import commands, protocol, queries
from live.models import Question, Support
from tests.live import desk, making
from tests.live.desk import act

pytestmark = pytest.mark.django_db


def public(show: making.Show, text: str = "", viewer: Actor | None = None) -> int:
    item = desk.asked(show, text, viewer)
    act(show, show.moderator, "approve", item, kind="question")
    return item


def support(show: making.Show, question: int, *people: Actor, on: bool = True) -> None:
    for person in people:
        commands.perform(person, show.id, protocol.SupportQuestion(id=making.command_id(), question=question, on=on))


def merge(show: making.Show, into: int, *questions: int, **more: Any) -> dict[str, Any]:
    command = protocol.MergeQuestions(id=more.pop("id", making.command_id()), into=into, questions=questions)
    return commands.perform(making.staff_actor(more.pop("user", show.moderator)), show.id, command)


def unmerge(show: making.Show, question: int) -> dict[str, Any]:
    command = protocol.UnmergeQuestion(id=making.command_id(), question=question)
    return commands.perform(making.staff_actor(show.moderator), show.id, command)


def supports(show: making.Show) -> dict[int, int]:
    """As the public reads them."""
    objects = queries.public_objects(show.airing)
    shown = [each for each in objects if isinstance(each, protocol.QuestionObject)]
    return {each.id: Support.objects.filter(question=each.id).count() for each in shown}


def people(many: int) -> list[Actor]:
    return [making.make_viewer(name=f"市民{number}") for number in range(many)]


def test_supports_are_carried_over_once_a_person() -> None:
    show, crowd = making.make_show(), people(5)
    into, other, third = public(show), public(show), public(show)
    support(show, into, *crowd[:2])
    support(show, other, *crowd[1:4])
    support(show, third, *crowd[3:])
    answer = merge(show, into, other, third)
    assert answer["supports"] == 5
    assert supports(show) == {into: 5}
    assert set(Question.objects.filter(merged_into=into).values_list("pk", "state")) == {
        (other, "merged"),
        (third, "merged"),
    }


def test_the_author_of_a_merged_one_is_told_which_stands_for_it() -> None:
    show, viewer = making.make_show(), making.make_viewer()
    into, other = public(show), public(show, viewer=viewer)
    merge(show, into, other)
    own = queries.mine(show.airing, viewer.participant_id).items[0]
    assert (own.state, own.into) == ("merged", into)


def test_who_supported_is_told_where_their_support_stands_now() -> None:
    show, crowd = making.make_show(), people(3)
    into, other = public(show), public(show)
    support(show, into, *crowd[:2])
    support(show, other, *crowd[1:])
    rows = {row.pk: row for row in Participant.objects.filter(pk__in=[each.participant_id for each in crowd])}
    seats = {each: identity.seat_of(rows[pk].pk, rows[pk].generation) for each in crowd if (pk := each.participant_id)}

    def told(step: Callable[..., Any], *questions: int) -> dict[Actor, set[int]]:
        after = queries.staff_seq(show.id)
        step(show, *questions)
        _newest, found = queries.changed_own(show.id, after, lambda seat: seat != seats[crowd[0]])
        assert seats[crowd[0]] not in found, "only those who sit here"
        return {each: set(found[seats[each]].supports) for each in crowd[1:] if seats[each] in found}

    assert told(merge, into, other)[crowd[2]] == {into}
    apart = {crowd[1]: {into, other}, crowd[2]: {other}}
    assert told(unmerge, other) == apart
    act = making.command_id()
    told(lambda show, *each: merge(show, *each, id=act), into, other)
    undone = protocol.UndoAct(id=making.command_id(), act=act)
    assert told(lambda show: commands.perform(making.staff_actor(show.moderator), show.id, undone)) == apart


def test_taken_apart_each_has_its_own_again() -> None:
    show, crowd = making.make_show(), people(4)
    into, other = public(show), public(show)
    support(show, into, *crowd[:2])
    support(show, other, *crowd[1:])
    merge(show, into, other)
    support(show, into, crowd[3], on=False)
    assert unmerge(show, other)["state"] == "approved"
    assert supports(show) == {into: 2, other: 2}, "whoever took a carried support back has taken it back"
    assert unmerge(show, other)["state"] == "approved", "again changes nothing"
    assert [each.act for each in AuditEntry.objects.filter(target=f"question:{other}")][-2:] == [
        "question.merge",
        "question.unmerge",
    ]


def test_a_merge_is_undone_like_any_act() -> None:
    show, crowd = making.make_show(), people(3)
    into, other, held = public(show), public(show), desk.asked(show)
    act(show, show.moderator, "hold", held, kind="question")
    support(show, other, *crowd)
    merge(show, into, other, held, id="merge-these")
    answer = desk.undo(show, show.moderator, "merge-these")
    assert {each["item"]: each["state"] for each in answer["done"]} == {other: "approved", held: "held"}
    assert supports(show) == {into: 0, other: 3}
    assert not Question.objects.exclude(merged_into=None).exists()


def test_a_late_support_of_a_merged_one_counts_for_the_one_that_stands() -> None:
    show, crowd = making.make_show(), people(2)
    into, other = public(show), public(show)
    merge(show, into, other)
    support(show, other, *crowd)
    support(show, into, crowd[0])
    assert supports(show) == {into: 2}
    support(show, other, crowd[1], on=False)
    assert supports(show) == {into: 1}
    unmerge(show, other)
    assert supports(show) == {into: 0, other: 1}, "it was meant for the one that was merged"


def test_what_was_merged_into_one_goes_along() -> None:
    show, crowd = making.make_show(), people(3)
    first, second, third = public(show), public(show), public(show)
    support(show, first, crowd[0])
    support(show, second, crowd[1])
    merge(show, second, first)
    merge(show, third, second)
    assert supports(show) == {third: 2}
    assert set(Question.objects.exclude(merged_into=None).values_list("pk", "merged_into")) == {
        (first, third),
        (second, third),
    }
    unmerge(show, first)
    assert supports(show) == {first: 1, third: 1}


def test_a_retry_and_a_second_merge_of_the_same_change_nothing() -> None:
    show = making.make_show()
    into, other = public(show), public(show)
    first = merge(show, into, other, id="merge-these")
    assert merge(show, into, other, id="merge-these") == first
    assert merge(show, into, other) == first
    assert Question.objects.get(pk=other).version == 3


@pytest.mark.parametrize("state", ["rejected", "withdrawn", "retracted", "answered", "on_air"])
def test_what_cannot_go_into_another(state: str) -> None:
    show = making.make_show()
    into, other = public(show), public(show)
    Question.objects.filter(pk=other).update(state=state)
    with pytest.raises(Conflict):
        merge(show, into, other)
    assert Question.objects.get(pk=other).merged_into is None


def test_a_question_stands_for_no_other_when_it_is_merged_or_elsewhere_or_itself() -> None:
    show, elsewhere = making.make_show(), making.make_show()
    into, other, third = public(show), public(show), public(show)
    with pytest.raises(InvalidInput):
        merge(show, into, into)
    with pytest.raises(NotFound):
        merge(show, into, public(elsewhere))
    merge(show, into, other)
    with pytest.raises(Conflict):
        merge(show, other, third)


def test_one_that_somebody_else_has_is_left_to_them() -> None:
    show = making.make_show()
    into, other = public(show), public(show)
    desk.claim(show, desk.moderator(show), other, "question")
    with pytest.raises(Conflict) as caught:
        merge(show, into, other)
    assert caught.value.code == "claimed"


@pytest.mark.parametrize("who", ["producer", "host"])
def test_only_moderators_merge(who: str) -> None:
    show = making.make_show()
    with pytest.raises(NotAllowed):
        merge(show, public(show), public(show), user=getattr(show, who))
