"""`reindex`: reads all that may be found anew, into the tables of the search; it decides nothing about what is public."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from archive.search import indexing


class Command(BaseCommand):
    """Each episode in a transaction of its own; the search answers meanwhile. May be broken off and begun again."""

    help = "重建搜索 · read everything that may be found anew"

    def handle(self, *args: Any, **options: Any) -> None:
        """Work, and say how far."""
        episodes = rows = 0
        for _episode, made in indexing.index_all():
            episodes, rows = episodes + 1, rows + made
            if episodes % 100 == 0:
                self.stdout.write(f"{episodes} 期 · episodes, {rows} 条 · documents")
        self.stdout.write(f"完成 · done: {episodes} 期 · episodes, {rows} 条 · documents")
