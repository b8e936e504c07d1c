"""The programs' interface and plain forms: whoever posts has one allowance for both, as on a socket, and nobody else's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import SimpleNamespace

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient, Client

from broadcast.identity import COOKIE
from live import allowance, process
from live.limits import Limits, burst_of
from tests.live import making

LIMITS = Limits()
PER_SECOND = LIMITS.commands_person
BURST = PER_SECOND * burst_of("commands_person")


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Buckets fill when the test says so, however slow the machine is."""
    stopped = SimpleNamespace(now=1_000.0)
    monkeypatch.setattr(allowance, "time", SimpleNamespace(monotonic=lambda: stopped.now))
    monkeypatch.setattr(allowance, "sent", allowance.Allowance(LIMITS, "commands", "bytes"))
    return stopped


@pytest.fixture
async def live(transactional_db: None, tidy: None) -> AsyncIterator[None]:
    yield
    await process.shut_down()


async def post(show: making.Show, viewer: making.Actor | None) -> dict[str, object]:
    """Post a like as JSON, from a browser that brings that identity or none."""
    browser = AsyncClient()
    if viewer is not None:
        browser.cookies[COOKIE] = making.cookie(viewer)
    like = {"type": "like.add", "id": making.command_id(), "count": 1}
    answer = await browser.post(f"/live/airings/{show.id}/commands", like, content_type="application/json")
    return {"status": answer.status_code, **answer.json()}


def like(show: making.Show, viewer: making.Actor | None, address: str = "127.0.0.1") -> int:
    """Like by the page's form."""
    browser = Client(REMOTE_ADDR=address)
    if viewer is not None:
        browser.cookies[COOKIE] = making.cookie(viewer)
    place = f"/programmes/{show.programme.slug}/{show.episode.key}/act"
    return browser.post(place, {"act": "like", "id": making.command_id()}).status_code


async def test_posted_commands_have_an_allowance_for_each_sender(live: None, clock: SimpleNamespace) -> None:
    show = await sync_to_async(making.make_show)()
    eager, other = [await sync_to_async(making.make_viewer)() for _each in range(2)]
    assert [(await post(show, eager))["status"] for _each in range(int(BURST))] == [200] * int(BURST)
    refused = await post(show, eager)
    assert (refused["status"], refused["code"]) == (429, "too_many")
    assert refused["data"]["retry_after_seconds"] >= 1  # type: ignore[index]
    assert (await post(show, other))["status"] == 200, "another's allowance is their own"
    clock.now += 1
    assert [(await post(show, eager))["status"] for _each in range(int(PER_SECOND) + 1)] == [200] * int(PER_SECOND) + [
        429
    ]


@pytest.mark.django_db(transaction=True)
def test_forms_have_an_allowance_for_each_sender(clock: SimpleNamespace) -> None:
    show = making.make_show()
    eager, other = making.make_viewer(), making.make_viewer()
    assert [like(show, eager) for _each in range(int(BURST))] == [303] * int(BURST)
    assert like(show, eager) == 429
    assert like(show, other) == 303
    clock.now += 1 / PER_SECOND
    assert [like(show, eager) for _each in range(2)] == [303, 429]


async def test_forms_and_posted_commands_share_it(live: None) -> None:
    show = await sync_to_async(making.make_show)()
    eager = await sync_to_async(making.make_viewer)()
    for _each in range(int(BURST) // 2):
        assert await sync_to_async(like)(show, eager) == 303
        assert (await post(show, eager))["status"] == 200
    assert await sync_to_async(like)(show, eager) == 429
    assert (await post(show, eager))["status"] == 429


async def test_strangers_of_one_address_have_one_between_them(live: None) -> None:
    """Each request of a browser that keeps no cookie comes with a new identity: counted by it, it would never be too fast."""
    show = await sync_to_async(making.make_show)()
    known = await sync_to_async(making.make_viewer)()
    for _each in range(int(BURST) // 2):
        assert (await post(show, None))["status"] == 200
        assert await sync_to_async(like)(show, None) == 303
    assert (await post(show, None))["status"] == 429
    assert await sync_to_async(like)(show, None) == 429
    assert await sync_to_async(like)(show, None, "192.0.2.10") == 303
    assert await sync_to_async(like)(show, known) == 303, "who is known does not pay for strangers"
