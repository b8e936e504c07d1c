"""The producer's pages: who comes in, what an episode's page offers, and that what destroys asks first."""

from __future__ import annotations

import datetime as dt
import json
import re

import pytest
from django.test import Client

from broadcast import clock, lifecycle
from broadcast.access import HOUSE, Actor
from broadcast.models import Airing, AuditEntry, Episode, Feed, Programme, RoleGrant, SegmentRole, User
from broadcast.services import episodes
from broadcast.services.episodes import EpisodePlan, GuestPlan, SegmentPlan

pytestmark = pytest.mark.django_db


@pytest.fixture
def programme() -> Programme:
    made = Programme.objects.create(
        slug="yiting", name_zh="委员议事厅", name_en="Members' Forum", kind="video", next_number=112
    )
    SegmentRole.objects.create(
        programme=made, code="discuss", mark="议", name_zh="委员议", name_en="Discuss", position=1
    )
    return made


@pytest.fixture
def other() -> Programme:
    return Programme.objects.create(slug="rexian", name_zh="政协热线", name_en="Hotline", kind="radio")


def staff(name: str, role: str, programme: Programme | None) -> User:
    user = User.objects.create_user(name, display_name=name)
    RoleGrant.objects.create(user=user, programme=programme, role=role, granted_at=clock.now())
    return user


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def producer(programme: Programme) -> Client:
    return logged_in(staff("zheng", "producer", programme))


def make_episode(
    programme: Programme, number: int = 112, title: str = "电动自行车怎么停", feed: str = "一号线"
) -> Episode:
    start = clock.now() + dt.timedelta(hours=2)
    plan = EpisodePlan(
        programme=programme.pk,
        title=title,
        start=start,
        end=start + dt.timedelta(minutes=90),
        number=number,
        feed=Feed.objects.get_or_create(name=feed, defaults={"srt_port": 9000 + Feed.objects.count()})[0].pk,
        segments=(SegmentPlan("换电柜和收费", 900, "discuss"),),
        guests=(GuestPlan("expert", name="陈教授", organisation="高校"),),
    )
    return episodes.create(HOUSE, plan)


def words(response) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


def test_a_stranger_is_asked_to_log_in_and_a_citizen_is_refused(client, programme):
    response = client.get("/staff/")
    assert response["Location"] == "/account/login?next=/staff/"
    citizen = logged_in(User.objects.create_user("citizen"))
    response = citizen.get("/staff/")
    assert response.status_code == 403
    assert "没有工作角色" in words(response)


def test_home_shows_only_ones_own_programmes_with_both_facts(programme, other, producer):
    make_episode(programme)
    make_episode(other, 1, "热线这一期", feed="二号线")
    page = words(producer.get("/staff/"))
    assert "电动自行车怎么停" in page
    assert "热线这一期" not in page
    assert "已安排" in page
    assert "草稿，公众看不到" in page
    assert "周" in page


def test_a_moderator_gets_the_desk_and_no_control_room(programme):
    airing = make_episode(programme).airings.get()
    moderator = logged_in(staff("jia", "moderator", programme))
    home = words(moderator.get("/staff/"))
    assert f"/staff/airings/{airing.pk}/desk" in home
    assert "/control" not in home
    assert "新建一期" not in home
    assert moderator.get(f"/staff/airings/{airing.pk}/control").status_code == 403
    assert moderator.get("/staff/episodes/new").status_code == 403
    assert moderator.get(f"/staff/episodes/{airing.episode_id}/edit").status_code == 403
    response = moderator.get(f"/staff/airings/{airing.pk}/desk")
    data = json.loads(
        re.search(r'<script id="page" type="application/json">(.*?)</script>', response.content.decode()).group(1)
    )
    assert data["may"]["moderate"] is True
    assert data["urls"]["commands"] == f"/live/airings/{airing.pk}/commands"
    assert "control" not in data["urls"]
    assert data["reasons"]
    assert response["Cache-Control"] == "no-store"


def test_another_programmes_desk_is_refused(programme, other):
    airing = make_episode(programme).airings.get()
    stranger = logged_in(staff("yi", "moderator", other))
    assert stranger.get(f"/staff/airings/{airing.pk}/desk").status_code == 403
    assert stranger.get(f"/staff/episodes/{airing.episode_id}/").status_code == 403


def test_announce_then_open_the_feed(programme, producer):
    episode = make_episode(programme)
    airing = episode.airings.get()
    url = f"/staff/airings/{airing.pk}/act"
    page = words(producer.post(url, {"act": "announce"}, follow=True))
    assert "预告已发布" in page
    airing.refresh_from_db()
    assert airing.announced_at is not None
    producer.post(url, {"act": "open"})
    airing.refresh_from_db()
    assert airing.state == Airing.State.WAITING
    page = words(producer.get(f"/staff/episodes/{episode.pk}/"))
    assert "srt://" in page
    assert "RTMP 密钥" in page
    assert "陈教授" in page
    assert "打开了信号" in page


def test_ingest_keys_are_for_those_who_produce(programme):
    episode = make_episode(programme)
    page = words(logged_in(staff("jia", "moderator", programme)).get(f"/staff/episodes/{episode.pk}/"))
    assert "srt://" not in page


def test_an_act_that_cannot_be_is_told_in_words(programme, producer):
    episode = make_episode(programme)
    page = words(producer.post(f"/staff/episodes/{episode.pk}/publication", {"act": "sign_off"}, follow=True))
    assert "节目还没有结束" in page
    assert producer.get(f"/staff/airings/{episode.airings.get().pk}/act").status_code == 405


def test_the_end_waits_for_sign_off(programme, producer):
    episode = make_episode(programme)
    airing = episode.airings.get()
    episodes.announce(HOUSE, airing.pk)
    lifecycle.start(HOUSE, airing.pk)
    lifecycle.end(HOUSE, airing.pk)
    page = words(producer.get(f"/staff/episodes/{episode.pk}/"))
    assert "回看待签发" in page
    page = words(producer.post(f"/staff/episodes/{episode.pk}/publication", {"act": "sign_off"}, follow=True))
    assert "回看已签发" in page
    assert f"已签发。公众看到的晚 {airing.delay_seconds} 秒" in page
    assert "公众现在能看回看" not in page
    Airing.objects.filter(pk=airing.pk).update(actual_end=clock.now() - dt.timedelta(hours=1))
    page = words(producer.post(f"/staff/episodes/{episode.pk}/publication", {"act": "sign_off"}, follow=True))
    assert "已签发，公众现在能看回看。" in page


def test_withdrawing_asks_names_what_goes_and_wants_a_reason(programme, producer):
    episode = make_episode(programme)
    episodes.announce(HOUSE, episode.airings.get().pk)
    url = f"/staff/episodes/{episode.pk}/withdraw"
    assert "两秒内" in words(producer.get(url))
    response = producer.post(url, {"reason": " "})
    assert response.status_code == 422
    assert "请写明原因" in words(response)
    episode.refresh_from_db()
    assert episode.publication == "published"
    page = words(producer.post(url, {"reason": "画面有误"}, follow=True))
    assert "已撤下" in page
    assert "重新公开页面" in page
    assert AuditEntry.objects.get(act="episode.withdraw").reason == "画面有误"


def test_cancelling_asks_for_a_reason(programme, producer):
    airing = make_episode(programme).airings.get()
    assert producer.post(f"/staff/airings/{airing.pk}/cancel", {}).status_code == 422
    producer.post(f"/staff/airings/{airing.pk}/cancel", {"reason": "嘉宾不能来"})
    airing.refresh_from_db()
    assert airing.state == Airing.State.CANCELLED


def test_pages_hold_no_inline_script_or_style(programme, producer):
    episode = make_episode(programme)
    airing = episode.airings.get()
    for url in (
        "/staff/",
        f"/staff/episodes/{episode.pk}/",
        "/staff/episodes/new?programme=yiting",
        f"/staff/airings/{airing.pk}/control",
        f"/staff/airings/{airing.pk}/host",
    ):
        page = producer.get(url).content.decode()
        assert " style=" not in page
        assert not re.search(r"<script(?![^>]*(src=|application/json))", page)
        assert not re.search(r"\son\w+=", page)


def test_an_actor_without_rights_does_nothing(programme):
    episode = make_episode(programme)
    host = logged_in(staff("xu", "host", programme))
    host.post(f"/staff/airings/{episode.airings.get().pk}/act", {"act": "open"})
    assert episode.airings.get().state == Airing.State.PLANNED
    assert not Actor().is_staff
