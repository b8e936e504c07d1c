"""`python -m broadcast erase-salts POLL`: forgets the salts of a poll that is over; the service decides."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from broadcast.access import HOUSE
from broadcast.errors import BroadcastError
from live.services import salts


class Command(BaseCommand):
    """Verifies the poll first, and asks for a reason, which is audited."""

    help = (
        "抹去一个已结束投票的盐：链和计票仍可核对，单张选票不再能对上人 · erase the salts of a poll that is over: chain and count "
        "can still be verified, a single ballot can no longer be matched to anybody"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Which poll, and why."""
        parser.add_argument("poll", type=int, help="投票编号 · the poll's id")
        parser.add_argument("--reason", required=True, help="原因，记入审计 · why; it is audited")

    def handle(self, *_args: Any, poll: int, reason: str, **_options: Any) -> None:
        """Erase, and say how many."""
        try:
            found = salts.erase(HOUSE, poll, reason)
        except BroadcastError as error:
            raise CommandError("\n  ".join([error.message, *error.data.get("wrong", ())])) from error
        self.stdout.write(f"已抹去 {found.casts} 次投票的盐 · salts of {found.casts} casts erased")
        if found.held:
            self.stdout.write(f"依法保留 {found.held} 次 · {found.held} kept by a legal hold")
