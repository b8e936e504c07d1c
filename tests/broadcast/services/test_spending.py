"""What codes cost a day has a ceiling, and people hear of it before it is reached."""

from __future__ import annotations

import datetime as dt
import uuid
from zoneinfo import ZoneInfo

import pytest

from broadcast import clock, readiness, senders
from broadcast.access import Actor
from broadcast.errors import Unavailable
from broadcast.models import CodeDay, RoleGrant, User
from broadcast.services import codes, identity, spending

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 11, 20, 12, tzinfo=ZoneInfo("Asia/Shanghai"))


@pytest.fixture(autouse=True)
def _ceiling(settings):
    settings.DEMO = True
    settings.SMS_PRICE_FEN, settings.SMS_DAY_MOST, settings.SMS_DAY_YUAN = 5, 10, 0


def browser() -> Actor:
    return Actor(participant_id=uuid.uuid4(), address="192.0.2.1")


def send(number: int) -> str:
    return codes.send(browser(), f"138{number:08d}").code or ""


def admin() -> Actor:
    user = User.objects.create(username="admin1")
    RoleGrant.objects.create(user=user, role=RoleGrant.Role.SYSTEM_ADMINISTRATOR, granted_at=clock.now())
    return Actor(user_id=user.pk)


def test_strangers_numbers_leave_a_part_for_those_that_have_an_account():
    with clock.frozen(NOON):
        identity.verify_code(browser(), "13900000000", codes.send(browser(), "13900000000").code or "")
    with clock.frozen(NOON + dt.timedelta(minutes=2)):
        for number in range(7):
            send(number)
        with pytest.raises(Unavailable):
            send(8)
        codes.send(browser(), "13900000000")
    day = CodeDay.objects.get()
    assert (day.sent, day.fen, day.refused) == (9, 45, 1)


def test_nobody_gets_one_over_the_ceiling_and_the_next_day_begins_at_midnight_here(settings):
    settings.SMS_DAY_MOST = 1
    User.objects.create(username="known", phone_digest=codes.phone_digest("+8613900000000"))
    with clock.frozen(NOON):
        codes.send(browser(), "13900000000")
    with clock.frozen(NOON + dt.timedelta(hours=2)), pytest.raises(Unavailable):
        codes.send(browser(), "13900000000")
    with clock.frozen(NOON.replace(hour=0) + dt.timedelta(days=1)):
        codes.send(browser(), "13900000000")
    assert list(CodeDay.objects.order_by("day").values_list("sent", flat=True)) == [1, 1]


def test_money_is_a_ceiling_too_and_the_lower_one_holds(settings):
    settings.SMS_DAY_YUAN = 1
    assert spending.most() == 10
    settings.SMS_PRICE_FEN = 50
    assert spending.most() == 2
    settings.SMS_DAY_YUAN = settings.SMS_DAY_MOST = 0
    assert spending.most() is None


def test_what_the_sender_did_not_take_costs_nothing(monkeypatch):
    def away(_phone: str, _code: str) -> None:
        raise Unavailable("away")

    monkeypatch.setattr(senders, "send", away)
    with pytest.raises(Unavailable):
        send(1)
    day = CodeDay.objects.get()
    assert (day.sent, day.fen) == (0, 0)


def test_whoever_administers_hears_of_it_before_the_end():
    actor = admin()
    with clock.frozen(NOON):
        for number in range(7):
            send(number)
        assert spending.alarm(actor) == []
        send(7)
        assert "8" in spending.alarm(actor)[0]["text"]
        assert spending.alarm(Actor(user_id=User.objects.create(username="other").pk)) == []
        assert [found[2] for found in [readiness._code_day()]] != [""]
