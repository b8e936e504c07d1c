"""The episode form: what was typed is kept, mistakes are told in words, rows move without a script, and rows become rows."""

from __future__ import annotations

import datetime as dt
import html
import re
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from broadcast import clock, lifecycle
from broadcast.access import HOUSE
from broadcast.models import Airing, Episode, Feed, Person, Programme, RoleGrant, SegmentRole, User
from broadcast.services import rundown

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)
NEW = "/staff/episodes/new?programme=yiting"


@pytest.fixture
def programme() -> Programme:
    made = Programme.objects.create(slug="yiting", name_zh="委员议事厅", name_en="Forum", kind="video", next_number=112)
    for position, (code, mark) in enumerate((("explain", "讲"), ("discuss", "议"))):
        SegmentRole.objects.create(programme=made, code=code, mark=mark, name_zh=mark, name_en=code, position=position)
    return made


@pytest.fixture
def producer(programme: Programme) -> Client:
    user = User.objects.create_user("zheng", display_name="编导郑")
    RoleGrant.objects.create(user=user, programme=programme, role="producer", granted_at=clock.now())
    client = Client()
    client.force_login(user)
    return client


def typed(**changes: Any) -> dict[str, Any]:
    """A whole form; rows are given as lists of dicts."""
    segments = changes.pop(
        "segments",
        [
            {"role": "explain", "title": "火灾为什么难防", "minutes": "15"},
            {"role": "discuss", "title": "停放的缺口", "minutes": "30.5"},
        ],
    )
    guests = changes.pop("guests", [{"name": "陈教授", "organisation": "高校", "role": "expert"}])
    data = {
        "number": "112",
        "title": "电动自行车怎么停、怎么充",
        "title_en": "Where to park and charge",
        "description": "讨论停放和充电。",
        "kind": "premiere",
        "date": "2026-11-28",
        "start": "11:00",
        "minutes": "90",
        **changes,
    }
    for prefix, rows in (("segments", segments), ("guests", guests)):
        data |= {f"{prefix}-TOTAL_FORMS": str(len(rows)), f"{prefix}-INITIAL_FORMS": "0"}
        for at, row in enumerate(rows):
            data |= {f"{prefix}-{at}-{name}": value for name, value in row.items()}
    return data


def test_the_next_number_is_proposed(producer, programme):
    page = producer.get(NEW).content.decode()
    assert 'name="number" value="112"' in page
    assert "讲" in page


def test_a_plan_becomes_episode_airing_segments_and_appearances(producer, programme):
    feed = Feed.objects.create(name="一号线", srt_port=9000)
    empty = {"role": "", "title": "", "minutes": ""}
    data = typed(feed=str(feed.pk))
    data |= {"segments-TOTAL_FORMS": "3", **{f"segments-2-{name}": value for name, value in empty.items()}}
    response = producer.post(NEW, data)
    episode = Episode.objects.get()
    assert response["Location"] == f"/staff/episodes/{episode.pk}/"
    assert (episode.number, episode.title_en, episode.publication) == (112, "Where to park and charge", "draft")
    airing = episode.airings.get()
    assert airing.planned_start == dt.datetime(2026, 11, 28, 3, 0, tzinfo=dt.UTC)
    assert airing.planned_end - airing.planned_start == dt.timedelta(minutes=90)
    assert airing.feed == feed
    assert [(each.title, each.planned_seconds, each.role.code) for each in episode.segments.all()] == [
        ("火灾为什么难防", 900, "explain"),
        ("停放的缺口", 1830, "discuss"),
    ]
    appearance = episode.appearances.get()
    assert (appearance.person.name, appearance.person.organisation, appearance.role) == ("陈教授", "高校", "expert")


@pytest.mark.parametrize(
    ("number", "told"), [("115", "前面有空号，下一期应是第 113 期"), ("112", "第 112 期已经有了，下一期是第 113 期")]
)
def test_holes_and_taken_numbers_are_refused_and_the_text_is_kept(producer, programme, number, told):
    producer.post(NEW, typed())
    response = producer.post(NEW, typed(number=number, title="另一个标题"))
    page = response.content.decode()
    assert response.status_code == 422
    assert told in page
    assert "您填的内容都还在" in page
    assert "另一个标题" in page
    assert "火灾为什么难防" in page
    assert Episode.objects.count() == 1


def test_every_mistake_is_told_at_once_by_its_field(producer, programme):
    data = typed(
        title="",
        date="",
        minutes="0",
        segments=[{"title": "没有分钟", "minutes": ""}],
        guests=[{"name": "林委员", "role": ""}],
    )
    page = producer.post(NEW, data).content.decode()
    for told in ("请填写标题。", "请填写日期。", "请填写这个环节的分钟数。", "请选择 林委员 的身份。"):
        assert page.count(told) == 2, told  # in the summary and beside the field
    assert Episode.objects.count() == 0


def test_rows_are_added_moved_and_emptied_without_saving(producer, programme):
    page = producer.post(NEW, typed() | {"row": "segments:more"}).content.decode()
    assert 'name="segments-4-title"' in page
    page = producer.post(NEW, typed() | {"row": "segments:1:up"}).content.decode()
    assert page.index("停放的缺口") < page.index("火灾为什么难防")
    page = producer.post(NEW, typed() | {"row": "segments:0:drop"}).content.decode()
    assert "火灾为什么难防" not in page
    for nonsense in ("segments:9:up", "segments:0:up", "x", "segments:more:more", "guests:-1:drop"):
        assert producer.post(NEW, typed() | {"row": nonsense}).status_code == 200
    assert Episode.objects.count() == 0


def test_somebody_known_is_found_again_and_namesakes_are_told_apart(producer, programme):
    known = Person.objects.create(name="林委员", sector="经济界")
    producer.post(NEW, typed(guests=[{"name": "林委员", "organisation": "", "role": "member"}]))
    assert Episode.objects.get().people.get() == known
    Person.objects.create(name="林委员", sector="教育界")
    page = producer.post(NEW, typed(number="113", guests=[{"name": "林委员", "organisation": "", "role": "member"}]))
    assert "有 2 位同名，请写明单位。" in page.content.decode()
    producer.post(NEW, typed(number="113", guests=[{"name": "林委员", "organisation": "教育界", "role": "member"}]))
    assert Person.objects.count() == 2


def test_an_edit_keeps_segments_and_what_ran_stays(producer, programme):
    producer.post(NEW, typed())
    episode = Episode.objects.get()
    first, second = episode.segments.all()
    url = f"/staff/episodes/{episode.pk}/edit"
    assert "火灾为什么难防" in producer.get(url).content.decode()
    swapped = [
        {"pk": str(second.pk), "role": "discuss", "title": "停放的缺口", "minutes": "20"},
        {"pk": str(first.pk), "role": "explain", "title": "火灾为什么难防", "minutes": "15"},
    ]
    response = producer.post(url, typed(segments=swapped, title="改过的标题"))
    assert response.status_code == 302
    episode.refresh_from_db()
    assert episode.title == "改过的标题"
    assert [each.pk for each in episode.segments.all()] == [second.pk, first.pk]
    lifecycle.start(HOUSE, episode.airings.get().pk)
    page = producer.get(url).content.decode()
    assert "已经开播过" in page
    producer.post(url, typed(segments=[], title="又改了"))
    episode.refresh_from_db()
    assert (episode.title, episode.segments.count()) == ("又改了", 2)


def test_an_unnumbered_special_needs_an_address(producer, programme):
    page = producer.post(NEW, typed(number="")).content.decode()
    assert "请填写期号；不编期号的特别节目请填写网址名。" in page
    assert producer.post(NEW, typed(number="", slug="spring-special")).status_code == 302
    assert Episode.objects.get().key == "spring-special"


def _edited(producer: Client, episode: Episode, **changes: Any) -> Any:
    rows = [
        {
            "pk": str(each.pk),
            "role": "",
            "title": each.title,
            "minutes": f"{each.planned_seconds // 60}:{each.planned_seconds % 60:02d}",
        }
        for each in episode.segments.all()
    ]
    return producer.post(f"/staff/episodes/{episode.pk}/edit", typed(segments=rows, **changes))


@pytest.mark.parametrize(("written", "seconds"), [("5:10", 310), ("0：20", 20), ("5", 300), ("30.5", 1830)])
def test_a_length_is_minutes_or_minutes_and_seconds(
    producer: Client, programme: Programme, written: str, seconds: int
) -> None:
    producer.post(NEW, typed(segments=[{"role": "explain", "title": "台呼", "minutes": written}]))
    episode = Episode.objects.get()
    assert episode.segments.get().planned_seconds == seconds
    page = producer.get(f"/staff/episodes/{episode.pk}/edit").content.decode()
    shown = re.search(r'name="segments-0-minutes" value="([^"]+)"', page)
    assert shown is not None
    producer.post(
        f"/staff/episodes/{episode.pk}/edit", typed(segments=[{"role": "", "title": "台呼", "minutes": shown.group(1)}])
    )
    assert episode.segments.get().planned_seconds == seconds


@pytest.mark.parametrize("written", ["0", "五", "5:61", "361", "-1"])
def test_a_length_that_cannot_be_is_told(producer: Client, programme: Programme, written: str) -> None:
    assert producer.post(NEW, typed(segments=[{"role": "", "title": "台呼", "minutes": written}])).status_code == 422
    assert not Episode.objects.exists()


def test_the_form_keeps_how_segments_are_timed_and_writes_over_nobody(producer: Client, programme: Programme) -> None:
    producer.post(NEW, typed())
    episode = Episode.objects.get()
    airing = episode.airings.get()
    first, second = rundown.plans(episode)
    timed = [replace(first, start="hard", offset=0, wait=5), replace(second, is_floating=True, least=60)]
    rundown.revise(HOUSE, airing.pk, 1, timed)
    assert _edited(producer, episode, rundown_version="2", title="新标题").status_code == 302
    assert [replace(line, role="") for line in rundown.plans(episode)] == [replace(line, role="") for line in timed]
    rundown.revise(HOUSE, airing.pk, 3, [replace(line, role="", seconds=100) for line in timed])
    stale = _edited(producer, episode, rundown_version="3")
    assert stale.status_code == 302, "the rows are as they are: nothing is written over"
    rows = [{"pk": str(first.pk), "role": "", "title": "改过的", "minutes": "3"}]
    refused = producer.post(f"/staff/episodes/{episode.pk}/edit", typed(segments=rows, rundown_version="3"))
    assert refused.status_code == 422
    assert "刚被别人改过" in refused.content.decode()
    assert "改过的" in refused.content.decode()
    assert [line.seconds for line in rundown.plans(episode)] == [100, 100]
    assert "停放的缺口" in refused.content.decode(), "what somebody made of it is shown"
    shown = re.search(r'name="rundown_version" value="(\d+)"', refused.content.decode())
    assert shown is not None
    again = producer.post(f"/staff/episodes/{episode.pk}/edit", typed(segments=rows, rundown_version=shown.group(1)))
    assert again.status_code == 302, "to save it again is meant"
    assert [line.title for line in rundown.plans(episode)] == ["改过的"]


def _kept(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None
    return html.unescape(found.group(1))


def test_an_old_form_leaves_times_and_numbers_where_others_put_them(producer: Client, programme: Programme) -> None:
    producer.post(NEW, typed())
    episode = Episode.objects.get()
    was = _kept(producer.get(f"/staff/episodes/{episode.pk}/edit").content.decode(), "was")
    moved = episode.airings.get()
    Airing.objects.update(planned_start=moved.planned_start + HOUR, planned_end=moved.planned_end + HOUR)
    Episode.objects.update(number=111)
    assert _edited(producer, episode, was=was, title="新标题").status_code == 302
    episode.refresh_from_db()
    assert (episode.title, episode.number) == ("新标题", 111)
    assert episode.airings.get().planned_start == moved.planned_start + HOUR


def test_a_time_that_two_people_moved_is_told_and_kept_as_typed(producer: Client, programme: Programme) -> None:
    producer.post(NEW, typed())
    episode = Episode.objects.get()
    was = _kept(producer.get(f"/staff/episodes/{episode.pk}/edit").content.decode(), "was")
    moved = episode.airings.get()
    Airing.objects.update(planned_start=moved.planned_start + HOUR, planned_end=moved.planned_end + HOUR)
    refused = _edited(producer, episode, was=was, start="15:00")
    page = refused.content.decode()
    assert refused.status_code == 422
    assert "有人刚把时间改成了 2026-11-28 周六 12:00" in page
    assert 'value="15:00"' in page, "what was typed is still there"
    assert episode.airings.get().planned_start == moved.planned_start + HOUR
    assert _edited(producer, episode, was=_kept(page, "was"), start="15:00").status_code == 302, (
        "saving it again is meant"
    )
    assert episode.airings.get().planned_start == moved.planned_start + 4 * HOUR


@pytest.mark.parametrize("was", ["", "[]", "[1,2,3]", '{"number":1}', "null", '[112,"2026-11-28",null,null,null]'])
def test_a_garbled_memory_of_the_form_breaks_nothing(producer: Client, programme: Programme, was: str) -> None:
    producer.post(NEW, typed())
    episode = Episode.objects.get()
    assert _edited(producer, episode, was=was, start="15:00").status_code == 302
