"""Who speaks as what, what officials answer, the comment that stands first and the announcement: each leaves as the words under it do."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from broadcast import clock, identity
from broadcast.access import Actor
from broadcast.errors import NotAllowed, NotFound
from broadcast.models import Airing, Appearance, AuditEntry, Participant, Person, RoleGrant
from broadcast.models.catalogue import Assurance
from live import commands, ladder, protocol
from live.models import Comment, Room
from live.queries import public_groups
from tests.live import making

pytestmark = pytest.mark.django_db


@pytest.fixture
def show() -> making.Show:
    return making.make_show(comments="post", questions="post")


def known(show: making.Show, name: str, role: str | None = None, **person: Any) -> Actor:
    """A logged-in account of somebody, perhaps with a role in the episode."""
    user = making.make_staff(show.programme, RoleGrant.Role.GUEST_SPEAKER)
    row = Person.objects.create(name=name, user=user, **person)
    if role is not None:
        Appearance.objects.create(episode=show.episode, person=row, role=role)
    actor = making.make_viewer(name="昵称")
    Participant.objects.filter(pk=actor.participant_id).update(user=user, kind="account")
    return replace(actor, user_id=user.pk)


def member(show: making.Show, name: str, sector: str = "") -> Actor:
    """A verified member who is not in the show."""
    actor = replace(known(show, name, is_member=True, sector=sector), user_id=None, assurance=Assurance.MEMBER)
    Participant.objects.filter(pk=actor.participant_id).update(assurance=Assurance.MEMBER)
    return actor


def post(actor: Actor, show: making.Show, text: str = "支持", **more: Any) -> int:
    made = commands.perform(actor, show.id, making.comment(text, **more))["item"]
    assert isinstance(made, int)
    return made


def comments(show: making.Show) -> dict[int, protocol.CommentObject]:
    found = public_groups(show.id, ["comments"]) or {}
    return {each.id: each for each in found["comments"] if isinstance(each, protocol.CommentObject)}


def read(show: making.Show, item: int) -> protocol.CommentObject:
    return comments(show)[item]


def pinned(show: making.Show) -> list[int]:
    found = public_groups(show.id, ["comments"]) or {}
    return [each.comment.id for each in found["comments"] if isinstance(each, protocol.PinnedObject)]


def told(show: making.Show) -> list[str]:
    return [each.text for each in (public_groups(show.id, ["notices"]) or {})["notices"]]


def withdraw(show: making.Show, item: int) -> None:
    row = Comment.objects.get(pk=item)
    command = protocol.WithdrawItem(
        id=making.command_id(), kind="comment", item=item, version=row.version, reason="other"
    )
    commands.perform(making.staff_actor(show.moderator), show.id, command)


# -- who speaks as what -----------------------------------------------------------------------------------------------


def test_a_department_answers_a_comment_in_its_own_name(show: making.Show) -> None:
    asked = post(making.make_viewer(name="陈先生"), show, "接驳车几点开？")
    department = known(show, "周处长", "department", organisation="市交通运输局")
    answer = read(show, post(department, show, "早上六点半。", to=asked))
    assert (answer.author, answer.badge, answer.affiliation) == ("周处长", "department", "市交通运输局")
    assert answer.reply == protocol.Quoted(asked, "陈先生", "接驳车几点开？")


def test_an_answer_waits_for_the_desk_as_everything_does(show: making.Show) -> None:
    asked = post(making.make_viewer(), show)
    Room.objects.filter(pk=show.id).update(is_post=False)
    answer = post(known(show, "周处长", "department"), show, "答", to=asked)
    assert Comment.objects.get(pk=answer).state == "pending"
    assert answer not in comments(show)


def test_citizens_and_members_who_are_no_guests_answer_nobody(show: making.Show) -> None:
    asked = post(making.make_viewer(), show)
    for actor in (
        making.make_viewer(),
        member(show, "林委员"),
        known(show, "路人", "citizen"),
        known(show, "别场的嘉宾"),
    ):
        with pytest.raises(NotAllowed):
            post(actor, show, "我来答", to=asked)


def test_a_telephone_alone_does_not_speak_for_an_office(show: making.Show) -> None:
    asked = post(making.make_viewer(), show)
    verified = replace(known(show, "周处长", "department"), user_id=None)
    with pytest.raises(NotAllowed):
        post(verified, show, "冒名", to=asked)
    assert read(show, post(verified, show, "我的看法")).badge == ""


def test_only_what_is_public_here_can_be_answered_and_the_quote_leaves_with_it(show: making.Show) -> None:
    guest = known(show, "王专家", "expert")
    elsewhere = making.make_show(comments="post")
    with pytest.raises(NotFound):
        post(guest, show, "答", to=post(making.make_viewer(), elsewhere))
    asked = post(making.make_viewer(), show, "含联系方式的话")
    answer = post(guest, show, "答", to=asked)
    withdraw(show, asked)
    assert comments(show)[answer].reply == protocol.Quoted(asked, "", "")
    with pytest.raises(NotFound):
        post(guest, show, "再答", to=asked)


@pytest.mark.parametrize(
    ("rule", "author", "affiliation"), [("badge", "昵称", ""), ("sector", "昵称", "科技界"), ("name", "林岚", "科技界")]
)
def test_a_verified_member_stands_as_the_programme_says(rule: str, author: str, affiliation: str) -> None:
    show = making.make_show(comments="post", questions="post", members_shown=rule)
    actor = member(show, "林岚", "科技界")
    said = read(show, post(actor, show))
    assert (said.author, said.badge, said.affiliation) == (author, "member", affiliation)
    commands.perform(actor, show.id, making.question())
    (asked,) = (public_groups(show.id, ["questions"]) or {})["questions"]
    assert (asked.author, asked.badge, asked.affiliation) == (author, "member", affiliation)


def test_what_somebody_spoke_as_stays_with_the_words(show: making.Show) -> None:
    guest = known(show, "王专家", "expert", organisation="某研究院")
    said = post(guest, show)
    Appearance.objects.all().delete()
    assert comments(show)[said].badge == "expert"
    assert read(show, post(guest, show, "后来")).badge == ""


def test_the_page_offers_an_answer_only_to_who_may_give_it(show: making.Show) -> None:
    asked = post(making.make_viewer(name="陈先生"), show, "几点开？")
    guest = known(show, "王专家", "expert")
    for actor, offered in ((guest, True), (making.make_viewer(), False)):
        browser = Client()
        if actor.user_id is not None:
            browser.force_login(Participant.objects.get(pk=actor.participant_id).user)
        browser.cookies[identity.COOKIE] = making.cookie(actor)
        address = f"/programmes/{show.programme.slug}/{show.episode.number}/"
        page = browser.get(f"{address}?tab=talk&reply={asked}").content.decode()
        assert ("回复 陈先生：几点开？" in page) is offered
    form = {"act": "comment", "id": making.command_id(), "text": "六点半", "to": str(asked), "tab": "talk"}
    browser = Client()
    browser.cookies[identity.COOKIE] = making.cookie(guest)
    browser.force_login(Participant.objects.get(pk=guest.participant_id).user)
    assert browser.post(f"{address}act", form).status_code == 303
    assert [each.reply.id for each in comments(show).values() if each.reply] == [asked]


# -- what stands first ------------------------------------------------------------------------------------------------


def pin(user: Any, show: making.Show, item: int, *, on: bool = True) -> dict[str, Any]:
    command = protocol.PinComment(id=making.command_id(), item=item, on=on)
    return commands.perform(making.staff_actor(user), show.id, command)


def test_one_comment_stands_first_until_another_does(show: making.Show) -> None:
    first, second = post(making.make_viewer(), show, "一"), post(making.make_viewer(), show, "二")
    pin(show.moderator, show, first)
    pin(show.producer, show, second)
    assert pinned(show) == [second]
    # Taking off what does not stand there changes nothing.
    pin(show.producer, show, first, on=False)
    assert pinned(show) == [second]
    pin(show.producer, show, second, on=False)
    assert pinned(show) == []
    assert [each.act for each in AuditEntry.objects.filter(act__startswith="comment.").order_by("pk")] == [
        "comment.pin",
        "comment.pin",
        "comment.unpin",
    ]


def test_a_withdrawn_comment_stands_nowhere_and_a_masked_one_is_masked(show: making.Show) -> None:
    item = post(making.make_viewer(), show, "电话13800138000")
    Comment.objects.filter(pk=item).update(mask=[[2, 13]])
    pin(show.producer, show, item)
    (first,) = [each for each in (public_groups(show.id, ["comments"]) or {})["comments"] if each.key == "pinned"]
    assert first.comment.text == "电话■■■■■■■■■■■"
    withdraw(show, item)
    assert pinned(show) == []


def test_only_public_comments_of_the_show_are_pinned_and_only_by_who_may(show: making.Show) -> None:
    elsewhere = post(making.make_viewer(), making.make_show(comments="post"))
    with pytest.raises(NotFound):
        pin(show.producer, show, elsewhere)
    with pytest.raises(NotAllowed):
        pin(show.host, show, post(making.make_viewer(), show))


def announce(user: Any, show: making.Show, text: str) -> int:
    command = protocol.SetAnnouncement(id=making.command_id(), text=text)
    made = commands.perform(making.staff_actor(user), show.id, command)["announcement"]
    assert isinstance(made, int)
    return made


def test_an_announcement_is_read_at_once_and_the_next_takes_its_place() -> None:
    show = making.make_show(delay_seconds=20)
    first = announce(show.producer, show, "投票延长\n十分钟")
    assert told(show) == ["投票延长 十分钟"]
    assert announce(show.producer, show, "投票延长 十分钟") == first
    assert announce(show.producer, show, "改到七点") != first
    assert told(show) == ["改到七点"]
    announce(show.producer, show, "")
    assert told(show) == []
    with pytest.raises(NotAllowed):
        announce(show.moderator, show, "不该能发")


def test_an_announcement_ends_with_its_show(show: making.Show) -> None:
    announce(show.producer, show, "稍后开始")
    browser = Client()
    address = f"/programmes/{show.programme.slug}/{show.episode.number}/"
    assert "稍后开始" in browser.get(address).content.decode()
    Airing.objects.filter(pk=show.id).update(state="ended", actual_end=clock.now() - dt.timedelta(minutes=1))
    assert told(show) == []


# -- danmaku ----------------------------------------------------------------------------------------------------------


def test_danmaku_give_way_after_likes_and_before_comments() -> None:
    calm = ladder.LEVELS[0]
    first = [
        next(n for n, each in enumerate(ladder.LEVELS) if change(each))
        for change in (
            lambda each: each.likes_ms > calm.likes_ms,
            lambda each: each.danmaku_percent < calm.danmaku_percent,
            lambda each: each.questions < calm.questions,
        )
    ]
    assert first == sorted(first)
    assert [each.danmaku_percent for each in ladder.LEVELS] == sorted(
        (each.danmaku_percent for each in ladder.LEVELS), reverse=True
    )
    assert ladder.LEVELS[first[1]].danmaku_percent > 0
