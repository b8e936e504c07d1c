"""What rules find is with the item when it reaches the desk; what they hold or refuse is not public."""

from __future__ import annotations

import time
from typing import Any

import pytest

from broadcast import clock
from broadcast.access import Actor
from broadcast.models import AuditEntry
from live import protocol
from live.models import Comment, Question, RuleHit
from live.queries import rules as rule_queries
from live.services import audience
from tests.live import making
from tests.live.rules.making import make_rule

pytestmark = pytest.mark.django_db


@pytest.fixture
def show() -> making.Show:
    return making.make_show()


def say(show: making.Show, text: str, viewer: Actor | None = None) -> Comment:
    who = viewer or making.make_viewer()
    made = audience.commit_one(who, show.id, making.comment(text)).result
    return Comment.objects.get(pk=made["item"])


def test_a_word_of_a_rule_holds_the_comment_and_says_where_it_stands(show: making.Show) -> None:
    rule = make_rule("博彩", words=["博彩"])
    held = say(show, "这个博 彩平台不错")
    assert held.state == "held"
    assert held.hits == [
        {"rule": rule.pk, "code": rule.code, "name": "博彩", "action": "hold", "spans": [[2, 5]], "false": False}
    ]
    assert held.text == "这个博 彩平台不错"
    assert RuleHit.objects.get().item == held.pk


def test_what_no_rule_finds_waits_for_a_moderator_as_ever(show: making.Show) -> None:
    make_rule("博彩", words=["博彩"])
    plain = say(show, "多开几班夜间公交吧")
    assert (plain.state, plain.hits) == ("pending", [])
    assert not RuleHit.objects.exists()


def test_its_author_is_told_that_a_held_comment_waits(show: making.Show) -> None:
    make_rule("博彩", words=["博彩"])
    answer = audience.commit_one(making.make_viewer(), show.id, making.comment("博彩"))
    assert answer.mine is not None
    assert answer.mine.items[0].state == "pending"


def test_a_rule_that_refuses_names_its_reason_and_is_audited(show: making.Show) -> None:
    make_rule("广告", words=["代开发票"], action="reject", reason="advertising")
    answer = audience.commit_one(making.make_viewer(), show.id, making.comment("代开发票找我"))
    row = Comment.objects.get()
    assert (row.state, row.reason, row.public_at) == ("rejected", "advertising", None)
    assert answer.mine is not None
    assert (answer.mine.items[0].state, answer.mine.items[0].reason) == ("rejected", "广告引流")
    entry = AuditEntry.objects.get(act="items.reject")
    assert entry.after["items"][0]["item"] == f"comment:{row.pk}"
    assert entry.actor_id is None


def test_the_gravest_rule_decides(show: making.Show) -> None:
    make_rule("蒙", words=["傻"], action="mask")
    make_rule("退", words=["代开发票"], action="reject", reason="advertising")
    make_rule("扣", words=["发票"])
    assert say(show, "你傻").state == "held"
    both = say(show, "你傻，代开发票")
    assert both.state == "rejected"
    assert len(both.hits) == 3


def test_masking_is_proposed_and_done_by_nobody_but_a_person(show: making.Show) -> None:
    make_rule("蒙", words=["傻"], action="mask")
    found = say(show, "真傻")
    assert (found.state, found.mask, found.hits[0]["spans"]) == ("held", [], [[1, 2]])


def test_questions_are_looked_at_too(show: making.Show) -> None:
    make_rule("网址", kind="links")
    audience.commit_one(making.make_viewer(), show.id, making.question("看 www.example.com 行吗"))
    assert Question.objects.get().state == "held"


def test_a_rule_of_one_programme_leaves_the_others_alone(show: making.Show) -> None:
    other = making.make_show()
    make_rule("本节目", words=["博彩"], programme=other.programme)
    assert say(show, "博彩").state == "pending"
    assert say(other, "博彩").state == "held"


def test_a_rule_that_is_off_finds_nothing(show: making.Show) -> None:
    make_rule("博彩", words=["博彩"], is_active=False)
    assert say(show, "博彩").state == "pending"


def test_where_words_are_public_at_once_those_that_a_rule_found_are_not(show: making.Show) -> None:
    show = making.make_show(comments="post")
    make_rule("博彩", words=["博彩"])
    assert say(show, "多开公交").state == "approved"
    held = say(show, "博彩")
    assert (held.state, held.public_at) == ("held", None)


def test_a_person_who_repeats_himself_is_held(show: making.Show) -> None:
    make_rule("重复", kind="repeat")
    viewer = making.make_viewer()
    assert say(show, "请延长夜间公交的末班车时间", viewer).state == "pending"
    assert say(show, "请延长夜间公交的末班车时间！！", viewer).state == "held"
    assert say(show, "请延长夜间公交的末班车时间", making.make_viewer()).state == "pending"


def test_many_people_with_one_text_are_held_from_the_fourth_on_also_within_one_batch(show: making.Show) -> None:
    make_rule("重复", kind="repeat", many=3)
    orders: list[tuple[Actor, Any, protocol.AudienceCommand]] = [
        (making.make_viewer(), show.id, making.comment(f"支持延长夜间公交的末班车时间{'。' * n}")) for n in range(6)
    ]
    audience.commit_batch(orders)
    assert sorted(Comment.objects.values_list("state", flat=True)) == ["held"] * 3 + ["pending"] * 3


def test_short_agreement_of_many_is_no_repeat(show: making.Show) -> None:
    make_rule("重复", kind="repeat", many=3)
    assert {say(show, "支持！").state for _each in range(6)} == {"pending"}


def test_a_flood_of_one_person_is_held(show: making.Show) -> None:
    make_rule("刷屏", kind="flood", many=3, minutes=1)
    viewer = making.make_viewer()
    states = [say(show, f"第{n}个意见，各不相同{n * 7919}", viewer).state for n in range(5)]
    assert states == ["pending"] * 3 + ["held"] * 2


def test_a_retry_is_no_repeat_of_itself(show: making.Show) -> None:
    make_rule("重复", kind="repeat")
    viewer, command = making.make_viewer(), making.comment("请延长夜间公交的末班车时间")
    for _each in range(3):
        audience.commit_one(viewer, show.id, command)
    assert Comment.objects.get().state == "pending"


def test_a_change_made_by_another_process_is_known_within_a_second(
    show: making.Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = make_rule("博彩", words=["博彩"])
    assert say(show, "博彩").state == "held"
    type(rule).objects.filter(pk=rule.pk).update(is_active=False, version=2, changed_at=clock.now())
    monkeypatch.setattr(rule_queries, "FRESH_SECONDS", 0.0)
    assert say(show, "博彩").state == "pending"


@pytest.mark.django_db(transaction=True)
def test_a_long_list_is_compiled_beside_the_work_and_the_book_before_holds_until_then(
    show: making.Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_rule("博彩", words=["博彩"])
    assert say(show, "博彩").state == "held"
    monkeypatch.setattr(rule_queries, "WORDS_AT_ONCE", 0)
    make_rule("长表", words=["长长的词"])
    assert say(show, "博彩又来").state == "held"
    deadline = time.monotonic() + 60
    while len(rule_queries.book().rules) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert say(show, "长长的词").state == "held"
