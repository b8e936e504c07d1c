"""申诉: once for an item, by its author, answered in time by somebody else; granted makes it public."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from broadcast.access import Actor
from broadcast.errors import Conflict, IllegalTransition, InvalidInput, NotAllowed, NotFound
from broadcast.models import AuditEntry
from live import commands, protocol, queries
from live.models import Appeal, Comment, Question
from live.services import audience
from live.services.appeals import SamePerson
from tests.live import making
from tests.live.following import TRAFFIC, seat

pytestmark = pytest.mark.django_db


def refused(show: making.Show, author: Actor, kind: str = "comment") -> int:
    sent = making.comment("夜间班车") if kind == "comment" else making.question("夜间班车？")
    item = int(commands.perform(author, show.id, sent)["item"])
    reject = protocol.RejectItem(
        id=making.command_id(),
        kind=kind,  # type: ignore[arg-type]
        item=item,
        version=1,
        reason="off_topic",
    )
    commands.perform(making.staff_actor(show.moderator), show.id, reject)
    return item


def appeal(item: int, text: str = "这和议题有关", kind: str = "comment") -> protocol.AppealItem:
    return protocol.AppealItem(id=making.command_id(), kind=kind, item=item, text=text)  # type: ignore[arg-type]


def answer(item: int, granted: bool, note: str = "", version: int = 3, **more: Any) -> protocol.DecideAppeal:
    return protocol.DecideAppeal(
        id=making.command_id(), kind="comment", item=item, version=version, granted=granted, note=note, **more
    )


def second(show: making.Show, role: str = "moderator") -> Actor:
    return making.staff_actor(making.make_staff(show.programme, role))


def own(show: making.Show, author: Actor) -> protocol.MyItem:
    return queries.mine_of(show.airing, author).items[0]


def test_an_author_learns_the_reason_and_may_appeal_once() -> None:
    show, author = making.make_show(appeal_hours=6), making.make_viewer()
    item = refused(show, author)
    assert (own(show, author).may_appeal, own(show, author).appeal) == (True, "")
    sent = appeal(item)
    first = commands.perform(author, show.id, sent)
    assert commands.perform(author, show.id, sent) == first
    row = Appeal.objects.get()
    assert row.due_at - row.at == dt.timedelta(hours=6)
    assert (row.against["state"], row.against["reason"], row.against["by"]) == (
        "rejected",
        "off_topic",
        show.moderator.pk,
    )
    shown = own(show, author)
    assert (shown.state, shown.may_appeal, shown.appeal) == ("rejected", False, "open")
    assert shown.appeal_due == first["due"]
    with pytest.raises(IllegalTransition):
        commands.perform(author, show.id, appeal(item, "再说一次"))
    assert Comment.objects.get(pk=item).version == 3


def test_two_appeals_in_one_batch_are_one() -> None:
    show, author = making.make_show(), making.make_viewer()
    item = refused(show, author)
    outcomes = audience.commit_batch([(author, show.id, appeal(item)), (author, show.id, appeal(item, "另一句"))])
    assert [type(each) for each in outcomes] == [audience.Answer, IllegalTransition]
    assert Appeal.objects.count() == 1


def test_only_ones_own_and_only_what_was_refused_or_withdrawn() -> None:
    show, author, other = making.make_show(), making.make_viewer(), making.make_viewer()
    item = refused(show, author)
    with pytest.raises(NotFound):
        commands.perform(other, show.id, appeal(item))
    waiting = int(commands.perform(author, show.id, making.comment("还在等"))["item"])
    with pytest.raises(IllegalTransition):
        commands.perform(author, show.id, appeal(waiting))
    with pytest.raises(InvalidInput):
        commands.perform(author, show.id, appeal(item, " \u200b "))


def test_granted_makes_it_public_and_stands() -> None:
    show, author = making.make_show(), making.make_viewer()
    item = refused(show, author)
    commands.perform(author, show.id, appeal(item))
    other, sent = second(show), answer(item, True)
    told = commands.perform(other, show.id, sent)
    assert (told["state"], told["appeal"]) == ("approved", "granted")
    assert commands.perform(other, show.id, sent) == told
    assert f"comment:{item}" in {each.key for each in queries.public_objects(show.airing)}
    assert (own(show, author).state, own(show, author).appeal) == ("approved", "granted")
    entry: Any = AuditEntry.objects.get(act="comment.appeal_grant")
    assert (entry.before["state"], entry.after["state"]) == ("rejected", "approved")


def test_refused_tells_the_author_why_and_cannot_be_asked_again() -> None:
    show, author = making.make_show(), making.make_viewer()
    item = refused(show, author)
    commands.perform(author, show.id, appeal(item))
    with pytest.raises(InvalidInput):
        commands.perform(second(show), show.id, answer(item, False))
    commands.perform(second(show), show.id, answer(item, False, "仍与本期议题无关"))
    shown = own(show, author)
    assert (shown.state, shown.appeal, shown.appeal_answer) == ("rejected", "refused", "仍与本期议题无关")
    assert not shown.may_appeal
    with pytest.raises(Conflict):
        commands.perform(second(show), show.id, answer(item, True, version=4))


def test_whoever_decided_never_answers_the_appeal() -> None:
    show, author = making.make_show(), making.make_viewer()
    item = refused(show, author)
    commands.perform(author, show.id, appeal(item))
    with pytest.raises(SamePerson):
        commands.perform(making.staff_actor(show.moderator), show.id, answer(item, True))
    assert Appeal.objects.get().state == "open"


@pytest.mark.parametrize("role", ["producer", "host", "auditor"])
def test_only_moderators_answer(role: str) -> None:
    show, author = making.make_show(), making.make_viewer()
    item = refused(show, author)
    commands.perform(author, show.id, appeal(item))
    with pytest.raises(NotAllowed):
        commands.perform(second(show, role), show.id, answer(item, True))


def test_where_two_must_look_the_duty_leader_grants() -> None:
    show, author = making.make_show(), making.make_viewer()
    item = refused(show, author)
    commands.perform(author, show.id, appeal(item))
    show.programme.review_steps = 2
    show.programme.save()
    with pytest.raises(NotAllowed):
        commands.perform(second(show), show.id, answer(item, True))
    assert commands.perform(second(show, "duty_leader"), show.id, answer(item, True))["state"] == "approved"


def test_an_answered_question_that_was_withdrawn_comes_back_as_answered() -> None:
    show, author = making.make_show(), making.make_viewer()
    item = refused(show, author, "question")
    Question.objects.filter(pk=item).update(state="withdrawn", answered_at=show.airing.actual_start)
    commands.perform(author, show.id, appeal(item, kind="question"))
    sent = protocol.DecideAppeal(id=making.command_id(), kind="question", item=item, version=3, granted=True)
    assert commands.perform(second(show), show.id, sent)["state"] == "answered"


def test_whoever_says_a_refused_question_in_other_words_still_asks_the_same_department() -> None:
    show, author = making.make_show(), making.make_viewer()
    guest = making.make_person(show)
    seat(show, "周主任", TRAFFIC)
    addressees: tuple[dict[str, Any], ...] = ({"department": TRAFFIC}, {"person": guest.pk})
    for to in addressees:
        item = commands.perform(author, show.id, making.question("何时通车？", **to))["item"]
        command = protocol.RejectItem(
            id=making.command_id(), kind="question", item=item, version=1, reason="off_topic", note=""
        )
        commands.perform(making.staff_actor(show.moderator), show.id, command)
        told = next(each for each in queries.mine_of(show.airing, author).items if each.id == item)
        assert {"department": told.department, "person": told.person} == {"department": "", "person": None} | to
