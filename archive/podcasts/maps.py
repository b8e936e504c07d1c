"""Writes what search engines and feed readers fetch of the whole house: the site's map with its videos, and Atom. It reads no table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.urls import reverse

from archive import derivatives
from archive.podcasts.items import Item
from archive.podcasts.rss import Page, links, page_of
from archive.podcasts.xml import ATOM, SITEMAP, VIDEO, add, node, written


def index(addresses: Sequence[str]) -> bytes:
    """The list of maps."""
    root = node("sitemapindex", SITEMAP)
    for address in addresses:
        add(add(root, "sitemap", None, SITEMAP), "loc", address, SITEMAP)
    return written(root, SITEMAP)


def pages(addresses: Sequence[str]) -> bytes:
    """A map of plain pages."""
    root = node("urlset", SITEMAP)
    for address in addresses:
        add(add(root, "url", None, SITEMAP), "loc", address, SITEMAP)
    return written(root, SITEMAP)


def episodes(site: str, items: Sequence[Item], picture: str) -> bytes:
    """A map of episodes, each with its video where there is one to play."""
    root = node("urlset", SITEMAP)
    for item in items:
        found = add(root, "url", None, SITEMAP)
        add(found, "loc", site + page_of(item.airing), SITEMAP)
        add(found, "lastmod", _stamp(item.changed_at), SITEMAP)
        if item.master is None:
            continue
        video = add(found, "video", None, VIDEO)
        poster = site + derivatives.address(item.poster) if item.poster is not None else picture
        add(video, "thumbnail_loc", poster, VIDEO)
        add(video, "title", item.title[:100], VIDEO)
        add(video, "description", (item.airing.episode.description or item.title)[:2048], VIDEO)
        add(video, "content_loc", site + derivatives.address(item.master), VIDEO)
        seconds = round(float(item.master.details.get("seconds", 0)))
        if 1 <= seconds <= 28_800:
            add(video, "duration", str(seconds), VIDEO)
        add(video, "publication_date", _stamp(item.at), VIDEO)
    return written(root, SITEMAP)


def atom(title: str, page: Page, items: Sequence[Item]) -> bytes:
    """An RFC 4287 feed of episodes that can be played."""
    root = node("feed", ATOM)
    add(root, "id", page.own, ATOM)
    add(root, "title", title, ATOM)
    newest = max((each.changed_at for each in items), default=dt.datetime(2000, 1, 1, tzinfo=dt.UTC))
    add(root, "updated", _stamp(newest), ATOM)
    add(root, "link", None, ATOM, rel="alternate", type="text/html", href=page.site + reverse("home"))
    links(root, page, "application/atom+xml")
    add(add(root, "author", None, ATOM), "name", title, ATOM)
    for item in items:
        episode = item.airing.episode
        entry = add(root, "entry", None, ATOM)
        add(entry, "id", f"urn:uuid:{item.airing.pk}", ATOM)
        add(entry, "title", item.title, ATOM)
        add(entry, "updated", _stamp(item.changed_at), ATOM)
        add(entry, "published", _stamp(item.at), ATOM)
        add(entry, "link", None, ATOM, rel="alternate", type="text/html", href=page.site + page_of(item.airing))
        if item.sound is not None:
            said = {"length": str(item.sound.size_bytes), "type": item.sound.media_type}
            add(entry, "link", None, ATOM, rel="enclosure", href=page.site + derivatives.address(item.sound), **said)
        add(entry, "category", None, ATOM, term=episode.programme.slug, label=episode.programme.name_zh)
        add(entry, "summary", episode.description or item.title, ATOM, type="text")
    return written(root, ATOM)


def _stamp(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat(timespec="seconds")
