"""Rules in words and in a form's simple choices, for those shapes that people mean; it decides nothing about what fires."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

WEEKDAYS = (
    ("MO", gettext_lazy("周一")),
    ("TU", gettext_lazy("周二")),
    ("WE", gettext_lazy("周三")),
    ("TH", gettext_lazy("周四")),
    ("FR", gettext_lazy("周五")),
    ("SA", gettext_lazy("周六")),
    ("SU", gettext_lazy("周日")),
)
NTH = (
    ("1", gettext_lazy("第一个")),
    ("2", gettext_lazy("第二个")),
    ("3", gettext_lazy("第三个")),
    ("4", gettext_lazy("第四个")),
    ("-1", gettext_lazy("最后一个")),
)
_DAY = re.compile(r"^(-?\d)?(MO|TU|WE|TH|FR|SA|SU)$")


@dataclass(frozen=True)
class Simple:
    """A rule as the form offers it. `repeat` is weekly, monthly or other; of "other" only `rule` counts."""

    repeat: str = "weekly"
    every: int = 1
    weekdays: tuple[str, ...] = ()
    nth: str = "1"
    last: dt.date | None = None
    rule: str = ""

    def text(self) -> str:
        """The rule of RFC 5545."""
        if self.repeat == "other":
            return self.rule.strip().removeprefix("RRULE:")
        nth = self.nth if self.repeat == "monthly" else ""
        parts = ["FREQ=WEEKLY" if self.repeat == "weekly" else "FREQ=MONTHLY"]
        if self.every != 1:
            parts.append(f"INTERVAL={self.every}")
        if self.weekdays:
            parts.append("BYDAY=" + ",".join(nth + each for each in self.weekdays))
        if self.last is not None:
            parts.append(f"UNTIL={self.last:%Y%m%d}")
        return ";".join(parts)


def simple(rule: str) -> Simple:
    """The choices that make this rule; "other" for any that they do not."""
    parts = dict(each.split("=", 1) for each in rule.upper().split(";") if "=" in each)
    other = Simple(repeat="other", rule=rule)
    frequency = {"WEEKLY": "weekly", "MONTHLY": "monthly"}.get(parts.get("FREQ", ""))
    days = [_DAY.match(each) for each in parts.get("BYDAY", "").split(",") if each]
    nths = {each.group(1) or "" for each in days if each}
    if (
        frequency is None
        or not days
        or None in days
        or len(nths) != 1
        or set(parts) - {"FREQ", "INTERVAL", "BYDAY", "UNTIL"}
    ):
        return other
    nth = nths.pop()
    if (frequency == "weekly" and nth) or (frequency == "monthly" and nth not in dict(NTH)):
        return other
    try:
        last = dt.datetime.strptime(parts["UNTIL"][:8], "%Y%m%d").date() if "UNTIL" in parts else None  # noqa: DTZ007
        every = int(parts.get("INTERVAL", "1"))
    except ValueError:
        return other
    weekdays = tuple(each.group(2) for each in days if each)
    return Simple(frequency, every, weekdays, nth or "1", last)


def words(rule: str) -> str:
    """每周六; 每两周周六; 每月最后一个周五; any other rule as it is written."""
    found = simple(rule)
    if found.repeat == "other":
        return rule
    days = _("、").join(str(name) for code, name in WEEKDAYS if code in found.weekdays)
    if found.repeat == "weekly":
        text = (
            _("每%(days)s") % {"days": days}
            if found.every == 1
            else _("每 %(n)s 周的%(days)s") % {"n": found.every, "days": days}
        )
    else:
        which = {"nth": dict(NTH)[found.nth], "days": days, "n": found.every}
        text = _("每月%(nth)s%(days)s") % which if found.every == 1 else _("每 %(n)s 个月的%(nth)s%(days)s") % which
    return _("%(rule)s，到 %(day)s 为止") % {"rule": text, "day": f"{found.last:%Y-%m-%d}"} if found.last else text
