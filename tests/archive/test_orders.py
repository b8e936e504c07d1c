"""What the recorder is told: one airing that cannot be read never hides the cuts of another, nor its own."""

from __future__ import annotations

import pytest

from archive import cuts, orders, panel, services
from archive.models import IngestSecret
from broadcast import lifecycle
from broadcast.access import HOUSE, Actor
from broadcast.models import Airing

from .making import make_airing, make_staff

pytestmark = pytest.mark.django_db


def told(airing: Airing) -> orders.Wanted:
    return next(each for each in orders.wanted().wanted if each.airing_id == airing.pk)


def prepared(*, on_air: bool) -> Airing:
    airing = make_airing()
    services.ensure_recording(airing.pk)
    lifecycle.open_feed(HOUSE, airing.pk)
    if on_air:
        lifecycle.start(HOUSE, airing.pk)
    return airing


def test_a_secret_that_cannot_be_opened_hides_no_cut_of_another_airing() -> None:
    show, other = prepared(on_air=True), prepared(on_air=False)
    IngestSecret.objects.filter(airing=other).update(sealed=b"not sealed by us")
    cuts.cut_output(HOUSE, show.pk, "test")
    found = told(show)
    assert found.show is not None
    assert len(found.show.cuts) == 1
    assert told(other).passphrase is None, "it is told that it cannot listen, not left out"


def test_a_secret_that_cannot_be_opened_hides_no_cut_of_its_own_airing() -> None:
    airing = prepared(on_air=True)
    IngestSecret.objects.filter(airing=airing).update(sealed=b"not sealed by us")
    cuts.cut_output(HOUSE, airing.pk, "test")
    found = told(airing)
    assert found.show is not None
    assert len(found.show.cuts) == 1


def test_an_airing_that_cannot_be_read_at_all_is_named_and_the_others_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    show, other = prepared(on_air=True), prepared(on_air=True)
    read = orders.show_of

    def strange(airing: Airing, found: object) -> object:
        if airing.pk == other.pk:
            raise ValueError("a row nobody thought of")
        return read(airing, found)  # type: ignore[arg-type]

    monkeypatch.setattr(orders, "show_of", strange)
    answer = orders.wanted()
    assert [each.airing_id for each in answer.wanted] == [show.pk]
    assert answer.unread == {other.pk}


def test_the_control_room_opens_without_the_addresses_that_cannot_be_read() -> None:
    airing = prepared(on_air=True)
    producer = Actor(user_id=make_staff(airing.episode.programme).pk)
    assert panel.feed_panel(airing, producer)["addresses"]["stream_key"]
    IngestSecret.objects.filter(airing=airing).update(sealed=b"not sealed by us")
    assert "addresses" not in panel.feed_panel(airing, producer)
