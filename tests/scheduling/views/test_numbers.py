"""Numbers in addresses and hidden fields of staff's pages: one that is none, or that no table can hold, breaks nothing."""

from __future__ import annotations

import pytest
from django.test import Client

from broadcast.access import HOUSE
from broadcast.forms import number
from broadcast.models import RoleGrant, User
from scheduling.models import Studio
from scheduling.services import slots
from tests.scheduling import guests_making as making
from tests.scheduling.making import programme, slot_plan

pytestmark = pytest.mark.django_db
ODD = ("²", "٣", "9" * 5_000, "9" * 11, "-1", "1.0", "")


@pytest.fixture
def producer() -> Client:
    user = User.objects.create(username="zheng", display_name="编导郑")
    RoleGrant.objects.create(user=user, programme=None, role="producer", granted_at=making.soon(0))
    client = Client()
    client.force_login(user)
    return client


def test_only_what_is_written_as_a_number_is_one() -> None:
    assert [number(each) for each in ("0", "12", "007")] == [0, 12, 7]
    assert [number(each) for each in ("²", "٣", "9" * 5_000, "-1", "1.0", " 1", "", None)] == [None] * 8


@pytest.mark.parametrize("odd", ODD, ids=lambda each: each[:8] or "blank")
def test_no_page_breaks_on_what_is_no_number(producer: Client, odd: str) -> None:
    episode = making.episode(making.soon())
    who = making.person()
    slot = slots.create(HOUSE, programme().pk, slot_plan())
    for address in ("holidays/?year=", "calendar/?person=", "feeds/?person=", "notices/?page="):
        assert producer.get(f"/staff/{address}{odd}").status_code == 200, address
    for address, given in (
        ("notices/", {"notice": odd}),
        ("studios/", {"studio": odd or "²", "name": "二号演播室"}),
        (f"people/{who.pk}/act", {"act": "drop", "availability": odd}),
        (f"episodes/{episode.pk}/seats/act", {"act": "remove", "seat": odd}),
        (f"episodes/{episode.pk}/seats/act", {"act": "studio", "studio": odd or "²"}),
        ("feeds/", {"whose": "person", "person": odd, "programme": odd}),
        (f"programmes/hotline/slots/{slot.pk}/stop", {"version": odd}),
        ("calendar/", {"row": "1", "guests-TOTAL_FORMS": odd}),
        (f"episodes/{episode.pk}/edit", {"row": "segments:more", "segments-TOTAL_FORMS": odd}),
    ):
        assert producer.post(f"/staff/{address}", given).status_code < 500, (address, given)
    assert not Studio.objects.exists()
    slot.refresh_from_db()
    assert slot.is_active
