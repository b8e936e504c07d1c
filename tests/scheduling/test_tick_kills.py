"""`kill -9` of `python -m broadcast tick`, ten times, while shows fall due every second: each act is done once."""

from __future__ import annotations

import datetime as dt
import random
import signal
import subprocess
import time
from collections import Counter

import pytest

from broadcast import clock, lifecycle
from broadcast.access import HOUSE
from broadcast.models import Airing, AuditEntry
from scheduling.models import AiringPlan, Firing
from tests.ticks import start_tick

from .making import airing

KILLS = 10
SHOWS = 30


def claiming(ticks: list[subprocess.Popen[bytes]], chance: random.Random) -> int:
    """The process that stands between its claim and its act; any, where none is caught so for some seconds."""
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline:
        for node in Firing.objects.filter(outcome="claimed").values_list("node", flat=True):
            for number, each in enumerate(ticks):
                if node.endswith(f":{each.pid}"):
                    return number
    return chance.randrange(2)


@pytest.mark.long
@pytest.mark.timeout(550)
@pytest.mark.django_db(transaction=True)
def test_ten_kills_repeat_and_lose_nothing() -> None:
    chance = random.Random(20261122)
    begins = clock.now() + dt.timedelta(seconds=15)
    for number in range(SHOWS):
        due = begins + dt.timedelta(seconds=number)
        # One that is to begin then, and one on air that is to end then: neither is too late for a slow machine.
        to_begin = airing(due, number=2 * number + 1, port=9000 + number)
        AiringPlan.objects.create(airing=to_begin, open_minutes_before=0, auto_start=True)
        to_end = airing(due - dt.timedelta(minutes=30), number=2 * number + 2, port=9500 + number)
        lifecycle.start(HOUSE, to_end.pk)
        AiringPlan.objects.create(airing=to_end, auto_open=False, auto_end=True, auto_publish=True)
    ticks = [start_tick(), start_tick()]
    try:
        time.sleep(15)
        for _kill in range(KILLS):
            time.sleep(chance.uniform(0.5, 3.0))
            victim = claiming(ticks, chance)
            ticks[victim].send_signal(signal.SIGKILL)
            ticks[victim].wait()
            ticks[victim] = start_tick()
        deadline = time.monotonic() + 300
        done = Firing.objects.filter(outcome__in=["fired", "skipped"])
        while done.count() < 4 * SHOWS and time.monotonic() < deadline:
            time.sleep(0.5)
    finally:
        for each in ticks:
            each.kill()
            each.wait()
    outcomes = Counter(Firing.objects.values_list("action", "outcome"))
    # A show whose start was quicker than the claim of one that died needs its feed opened no more.
    needless = outcomes.pop(("open_feed", "skipped"), 0)
    assert outcomes == {
        ("open_feed", "fired"): SHOWS - needless,
        ("start", "fired"): SHOWS,
        ("end", "fired"): SHOWS,
        ("publish", "fired"): SHOWS,
    }
    acts = {"airing.open": SHOWS - needless, "airing.start": 2 * SHOWS, "airing.end": SHOWS, "episode.sign_off": SHOWS}
    for act, count in acts.items():
        assert AuditEntry.objects.filter(act=act).count() == count, act
    assert Counter(Airing.objects.values_list("state", flat=True)) == {"on_air": SHOWS, "ended": SHOWS}
    taken_up = Firing.objects.filter(attempt__gt=1).count()
    assert taken_up, "no kill came between a claim and its act"
    print(f"{KILLS} kills, {sum(outcomes.values())} acts, {taken_up} taken up after a death, {needless} needless")
