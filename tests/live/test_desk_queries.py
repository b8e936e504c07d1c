"""What the desk reads: queues with counts and ages, pages and search, one item with all that helps to decide it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client

from broadcast import clock
from broadcast.models import User
from live import commands, protocol
from live.models import Comment, Question
from live.queries import desk as desk_queries
from live.queries import item, queues
from tests.live import desk, making
from tests.live.desk import act

pytestmark = pytest.mark.django_db


def page(show: making.Show, queue: str, user: User | None = None, **more: Any) -> list[int]:
    """Ids of the first page."""
    items, _next = queues.page(show.id, queues.Asked(queue=queue, **more), (user or show.moderator).pk)
    return [each.id for each in items]


def test_each_item_stands_in_the_queue_where_it_waits() -> None:
    show = making.make_show(review_steps=2)
    other = desk.moderator(show)
    pending, held, second, escalated, rejected = (desk.said(show) for _each in range(5))
    act(show, show.moderator, "hold", held)
    act(show, show.moderator, "approve", second)
    act(show, show.moderator, "escalate", escalated)
    act(show, show.moderator, "reject", rejected, reason="other")
    public = desk.said(show)
    act(show, show.moderator, "approve", public)
    act(show, other, "approve", public, version=2)
    Comment.objects.filter(pk=public).update(open_reports=2)
    assert {name: page(show, name) for name in queues.QUEUES if page(show, name)} == {
        "pending": [pending],
        "held": [held],
        "second": [second],
        "escalated": [escalated],
        "reported": [public],
        "public": [public],
        "rejected": [rejected],
    }
    assert page(show, "todo", show.moderator) == [pending, held, public], "复审 of one's own 初审 is nothing to do"
    assert second in page(show, "todo", other)
    counts = {name: each["count"] for name, each in queues.counts(show.id).items() if each["count"]}
    assert counts == dict.fromkeys(("pending", "held", "second", "escalated", "reported", "public", "rejected"), 1)


def test_the_oldest_of_each_queue_is_told_by_when_it_came_there() -> None:
    show = making.make_show()
    old, new = desk.said(show), desk.said(show)
    asked = clock.now() - dt.timedelta(minutes=5)
    Comment.objects.filter(pk=old).update(created_at=asked)
    assert queues.counts(show.id)["pending"]["since"] == desk.snapshot(show).items[0].at
    act(show, show.moderator, "hold", old)
    since = queues.counts(show.id)["held"]["since"]
    assert not queues.is_late(since, 60), "it waits there since now"
    assert page(show, "pending") == [new]


def test_pages_go_on_where_the_last_one_ended_whatever_happens_meanwhile() -> None:
    show = making.make_show()
    ids = [desk.said(show) for _each in range(5)]
    seen, mark = [], ""
    for _page in range(3):
        items, more = queues.page(show.id, queues.Asked(queue="pending", before=mark, most=2), None)
        seen += [each.id for each in items]
        mark = more or ""
        act(show, show.moderator, "approve", items[0].id)
        desk.said(show)
    assert seen == [*ids, seen[-1]]
    assert seen[-1] not in ids


def test_comments_and_questions_of_one_moment_are_paged_without_loss() -> None:
    show = making.make_show()
    at = clock.now()
    said, asked = [desk.said(show) for _each in range(3)], [desk.asked(show) for _each in range(3)]
    Comment.objects.update(created_at=at)
    Question.objects.update(created_at=at)
    for queue in ("", "pending"):
        seen, mark = [], ""
        while True:
            items, more = queues.page(show.id, queues.Asked(queue=queue, before=mark, most=2), None)
            seen += [(each.kind, each.id) for each in items]
            if more is None:
                break
            mark = more
        assert len(seen) == 6
        assert set(seen) == {*(("comment", pk) for pk in said), *(("question", pk) for pk in asked)}


def test_words_sender_kind_and_rule_narrow_what_is_found() -> None:
    show = making.make_show()
    viewer = making.make_viewer(name="刘先生")
    first = desk.said(show, "充电桩太少", viewer)
    second = desk.asked(show, "充电桩什么时候装？")
    desk.said(show, "别的事")
    hit = {"rule": 14, "code": "R-014", "name": "辱骂", "action": "hold", "spans": [[0, 2]], "false": False}
    Comment.objects.filter(pk=first).update(hits=[hit])
    assert page(show, "pending", words="充电桩") == [first, second]
    assert page(show, "pending", words="刘先生 充电") == [first]
    assert page(show, "", words="%") == []
    assert page(show, "pending", kind="question") == [second]
    assert page(show, "pending", sender=str(viewer.participant_id)) == [first]
    assert page(show, "pending", rule=14) == [first]
    assert page(show, "pending", rule=15) == []


@pytest.mark.parametrize(
    "asked", [{"queue": "everything"}, {"sender": "me"}, {"before": "later"}, {"before": "2026-01-01_comment_x"}]
)
def test_what_cannot_be_asked_is_refused(asked: dict[str, str]) -> None:
    with pytest.raises(desk.InvalidInput):
        queues.page(making.make_show().id, queues.Asked(**asked))  # type: ignore[arg-type]


def test_an_item_comes_with_its_sender_s_history_and_what_was_done_to_it() -> None:
    show, viewer = making.make_show(), making.make_viewer()
    earlier = [desk.said(show, viewer=viewer) for _each in range(3)]
    act(show, show.moderator, "approve", earlier[0])
    act(show, show.moderator, "reject", earlier[1], reason="off_topic")
    wanted, alike = desk.asked(show, viewer=viewer), desk.asked(show)
    Question.objects.filter(pk=alike).update(similar_to=wanted)
    act(show, show.moderator, "hold", wanted, kind="question", note="问一下编导")
    desk.said(show)
    found = item.detail(show.id, "question", wanted)
    assert found is not None
    assert found["sender"]["counts"] == {"public": 1, "rejected": 1, "withdrawn": 0, "waiting": 2}
    assert [each.id for each in found["sender"]["items"]] == earlier[::-1]
    assert [each.id for each in found["similar"]] == [alike]
    done = found["acts"]
    assert [(each["verb"], each["by"], each["note"]) for each in done] == [("hold", str(show.moderator), "问一下编导")]
    assert item.detail(making.make_show().id, "question", wanted) is None, "only with its own show"


def test_an_item_comes_with_what_was_imposed_on_its_sender_before_and_what_stands() -> None:
    show, viewer = making.make_show(), making.make_viewer()
    earlier, wanted = desk.said(show, viewer=viewer), desk.said(show, viewer=viewer)
    neighbours = making.make_show()
    of_another, elsewhere = desk.said(show), desk.said(neighbours, viewer=viewer)

    def mute(user: User, place: making.Show, said: int, **more: Any) -> int:
        asked = protocol.ImposeSanction(
            id=making.command_id(), kind="comment", item=said, measure="mute", seconds=3_600, reason="off_topic", **more
        )
        return int(commands.perform(making.staff_actor(user), place.id, asked)["sanction"])

    lifted = mute(show.moderator, show, earlier, note="连发三条")
    other = desk.moderator(show)
    lift = protocol.LiftSanction(id=making.command_id(), sanction=lifted, note="解释清楚了")
    commands.perform(making.staff_actor(other), show.id, lift)
    stands = mute(other, show, wanted, where="programme")
    mute(show.moderator, show, of_another)
    theirs = mute(neighbours.moderator, neighbours, elsewhere)
    found = item.detail(show.id, "comment", wanted)
    assert found is not None
    assert theirs not in [each["id"] for each in found["sender"]["sanctions"]], "the other programme's own"
    now, before = found["sender"]["sanctions"]
    assert (now["id"], now["stands"], now["where"]) == (stands, True, "programme")
    assert (now["lifted_by"], now["lifted_at"]) == ("", None)
    assert (before["id"], before["stands"], before["measure"], before["scope"]) == (
        lifted,
        False,
        "mute",
        "participant",
    )
    assert (before["reason"], before["note"], before["by"]) == ("off_topic", "连发三条", str(show.moderator))
    assert (before["lifted_by"], before["lift_note"]) == (str(other), "解释清楚了")
    assert before["at"] < before["until"]
    with clock.shifted(dt.timedelta(hours=2)):
        over = item.detail(show.id, "comment", wanted)
    assert over is not None
    assert [each["stands"] for each in over["sender"]["sanctions"]] == [False, False], "it ended by its time"


def test_the_panel_tells_who_is_there_and_how_far_the_desk_is() -> None:
    show = making.make_show()
    items = [desk.said(show) for _each in range(3)]
    desk.look(show, show.moderator, items[0])
    actor = making.staff_actor(show.moderator)
    act(show, show.moderator, "approve", items[1])
    shown = desk_queries.panel(show.airing, actor)
    assert shown["present"] == [
        {"user": show.moderator.pk, "name": str(show.moderator), "kind": "comment", "item": items[0]}
    ]
    assert (shown["counts"]["pending"], shown["counts"]["public"], shown["decided"]["count"]) == (2, 1, 1)
    with clock.shifted(dt.timedelta(minutes=1)):
        assert desk_queries.present(show.id) == [], "whoever stops saying so is not there"
    assert desk_queries.panel(show.airing, making.staff_actor(show.host)) == {}


def test_the_desk_s_snapshot_holds_every_open_item() -> None:
    show, many = making.make_show(), 1_500
    desk.fill(show, many)
    assert len(desk.snapshot(show).items) == many
    reported = Comment.objects.first()
    Comment.objects.update(state="approved", decided_by=show.moderator)
    assert reported is not None
    Comment.objects.filter(pk=reported.pk).update(open_reports=1)
    ids = [each.id for each in desk.snapshot(show).items]
    assert reported.pk in ids, "however old, what is reported is there"
    assert len(ids) == 301


class TestAddresses:
    def test_the_desk_reads_pages_and_items(self, client: Client) -> None:
        show = making.make_show()
        number = desk.said(show)
        client.force_login(show.moderator)
        base = f"/live/airings/{show.id}/staff/items"
        answer = client.get(base, {"queue": "pending"}).json()
        assert [each["id"] for each in answer["items"]] == [number]
        assert answer["next"] is None
        assert client.get(f"{base}/comment/{number}").json()["item"]["id"] == number
        assert client.get(f"{base}/comment/{number + 1}").status_code == 404
        assert client.get(f"{base}/poll/{number}").status_code == 404
        assert client.get(base, {"queue": "nowhere"}).status_code == 422

    @pytest.mark.parametrize("who", ["host", "nobody"])
    def test_nobody_else_does(self, client: Client, who: str) -> None:
        show = making.make_show()
        number = desk.said(show)
        if who == "host":
            client.force_login(show.host)
        base = f"/live/airings/{show.id}/staff/items"
        assert client.get(base).status_code == 403
        assert client.get(f"{base}/comment/{number}").status_code == 403


def test_looking_is_for_those_who_see_the_desk() -> None:
    show = making.make_show()
    with pytest.raises(desk.NotAllowed):
        desk.look(show, show.host)
    command = protocol.LookAt(id=making.command_id())
    assert commands.perform(making.staff_actor(show.producer), show.id, command) == {}
