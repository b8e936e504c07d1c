"""`export`: puts episodes into bags that other archives read without us; it decides nothing."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import QuerySet

from archive.keeping import exporting
from broadcast.access import HOUSE
from broadcast.models import Episode


class Command(BaseCommand):
    """Ends with 1 when a bag could not be made, or something rotten was found on the way."""

    help = "把节目导出成 BagIt 保存包 · put episodes into BagIt bags: export EPISODE|--all DIR"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which episodes, where to, with what."""
        parser.add_argument(
            "words", nargs="+", metavar="EPISODE… DIR", help="programme/number or the number of its page"
        )
        parser.add_argument("--all", action="store_true", help="全部 · every episode")
        parser.add_argument("--sealed", action="store_true", help="连不公开的部分 · with what is not public")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make and report, one after another; running it again goes on where it ended."""
        *names, where = options["words"]
        if options["all"] == bool(names):
            raise CommandError("export EPISODE… DIR  or  export --all DIR")
        folder = Path(where).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        bad = 0
        for episode in _all() if options["all"] else [_find(each) for each in names]:
            made = exporting.export(HOUSE, episode, folder, sealed=options["sealed"])
            self.stdout.write(f"{made.name} {made.outcome} {made.problem}".rstrip())
            for each in made.rotten:
                self.stdout.write(f"  {each}")
            bad += made.outcome == "failed" or bool(made.rotten)
        if bad:
            raise CommandError(f"{bad} 期没有导出或有损坏 · bags were not made, or something is rotten")


def _all() -> QuerySet[Episode]:
    return Episode.objects.select_related("programme").order_by("pk")


def _find(name: str) -> Episode:
    slug, _, key = name.rpartition("/")
    found = (
        _all().filter(programme__slug=slug)
        if slug
        else _all().filter(pk=int(key))
        if key.isdecimal()
        else _all().none()
    )
    if slug:
        found = found.filter(number=int(key)) if key.isdecimal() and len(key) < 10 else found.filter(slug=key)
    episode = found.first()
    if episode is None:
        raise CommandError(f"没有这一期 · no such episode: {name}")
    return episode
