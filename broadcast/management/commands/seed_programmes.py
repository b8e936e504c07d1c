"""Fills in the mission's programmes as rows; it changes none that is there."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from broadcast.models import Programme
from broadcast.services import demo
from broadcast.services.seeding import seed_programmes


class Command(BaseCommand):
    """`python -m broadcast seed_programmes`."""

    help = "补上缺少的节目 · add the programmes that are missing"

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Add and say how many. Where this is no demo, accounts that a demo left behind are closed."""
        closed = demo.close_accounts()
        if closed:
            self.stdout.write(f"已停用 {closed} 个演示账号 · {closed} demo accounts closed")
        made = seed_programmes()
        total = Programme.objects.count()
        self.stdout.write(f"节目 {total} 个，新增 {len(made)} 个 · {total} programmes, {len(made)} new")
