"""The telephone system is told what the desk decided, once it stands; the desk does not wait for it, nor fail with it."""

from __future__ import annotations

from typing import Any

import pytest

from live import protocol, telephony
from live.models import Call
from tests.live import calling, making

S = Call.State


@pytest.fixture
def show() -> making.Show:
    return making.make_show()


class Exchange:
    """A telephone system that writes down what it was told."""

    heard: list[tuple[telephony.Event, str | None]] = []
    fails = False


def exchange(event: telephony.Event, number: str | None) -> None:
    Exchange.heard.append((event, number))
    if Exchange.fails:
        raise OSError("exchange is away")


@pytest.mark.django_db(transaction=True)
class TestTelephony:
    @pytest.fixture(autouse=True)
    def _exchange(self, settings: Any) -> None:
        settings.TELEPHONY = "tests.live.test_telephony.exchange"
        Exchange.heard, Exchange.fails = [], False

    def test_it_hears_what_is_committed_and_the_number_only_to_dial(self, show: making.Show) -> None:
        call = calling.air(show, calling.waits(show))
        calling.do(show, calling.host(show), protocol.EndCall, call=call.pk, version=call.version, to="dropped")
        calling.move(show, call, "callback")
        calling.move(show, call, "ringing")
        after = [(event.after, number) for event, number in Exchange.heard]
        assert after == [
            ("waiting", None),
            ("on_air", None),
            ("dropped", None),
            ("callback", None),
            ("ringing", "+8613900005678"),
        ]

    def test_the_desk_goes_on_when_it_fails(self, show: making.Show) -> None:
        Exchange.fails = True
        assert calling.air(show, calling.waits(show)).state == S.ON_AIR


@pytest.mark.parametrize("name", ["manual", "tests.live.test_telephony.exchange"])
def test_the_doctor_finds_the_adapter(settings: Any, name: str) -> None:
    settings.TELEPHONY = name
    [(found, _expected, mend)] = telephony.check()
    assert name in found
    assert not mend


@pytest.mark.parametrize(
    "name", ["no.such.exchange", "tests.live.test_telephony.pytestmark_of_none", "tests.live.calling.NUMBER"]
)
def test_the_doctor_says_that_the_adapter_is_not_there(settings: Any, name: str) -> None:
    settings.TELEPHONY = name
    [(_found, _expected, mend)] = telephony.check()
    assert mend == "correct YISHI_TELEPHONY"
