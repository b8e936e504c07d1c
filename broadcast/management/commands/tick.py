"""The heart-beat: once a second every registered reconcile, once an hour what must be forgotten; any number may run at once."""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Any, NoReturn

from django.core.management.base import BaseCommand
from django.db import close_old_connections, connection
from django.utils import translation

from broadcast import audit_chain, registry
from broadcast.house import alive
from broadcast.services import erasing, logins, retention, roles

logger = logging.getLogger(__name__)

BEAT_SECONDS = 1.0
HOUR_SECONDS = 3_600.0
ERASE_SECONDS = 5.0
GRANTS_SECONDS = 60.0
WALK_SECONDS = 60.0
LONGEST_PAUSE_SECONDS = 30.0
SLOW_SECONDS = 5.0


class _Stop(BaseException):
    """Raised by the signal handler wherever the process is; a transaction that was open rolls back."""


@dataclass
class Job:
    """One thing done again and again; after failures it pauses longer and longer, and alone."""

    name: str
    work: Callable[[], Any]
    every: float
    due: float = 0.0
    failures: int = 0

    def run(self, now: float) -> None:
        """Do the work when it is due. `now` is monotonic. A failure is logged and never raised."""
        if now < self.due:
            return
        self.due = now + self.every
        try:
            self.work()
        except Exception as error:
            self._failed(now, error)
        else:
            if self.failures:
                logger.info("works again job=%s failures=%d", self.name, self.failures)
            self.failures = 0
        took = time.monotonic() - now
        if took > SLOW_SECONDS:
            logger.warning("slow job=%s seconds=%.1f", self.name, took)

    def _failed(self, now: float, error: Exception) -> None:
        self.failures += 1
        pause = min(LONGEST_PAUSE_SECONDS, self.every * 2 ** min(self.failures - 1, 10))
        self.due = now + max(self.every, pause)
        # The trace once; an outage of an hour is not an hour of traces.
        logger.error("job failed job=%s failures=%d: %s", self.name, self.failures, error, exc_info=self.failures == 1)
        connection.close()


class Command(BaseCommand):
    """`python -m broadcast tick`."""

    help = "每秒一次：到点的事和各部分的自查 · once a second: what is due, and every part's own repair"

    def add_arguments(self, parser: Any) -> None:
        """`--once` for tests and cron."""
        parser.add_argument("--once", action="store_true", help="one beat, then stop")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Beat until INT or TERM, which end it at once."""
        # What the house writes into rows is written in the house's language.
        translation.activate("zh-hans")
        jobs = [Job(name, work, BEAT_SECONDS) for name, work in registry.reconcilers]
        jobs.append(Job("forget", retention.run, HOUR_SECONDS))
        jobs.append(Job("erase", erasing.carry_on, ERASE_SECONDS))
        jobs.append(Job("audit", audit_chain.keep_walking, WALK_SECONDS))
        jobs.append(Job("grants", roles.expire, GRANTS_SECONDS))
        jobs.append(Job("logins", logins.forget, HOUR_SECONDS))
        if options["once"]:
            beat(jobs)
            return
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, _stop)
        logger.info("tick begins jobs=%s", ",".join(job.name for job in jobs))
        try:
            while True:
                began = time.monotonic()
                beat(jobs)
                alive.beat("tick")
                time.sleep(max(0.05, BEAT_SECONDS - (time.monotonic() - began)))
        except _Stop:
            logger.info("tick ends")


def beat(jobs: list[Job]) -> None:
    """Every job that is due, one after another."""
    for job in jobs:
        job.run(time.monotonic())
    close_old_connections()


def _stop(_number: int, _frame: FrameType | None) -> NoReturn:
    raise _Stop
