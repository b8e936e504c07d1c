"""`protocol`: writes the protocol's documents from its types; with --check it only says which have drifted."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from live import describing


class Command(BaseCommand):
    """Generate docs/protocol.md, docs/protocol.schema.json and the browser's types."""

    help = "Write the protocol's documents; --check fails when one has drifted."
    requires_system_checks: list[str] = []  # Django's way to say none

    def add_arguments(self, parser: CommandParser) -> None:
        """One flag."""
        parser.add_argument("--check", action="store_true", help="write nothing, fail on drift")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write or compare."""
        drifted = []
        for name, make in describing.FILES.items():
            path = settings.BASE_DIR / name
            text = make()
            if path.exists() and path.read_text(encoding="utf-8") == text:
                continue
            drifted.append(name)
            if not options["check"]:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
        if options["check"] and drifted:
            raise CommandError(f"drifted: {', '.join(drifted)}; run `python -m broadcast protocol` and commit")
        self.stdout.write("protocol: " + (", ".join(drifted) or "nothing to do"))
