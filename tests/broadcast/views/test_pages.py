"""Home, programmes and the notice pages: who sees which show, in which list."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.test import Client

from broadcast import clock, queries
from broadcast.access import Actor
from broadcast.models import Airing, Episode, Programme, Segment, SegmentRole, SegmentRun

pytestmark = pytest.mark.django_db


def make(state=Airing.State.PLANNED, *, audience=Programme.Audience.PUBLIC, announced=True, hours=1, **more) -> Airing:
    now = clock.now()
    programme, _made = Programme.objects.get_or_create(
        slug=f"forum-{audience}",
        defaults={"name_zh": "议事厅", "name_en": "Forum", "kind": "video", "audience": audience},
    )
    number = programme.episodes.count() + 1
    episode = Episode.objects.create(
        programme=programme,
        number=number,
        title=f"题目，第{number}",
        title_en=f"Title {number}",
        publication="published",
        created_at=now,
    )
    start = now + dt.timedelta(hours=hours)
    return Airing.objects.create(
        episode=episode,
        state=state,
        planned_start=start,
        planned_end=start + dt.timedelta(hours=1),
        actual_start=start if state in {"on_air", "ended"} else None,
        actual_end=start + dt.timedelta(minutes=30) if state == "ended" else None,
        announced_at=now if announced else None,
        created_at=now,
        **more,
    )


def text(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return re.sub(r"<[^>]+>", "", answer.content.decode())


def test_each_show_stands_in_its_list_and_links_to_its_page(client):
    live, soon, over = make(Airing.State.ON_AIR, hours=-1), make(), make(Airing.State.ENDED, hours=-5)
    page = client.get("/").content.decode()
    for airing in (live, soon, over):
        assert f"/programmes/forum-public/{airing.episode.key}/" in page
    assert page.index("直播中") < page.index('id="coming"') < page.index('id="past"')
    assert "回看审核后发布" in page


def test_what_is_not_for_the_public_is_in_no_list(client):
    make(announced=False)
    make(audience=Programme.Audience.MEMBERS)
    make(Airing.State.ON_AIR, hours=-1, kind=Airing.Kind.REHEARSAL)
    assert "题目" not in text(client, "/")
    assert client.get("/programmes/forum-members/").status_code == 404


def test_an_empty_house_says_what_to_do(client):
    page = text(client, "/")
    assert "现在没有直播" in page
    assert "还没有可以回看的节目" in page


def test_english_takes_the_english_names(client):
    make()
    page = text(client, "/?language=en")
    assert "Title 1" in page
    assert "Forum" in page


def test_the_programme_pages(client):
    make(Airing.State.ENDED, hours=-5)
    assert "议事厅" in text(client, "/programmes/")
    assert "题目，第1" in text(client, "/programmes/forum-public/")
    assert client.get("/programmes/forum-public/?page=-3").status_code == 200
    assert client.get("/programmes/nonsense/").status_code == 404


def test_a_programmes_show_stands_on_its_page_however_many_others_went_on_air_since(client):
    earliest = make("on_air", hours=-3)
    for number in range(13):
        other = make("on_air", audience="public", hours=-1)
        brand = Programme.objects.create(slug=f"other-{number}", name_zh="别的", name_en="Other", kind="video")
        Episode.objects.filter(pk=other.episode_id).update(programme=brand)
    page = client.get(f"/programmes/{earliest.episode.programme.slug}/").content.decode()
    assert f'href="/programmes/forum-public/{earliest.episode.number}/"' in page


@pytest.mark.parametrize("path", ["/about/privacy", "/about/agreement"])
def test_notices(client, path):
    assert "同意" in text(client, path)


def test_which_airing_the_page_shows():
    first = make(Airing.State.ENDED, hours=-9)
    episode = first.episode
    common = {"episode": episode, "created_at": clock.now(), "announced_at": clock.now()}

    def add(state, hours, **more):
        start = clock.now() + dt.timedelta(hours=hours)
        return Airing.objects.create(
            state=state, planned_start=start, planned_end=start + dt.timedelta(hours=1), **common, **more
        )

    assert queries.airing_for_page(episode, rehearsals=False) == first
    add("ended", 1, kind=Airing.Kind.REHEARSAL)
    assert queries.airing_for_page(episode, rehearsals=True) == first
    rerun = add("planned", 5, kind=Airing.Kind.RERUN)
    assert queries.airing_for_page(episode, rehearsals=False) == rerun
    again = add("on_air", 6, kind=Airing.Kind.RERUN)
    assert queries.airing_for_page(episode, rehearsals=False) == again


@pytest.mark.parametrize("delay", [0, 20])
def test_the_rail_says_how_far_the_publics_picture_of_the_show_is(delay: int) -> None:
    airing = make(Airing.State.ON_AIR, hours=0)
    programme = airing.episode.programme
    answers = SegmentRole.objects.create(
        programme=programme, code="answer", mark="答", name_zh="部门答", name_en="Answers"
    )
    parts = [
        Segment.objects.create(
            episode=airing.episode, position=place, title=f"环节{place}", planned_seconds=600, role=role
        )
        for place, role in enumerate((None, answers, None), start=1)
    ]
    now = clock.now()
    SegmentRun.objects.create(airing=airing, segment=parts[0], started_at=now - dt.timedelta(minutes=9), ended_at=now)
    soon = now + dt.timedelta(seconds=1)
    SegmentRun.objects.create(airing=airing, segment=parts[1], started_at=now - dt.timedelta(seconds=60), ended_at=soon)
    SegmentRun.objects.create(airing=airing, segment=parts[2], started_at=soon)
    Airing.objects.filter(pk=airing.pk).update(delay_seconds=delay)
    with clock.frozen(now + dt.timedelta(seconds=delay)):
        (row,) = queries.on_air(Actor())
    found = [(part.name, part.state, part.done) for part in row.rail]
    assert found == [("环节1", "past", 600), ("部门答", "now", 60), ("环节3", "next", 0)]
