"""The heart-beat survives what fails, and stops at once."""

from __future__ import annotations

import datetime as dt
import signal
import time

import pytest
from django.core.management import call_command
from django.db import connection

from broadcast import clock
from broadcast.management.commands.tick import LONGEST_PAUSE_SECONDS, Job, beat
from broadcast.models import Airing, AuditEntry, Episode, EvidenceRecord, OneTimeCode, Programme
from scheduling.models import AiringPlan, Firing
from tests.ticks import start_tick


def test_a_failing_job_pauses_longer_and_alone():
    ran: dict[str, list[float]] = {"bad": [], "good": []}

    def bad() -> None:
        ran["bad"].append(now)
        raise RuntimeError("broken")

    jobs = [Job("bad", bad, 1.0), Job("good", lambda: ran["good"].append(now), 1.0)]
    for second in range(100):
        now = float(second)
        for job in jobs:
            job.run(now)
    gaps = [later - earlier for earlier, later in zip(ran["bad"], ran["bad"][1:], strict=False)]
    assert len(ran["good"]) == 100
    assert gaps[:4] == [1, 2, 4, 8]
    assert max(gaps) <= LONGEST_PAUSE_SECONDS


def test_a_job_that_works_again_is_prompt(caplog):
    job = Job("once", lambda: 1 / 0, 1.0)
    job.run(0.0)
    job.run(1.0)
    job.work = lambda: None
    with caplog.at_level("INFO"):
        job.run(3.0)
    assert job.failures == 0
    assert "works again" in caplog.text
    assert job.due == 4.0


@pytest.mark.django_db(transaction=True)
def test_what_is_kept_for_a_time_is_forgotten():
    now = clock.now()
    values = {
        "at": now,
        "kind": "x",
        "ref": "x",
        "participant_id": "00000000-0000-0000-0000-000000000001",
        "sealed": b"",
    }
    EvidenceRecord.objects.create(**values, expires_at=now - dt.timedelta(seconds=1))
    EvidenceRecord.objects.create(**values, expires_at=now + dt.timedelta(days=1))
    OneTimeCode.objects.create(phone_digest="x", code_digest="x", sent_at=now - dt.timedelta(days=2), expires_at=now)
    call_command("tick", once=True)
    assert EvidenceRecord.objects.count() == 1
    assert not OneTimeCode.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_lost_database_connection_is_found_again():
    seen = []

    def ask() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            seen.append(cursor.fetchone()[0])

    job = Job("ask", ask, 0.0)
    beat([job])
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [seen[0]])
    finally:
        other.close()
    for _ in range(50):
        beat([job])
        if len(seen) > 1:
            break
        time.sleep(0.05)
    assert seen[1] != seen[0]


def wait_for(condition, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def due_airing(number: int) -> Airing:
    programme, _new = Programme.objects.get_or_create(
        slug="p", defaults={"name_zh": "节目", "name_en": "P", "kind": "video"}
    )
    now = clock.now()
    episode = Episode.objects.create(programme=programme, number=number, title="一期", created_at=now)
    airing = Airing.objects.create(
        episode=episode, planned_start=now, planned_end=now + dt.timedelta(hours=1), announced_at=now, created_at=now
    )
    AiringPlan.objects.create(airing=airing, auto_start=True)
    return airing


@pytest.mark.django_db(transaction=True)
def test_processes_that_are_killed_and_many_at_once_start_each_show_once():
    shows = [due_airing(number) for number in range(1, 4)]
    ticks = [start_tick(), start_tick()]
    try:
        wait_for(lambda: Firing.objects.filter(outcome="fired").exists())
        ticks[0].kill()
        shows.append(due_airing(9))
        wait_for(lambda: Firing.objects.filter(outcome="fired").count() == 4)
        ticks[1].send_signal(signal.SIGTERM)
        assert ticks[1].wait(timeout=60) == 0
    finally:
        for process in ticks:
            process.kill()
            process.wait()
    assert set(Airing.objects.values_list("state", flat=True)) == {Airing.State.ON_AIR}
    assert AuditEntry.objects.filter(act="airing.start").count() == len(shows)
