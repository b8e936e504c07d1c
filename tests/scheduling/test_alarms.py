"""A show that did not go on air is told loudly, everywhere, until somebody has seen it."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.management import call_command

from broadcast import clock, lifecycle, registry
from broadcast.access import HOUSE, Actor
from broadcast.errors import NotAllowed, NotFound
from broadcast.models import Airing, AuditEntry, RoleGrant, User
from scheduling import doctor, panel
from scheduling.models import AiringPlan, Firing
from scheduling.queries import alarms
from scheduling.services import firing, ledger

from .making import NOON, airing, programme

pytestmark = pytest.mark.django_db


def at(minutes: float):
    return clock.frozen(NOON + dt.timedelta(minutes=minutes))


def staff(role: str, programme=None) -> Actor:
    user = User.objects.create_user(f"{role}-{User.objects.count()}")
    RoleGrant.objects.create(user=user, programme=programme, role=role, granted_at=NOON - dt.timedelta(days=2))
    return Actor(user_id=user.pk, name=role)


@pytest.fixture
def missed() -> Airing:
    """A show whose start came too late: every scheduler was down."""
    made = airing()
    AiringPlan.objects.create(airing=made, auto_start=True, auto_end=True)
    with at(6):
        firing.tick()
    return made


def test_a_missed_start_is_told_until_somebody_has_seen_it(missed):
    producer = staff("producer", missed.episode.programme)
    with at(7):
        (alarm,) = alarms.banner(producer)
        assert "热线第 1 期：开播没有完成" in alarm["text"]
        assert not alarms.is_well()
        assert doctor.check()[0][2], "the doctor says what to do"
        row = Firing.objects.get(action="start")
        ledger.seen(producer, row.pk)
        ledger.seen(producer, row.pk)
        assert alarms.banner(producer) == []
        assert alarms.is_well()
        assert doctor.check()[0][2] == ""
    assert AuditEntry.objects.filter(act="firing.seen").count() == 1


def test_it_is_told_to_those_who_run_that_programme(missed):
    with at(7):
        assert alarms.banner(staff("producer"))
        assert alarms.banner(staff("moderator")) == []
        stranger = staff("producer", programme("other"))
        assert alarms.banner(stranger) == []
        with pytest.raises(NotAllowed):
            ledger.seen(stranger, Firing.objects.get(action="start").pk)


def test_the_control_room_hears_it_and_can_say_seen(missed):
    with at(7):
        row = Firing.objects.get(action="start")
        told = panel.panel(missed, HOUSE)["alarms"]
        assert [(each["firing"], each["what"]) for each in told] == [(row.pk, "开播")]
        act = registry.staff_acts_on.get("firing.seen")
        with pytest.raises(NotFound):
            act(HOUSE, airing(number=5, port=None).pk, str(row.pk), "")
        act(HOUSE, missed.pk, str(row.pk), "")
        assert panel.panel(missed, HOUSE)["alarms"] == []


def test_no_tick_at_all_is_told_too():
    show = airing()
    AiringPlan.objects.create(airing=show, auto_start=True)
    with at(1):
        assert [each.why for each in alarms.standing()] == ["到点的事没有人做：定时进程（tick）没有运行。"] * 2
        firing.tick()
        assert alarms.standing() == []


def test_a_show_that_people_forget_to_begin_is_told_until_they_act():
    show = airing()
    with at(1):
        assert alarms.standing() == []
    with at(3):
        (alarm,) = alarms.standing()
        assert (alarm.what, alarm.firing_id) == ("开播", None)
        assert not alarms.is_well()
        lifecycle.start(HOUSE, show.pk)
        assert alarms.standing() == []


def test_what_is_still_tried_is_told_with_the_reason():
    other = airing(NOON - dt.timedelta(minutes=40), number=9)
    lifecycle.open_feed(HOUSE, other.pk)
    lifecycle.start(HOUSE, other.pk)
    show = airing()
    AiringPlan.objects.create(airing=show, auto_start=True)
    with at(-10):
        firing.tick()
        assert alarms.standing() == []
    with at(-9):
        (alarm,) = alarms.standing(airing=show)
        assert "还在重试" in alarm.why
        assert "请先结束那一场" in alarm.why


def test_rehearsals_and_drafts_of_people_alarm_nobody():
    airing(number=2, announced=False)
    airing(number=3, port=None, kind=Airing.Kind.REHEARSAL)
    with at(10):
        assert alarms.standing() == []


def test_it_stands_at_the_head_of_staff_pages_and_in_healthz(missed, client, capsys):
    client.force_login(User.objects.get(pk=staff("producer").user_id))
    with at(7):
        page = client.get("/staff/").content.decode()
        assert "热线第 1 期：开播没有完成" in page
        assert client.get("/healthz").json()["schedule"] is False
        call_command("schedule")
        assert "!! " in capsys.readouterr().out
        row = Firing.objects.get(action="start")
        assert client.post(f"/staff/schedule/firings/{row.pk}/seen").status_code == 302
        assert "开播没有完成" not in client.get("/staff/").content.decode()
        assert client.get("/healthz").json()["schedule"] is True
