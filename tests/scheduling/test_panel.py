"""The control room sees the plan and the ledger, and producers change the plan there."""

from __future__ import annotations

import datetime as dt

import pytest

from broadcast import clock, registry
from broadcast.access import HOUSE, Actor
from broadcast.errors import NotAllowed
from broadcast.models import AuditEntry
from scheduling import panel
from scheduling.services import firing

from .making import NOON, airing

pytestmark = pytest.mark.django_db


def test_without_a_plan_people_do_all():
    shown = panel.panel(airing(), HOUSE)
    off = {"auto_open": False, "auto_start": False, "auto_end": False}
    assert shown == {**off, "due": [], "alarms": [], "ledger": []}


def test_acts_of_the_control_room_change_the_plan():
    show = airing()
    start = registry.staff_acts.get("plan.auto_start")
    with pytest.raises(NotAllowed):
        start(Actor(), show.pk, "")
    assert start(HOUSE, show.pk, "准点") == {"auto_open": True, "auto_start": True, "auto_end": False}
    assert [each["action"] for each in panel.panel(show, HOUSE)["due"]] == ["open_feed", "start"]
    registry.staff_acts.get("plan.auto_end")(HOUSE, show.pk, "")
    assert [each["action"] for each in panel.panel(show, HOUSE)["due"]] == ["open_feed", "start", "end"]
    assert registry.staff_acts.get("plan.manual")(HOUSE, show.pk, "")["auto_start"] is False
    assert panel.panel(show, HOUSE)["due"] == []
    assert AuditEntry.objects.filter(act="airing.plan").count() == 3


def test_what_was_done_is_in_the_ledger():
    show = airing()
    registry.staff_acts.get("plan.auto_start")(HOUSE, show.pk, "")
    with clock.frozen(NOON - dt.timedelta(minutes=9)):
        firing.tick()
    shown = panel.panel(show, HOUSE)
    assert [each["action"] for each in shown["due"]] == ["start"]
    assert [(each["action"], each["outcome"]) for each in shown["ledger"]] == [("open_feed", "fired")]
