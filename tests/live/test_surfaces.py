"""Every surface that shows citizens' words to anybody but the desk loses them within two seconds of an emergency switch, and has them back.

The list is complete by force: all addresses and sockets there are are asked while the words are public, and one that shows them
without standing in the list fails here.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import html
import itertools
import json
import logging
import re
import ssl
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from archive.search import stale
from broadcast import clock
from broadcast.access import HOUSE
from broadcast.models import Airing, Episode, RoleGrant
from broadcast.services import sources
from live import commands, overlay_token, protocol, routing
from live.models import Comment, Question
from live.queries import overlay as overlays
from live.services import overlay
from scheduling.services import tokens
from tests.live import making, nginx
from tests.live.nginx import PROXY, VISITOR, Front
from tests.live.sockets import Server, Socket, staff_socket, viewer_socket

WORD = "暗号甲乙丙"
SECONDS = 2.0
# Addresses that show citizens' words to somebody else than the desk and the author, as their route. One that is missing fails below.
PAGES = {
    "programmes/<slug:slug>/<slug:key>/",
    "programmes/<slug:slug>/<slug:key>/comments",
    "programmes/<slug:slug>/<slug:key>/report",
    "live/airings/<uuid:airing_id>/state",
    "live/airings/<uuid:airing_id>/state/private",
    "live/airings/<uuid:airing_id>/comments",
    "live/airings/<uuid:airing_id>/timeline",
    "live/airings/<uuid:airing_id>/staff/snapshot",
    "staff/airings/<uuid:airing_id>/questions",
    "overlay/<str:token>/state",
    "search",
}
SOCKETS = {
    "live/airings/<uuid:airing_id>/socket",
    "live/airings/<uuid:airing_id>/staff",
    "overlay/<str:token>/socket",
}
# What could make an address show more than it does without: panels, readers, items, pages.
QUERIES = (
    "tab=talk&kind=comment&item={comment}&before=999999999",
    "tab=ask&kind=question&item={question}",
    "tab=moments",
    "tab=talk&elder=1",
    # What is typed stands on the page again, so another word of the same question is.
    "q=何时&episode={episode}",
)


@dataclass
class Hall:
    """A show on air and one whose replay is out, each with a comment and a question of one author that hold the word."""

    live: making.Show
    replay: making.Show
    items: dict[str, dict[str, int]]
    leader: Any
    # The secret of a private calendar of the show's programme.
    calendars: dict[str, str]

    def filled(self, route: str, show: making.Show) -> str | None:
        """The address of a route for this show; None for what no browser of this site asks by GET."""
        links = overlays.standing(show.id).links
        known = {
            "slug": show.programme.slug,
            "key": str(show.episode.number),
            "airing_id": str(show.id),
            "token": overlay_token.make(links[0]) if links else "x",
            "kind": "comment",
            "number": str(self.items[str(show.id)]["comment"]),
            "poll_id": "1",
            "pk": str(show.episode.pk),
            "name": "x",
            "rung": "master",
            "path": "x",
            "code": sources.of_show(show.airing).code,
            "secret": self.calendars[str(show.id)],
            "way": "wechat",
            "provider": "wechat",
            "form": "srt",
            "upload_id": "00000000-0000-0000-0000-000000000000",
        }

        def fill(found: re.Match[str]) -> str:
            kind, _colon, name = found[1].rpartition(":")
            if kind == "int":
                # Whatever it numbers: the item's own number shows it where it is one of an item.
                return known.get(name, known["number"])
            assert name in known, f"say how <{name}> of {route} is filled, then whether it is a surface"
            return known[name]

        return "/" + re.sub(r"<([^>]+)>", fill, route)

    def name_of(self, show: making.Show) -> str:
        """As the figures call it."""
        return "replay" if show is self.replay else "on air"

    def queries(self, show: making.Show) -> list[str]:
        """Each query, with which outing it is about."""
        known = self.items[str(show.id)] | {"episode": show.episode.pk}
        return [f"?airing={show.id}&{each.format_map(known)}" for each in QUERIES]


def fill(show: making.Show) -> dict[str, int]:
    """A comment and a question on air, public at once."""
    author, host = making.make_viewer(), making.staff_actor(show.host)
    comment = commands.perform(author, show.id, making.comment(f"{WORD}说"))["item"]
    question = commands.perform(author, show.id, making.question(f"{WORD}问何时？"))["item"]
    commands.perform(host, show.id, protocol.ShowQuestion(id=making.command_id(), question=question))
    overlay.make_links(making.staff_actor(show.producer), show.id)
    return {"comment": comment, "question": question}


def make_hall() -> Hall:
    shows = [making.make_show(comments="post", questions="post") for _each in range(2)]
    items = {str(show.id): fill(show) for show in shows}
    live, replay = shows
    end = clock.now() - dt.timedelta(minutes=5)
    Airing.objects.filter(pk=replay.id).update(state="ended", actual_start=end, actual_end=end)
    Episode.objects.filter(pk=replay.episode.pk).update(signed_off_at=end)
    leader = making.make_staff(live.programme, RoleGrant.Role.DUTY_LEADER)
    RoleGrant.objects.create(user=leader, programme=None, role="duty_leader", granted_at=clock.now())
    # As the house's tick does it.
    for show in shows:
        stale.mark(show.episode.pk)
    stale.work()
    calendars = {str(show.id): tokens.make_role_calendar(HOUSE, "host", show.programme.pk)[1] for show in shows}
    return Hall(live, replay, items, leader, calendars)


def routes(found: list[Any] | None = None, before: str = "") -> Iterator[str]:
    """Every address of the site."""
    for each in get_resolver().url_patterns if found is None else found:
        route = before + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from routes(each.url_patterns, route)
        elif isinstance(each, URLPattern):
            yield route


def shows_word(body: bytes) -> bool:
    """As text, as JSON in a page, or as HTML."""
    text = body.decode("utf-8", "replace")
    return WORD in text or WORD in html.unescape(text) or json.dumps(WORD)[1:-1] in text


@pytest.mark.django_db
def test_every_address_that_shows_citizens_words_is_on_the_list() -> None:
    hall = make_hall()
    citizen, host = Client(raise_request_exception=False), Client(raise_request_exception=False)
    citizen.cookies["yishi_participant"] = making.cookie(making.make_viewer())
    host.force_login(hall.live.host)
    found: set[str] = set()
    for route in routes():
        # Behind the scenes the host is the one who is no moderator.
        behind = "staff/" in route
        for show in (hall.live,) if behind else (hall.live, hall.replay):
            if route not in found and _shows(host if behind else citizen, hall, route, show):
                found.add(route)
    assert found == PAGES, "a new surface: put it in the list, where it is measured"


def _shows(browser: Client, hall: Hall, route: str, show: making.Show) -> bool:
    for query in hall.queries(show):
        answer = browser.get(f"{hall.filled(route, show)}{query}")
        if shows_word(_body(answer)):
            return True
        if answer.status_code in {301, 302, 303, 403, 405}:
            return False
    return False


def _body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else bytes(answer.content)


def test_every_socket_is_on_the_list() -> None:
    assert {str(each.pattern) for each in routing._routes.routes} == SOCKETS


# -- measured, through real servers -----------------------------------------------------------------------------------

Probe = Callable[[], Awaitable[bool]]


@pytest.fixture
def web(servers: Callable[..., Server]) -> Server:
    return servers({"YISHI_BEHIND_TLS": "1", "YISHI_PROXIES": f"{PROXY},127.0.0.1"})


@pytest.fixture
def front(web: Server, tmp_path: Path) -> Iterator[Front]:
    if nginx.program() is None:
        pytest.skip("nginx is not installed: apt-get install nginx-light")
    running = Front(web.port, tmp_path / "nginx").start()
    yield running
    running.stop()


def on_socket(socket: Socket) -> Probe:
    """What the reducer of a viewer's page holds."""

    async def shows() -> bool:
        held = socket.state.objects.values() if socket.state else ()
        return any(shows_word(each.body) for each in held)

    return shows


def on_host(socket: Socket) -> Probe:
    """What a host's page holds: the newest of each item, and the public objects it began with."""

    async def shows() -> bool:
        items: dict[tuple[str, int], dict[str, Any]] = {}
        for frame in list(socket.frames):
            for each in frame.get("items", ()) if frame["type"].startswith("staff.") else ():
                items[each["kind"], each["id"]] = each
        shown = ("approved", "queued", "on_air", "answered")
        return any(WORD in each["text"] and each["state"] in shown for each in items.values())

    return shows


def on_overlay(socket: Socket) -> Probe:
    async def shows() -> bool:
        return bool(socket.frames) and shows_word(json.dumps(socket.frames[-1], ensure_ascii=False).encode())

    return shows


def by_get(client: httpx.AsyncClient, url: str) -> Probe:
    asked = itertools.count()

    async def shows() -> bool:
        # From another address each time: nobody may search as often as this looks.
        number = next(asked)
        headers = {"X-Forwarded-For": f"198.18.{number // 250 % 250}.{number % 250}"} if "/search" in url else {}
        return shows_word((await client.get(url, headers=headers)).content)

    return shows


class Eyes:
    """All surfaces, looked at over and over; when each showed the word last and hid it last."""

    def __init__(self, probes: dict[str, Probe]) -> None:
        self._probes = probes
        self._loop = asyncio.get_running_loop()

    async def until(self, wanted: bool, *, patience: float) -> dict[str, float]:
        """Seconds until each surface shows the word, or does not, and stays so; raises AssertionError for those that never do."""
        began = self._loop.time()
        took: dict[str, float] = {}

        async def watch(name: str, shows: Probe) -> None:
            while self._loop.time() - began < patience:
                if await shows() is wanted:
                    took.setdefault(name, self._loop.time() - began)
                    if self._loop.time() - began > took[name] + 1.2:
                        return
                else:
                    took.pop(name, None)
                await asyncio.sleep(0.03)

        await asyncio.gather(*(watch(name, probe) for name, probe in self._probes.items()))
        assert set(took) == set(self._probes), f"never: {set(self._probes) - set(took)}"
        return took


async def test_all_surfaces_lose_it_within_two_seconds_and_have_it_back(web: Server, front: Front) -> None:
    logging.getLogger("httpx").setLevel(logging.WARNING)
    hall = await sync_to_async(make_hall)()
    tls = ssl.create_default_context(cafile=str(front.folder / "tls" / "site.crt"))
    way = httpx.AsyncHTTPTransport(local_address=VISITOR, verify=tls)
    host_cookies = await _cookies(hall.live.host)
    links = await sync_to_async(lambda: overlays.standing(hall.live.id).links)()
    async with (
        httpx.AsyncClient(transport=way, base_url=f"https://127.0.0.1:{front.port}", timeout=10) as cached,
        httpx.AsyncClient(base_url=web.http, headers={"X-Forwarded-Proto": "https"}, timeout=10) as direct,
        httpx.AsyncClient(
            base_url=web.http, headers={"X-Forwarded-Proto": "https", "Cookie": host_cookies}, timeout=10
        ) as hosts,
        viewer_socket(web, hall.live) as viewer,
        viewer_socket(web, hall.replay) as late,
        await staff_socket(web, hall.live, hall.live.host) as tablet,
        await staff_socket(web, hall.live, hall.leader) as desk,
        Socket(web, f"/overlay/{overlay_token.make(links[0])}/socket") as studio,
        Socket(web, f"/overlay/{overlay_token.make(links[1])}/socket") as public,
    ):
        probes: dict[str, Probe] = {
            "socket": on_socket(viewer),
            "socket of a replay": on_socket(late),
            "host's tablet": on_host(tablet),
            "overlay of the studio": on_overlay(studio),
            "overlay of the public": on_overlay(public),
        }
        covered: set[str] = set()
        for route in PAGES:
            for show in (hall.live, hall.replay):
                path = await sync_to_async(hall.filled)(route, show)
                client = hosts if "staff/" in route else direct
                for query in hall.queries(show):
                    if shows_word((await client.get(f"{path}{query}")).content):
                        probes[f"{route} {query.partition('&')[2]} {hall.name_of(show)}"] = by_get(
                            client, f"{path}{query}"
                        )
                        covered.add(route)
                        break
        assert covered == PAGES, PAGES - covered
        for show in (hall.live, hall.replay):
            state = f"/live/airings/{show.id}/state"
            probes[f"state through nginx's cache, {hall.name_of(show)}"] = by_get(cached, state)
        await Eyes(probes).until(True, patience=20)
        comment = hall.items[str(hall.live.id)]["comment"]
        of_live = {name: probe for name, probe in probes.items() if "replay" not in name}
        for kept, act in (
            (probes, {"scope": "everything", "where": "house"}),
            (of_live, {"scope": "author", "kind": "comment", "item": comment, "where": "room"}),
        ):
            for last in (False, False, True):
                position = viewer.state.position if viewer.state else (0, 0)
                done = await desk.ask("withdrawal.make", reason="other", **act)
                assert done["type"] == "ack", done
                took = await Eyes(kept).until(False, patience=20)
                await nobody_comes_back_to_it(web, hall.live, position)
                await desk.ask("withdrawal.restore", withdrawal=done["result"]["withdrawal"])
                await Eyes(kept).until(True, patience=20)
                slowest = max(took, key=lambda name: took[name])
                # Shown with -s.
                print(
                    f"\n{act['scope']}: all {len(took)} surfaces within {took[slowest]:.2f} s, the last was {slowest}"
                )
                if took[slowest] <= SECONDS:
                    break
                # A busy machine may stumble once.
                assert not last, f"{slowest} after {took[slowest]:.2f} s"
        # One by one, as from the desk; nobody needs to be told twice.
        position = viewer.state.position if viewer.state else (0, 0)
        for kind, number in hall.items[str(hall.live.id)].items():
            version = await sync_to_async(lambda kind=kind, number=number: _version(kind, number))()
            done = await desk.ask("item.withdraw", kind=kind, item=number, version=version, reason="other")
            assert done["type"] == "ack", done
        took = await Eyes(of_live).until(False, patience=20)
        await nobody_comes_back_to_it(web, hall.live, position)
        slowest = max(took, key=lambda name: took[name])
        print(f"\nitem by item: all {len(took)} surfaces within {took[slowest]:.2f} s, the last was {slowest}")
        assert took[slowest] <= 2 * SECONDS, slowest


def _version(kind: str, number: int) -> int:
    return (Comment if kind == "comment" else Question).objects.get(pk=number).version


async def nobody_comes_back_to_it(web: Server, show: making.Show, position: tuple[int, int]) -> None:
    """Whoever resumes from before the withdrawal, or comes anew, is shown nothing of it."""
    for query in (f"?epoch={position[0]}&seq={position[1]}", ""):
        async with viewer_socket(web, show, query=query) as again:
            await again.wait(lambda frame: frame["type"] in {"snapshot", "tick"})
            assert not shows_word(json.dumps(again.frames, ensure_ascii=False).encode())


async def _cookies(user: Any) -> str:
    def log_in() -> str:
        client = Client()
        client.force_login(user)
        return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"

    return await sync_to_async(log_in)()
