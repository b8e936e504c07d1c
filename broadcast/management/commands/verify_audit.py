"""Walks the whole audit chain and names the entries that do not fit; it mends nothing."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from broadcast import audit_chain


class Command(BaseCommand):
    """`./yishi verify-audit`; exit code 1 when the chain is broken."""

    help = "核对审计链 · verify the audit chain"

    def add_arguments(self, parser: Any) -> None:
        """`--head` holds the chain against a head that was noted elsewhere."""
        parser.add_argument("--head", help="以前记下的链尾 · a head of the chain that was noted before")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Say how many entries were read and the head; raise CommandError when one was changed or is missing."""
        began = time.monotonic()
        walk = audit_chain.verify()
        seconds = max(time.monotonic() - began, 1e-6)
        if not walk.is_whole:
            shown = ", ".join(str(each) for each in walk.broken[:20])
            raise CommandError(
                f"审计链不完整：读了 {walk.count} 条，{walk.many_broken} 条不符（编号 {shown}）。"
                f"请与备份核对这些条目 · {walk.many_broken} of {walk.count} entries do not fit; compare them with a backup"
            )
        if options["head"]:
            self._hold(options["head"])
        self.stdout.write(f"审计链完整，共 {walk.count} 条 · the chain is whole, {walk.count} entries")
        self.stdout.write(f"其中 {walk.erased} 条的个人信息已删除 · personal halves erased: {walk.erased}")
        self.stdout.write(f"用时 {seconds:.1f} 秒，每秒 {walk.count / seconds:.0f} 条 · entries a second")
        self.stdout.write(f"链尾 · head of the chain {walk.digest}")

    def _hold(self, head: str) -> None:
        entry = audit_chain.holds(head)
        if entry is None:
            raise CommandError(
                "以前记下的链尾不在链里：链被重做过，或者记错了 · the noted head is not in the chain: made anew, or noted wrongly"
            )
        self.stdout.write(
            f"记下的链尾是第 {entry.pk} 条 · the noted head is entry {entry.pk}, {entry.at:%Y-%m-%d %H:%M:%S} UTC"
        )
