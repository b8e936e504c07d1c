"""`fixity`: reads kept objects again now, for some airings or all that are due, and says what came of it; it decides nothing."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from archive import fixity


class Command(BaseCommand):
    """Ends with 1 when something stays missing or damaged."""

    help = "重读存档并比对校验值，坏的用另一份修复 · read kept objects again, mend from the other copy"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which airings, how fast."""
        parser.add_argument("airings", nargs="*", type=UUID, help="场次 · airings; none: those that are due")
        parser.add_argument("--rate", type=int, default=fixity.RATE_BYTES >> 20, help="MB/s; 0: as fast as it goes")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read and report."""
        bad = False
        for airing_id in options["airings"] or fixity.due(1_000):
            tally = fixity.audit_airing(airing_id, rate=options["rate"] << 20)
            counts = " ".join(f"{outcome}={count}" for outcome, count in sorted(tally.counts.items()))
            self.stdout.write(f"{airing_id} {tally.problem or 'ok'} {counts}")
            bad = bad or bool(tally.problem) or bool(tally.counts.keys() & {"missing", "damaged"})
        if bad:
            raise CommandError("有对象缺失、损坏或未读完 · something is missing, damaged or was not read")
