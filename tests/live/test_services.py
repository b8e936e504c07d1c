"""The services of the rooms, on a real database."""

from __future__ import annotations

import pytest

from broadcast.errors import AssuranceTooLow, BroadcastError, Conflict, ConsentNeeded, InvalidInput, NotAllowed, TooMany
from broadcast.models import AuditEntry, EvidenceRecord
from live import commands, protocol, queries
from live.models import Comment, Question, Room
from live.services import audience
from tests.live import making

pytestmark = pytest.mark.django_db


def approve(show: making.Show, kind: str, item: int, version: int = 1) -> dict[str, object]:
    command = protocol.ApproveItem(id=making.command_id(), kind=kind, item=item, version=version)  # type: ignore[arg-type]
    return commands.perform(making.staff_actor(show.moderator), show.id, command)


def test_a_comment_is_pending_then_public() -> None:
    show, viewer = making.make_show(), making.make_viewer()
    result = commands.perform(viewer, show.id, making.comment("你好 <b>世界</b>"))
    row = Comment.objects.get(pk=result["item"])
    assert (row.state, row.text, row.author_name) == ("pending", "你好 <b>世界</b>", "市民")
    assert not any(isinstance(each, protocol.CommentObject) for each in queries.public_objects(show.airing))
    assert EvidenceRecord.objects.filter(kind="comment.post", ref=f"comment:{row.pk}").count() == 1
    approve(show, "comment", row.pk)
    shown = [each for each in queries.public_objects(show.airing) if isinstance(each, protocol.CommentObject)]
    assert [each.text for each in shown] == ["你好 <b>世界</b>"]
    assert AuditEntry.objects.filter(act="comment.approve", target=f"comment:{row.pk}").exists()


def test_a_retry_gets_the_first_answer_and_makes_nothing() -> None:
    show, viewer, sent = making.make_show(), making.make_viewer(), making.comment()
    first = commands.perform(viewer, show.id, sent)
    assert commands.perform(viewer, show.id, sent) == first
    twice = audience.commit_batch([(viewer, show.id, again) for again in [making.comment(id="same-id-1")] * 2])
    assert twice[0].result == twice[1].result  # type: ignore[union-attr]
    assert Comment.objects.filter(room=show.id).count() == 2


def test_one_bad_write_does_not_fail_its_neighbours() -> None:
    show, viewer = making.make_show(), making.make_viewer()
    guest, stranger = making.make_viewer(0), making.make_viewer(consent=False)
    outcomes = audience.commit_batch(
        [
            (viewer, show.id, making.comment("一")),
            (viewer, show.id, making.comment(" \u200b ")),
            (guest, show.id, making.comment("二")),
            (stranger, show.id, making.comment("三")),
            (viewer, show.id, making.vote(999_999, 1)),
            (viewer, show.id, making.question("四")),
        ]
    )
    kinds = [type(each) for each in outcomes]
    assert kinds[1:4] == [InvalidInput, AssuranceTooLow, ConsentNeeded]
    assert isinstance(outcomes[0], audience.Answer)
    assert isinstance(outcomes[5], audience.Answer)
    assert isinstance(outcomes[4], BroadcastError)
    assert (Comment.objects.count(), Question.objects.count()) == (1, 1)


def test_two_moderators_do_not_overwrite_each_other() -> None:
    show = making.make_show()
    item = commands.perform(making.make_viewer(), show.id, making.comment())["item"]
    approve(show, "comment", item)
    other = making.staff_actor(making.make_staff(show.programme, "moderator"))
    reject = protocol.RejectItem(id=making.command_id(), kind="comment", item=item, version=1, reason="off_topic")
    with pytest.raises(Conflict) as caught:
        commands.perform(other, show.id, reject)
    assert caught.value.data["state"] == "approved"
    assert caught.value.data["version"] == 2


def test_a_repeated_decision_is_answered_again() -> None:
    show = making.make_show()
    item = commands.perform(making.make_viewer(), show.id, making.comment())["item"]
    sent = protocol.ApproveItem(id=making.command_id(), kind="comment", item=item, version=1)
    first = commands.perform(making.staff_actor(show.moderator), show.id, sent)
    assert commands.perform(making.staff_actor(show.moderator), show.id, sent) == first


@pytest.mark.parametrize("who", ["producer", "host", "viewer", "nobody"])
def test_only_moderators_decide(who: str) -> None:
    show, viewer = making.make_show(), making.make_viewer()
    item = commands.perform(viewer, show.id, making.comment())["item"]
    actors = {
        "producer": making.staff_actor(show.producer),
        "host": making.staff_actor(show.host),
        "viewer": viewer,
        "nobody": making.staff_actor(making.make_show().moderator),
    }
    sent = protocol.ApproveItem(id=making.command_id(), kind="comment", item=item, version=1)
    with pytest.raises(NotAllowed):
        commands.perform(actors[who], show.id, sent)


def test_an_unknown_reason_is_refused() -> None:
    show = making.make_show()
    item = commands.perform(making.make_viewer(), show.id, making.comment())["item"]
    sent = protocol.RejectItem(id=making.command_id(), kind="comment", item=item, version=1, reason="because")
    with pytest.raises(InvalidInput):
        commands.perform(making.staff_actor(show.moderator), show.id, sent)


def test_withdrawn_and_reopened() -> None:
    show = making.make_show()
    viewer = making.make_viewer()
    item = commands.perform(viewer, show.id, making.comment())["item"]
    approve(show, "comment", item)
    moderator = making.staff_actor(show.moderator)
    withdraw = protocol.WithdrawItem(id=making.command_id(), kind="comment", item=item, version=2, reason="other")
    commands.perform(moderator, show.id, withdraw)
    assert not any(isinstance(each, protocol.CommentObject) for each in queries.public_objects(show.airing))
    own = queries.mine(show.airing, viewer.participant_id).items[0]
    assert (own.state, own.reason) == ("withdrawn", queries.reasons()["other"])
    commands.perform(
        moderator, show.id, protocol.ReopenItem(id=making.command_id(), kind="comment", item=item, version=3)
    )
    assert Comment.objects.get(pk=item).state == "pending"


def test_the_room_limits_how_fast_one_person_writes() -> None:
    show, viewer = making.make_show(), making.make_viewer()
    Room.objects.filter(pk=show.id).update(comments_per_minute=2)
    outcomes = audience.commit_batch([(viewer, show.id, making.comment(str(n))) for n in range(3)])
    assert isinstance(outcomes[2], TooMany)
    assert outcomes[2].data["retry_after_seconds"] >= 1
    assert Comment.objects.count() == 2


@pytest.mark.parametrize(
    ("state", "kind", "accepted"),
    [
        ("planned", "comment", False),
        ("planned", "question", True),
        ("waiting", "comment", True),
        ("on_air", "question", True),
        ("ended", "comment", False),
        ("ended", "question", False),
    ],
)
def test_when_words_are_taken(state: str, kind: str, accepted: bool) -> None:
    show = making.make_show(state)
    sent = making.comment() if kind == "comment" else making.question()
    outcome = audience.commit_batch([(making.make_viewer(), show.id, sent)])[0]
    assert isinstance(outcome, audience.Answer) is accepted


def test_an_unannounced_airing_does_not_exist_for_viewers() -> None:
    show = making.make_show(announced=False)
    outcome = audience.commit_batch([(making.make_viewer(), show.id, making.comment())])[0]
    assert isinstance(outcome, BroadcastError)
    assert outcome.code == "not_found"


def test_published_at_once_where_the_programme_says_so() -> None:
    show = making.make_show(comments="post")
    commands.perform(making.make_viewer(), show.id, making.comment("马上"))
    assert [each.text for each in queries.public_objects(show.airing) if isinstance(each, protocol.CommentObject)] == [
        "马上"
    ]


def test_a_question_goes_on_air_and_is_answered() -> None:
    show, viewer = making.make_show(), making.make_viewer()
    person = making.make_person(show)
    ids = []
    for text in ("第一问", "第二问"):
        ids.append(commands.perform(viewer, show.id, making.question(text, person=person.pk))["item"])
        approve(show, "question", ids[-1])
    host = making.staff_actor(show.host)
    commands.perform(host, show.id, protocol.QueueQuestion(id=making.command_id(), question=ids[0]))
    commands.perform(host, show.id, protocol.ShowQuestion(id=making.command_id(), question=ids[0]))
    commands.perform(host, show.id, protocol.ShowQuestion(id=making.command_id(), question=ids[1]))
    assert dict(Question.objects.values_list("pk", "state")) == {ids[0]: "queued", ids[1]: "on_air"}
    commands.perform(host, show.id, protocol.AnswerQuestion(id=making.command_id(), question=ids[1]))
    assert [mark["kind"] for mark in queries.marks(show.airing)] == [
        "question.show",
        "question.show",
        "question.answer",
    ]
    assert {each["to"] for each in queries.marks(show.airing)} == {"王委员"}


def test_supports_count_each_person_once() -> None:
    show, viewer, other = making.make_show(), making.make_viewer(), making.make_viewer(0)
    item = commands.perform(viewer, show.id, making.question())["item"]
    sent = protocol.SupportQuestion(id=making.command_id(), question=item)
    refused = audience.commit_batch([(other, show.id, sent)])[0]
    assert isinstance(refused, BroadcastError), "what is not public cannot be supported"
    approve(show, "question", item)
    for _again in range(2):
        commands.perform(other, show.id, protocol.SupportQuestion(id=making.command_id(), question=item))
    commands.perform(viewer, show.id, protocol.SupportQuestion(id=making.command_id(), question=item))
    commands.perform(viewer, show.id, protocol.SupportQuestion(id=making.command_id(), question=item, on=False))
    shown = [each for each in queries.public_objects(show.airing) if isinstance(each, protocol.QuestionObject)]
    assert [each.supports for each in shown] == [1]
    assert queries.mine(show.airing, other.participant_id).supports == (item,)


def test_likes_need_nothing_but_a_number() -> None:
    show = making.make_show()
    for _each in range(3):
        commands.perform(
            making.make_viewer(0, consent=False), show.id, protocol.AddLikes(id=making.command_id(), count=5)
        )
    counts = [each for each in queries.public_objects(show.airing) if isinstance(each, protocol.CountsObject)]
    assert counts[0].likes == 15


def test_an_author_takes_back() -> None:
    show, viewer = making.make_show(), making.make_viewer()
    item = commands.perform(viewer, show.id, making.comment())["item"]
    approve(show, "comment", item)
    sent = protocol.RetractItem(id=making.command_id(), kind="comment", item=item)
    with pytest.raises(BroadcastError):
        commands.perform(making.make_viewer(), show.id, sent)
    commands.perform(viewer, show.id, sent)
    commands.perform(viewer, show.id, sent)
    assert not any(isinstance(each, protocol.CommentObject) for each in queries.public_objects(show.airing))
