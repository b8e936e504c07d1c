"""Clocks of machines jump and disagree: the room goes on, under one composer."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from asgiref.sync import sync_to_async

from broadcast import clock
from live import commands
from live.models import ComposerLease
from live.services import leases
from tests.live import making
from tests.live.sockets import Server, viewer_socket

HOUR = dt.timedelta(hours=1)


@pytest.mark.django_db
def test_a_lease_that_nobody_renews_lapses_whatever_the_clocks_say() -> None:
    show = making.make_show()
    with clock.shifted(HOUR):
        first = leases.take(show.id, "ahead")
    assert first is not None
    said = leases.held(show.id)
    assert said is not None
    assert leases.take(show.id, "right") is None, "it may be alive"
    assert leases.take(show.id, "right", lapsed=said) == first + 1


@pytest.mark.django_db
def test_one_that_is_renewed_does_not_lapse() -> None:
    show = making.make_show()
    with clock.shifted(HOUR):
        epoch = leases.take(show.id, "ahead")
        assert epoch is not None
        said = leases.held(show.id)
        assert leases.renew(show.id, "ahead", epoch)
    assert leases.take(show.id, "right", lapsed=said) is None
    assert ComposerLease.objects.get().owner == "ahead"


@pytest.mark.django_db
def test_a_clock_that_goes_back_leaves_the_lease_with_its_holder() -> None:
    show = making.make_show()
    epoch = leases.take(show.id, "one")
    assert epoch is not None
    with clock.shifted(-HOUR):
        assert leases.renew(show.id, "one", epoch)
    with clock.shifted(-HOUR):
        assert leases.take(show.id, "two") is None
    # To a right clock it looks old: it is taken, under a new epoch, and the first hears of it.
    other = leases.take(show.id, "two")
    assert other == epoch + 1
    assert not leases.renew(show.id, "one", epoch)


@pytest.mark.django_db
def test_of_two_who_saw_it_lapse_one_takes_it() -> None:
    show = making.make_show()
    leases.take(show.id, "gone")
    said = leases.held(show.id)
    assert leases.take(show.id, "one", lapsed=said) is not None
    assert leases.take(show.id, "two", lapsed=said) is None


async def test_a_composer_with_a_wrong_clock_dies_and_another_takes_over(server: Server) -> None:
    show = await sync_to_async(making.make_show)(comments="post")
    async with viewer_socket(server, show) as browser:
        await browser.shows("airing", lambda _each: bool(browser.state and browser.state.epoch))
        # As if whoever composes had a clock that is an hour ahead, and died.
        with clock.shifted(HOUR):
            await sync_to_async(take_by_force)(show.id)
        viewer = await sync_to_async(making.make_viewer)()
        item = (await sync_to_async(commands.perform)(viewer, show.id, making.comment()))["item"]
        await browser.shows(f"comment:{item}", seconds=20)
        assert browser.gaps == 0


def take_by_force(airing_id: uuid.UUID) -> None:
    """Whatever its holder does meanwhile."""
    for _try in range(200):
        lease = ComposerLease.objects.get(pk=airing_id)
        if leases.take(airing_id, "an hour ahead", lapsed=lease.expires_at) is not None:
            return
    raise AssertionError("the lease could not be had")
