"""Walks the whole audit chain and names the entries that do not fit; it mends nothing."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from broadcast import audit


class Command(BaseCommand):
    """`python -m broadcast audit_verify`; exit code 1 when the chain is broken."""

    help = "核对审计链 · verify the audit chain"

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Say how many entries were read; raise CommandError when one was changed or is missing."""
        count, broken = audit.verify()
        if broken:
            shown = ", ".join(str(each) for each in broken[:20])
            raise CommandError(
                f"审计链不完整：读了 {count} 条，{len(broken)} 条不符（编号 {shown}）。"
                f"请与备份核对这些条目 · {len(broken)} of {count} entries do not fit; compare them with a backup"
            )
        self.stdout.write(f"审计链完整，共 {count} 条 · the chain is whole, {count} entries")
