"""Says that there is no account that may do everything, and what to use instead."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    """In the place of Django's own: a superuser has no right here."""

    help = "请用 account · use `account`"

    def add_arguments(self, parser: Any) -> None:
        """Whatever Django's own takes."""
        parser.add_argument("rest", nargs="*")

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Refuse."""
        raise CommandError(
            "三员分立，没有全能账号。请用：./yishi account 账号 --name 姓名 --role system_administrator，"
            "另两人用 security_administrator 和 auditor"
            " · no account may do everything; use: ./yishi account NAME --role system_administrator,"
            " and two more people: security_administrator, auditor"
        )
