"""Prints what the house will do by itself in the next hours, and why, or why it cannot; it does nothing of it."""

from __future__ import annotations

import re
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import translation

from scheduling.queries import alarms, dry_run

_MOST_HOURS = 24 * 366
_SIGNS = {dry_run.WILL: "+", dry_run.NEEDLESS: "·", dry_run.PEOPLE: "?", dry_run.CANNOT: "!"}


class Command(BaseCommand):
    """`python -m broadcast schedule --next 48h`."""

    help = "未来自动执行什么，为什么 · what the house will do by itself, and why"

    def add_arguments(self, parser: Any) -> None:
        """`--next` is a number with h or d."""
        parser.add_argument("--next", default="48h", help="多久 · how long: 48h, 7d")

    def handle(self, *_args: Any, **options: Any) -> None:
        """One line an act: + will, · not needed, ? for people, ! cannot."""
        translation.activate("zh-hans")
        hours = _hours(options["next"])
        zone = ZoneInfo(settings.TIME_ZONE)
        for alarm in alarms.standing():
            self.stdout.write(f"!! {alarm.at.astimezone(zone):%Y-%m-%d %H:%M:%S}  {alarm.text}")
        expected = dry_run.next_hours(hours)
        for each in expected:
            notes = " ".join(each.notes)
            show = alarms.label(each.airing)
            self.stdout.write(
                f"{_SIGNS[each.verdict]} {each.at.astimezone(zone):%Y-%m-%d %a %H:%M:%S}  {each.what}  {show}  {each.why} {notes}".rstrip()
            )
        will = sum(each.will for each in expected)
        self.stdout.write(f"未来 {hours} 小时自动执行 {will} 个动作 · {will} acts in the next {hours} hours")


def _hours(text: str) -> int:
    found = re.fullmatch(r"(\d{1,4})([hd])", text)
    hours = int(found[1]) * (24 if found[2] == "d" else 1) if found else 0
    if not 0 < hours <= _MOST_HOURS:
        raise CommandError("--next：例如 48h 或 7d，最多一年 · for instance 48h or 7d, at most a year")
    return hours
