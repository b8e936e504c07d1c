"""Deciding about one item: from which state to which, by whom, and what stands when it comes twice, late or too early."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Any

import pytest

from broadcast import clock
from broadcast.access import Actor
from broadcast.errors import Conflict, InvalidInput, NotAllowed
from broadcast.models import AuditEntry
from live import commands, protocol, queries, wording
from live.models import Comment, Question, Report
from live.services.deciding import Claimed
from live.services.undo import TooLate
from tests.live import desk, making
from tests.live.desk import act

pytestmark = pytest.mark.django_db


def test_held_and_decided_later_by_somebody_else() -> None:
    show = making.make_show()
    item = desk.said(show)
    held = act(show, show.moderator, "hold", item, note="先查一下")
    assert (held["state"], held["version"]) == ("held", 2)
    other = desk.moderator(show)
    assert act(show, other, "approve", item, version=2)["state"] == "approved"
    assert [each.act for each in AuditEntry.objects.filter(target=f"comment:{item}")] == [
        "comment.hold",
        "comment.approve",
    ]


def test_what_is_escalated_only_the_leader_decides() -> None:
    show = making.make_show()
    item = desk.said(show)
    act(show, show.moderator, "escalate", item)
    with pytest.raises(NotAllowed):
        act(show, desk.moderator(show), "approve", item, version=2)
    with pytest.raises(NotAllowed):
        act(show, show.moderator, "reject", item, version=2, reason="other")
    assert act(show, desk.leader(show), "approve", item, version=2)["state"] == "approved"


def test_spans_are_masked_for_the_public_and_the_words_stay() -> None:
    show = making.make_show()
    viewer = making.make_viewer()
    item = desk.said(show, "电话13800000000找我", viewer)
    act(show, show.moderator, "approve", item, mask=((6, 13), (2, 7)))
    row = Comment.objects.get(pk=item)
    assert (row.text, row.mask) == ("电话13800000000找我", [[2, 13]])
    shown = [each for each in queries.public_objects(show.airing) if isinstance(each, protocol.CommentObject)]
    assert [each.text for each in shown] == ["电话" + "■" * 11 + "找我"]
    assert queries.mine(show.airing, viewer.participant_id).items[0].text == row.text


@pytest.mark.parametrize("mask", [((0, 99),), ((3, 3),)])
def test_a_mask_beyond_the_words_is_refused(mask: Any) -> None:
    show = making.make_show()
    item = desk.said(show, "四个字啊")
    with pytest.raises(InvalidInput):
        act(show, show.moderator, "approve", item, mask=mask)
    assert Comment.objects.get(pk=item).state == "pending"


def test_a_withdrawal_upholds_the_reports_and_undoing_it_reopens_them() -> None:
    show = making.make_show()
    item = desk.said(show)
    act(show, show.moderator, "approve", item)
    report = protocol.ReportItem(id=making.command_id(), kind="comment", item=item, reason="other")
    commands.perform(making.make_viewer(), show.id, report)
    act(show, show.moderator, "withdraw", item, version=2, reason="other", id="take-it-down")
    assert Report.objects.get().state == "upheld"
    assert Comment.objects.get(pk=item).open_reports == 0
    desk.undo(show, show.moderator, "take-it-down")
    row = Comment.objects.get(pk=item)
    assert (row.state, row.open_reports, Report.objects.get().state) == ("approved", 1, "open")


def test_what_went_out_unseen_is_marked_as_seen_by_an_approval() -> None:
    show = making.make_show()
    item = desk.said(show)
    at = clock.now() - dt.timedelta(minutes=3)
    Comment.objects.filter(pk=item).update(state="approved", public_at=at)
    act(show, show.moderator, "approve", item)
    row = Comment.objects.get(pk=item)
    assert (row.state, row.public_at, row.decided_by) == ("approved", at, show.moderator)
    with pytest.raises(Conflict):
        act(show, desk.moderator(show), "approve", item, version=2)


def test_an_appealed_item_is_decided_as_an_appeal() -> None:
    show = making.make_show()
    item = desk.said(show)
    act(show, show.moderator, "reject", item, reason="other")
    Comment.objects.filter(pk=item).update(appeal="open")
    with pytest.raises(Conflict) as caught:
        act(show, show.moderator, "approve", item, version=2)
    assert caught.value.data["cause"] == "appeal_open"


class TestUndo:
    def test_an_undone_decision_leaves_everything_as_it_was(self) -> None:
        show = making.make_show()
        viewer = making.make_viewer()
        item = desk.said(show, viewer=viewer)
        before = Comment.objects.get(pk=item)
        act(show, show.moderator, "reject", item, reason="other", note="看错了", id="mistaken-1")
        answer = desk.undo(show, show.moderator, "mistaken-1", id="undo-mistaken-1")
        assert answer == {"done": [{"kind": "comment", "item": item, "state": "pending", "version": 3}], "moved": []}
        row = Comment.objects.get(pk=item)
        same = ("state", "reason", "note", "mask", "decided_by_id", "decided_at", "first_by_id", "waiting_since")
        assert {name: getattr(row, name) for name in same} == {name: getattr(before, name) for name in same}
        assert queries.mine(show.airing, viewer.participant_id).items[0].state == "pending"
        assert AuditEntry.objects.filter(act="comment.undo", target=f"comment:{item}").count() == 1

    def test_a_retry_of_the_undo_is_answered_again(self) -> None:
        show = making.make_show()
        item = desk.said(show)
        act(show, show.moderator, "approve", item, id="approve-1")
        first = desk.undo(show, show.moderator, "approve-1", id="undo-approve-1")
        assert desk.undo(show, show.moderator, "approve-1", id="undo-approve-1") == first
        assert Comment.objects.get(pk=item).version == 3

    def test_the_late_copy_of_an_undone_decision_does_not_do_it_again(self) -> None:
        show = making.make_show()
        item = desk.said(show)
        act(show, show.moderator, "approve", item, id="approve-1")
        desk.undo(show, show.moderator, "approve-1")
        with pytest.raises(Conflict):
            act(show, show.moderator, "approve", item, id="approve-1")
        assert Comment.objects.get(pk=item).state == "pending"

    def test_nobody_undoes_another_s_act_or_what_another_went_on_from(self) -> None:
        show = making.make_show()
        item, other = desk.said(show), desk.moderator(show)
        act(show, show.moderator, "approve", item, id="approve-1")
        with pytest.raises(desk.NotFound):
            desk.undo(show, other, "approve-1")
        act(show, other, "withdraw", item, version=2, reason="other")
        with pytest.raises(desk.NotFound):
            desk.undo(show, show.moderator, "approve-1")
        assert Comment.objects.get(pk=item).state == "withdrawn"

    def test_what_went_on_the_host_s_list_meanwhile_stays_there(self) -> None:
        show = making.make_show()
        item = desk.asked(show)
        act(show, show.moderator, "approve", item, kind="question", id="approve-1")
        host = making.staff_actor(show.host)
        commands.perform(host, show.id, protocol.QueueQuestion(id=making.command_id(), question=item))
        answer = desk.undo(show, show.moderator, "approve-1")
        assert answer["done"] == []
        assert [each["code"] for each in answer["moved"]] == ["conflict"]
        assert Question.objects.get(pk=item).state == "queued"

    def test_after_ten_minutes_it_is_too_late(self) -> None:
        show = making.make_show()
        item = desk.said(show)
        act(show, show.moderator, "approve", item, id="approve-1")
        with clock.shifted(dt.timedelta(minutes=11)), pytest.raises(TooLate):
            desk.undo(show, show.moderator, "approve-1")


class TestClaims:
    def test_who_has_it_alone_decides_it_and_the_others_learn_who(self) -> None:
        show = making.make_show()
        item, other = desk.said(show), desk.moderator(show)
        claim = desk.claim(show, show.moderator, item)["claim"]
        for wanted in (partial(act, show, other, "approve", item), partial(desk.claim, show, other, item)):
            with pytest.raises(Claimed) as caught:
                wanted()
            assert (caught.value.data["user"], caught.value.data["until"]) == (show.moderator.pk, claim["until"])
            assert 85 <= caught.value.data["seconds"] <= 91
        assert act(show, show.moderator, "approve", item)["state"] == "approved"
        row = Comment.objects.get(pk=item)
        assert (row.claimed_by, row.claimed_until) == (None, None)

    def test_a_lease_ends_by_itself(self) -> None:
        show = making.make_show()
        item, other = desk.said(show), desk.moderator(show)
        desk.claim(show, show.moderator, item)
        with clock.shifted(dt.timedelta(seconds=91)):
            assert desk.claim(show, other, item)["claim"]["user"] == other.pk
            with pytest.raises(Claimed):
                act(show, show.moderator, "approve", item)

    def test_looking_keeps_it(self) -> None:
        show = making.make_show()
        item, other = desk.said(show), desk.moderator(show)
        desk.claim(show, show.moderator, item)
        with clock.shifted(dt.timedelta(seconds=60)):
            desk.look(show, show.moderator, item)
        with clock.shifted(dt.timedelta(seconds=120)):
            with pytest.raises(Claimed):
                desk.claim(show, other, item)
            desk.look(show, other, item)
        assert Comment.objects.get(pk=item).claimed_by == show.moderator, "looking at another's item claims nothing"

    def test_the_leader_takes_over_and_it_is_on_record(self) -> None:
        show = making.make_show()
        item, leader = desk.said(show), desk.leader(show)
        desk.claim(show, show.moderator, item)
        desk.claim(show, leader, item)
        with pytest.raises(Claimed):
            act(show, show.moderator, "approve", item)
        entry = AuditEntry.objects.get(act="comment.take_over")
        assert entry.before == {"claimed_by": show.moderator.pk}
        assert (entry.after or {})["claimed_by"] == leader.pk

    def test_claiming_twice_is_one_claim_and_giving_back_what_one_has_not_changes_nothing(self) -> None:
        show = making.make_show()
        item, other = desk.said(show), desk.moderator(show)
        desk.claim(show, show.moderator, item)
        desk.claim(show, show.moderator, item)
        desk.release(show, other, item)
        assert Comment.objects.get(pk=item).claimed_by == show.moderator
        desk.release(show, show.moderator, item)
        assert desk.claim(show, other, item)["claim"]["user"] == other.pk
        acts = [each.act for each in AuditEntry.objects.filter(target=f"comment:{item}")]
        assert acts == ["comment.claim", "comment.release", "comment.claim"]

    def test_a_claim_changes_no_version(self) -> None:
        show = making.make_show()
        item = desk.said(show)
        desk.claim(show, show.moderator, item)
        assert act(show, show.moderator, "approve", item, version=1)["version"] == 2

    @pytest.mark.parametrize("who", ["producer", "host"])
    def test_only_moderators_claim(self, who: str) -> None:
        show = making.make_show()
        with pytest.raises(NotAllowed):
            desk.claim(show, getattr(show, who), desk.said(show))


def test_staff_see_claims_masks_and_the_first_look() -> None:
    show = making.make_show(review_steps=2)
    item = desk.said(show, "电话1380")
    act(show, show.moderator, "approve", item, mask=((2, 6),))
    other = desk.moderator(show)
    desk.claim(show, other, item)
    shown = next(each for each in desk.snapshot(show).items if each.id == item)
    assert (shown.state, shown.mask, shown.first_by_id) == ("second", ((2, 6),), show.moderator.pk)
    assert shown.claim is not None
    assert (shown.claim.user, shown.claim.until) == (other.pk, wording.iso(Comment.objects.get(pk=item).claimed_until))  # type: ignore[arg-type]


def test_an_actor_without_a_role_here_decides_nothing() -> None:
    show, elsewhere = making.make_show(), making.make_show()
    item = desk.said(show)
    for verb in ("hold", "escalate", "approve"):
        with pytest.raises(NotAllowed):
            act(show, elsewhere.moderator, verb, item)
    assert isinstance(making.staff_actor(elsewhere.moderator), Actor)
    assert Comment.objects.get(pk=item).version == 1
