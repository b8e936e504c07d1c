"""`python -m broadcast drain`: web processes leave in order, one after the other; it only asks them by the bus and waits."""

from __future__ import annotations

import json
import socket
import time
from typing import Any

import redis
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from broadcast import clock
from live.bus import PROCESSES, VIEWERS_SECONDS, leave_key

RETURN_SECONDS = 20.0


class Command(BaseCommand):
    """Viewers are moved to other processes over some seconds; what was begun is finished; then the process ends."""

    help = (
        "Ask web processes to send their viewers elsewhere and end (under `up` or a service manager they come back anew). "
        "Without names: all of this machine, one after the other."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Which, and how fast."""
        parser.add_argument(
            "names", nargs="*", metavar="PROCESS", help="a pid of this machine, or a name as --list shows it"
        )
        parser.add_argument(
            "--seconds", type=float, default=float(settings.DRAIN_SECONDS), help="time for moving (%(default)s)"
        )
        parser.add_argument("--list", action="store_true", help="only show who is there")

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask and wait."""
        kind = redis.RedisCluster if settings.BUS_CLUSTER else redis.Redis
        self._bus: Any = kind.from_url(settings.BUS_URL, socket_timeout=3)
        found = self._present()
        if options["list"]:
            for name, facts in found.items():
                self.stdout.write(f"{name}  {facts['sockets']} sockets{'  leaving' if facts['leaving'] else ''}")
            return
        chosen = self._chosen(found, options["names"])
        for name in chosen:
            before = len(self._present())
            self._drain(name, options["seconds"])
            if name != chosen[-1]:
                self._wait_for_return(before)

    def _chosen(self, found: dict[str, Any], names: list[str]) -> list[str]:
        here = {name: facts for name, facts in found.items() if facts["host"] == socket.gethostname()}
        by_pid = {str(facts["pid"]): name for name, facts in here.items()}
        chosen = [by_pid.get(each, each) for each in names] if names else list(here)
        strangers = [each for each in chosen if each not in found]
        if strangers or not chosen:
            there = ", ".join(found) or "none"
            raise CommandError(
                f"没有这个进程 · no such web process: {', '.join(strangers) or '(any)'}; running: {there}"
            )
        return chosen

    def _drain(self, name: str, seconds: float) -> None:
        self.stdout.write(f"[·] {name}: 正在转移观众 · moving its viewers over {seconds:g} s")
        self._bus.set(leave_key(name), seconds, ex=int(seconds) + 60)
        deadline = time.monotonic() + seconds + 30
        while facts := self._present().get(name):
            if time.monotonic() > deadline:
                raise CommandError(
                    f"{name} 还在 · is still there after {seconds + 30:g} s, with {facts['sockets']} sockets"
                )
            self.stdout.write(f"    {facts['sockets']} sockets")
            time.sleep(1)
        self.stdout.write(f"[✓] {name}: 已退出 · gone")

    def _wait_for_return(self, before: int) -> None:
        """The next one only when a supervisor has brought this one back, where there is one."""
        deadline = time.monotonic() + RETURN_SECONDS
        while len(self._present()) < before and time.monotonic() < deadline:
            time.sleep(0.5)

    def _present(self) -> dict[str, Any]:
        oldest = clock.now().timestamp() - VIEWERS_SECONDS
        kept = self._bus.hgetall(PROCESSES)
        found = {name.decode(): json.loads(facts) for name, facts in kept.items()}
        for name in [name for name, facts in found.items() if facts["at"] < oldest - 60]:
            self._bus.hdel(PROCESSES, name)
        return {name: facts for name, facts in found.items() if facts["at"] >= oldest}
