"""初审 and 复审: where a programme looks twice, two different people do, whatever way an item takes between them."""

from __future__ import annotations

import pytest

from live import queries
from live.models import Comment
from live.services.review import SamePerson
from tests.live import desk, making
from tests.live.desk import act

pytestmark = pytest.mark.django_db


@pytest.fixture
def show() -> making.Show:
    return making.make_show(review_steps=2)


def is_public(show: making.Show, item: int) -> bool:
    return any(getattr(each, "key", "") == f"comment:{item}" for each in queries.public_objects(show.airing))


def test_the_first_approval_passes_it_on_the_second_makes_it_public(show: making.Show) -> None:
    viewer = making.make_viewer()
    item = desk.said(show, viewer=viewer)
    assert act(show, show.moderator, "approve", item)["state"] == "second"
    assert not is_public(show, item)
    assert queries.mine(show.airing, viewer.participant_id).items[0].state == "pending", "for its author it waits"
    assert act(show, desk.moderator(show), "approve", item, version=2)["state"] == "approved"
    assert is_public(show, item)
    row = Comment.objects.get(pk=item)
    assert row.first_by == show.moderator
    assert row.decided_by != show.moderator


def test_never_both_by_one_person(show: making.Show) -> None:
    item = desk.said(show)
    act(show, show.moderator, "approve", item)
    with pytest.raises(SamePerson):
        act(show, show.moderator, "approve", item, version=2)
    refused = desk.bulk(show, show.moderator, "approve", [("comment", item, 2)])
    assert [each["code"] for each in refused["moved"]] == ["same_person"]
    assert not is_public(show, item)


@pytest.mark.parametrize("way", ["hold", "escalate", "reopen"])
def test_no_way_round_lets_one_person_give_both(show: making.Show, way: str) -> None:
    leader = desk.leader(show)
    item = desk.said(show)
    act(show, leader, "approve", item)
    act(show, leader, way, item, version=2)
    again = act(show, leader, "approve", item, version=3)
    assert again["state"] == "second"
    with pytest.raises(SamePerson):
        act(show, leader, "approve", item, version=again["version"])
    assert not is_public(show, item)


def test_what_was_escalated_by_one_is_decided_by_the_leader_alone(show: making.Show) -> None:
    item = desk.said(show)
    act(show, show.moderator, "escalate", item)
    assert act(show, desk.leader(show), "approve", item, version=2)["state"] == "approved"


def test_a_refusal_at_either_step_is_final(show: making.Show) -> None:
    first, second = desk.said(show), desk.said(show)
    assert act(show, show.moderator, "reject", first, reason="other")["state"] == "rejected"
    act(show, show.moderator, "approve", second)
    assert act(show, show.moderator, "reject", second, version=2, reason="other")["state"] == "rejected"


def test_a_refused_one_needs_two_looks_again(show: making.Show) -> None:
    item, other = desk.said(show), desk.moderator(show)
    act(show, show.moderator, "reject", item, reason="other")
    assert act(show, other, "approve", item, version=2)["state"] == "second"
    assert act(show, show.moderator, "approve", item, version=3)["state"] == "approved"


def test_undoing_the_first_look_takes_its_mask_and_name_back(show: making.Show) -> None:
    item, other = desk.said(show, "电话1380"), desk.moderator(show)
    act(show, show.moderator, "approve", item, mask=((2, 6),), id="first-look")
    desk.undo(show, show.moderator, "first-look")
    row = Comment.objects.get(pk=item)
    assert (row.state, row.first_by, row.mask) == ("pending", None, [])
    assert act(show, other, "approve", item, version=3)["state"] == "second"


def test_the_second_look_keeps_what_the_first_masked_and_may_mask_more(show: making.Show) -> None:
    kept, more, other = desk.said(show, "电话1380"), desk.said(show, "电话1380"), desk.moderator(show)
    for item in (kept, more):
        act(show, show.moderator, "approve", item, mask=((2, 6),))
    act(show, other, "approve", kept, version=2)
    act(show, other, "approve", more, version=2, mask=((0, 6),))
    assert Comment.objects.get(pk=kept).mask == [[2, 6]]
    assert Comment.objects.get(pk=more).mask == [[0, 6]]


def test_one_step_programmes_know_no_second_look() -> None:
    show = making.make_show()
    assert act(show, show.moderator, "approve", desk.said(show))["state"] == "approved"
