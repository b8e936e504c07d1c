"""`bring-back`: fills recordings' folders on this disk from the stores; it decides nothing."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from archive.keeping import bringing
from broadcast.errors import BroadcastError


class Command(BaseCommand):
    """Ends with 1 when something is lost, cold or could not be asked for; the same again goes on."""

    help = "把丢失的录制从存储取回本机 · bring recordings that this disk lost back from the stores"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which airings."""
        parser.add_argument(
            "airings", nargs="*", type=UUID, help="场次 · airings; none: all whose folder is missing here"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Bring and report, one after another."""
        bad = 0
        for airing_id in options["airings"] or bringing.missing():
            try:
                done = bringing.bring(airing_id)
            except (BroadcastError, OSError) as error:
                bad += 1
                self.stderr.write(f"{airing_id} {getattr(error, 'code', 'disk')} {error}")
                continue
            problem = "lost" if done.lost else "cold" if done.cold else "ok"
            bad += problem != "ok"
            counts = f"came={done.came} names={done.names} there={done.there} lost={len(done.lost)} cold={done.cold}"
            self.stdout.write(f"{airing_id} {problem} {counts}")
            for name in done.lost:
                self.stderr.write(f"  lost {name}")
        if bad:
            raise CommandError("有录制没有完整取回 · not everything came back; started again it goes on")
