"""`python -m broadcast pull-feed`: says from where a feed is fetched; the address comes by standard input, never as an argument."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from archive import pull
from broadcast.access import HOUSE
from broadcast.errors import BroadcastError
from broadcast.models import Feed


class Command(BaseCommand):
    """Set or clear where a feed is fetched from."""

    help = (
        "Fetch a feed from the address on standard input (srt, rtmp, rtmps, http, https; its host must be in "
        "YISHI_PULL_ALLOW). An empty line: wait for encoders again. The address is kept sealed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """The feed by name."""
        parser.add_argument("feed", help="name of the feed")

    def handle(self, *args: Any, **options: Any) -> None:
        """Set it."""
        feed = Feed.objects.filter(name=options["feed"]).first()
        if feed is None:
            raise CommandError(f"there is no feed named {options['feed']}", returncode=3)
        if sys.stdin.isatty():
            self.stderr.write("address: ", ending="")
        try:
            source = pull.set_source(HOUSE, feed.pk, sys.stdin.readline())
        except BroadcastError as error:
            raise CommandError(error.message, returncode=3) from error
        self.stdout.write(f"{feed.name}: {source.shown_url if source else 'waits for encoders'}")
