"""Hidden results are hidden on every surface: however others vote, and whatever came of it, nobody outside sees a byte change.

Every address and socket of the site is asked, none is taken on trust. What does change with a result that is shown must be on the
list here, so that the test would see a leak where it looks.
"""

from __future__ import annotations

import contextlib
import io
import re
import zipfile
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from django.test import Client

from broadcast import clock, identity
from broadcast.access import Actor
from broadcast.models import Airing
from live import commands, overlay_token, protocol, queries, routing
from live.models import Poll, Room
from live.queries import overlay as overlays
from live.queries import staff
from live.services import audience, polls
from tests.live import making
from tests.live.test_surfaces import Hall, make_hall, routes

pytestmark = pytest.mark.django_db
# Addresses that show a public poll's counts to whoever may watch; a new one must be put here, and is then looked at for hidden ones.
SHOWN_ON = {
    "programmes/<slug:slug>/<slug:key>/",
    "live/airings/<uuid:airing_id>/state",
    "live/airings/<uuid:airing_id>/state/private",
    "live/airings/<uuid:airing_id>/mine",
    "live/airings/<uuid:airing_id>/staff/snapshot",
    "overlay/<str:token>/state",
    "live/polls/<int:poll_id>/ballots",
    "live/polls/<int:poll_id>/names",
}
# What is different each time and tells nothing: tokens, numbers of lanes, times of the answer.
_PASSING = re.compile(
    rb'csrfmiddlewaretoken" value="\w+|"csrf": "\w+|name="id" value="[\w-]+|nonce[=-]"?[\w/+=-]+'
    rb'|"(?:epoch|seq|staff_seq)":\s?\d+|"at":\s?"[^"]*"'
    rb"|[\w-]{20,}[.:][\w.:-]{10,}|~[0-9a-f-]{20,}|[0-9a-f]{8}-[0-9a-f-]{27}"
)
# Filled by the first test that looks.
_reachable: set[tuple[str, str]] = set()
QUERIES = ("?tab=vote", "?tab=agenda&elder=1")


def bare(body: bytes) -> bytes:
    return _PASSING.sub(b"", body)


def first_difference(one: bytes, other: bytes) -> tuple[bytes, bytes]:
    """With what stands around it."""
    at = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return one[max(0, at - 60) : at + 60], other[max(0, at - 60) : at + 60]


class Outside:
    """All that somebody who is not of the desk can ask, of a show on air and of one whose replay is out."""

    def __init__(self, hall: Hall, asked: list[int]) -> None:
        self.hall, self.asked = hall, asked
        self.voter = making.make_viewer(name="投过票的人")
        self.clients = {
            "visitor": Client(raise_request_exception=False),
            "voter": Client(raise_request_exception=False),
            # Works behind the scenes, and is told no counts there either.
            "host": Client(raise_request_exception=False),
        }
        self.clients["voter"].cookies[identity.COOKIE] = making.cookie(self.voter)
        self.clients["host"].force_login(hall.live.host)
        for client in self.clients.values():
            # Who asked for large print once has it from then on, so that the first look is as all others.
            client.get("/?elder=1")
        # Addresses that gave anything at the first look; the others are asked no more.
        self.open: dict[tuple[str, str, str], str] = {}

    def addresses(self) -> Iterator[tuple[str, str]]:
        for route in routes():
            if "<int:poll_id>" in route:
                for poll in self.asked:
                    yield route, "/" + route.replace("<int:poll_id>", str(poll))
                continue
            for show in (self.hall.live, self.hall.replay):
                # What test_surfaces cannot fill fails there.
                path = None
                with contextlib.suppress(AssertionError):
                    path = self.hall.filled(route, show)
                for query in QUERIES if path else ():
                    yield route, f"{path}{query}&airing={show.id}"
                screen = overlays.hall_link(show.id)
                if "<str:token>" in route and route.startswith("overlay/") and screen is not None:
                    yield route, "/" + route.replace("<str:token>", overlay_token.make(screen))

    def reachable(self) -> set[tuple[str, str]]:
        """By who, the routes that give them anything. Asked once for all tests: it does not depend on polls."""
        if not _reachable:
            for route, path in dict.fromkeys(self.addresses()):
                for who, client in self.clients.items():
                    # What is no staff page, a host sees as everybody does.
                    if (
                        (who != "host" or "staff" in route)
                        and (who, route) not in _reachable
                        and client.get(path).status_code == 200
                    ):
                        _reachable.add((who, route))
        return _reachable

    def look(self) -> dict[tuple[str, str, str], bytes]:
        """By who, route and address: what was answered."""
        if self.open:
            answers = {key: self.clients[key[0]].get(path) for key, path in self.open.items()}
        else:
            answers = dict(self.first_answers())
            self.open = {key: key[2] for key in answers}
        found = {key: bare(_body(answer)) for key, answer in answers.items()}
        for name, frames in self.sockets().items():
            found["everybody", name, ""] = bare(msgspec.json.encode(frames))
        return found

    def first_answers(self) -> Iterator[tuple[tuple[str, str, str], Any]]:
        within = self.reachable()
        for route, path in dict.fromkeys(self.addresses()):
            for who, client in self.clients.items():
                if (who, route) in within and (answer := client.get(path)).status_code == 200:
                    yield (who, route, path), answer

    def sockets(self) -> dict[str, Any]:
        """What each socket of the site sends to whoever is not of the desk is made of."""
        sent: dict[str, Any] = {}
        for show in (self.hall.live, self.hall.replay):
            groups = queries.public_groups(show.id, list(queries.public.GROUPS))
            own = queries.mine(show.airing, self.voter.participant_id)
            screen = overlays.hall_link(show.id)
            links = [*overlays.standing(show.id).links, *([screen] if screen else [])]
            sent.setdefault("live/airings/<uuid:airing_id>/socket", []).append([groups, own])
            view = staff.staff_change(show.id, 0, staff.StaffView.HOST)
            ahead = queries.public_groups(show.id, ["polls"], ahead=True)
            sent.setdefault("live/airings/<uuid:airing_id>/staff", []).append([view.polls, ahead])
            scenes = overlays.look(show.id, set(links))
            sent.setdefault("overlay/<str:token>/socket", []).append([scenes[link] for link in links])
        return sent


def _body(answer: Any) -> bytes:
    body = b"".join(answer.streaming_content) if answer.streaming else bytes(answer.content)
    if not body.startswith(b"PK"):
        return body
    # A workbook: what is in it, without when it was made.
    with zipfile.ZipFile(io.BytesIO(body)) as book:
        return b"".join(book.read(name) for name in sorted(book.namelist()) if name != "docProps/core.xml")


class Box:
    """A poll, how far it went, and whether the voter has voted in it."""

    def __init__(
        self, show: making.Show, results: str, phase: str, *, voter: Actor | None = None, **terms: Any
    ) -> None:
        self.show, self.phase = show, phase
        rule = protocol.PollRule(quorum=(1, 10))
        known = {"kind": "approval", "eligible": 500, "rule": rule, "results": results}
        self.poll, self.options = making.make_poll(show, (), **known | terms)
        self.vote(3, 2)
        if voter is not None:
            audience.commit_one(voter, show.id, making.vote(self.poll, self.options[0], named=True))
        producer = making.staff_actor(show.producer)
        if phase != "open":
            commands.perform(producer, show.id, protocol.ClosePoll(id=making.command_id(), poll=self.poll))
            polls.freeze_due()
        if phase == "published":
            commands.perform(producer, show.id, protocol.PublishPoll(id=making.command_id(), poll=self.poll))
        if phase == "void":
            void = protocol.VoidPoll(id=making.command_id(), poll=self.poll, reason="选项写错了")
            commands.perform(producer, show.id, void)

    def vote(self, ayes: int, noes: int) -> None:
        chosen = [self.options[0]] * ayes + [self.options[1]] * noes
        batch = [(making.make_viewer(), self.show.id, making.vote(self.poll, one, named=True)) for one in chosen]
        outcomes = audience.commit_batch(batch)
        assert all(isinstance(each, audience.Answer) for each in outcomes), outcomes

    def come_out_otherwise(self) -> None:
        """More votes; where it is over: the result is another, as if others had voted."""
        if self.phase == "open":
            self.vote(2, 9)
            return
        result = Poll.objects.values_list("result", flat=True).get(pk=self.poll) or {}
        yes, no, none = (str(pk) for pk in self.options)
        other = {"total": 77, "votes": {yes: 60, no: 11, none: 6}, "base_count": 71, "eligible": 90, "casts": 99}
        other |= {
            "turnout": {"ballots": 77, "active": 99},
            "levels": [{"levels": [20], "votes": [60, 11, 6], "total": 77}],
            "on_behalf": 8,
            "entered": [{"source": "粤海工作站", "votes": [40, 5, 6], "total": 51, "counted": True}],
            "staff_levels": [{"levels": [20], "votes": [59, 12, 6], "total": 77}],
        }
        other |= {"verdict": result["verdict"] | {"outcome": "accepted", "votes": 60}}
        Poll.objects.filter(pk=self.poll).update(result=result | other)


def end_of(show: making.Show) -> None:
    """The replay's show is over; its polls ran before."""
    end = clock.now()
    Airing.objects.filter(pk=show.id).update(state="ended", actual_start=end, actual_end=end)
    Room.objects.filter(pk=show.id).update(is_open=False)


def boxes(outside: Outside, cases: list[tuple[str, str, bool]], **terms: Any) -> list[Box]:
    """Each case in the show on air, and, where it is over, in the one that is a replay too."""
    found = []
    for show in (outside.hall.live, outside.hall.replay):
        Airing.objects.filter(pk=show.id).update(state="on_air", actual_end=None)
        for results, phase, has_voted in cases:
            if phase == "open" and show is outside.hall.replay:
                continue
            found.append(Box(show, results, phase, voter=outside.voter if has_voted else None, **terms))
    end_of(outside.hall.replay)
    return found


HIDDEN = [
    ("never", "open", True),
    ("after_close", "open", True),
    ("after_publication", "open", True),
    ("after_vote", "open", False),
    ("never", "closed", True),
    ("after_publication", "closed", True),
    ("always", "void", True),
    ("after_publication", "void", True),
]
SHOWN = [
    ("always", "open", True),
    ("after_vote", "open", True),
    ("after_close", "closed", False),
    ("after_publication", "published", False),
]


@pytest.fixture
def outside() -> Outside:
    return Outside(make_hall(), [])


def changed(outside: Outside, found: list[Box]) -> dict[str, tuple[bytes, bytes]]:
    """Routes on which anything changed when the polls came out otherwise, with where."""
    outside.asked = [each.poll for each in found]
    with clock.frozen(clock.now()):
        before = outside.look()
        again = outside.look()
        unsteady = [first_difference(before[key], again[key]) for key in before if before[key] != again[key]]
        assert not unsteady, "say in _PASSING what is different each time"
        for each in found:
            each.come_out_otherwise()
        after = outside.look()
    return {key[1]: first_difference(before[key], after[key]) for key in before if before[key] != after[key]}


def test_no_surface_tells_anything_of_a_hidden_result(outside: Outside) -> None:
    found = boxes(outside, HIDDEN[::2], secrecy="secret") + boxes(outside, HIDDEN[1::2], secrecy="named")
    for hidden in found:
        if hidden.phase == "closed" and hidden.show is outside.hall.live:
            Box(hidden.show, "always", "closed", compares=hidden.poll)
    assert changed(outside, found) == {}


def test_every_surface_that_shows_a_result_is_on_the_list(outside: Outside) -> None:
    for show in (outside.hall.live, outside.hall.replay):
        show.programme.publishes_ballots = True
        show.programme.save(update_fields=["publishes_ballots"])
    found = boxes(outside, SHOWN, secrecy="named")
    seen = set(changed(outside, found))
    sockets = {str(each.pattern) for each in routing._routes.routes}
    assert set(outside.sockets()) == sockets, "a new socket: say what it sends"
    assert seen - sockets <= SHOWN_ON, "a new surface: put it on the list"
    assert {
        "programmes/<slug:slug>/<slug:key>/",
        "live/airings/<uuid:airing_id>/state",
        "live/airings/<uuid:airing_id>/mine",
        "overlay/<str:token>/state",
        "live/airings/<uuid:airing_id>/socket",
        "overlay/<str:token>/socket",
    } <= seen, "the eyes of this test are closed"
