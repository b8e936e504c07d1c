"""`restore-bag`: takes episodes back from bags that `export` made; it decides nothing."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from archive.keeping import restoring
from broadcast.access import HOUSE
from broadcast.errors import BroadcastError


class Command(BaseCommand):
    """Ends with 1 when a bag was refused; what was taken in before it stays."""

    help = "从保存包恢复节目（不公开）· take episodes back from bags, unpublished: restore-bag DIR…"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which bags."""
        parser.add_argument("bags", nargs="+", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        """Take in and report, one after another."""
        bad = 0
        for folder in options["bags"]:
            try:
                episode = restoring.restore(HOUSE, folder)
            except BroadcastError as error:
                bad += 1
                self.stderr.write(f"{folder.name} {error.code} {error.message or error}")
            else:
                self.stdout.write(f"{folder.name} -> /staff/episodes/{episode.pk}/")
        if bad:
            raise CommandError(f"{bad} 个包没有收进来 · bags were refused")
