"""What other programs are told of the archive: only what anybody may play, in XML that any words fit in, read here by others' parsers."""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import feedparser
import pytest
from defusedxml.ElementTree import fromstring
from django.conf import settings as house
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from archive import views
from archive.models import Derivative, Recording
from archive.podcasts import items, xml
from archive.podcasts.services import set_feed
from broadcast import clock
from broadcast.access import HOUSE, Actor
from broadcast.errors import InvalidInput, NotAllowed
from broadcast.models import Airing, AuditEntry, Episode, Programme
from broadcast.replay_times import Span

from .making import make_airing, make_programme, make_staff

pytestmark = pytest.mark.django_db
SOUND = bytes(range(256)) * 40
FACTS = {
    "title": "民声热线 <b>&",
    "description": "听市民说",
    "owner_name": "区政协",
    "owner_email": "office@example.org",
    "category": "Government",
    "language": "zh-cn",
    "is_explicit": False,
}
_PODCAST = f"{{{xml.PODCAST}}}"


def released(programme: Programme, minutes: int = 60, **facts: Any) -> Airing:
    """An ended show, signed off, with its public sound; so many minutes ago."""
    now = clock.now()
    then = now - dt.timedelta(minutes=minutes)
    airing = make_airing(programme, state="ended", actual_start=then, actual_end=then + dt.timedelta(minutes=5))
    Episode.objects.filter(pk=airing.episode_id).update(**{"signed_off_at": now, **facts})
    recording = Recording.objects.create(airing=airing, state="finished", replay_ready_at=then)
    key = f"airings/{airing.pk}/derived/1/sound.m4a"
    file = Path(house.MEDIA_ROOT) / key
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(SOUND)
    Derivative.objects.create(
        recording=recording,
        kind="sound",
        key=key,
        size_bytes=len(SOUND),
        digest=hashlib.sha256(SOUND).hexdigest(),
        algorithm="sha256",
        media_type="audio/mp4",
        is_public=True,
        details={"seconds": 300.4},
        made_at=now,
    )
    views.forget_rights()
    return airing


@pytest.fixture
def programme(media_root: Path) -> Programme:
    """A programme that publishes its podcast."""
    found = make_programme()
    set_feed(HOUSE, found.pk, **FACTS, is_published=True)
    return found


def read(programme: Programme, query: str = "") -> Any:
    """The feed as a reader of others reads it."""
    response = Client().get(f"/podcasts/{programme.slug}.xml{query}")
    assert response.status_code == 200
    found = feedparser.parse(response.content)
    assert not found.bozo, found.get("bozo_exception")
    return found


def test_a_podcast_says_what_players_need(programme: Programme) -> None:
    airing = released(programme, title="加装电梯 ]]> \x07\x1b<script>")
    found = read(programme)
    assert found.feed.title == FACTS["title"]
    [entry] = found.entries
    assert "加装电梯 ]]> <script>" in entry.title
    assert entry.id == f"urn:uuid:{airing.pk}"
    assert entry.itunes_duration == "300"
    [enclosure] = entry.enclosures
    assert enclosure.type == "audio/mp4"
    assert int(enclosure.length) == len(SOUND)
    strict = fromstring(Client().get(f"/podcasts/{programme.slug}.xml").content)
    channel = strict.find("channel")
    assert channel is not None
    assert channel.findtext(f"{_PODCAST}locked") == "yes"
    assert channel.findtext(f"{_PODCAST}guid") == str(programme.podcast.guid)
    assert channel.findtext(f"item/{_PODCAST}season") == str(clock.now().year)


def test_the_enclosure_leads_to_the_bytes(programme: Programme) -> None:
    released(programme)
    [enclosure] = read(programme).entries[0].enclosures
    address = enclosure.href.partition("://testserver")[2]
    head = Client().head(address)
    assert (head.status_code, head["Content-Length"], head["Content-Type"]) == (200, enclosure.length, enclosure.type)
    assert head["Accept-Ranges"] == "bytes"
    assert "sound.m4a" in head["Content-Disposition"]
    part = Client().head(address, headers={"range": "bytes=10-19", "if-range": head["ETag"]})
    assert (part.status_code, part["Content-Range"]) == (206, f"bytes 10-19/{len(SOUND)}")
    assert Client().head(address, headers={"range": f"bytes={len(SOUND)}-"}).status_code == 416


@pytest.mark.parametrize(
    "facts",
    [
        {"publication": "draft"},
        {"publication": "internal"},
        {"publication": "withdrawn"},
        {"signed_off_at": None},
    ],
)
def test_what_is_not_public_is_in_no_feed(programme: Programme, facts: dict[str, Any]) -> None:
    airing = released(programme, **facts)
    assert read(programme).entries == []
    assert str(airing.pk) not in Client().get("/feeds/episodes.atom").content.decode()
    assert Client().get(f"/sitemap-{clock.now().year}.xml").status_code == 404


def test_a_replay_written_anew_takes_its_old_sound_away(programme: Programme) -> None:
    airing = released(programme)
    Recording.objects.filter(pk=airing.pk).update(replay_ready_at=clock.now())
    assert read(programme).entries == []


def test_rehearsals_and_reruns_are_no_episodes(programme: Programme) -> None:
    for kind in ("rehearsal", "rerun"):
        Airing.objects.filter(pk=released(programme).pk).update(kind=kind)
    assert read(programme).entries == []


def test_without_a_published_feed_there_is_none(programme: Programme) -> None:
    set_feed(HOUSE, programme.pk, is_published=False)
    assert Client().get(f"/podcasts/{programme.slug}.xml").status_code == 404
    set_feed(HOUSE, programme.pk, is_published=True)
    Programme.objects.filter(pk=programme.pk).update(audience="members")
    assert Client().get(f"/podcasts/{programme.slug}.xml").status_code == 404


def test_only_who_produces_may_publish_and_it_is_on_record(programme: Programme) -> None:
    moderator = make_staff(programme, "moderator")
    with pytest.raises(NotAllowed):
        set_feed(Actor(user_id=moderator.pk), programme.pk, is_published=False)
    assert AuditEntry.objects.filter(act="podcast.publish", target=f"programme:{programme.pk}").count() == 1
    Programme.objects.filter(pk=programme.pk).update(audience="closed")
    with pytest.raises(InvalidInput):
        set_feed(HOUSE, programme.pk, title="x")


def test_readers_that_have_it_are_not_sent_it_again(programme: Programme) -> None:
    released(programme)
    address = f"/podcasts/{programme.slug}.xml"
    first = Client().get(address)
    again = Client().get(address, headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    # A date alone is not believed: what was withdrawn since makes no feed newer.
    dated = Client().get(address, headers={"if-modified-since": first["Last-Modified"]})
    assert dated.status_code == 200
    Episode.objects.update(publication="withdrawn")
    assert Client().get(address, headers={"if-none-match": first["ETag"]}).status_code == 200


def test_a_long_feed_has_pages(programme: Programme, monkeypatch: pytest.MonkeyPatch) -> None:
    made = [released(programme, minutes=10 * number).pk for number in range(1, 6)]
    for place in ("archive.podcasts.views.PAGE", "archive.podcasts.answers.PAGE"):
        monkeypatch.setattr(place, 2)
    seen, query = [], ""
    for _page in range(3):
        found = read(programme, query)
        seen += [entry.id for entry in found.entries]
        following = [link.href for link in found.feed.links if link.rel == "next"]
        query = "?" + following[0].partition("?")[2] if following else ""
    assert seen == [f"urn:uuid:{pk}" for pk in made]
    assert query == ""
    assert Client().get(f"/podcasts/{programme.slug}.xml?page=4").status_code == 404


def test_atom_and_the_map_name_the_episode(programme: Programme) -> None:
    airing = released(programme)
    atom = feedparser.parse(Client().get("/feeds/episodes.atom").content)
    assert not atom.bozo
    assert [entry.id for entry in atom.entries] == [f"urn:uuid:{airing.pk}"]
    index = fromstring(Client().get("/sitemap.xml").content)
    addresses = [each.text or "" for each in index.iter(f"{{{xml.SITEMAP}}}loc")]
    assert len(addresses) == 2
    year = fromstring(Client().get(addresses[1].partition("://testserver")[2]).content)
    pages = [each.text or "" for each in year.iter(f"{{{xml.SITEMAP}}}loc")]
    assert pages == [f"http://testserver/programmes/{programme.slug}/{airing.episode.number}/"] or (
        len(pages) == 1 and str(airing.episode.number) in pages[0]
    )
    assert "Sitemap: http://testserver/sitemap.xml" in Client().get("/robots.txt").content.decode()


def test_the_programme_s_page_leads_to_its_podcast(programme: Programme) -> None:
    page = Client().get(f"/programmes/{programme.slug}/").content.decode()
    assert f'type="application/rss+xml" title="民声热线 &lt;b&gt;&amp;" href="/podcasts/{programme.slug}.xml"' in page
    set_feed(HOUSE, programme.pk, is_published=False)
    assert "application/rss+xml" not in Client().get(f"/programmes/{programme.slug}/").content.decode()


def test_a_producer_publishes_it_on_its_page(media_root: Path) -> None:
    programme = make_programme()
    client = Client()
    client.force_login(make_staff(programme))
    page = f"/staff/programmes/{programme.slug}/podcast/"
    assert client.get(page).status_code == 200
    assert client.post(page, {**FACTS, "title": "", "is_published": "on"}).status_code == 422
    typed = {key: value for key, value in FACTS.items() if value is not False}
    assert client.post(page, {**typed, "is_published": "on"}).status_code == 302
    assert Client().get(f"/podcasts/{programme.slug}.xml").status_code == 200


def test_a_moment_is_found_in_the_replay_unless_it_was_cut() -> None:
    start = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
    began = round(start.timestamp() * 1000)
    spans = [Span(began, 0.0, 60.0), Span(began + 100_000, 60.0, 30.0)]
    at = [items.chapter_at(spans, start + dt.timedelta(seconds=each)) for each in (-5, 30, 80, 110, 130)]
    assert at == [0.0, 30.0, None, 70.0, None]


@given(st.text())
def test_any_words_fit_into_xml(words: str) -> None:
    root = xml.node("root")
    xml.add(root, "told", words, note=words)
    found = fromstring(xml.written(root))
    told = found.find("told")
    assert told is not None
    assert isinstance(told, ElementTree.Element)
    # XML readers turn a carriage return that stands alone into a new line; the writer keeps it by its number.
    assert (told.text or "").replace("\r", "\n") == xml.clean(words).replace("\r", "\n")
    assert len(told.get("note") or "") == len(xml.clean(words))
