"""Makes or takes up the demo and prints its accounts; refuses where YISHI_DEMO is off."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import translation

from broadcast.errors import BroadcastError
from broadcast.services import demo


class Command(BaseCommand):
    """`python -m broadcast seed_demo`."""

    help = "演示：账号和正在直播的一场 · the demo: accounts and a show on air"

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Make what is missing, then print the accounts."""
        with translation.override("zh-hans"):
            try:
                made = demo.ensure()
            except BroadcastError as refusal:
                raise CommandError(str(refusal)) from refusal
            episode = made.airing.episode
            word = "已开播 · on air" if made.is_new else "继续直播 · still on air"
            self.stdout.write(f"演示节目 · demo show: {episode} ({word})")
            self.stdout.write(f"  /programmes/{episode.programme.slug}/{episode.key}/")
            self.stdout.write("演示账号 · demo accounts (/account/login):")
            for name, password in made.passwords.items():
                self.stdout.write(f"  {name:<12} {password}")
