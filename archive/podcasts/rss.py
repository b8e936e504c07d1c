"""Writes a programme's podcast: RSS 2.0 with the itunes and podcast namespaces. It reads no table and no clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.utils import format_datetime
from xml.etree.ElementTree import Element

from django.urls import reverse
from django.utils import timezone

from archive import derivatives
from archive.models import Derivative, PodcastFeed
from archive.podcasts.items import Item
from archive.podcasts.xml import ATOM, HISTORY, ITUNES, PODCAST, add, node, written
from broadcast.models import Airing

# The forms of an episode's signed words, as players of podcasts know them.
WORDS = {"vtt": "text/vtt", "srt": "application/x-subrip", "json": "application/json"}


@dataclass(frozen=True)
class Page:
    """Which page of how many a document is. `site` is the house's address without a slash at its end, `own` the feed's first page."""

    site: str
    own: str
    number: int = 1
    count: int = 1

    def address(self, number: int) -> str:
        """Of another page."""
        return self.own if number == 1 else f"{self.own}?page={number}"


def podcast(feed: PodcastFeed, page: Page, items: Sequence[Item], live: Sequence[Airing], picture: str) -> bytes:
    """The feed. The same rows give the same bytes."""
    root = node("rss")
    root.set("version", "2.0")
    channel = add(root, "channel")
    add(channel, "title", feed.title)
    add(channel, "link", page.site + reverse("programme", args=[feed.programme.slug]))
    add(channel, "description", feed.description)
    add(channel, "language", feed.language)
    changed = max([feed.changed_at, *(each.changed_at for each in items)])
    add(channel, "lastBuildDate", _date(changed))
    add(channel, "author", feed.owner_name, ITUNES)
    owner = add(channel, "owner", None, ITUNES)
    add(owner, "name", feed.owner_name, ITUNES)
    if feed.owner_email:
        add(owner, "email", feed.owner_email, ITUNES)
    add(channel, "image", None, ITUNES, href=picture)
    add(channel, "category", None, ITUNES, text=feed.category)
    add(channel, "explicit", _said(feed.is_explicit), ITUNES)
    add(channel, "type", "episodic", ITUNES)
    add(channel, "guid", str(feed.guid), PODCAST)
    # Another house may not take it over without asking.
    attributes = {"owner": feed.owner_email} if feed.owner_email else {}
    add(channel, "locked", "yes", PODCAST, **attributes)
    links(channel, page, "application/rss+xml")
    for airing in live if page.number == 1 else ():
        _live(channel, page, airing)
    for item in items:
        _item(channel, page, feed, item)
    return written(root)


def links(parent: Element, page: Page, media_type: str) -> None:
    """RFC 5005: where this page is and which lie beside it. The first, which changes, is the feed that one subscribes to."""
    add(parent, "link", None, ATOM, rel="self", type=media_type, href=page.address(page.number))
    if page.count > 1:
        ways: list[tuple[str, int, Callable[[int], bool]]] = [
            ("first", 1, lambda _n: True),
            ("previous", page.number - 1, lambda n: n >= 1),
            ("next", page.number + 1, lambda n: n <= page.count),
            ("last", page.count, lambda _n: True),
        ]
        for rel, number, there in ways:
            if there(number):
                add(parent, "link", None, ATOM, rel=rel, type=media_type, href=page.address(number))
    elif page.number == 1:
        add(parent, "complete", None, HISTORY)


def _item(channel: Element, page: Page, feed: PodcastFeed, item: Item) -> None:
    assert item.sound is not None
    episode, airing = item.airing.episode, item.airing
    found = add(channel, "item")
    add(found, "title", item.title)
    add(found, "title", episode.title, ITUNES)
    add(found, "link", page.site + page_of(airing))
    add(found, "description", episode.description or item.title)
    add(found, "guid", f"urn:uuid:{airing.pk}", isPermaLink="false")
    add(found, "pubDate", _date(item.at))
    _file(found, page, item.sound)
    add(found, "duration", str(round(float(item.sound.details.get("seconds", 0)))), ITUNES)
    if item.poster is not None:
        add(found, "image", None, ITUNES, href=page.site + derivatives.address(item.poster))
    add(found, "explicit", _said(feed.is_explicit), ITUNES)
    add(found, "episodeType", "full", ITUNES)
    season = str(timezone.localtime(item.at).year)
    add(found, "season", season, ITUNES)
    add(found, "season", season, PODCAST)
    if episode.number:
        add(found, "episode", str(episode.number), ITUNES)
        add(found, "episode", str(episode.number), PODCAST)
    for name, role in item.people:
        add(found, "person", name, PODCAST, role=role)
    if item.has_chapters:
        address = page.site + reverse("podcasts:chapters", args=[airing.pk])
        add(found, "chapters", None, PODCAST, url=address, type="application/json+chapters")
    for form, media_type in WORDS.items() if item.language else ():
        address = page.site + reverse(f"podcasts:transcript-{form}", args=[airing.pk])
        captions = {"rel": "captions"} if form != "json" else {}
        add(found, "transcript", None, PODCAST, url=address, type=media_type, language=item.language, **captions)
    if item.master is not None:
        other = add(found, "alternateEnclosure", None, PODCAST, **_described(item.master), title="MP4")
        add(other, "source", None, PODCAST, uri=page.site + derivatives.address(item.master))


def _file(parent: Element, page: Page, file: Derivative) -> None:
    add(parent, "enclosure", None, url=page.site + derivatives.address(file), **_described(file))


def _described(file: Derivative) -> dict[str, str]:
    # What the server says of it too, so that no player is told two things.
    return {"length": str(file.size_bytes), "type": file.media_type}


def _live(channel: Element, page: Page, airing: Airing) -> None:
    status = "live" if airing.state == Airing.State.ON_AIR else "pending"
    times = {"start": _stamp(airing.actual_start or airing.planned_start), "end": _stamp(airing.planned_end)}
    found = add(channel, "liveItem", None, PODCAST, status=status, **times)
    add(found, "title", airing.episode.title)
    add(found, "guid", f"urn:uuid:{airing.pk}:live", isPermaLink="false")
    playlist = page.site + reverse("media:live", args=[airing.pk, "index"])
    add(found, "enclosure", None, url=playlist, length="0", type="application/x-mpegURL")
    add(found, "contentLink", airing.episode.title, PODCAST, href=page.site + page_of(airing))


def page_of(airing: Airing) -> str:
    """The episode's page."""
    return reverse("episode", args=[airing.episode.programme.slug, airing.episode.key])


def _date(moment: dt.datetime) -> str:
    return format_datetime(moment.astimezone(dt.UTC), usegmt=True)


def _stamp(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat(timespec="seconds")


def _said(flag: bool) -> str:
    return "true" if flag else "false"
