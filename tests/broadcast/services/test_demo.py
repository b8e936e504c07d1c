"""The programmes of the mission are rows, and the demo is a real show that a second start takes up."""

from __future__ import annotations

import datetime as dt
import json
import stat

import pytest
from django.core.management import CommandError, call_command

from broadcast import clock, lifecycle
from broadcast.access import HOUSE, Ability, Actor, can, may_watch
from broadcast.errors import NotAllowed
from broadcast.models import Airing, Feed, Programme, SegmentRole, SegmentRun, User
from broadcast.models.catalogue import Assurance
from broadcast.services import demo, seeding
from live.models import Ballot, Comment, Poll, Question
from scheduling.models import Slot

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _demo(settings, tmp_path):
    settings.DEMO = True
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # argon2 is slow on purpose
    settings.VAR = tmp_path


def test_every_broadcast_format_of_the_mission_is_a_row():
    made = seeding.seed_programmes()
    names = set(Programme.objects.values_list("name_zh", flat=True))
    assert {
        "委员议事厅",
        "委员讲堂",
        "政协热线",
        "协商在线",
        "一起来商量",
        "知政建言直通车",
        "政情直播间",
        "政情通报会",
        "深政学堂",
    } <= names
    assert len(made) == Programme.objects.count() == 29
    hotline = Programme.objects.get(slug="cppcc-hotline")
    assert (hotline.kind, hotline.delay_seconds, hotline.next_number) == ("radio", 6, 1001)
    assert Slot.objects.get().programme == hotline
    forum = Programme.objects.get(slug="members-forum")
    assert "".join(forum.segment_roles.values_list("mark", flat=True)) == "议讲答评"
    assert forum.needs("comment") == Assurance.PHONE
    assert forum.needs("vote") == Assurance.GUEST
    langya = Programme.objects.get(slug="four-three-three")
    assert list(langya.segment_roles.values_list("name_zh", flat=True)) == ["群众提", "部门商", "专家评", "委员议"]
    assert Programme.objects.get(slug="leaders-consultation").audience == Programme.Audience.CLOSED


def test_rows_belong_to_people_once_they_are_there():
    seeding.seed_programmes()
    Programme.objects.filter(slug="members-forum").update(name_zh="改了的名字", delay_seconds=60)
    SegmentRole.objects.filter(programme__slug="members-forum", mark="评").delete()
    Slot.objects.all().delete()
    Programme.objects.filter(slug="town-council").delete()
    assert seeding.seed_programmes() == ["town-council"]
    forum = Programme.objects.get(slug="members-forum")
    assert (forum.name_zh, forum.delay_seconds, forum.segment_roles.count()) == ("改了的名字", 60, 3)
    assert not Slot.objects.exists()


def test_every_row_is_whole():
    seeding.seed_programmes()
    for programme in Programme.objects.all():
        programme.full_clean()
        assert programme.segment_roles.count() >= 2
        assert set(programme.least_assurance) == {"like", "vote", "comment", "ask", "support"}
        assert programme.description_zh
        assert programme.description_en


@pytest.fixture
def made(django_capture_on_commit_callbacks) -> demo.Demo:
    seeding.seed_programmes()
    with django_capture_on_commit_callbacks(execute=True):
        return demo.ensure()


def test_the_show_is_on_air_with_people_and_a_running_segment(made):
    airing = Airing.objects.get(pk=made.airing.pk)
    assert airing.state == Airing.State.ON_AIR
    assert airing.feed.name == "demo"
    assert may_watch(Actor(), airing)
    assert airing.episode.number == 112
    assert airing.episode.appearances.count() == 6
    assert SegmentRun.objects.get(airing=airing, ended_at=None).segment.role.mark == "讲"


def test_something_is_coming_in_every_main_programme(made):
    coming = Airing.objects.filter(state=Airing.State.PLANNED, announced_at__isnull=False)
    slugs = set(coming.values_list("episode__programme__slug", flat=True))
    assert slugs == {"members-forum", "members-lecture", "online-deliberation", "cppcc-hotline"}


def test_the_accounts_have_their_rights_and_a_private_file(made, settings):
    file = settings.VAR / "demo-accounts.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert json.loads(file.read_text()) == made.passwords
    forum = made.airing.episode.programme_id
    actor = {name: Actor(user_id=User.objects.get(username=name).pk) for name in made.passwords}
    assert can(actor["moderator"], Ability.MODERATE, forum)
    assert can(actor["producer"], Ability.RUN, forum)
    assert not can(actor["producer"], Ability.MODERATE, forum)
    assert can(actor["host"], Ability.HOST, forum)
    assert not actor["viewer"].is_staff
    assert User.objects.get(username="viewer").check_password(made.passwords["viewer"])


def test_the_room_is_not_empty(made, caplog):
    assert "did not fill" not in caplog.text
    room = made.airing.pk
    assert Comment.objects.filter(room=room, state="approved").count() == 8
    assert Comment.objects.filter(room=room, state="pending").count() == 3
    supports = [
        question.supports.count() for question in Question.objects.filter(room=room, state="approved").order_by("pk")
    ]
    assert supports == [24, 12, 8, 6, 4]
    poll = Poll.objects.get(room=room, state="open")
    assert Ballot.objects.filter(poll=poll).count() == 31
    viewer = User.objects.get(username="viewer").participant
    assert not Ballot.objects.filter(poll=poll, participant=viewer).exists()


def test_a_second_start_goes_on_with_the_show(made):
    with clock.shifted(dt.timedelta(hours=2)):
        again = demo.ensure()
        assert (again.airing.pk, again.is_new, again.passwords) == (made.airing.pk, False, made.passwords)
        assert again.airing.planned_end > clock.now() + dt.timedelta(hours=2)
    assert Airing.objects.filter(episode__programme__slug="members-forum").count() == 2


def test_an_ended_show_is_followed_by_a_fresh_one(made):
    lifecycle.end(HOUSE, made.airing.pk)
    again = demo.ensure()
    assert again.is_new
    assert again.airing.pk != made.airing.pk
    assert again.airing.state == Airing.State.ON_AIR


def test_what_a_crash_left_planned_is_taken_up(made):
    Airing.objects.filter(pk=made.airing.pk).update(state=Airing.State.WAITING, actual_start=None)
    assert demo.ensure().airing.pk == made.airing.pk


def test_there_is_no_demo_outside_the_demo(settings):
    settings.DEMO = False
    with pytest.raises(NotAllowed):
        demo.ensure()
    with pytest.raises(CommandError, match="YISHI_DEMO"):
        call_command("seed_demo")
    assert not User.objects.exists()


def test_a_demo_leaves_no_open_door(made, settings, capsys):
    settings.DEMO = False
    open_doors = User.objects.filter(is_demo=True, is_active=True).count()
    call_command("seed_programmes")
    assert not User.objects.filter(is_demo=True, is_active=True).exists()
    assert f"{open_doors} 个演示账号" in capsys.readouterr().out


def test_an_account_of_a_real_person_is_not_touched():
    seeding.seed_programmes()
    User.objects.create_user("producer", password="own")
    with pytest.raises(NotAllowed, match="producer"):
        demo.ensure()
    assert User.objects.get(username="producer").check_password("own")


def test_feeds_have_ports_of_their_own(made):
    ports = list(Feed.objects.order_by("srt_port").values_list("srt_port", flat=True))
    assert ports == list(range(ports[0], ports[0] + 4))


def test_the_demos_feed_follows_the_setting(made, monkeypatch):
    monkeypatch.setenv("YISHI_SRT_PORT_FIRST", "9500")
    demo.ensure()
    assert Feed.objects.get(name="demo").srt_port == 9500


def test_the_commands_print_what_to_do(capsys):
    call_command("seed_programmes")
    call_command("seed_demo")
    printed = capsys.readouterr().out
    assert "节目 29 个，新增 29 个" in printed
    assert "/programmes/members-forum/112/" in printed
    assert "moderator2" in printed
