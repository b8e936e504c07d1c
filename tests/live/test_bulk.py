"""One decision about many items: each stands or falls by itself, all that stand are written together, and undone together."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from broadcast import audit_chain
from broadcast.errors import InvalidInput, NotAllowed
from broadcast.models import AuditEntry
from live.models import Comment, Question, Room
from tests.live import desk, making
from tests.live.desk import act, bulk

pytestmark = pytest.mark.django_db
Refs = list[tuple[str, int, int]]


def waiting(show: making.Show, many: int) -> Refs:
    return [("comment", desk.said(show), 1) for _each in range(many)]


def test_those_that_stand_are_done_and_the_others_are_named() -> None:
    show, other = making.make_show(), making.make_show()
    refs = [*waiting(show, 3), ("question", desk.asked(show), 1)]
    moderator = desk.moderator(show)
    act(show, moderator, "reject", refs[0][1], reason="other")
    desk.claim(show, moderator, refs[1][1])
    elsewhere = ("comment", desk.said(other), 1)
    answer = bulk(show, show.moderator, "approve", [*refs, elsewhere])
    assert [(each["kind"], each["item"], each["state"], each["version"]) for each in answer["done"]] == [
        ("comment", refs[2][1], "approved", 2),
        ("question", refs[3][1], "approved", 2),
    ]
    assert [(each["item"], each["code"]) for each in answer["moved"]] == [
        (refs[0][1], "conflict"),
        (refs[1][1], "claimed"),
        (elsewhere[1], "not_found"),
    ]
    assert answer["moved"][0]["decided_by"] == str(moderator)
    assert answer["moved"][1]["name"] == str(moderator)
    assert Comment.objects.get(pk=elsewhere[1]).state == "pending"


def test_a_retry_is_answered_again_and_does_nothing() -> None:
    show = making.make_show()
    refs = waiting(show, 4)
    first = bulk(show, show.moderator, "reject", refs, reason="other", id="bulk-reject-1")
    assert bulk(show, show.moderator, "reject", refs, reason="other", id="bulk-reject-1") == first
    assert set(Comment.objects.values_list("version", flat=True)) == {2}
    assert AuditEntry.objects.filter(act="comment.reject").count() == 4


def test_each_item_is_found_in_the_audit_and_the_chain_holds() -> None:
    show = making.make_show()
    refs = waiting(show, 5)
    bulk(show, show.moderator, "reject", refs, reason="off_topic", id="bulk-1234")
    for _kind, item, _version in refs:
        entry = AuditEntry.objects.get(target=f"comment:{item}")
        after = entry.after or {}
        assert (entry.act, entry.reason) == ("comment.reject", "off_topic")
        assert entry.before == {"state": "pending", "version": 1}
        assert (after["state"], after["many"], after["command"]) == ("rejected", 5, "bulk-1234")
    assert not audit_chain.verify().broken


def test_they_come_down_the_staff_lane_under_one_number() -> None:
    show = making.make_show()
    refs = waiting(show, 5)
    before = Room.objects.get(pk=show.id).staff_seq
    bulk(show, show.moderator, "approve", refs)
    assert set(Comment.objects.values_list("staff_seq", flat=True)) == {before + 1}


def test_two_hundred_take_as_many_statements_as_twenty() -> None:
    show = making.make_show()

    def cost(many: int) -> int:
        ids = desk.fill(show, many)
        with CaptureQueriesContext(connection) as captured:
            answer = bulk(show, show.moderator, "approve", [("comment", pk, 1) for pk in ids])
        assert len(answer["done"]) == many
        return len(captured)

    assert cost(200) == cost(20)


def test_an_unknown_reason_or_a_missing_right_does_nothing_at_all() -> None:
    show = making.make_show()
    refs = waiting(show, 2)
    with pytest.raises(InvalidInput):
        bulk(show, show.moderator, "reject", refs, reason="because")
    with pytest.raises(NotAllowed):
        bulk(show, show.producer, "approve", refs)
    assert set(Comment.objects.values_list("state", flat=True)) == {"pending"}


def test_one_named_twice_is_decided_once() -> None:
    show = making.make_show()
    refs = waiting(show, 1)
    answer = bulk(show, show.moderator, "approve", [*refs, *refs])
    assert (len(answer["done"]), answer["moved"]) == (1, [])


def test_a_bulk_is_undone_as_a_whole_but_for_what_others_touched() -> None:
    show = making.make_show()
    refs = [*waiting(show, 3), ("question", desk.asked(show), 1)]
    act(show, show.moderator, "hold", refs[0][1])
    refs[0] = ("comment", refs[0][1], 2)
    bulk(show, show.moderator, "approve", refs, id="bulk-approve")
    act(show, desk.moderator(show), "withdraw", refs[1][1], version=2, reason="other")
    answer = desk.undo(show, show.moderator, "bulk-approve")
    states = {each["item"] if each["kind"] == "comment" else "question": each["state"] for each in answer["done"]}
    assert states == {refs[0][1]: "held", refs[2][1]: "pending", "question": "pending"}
    assert Comment.objects.get(pk=refs[1][1]).state == "withdrawn"
    assert Question.objects.get().state == "pending"
    assert AuditEntry.objects.filter(act__endswith=".undo").count() == 3
