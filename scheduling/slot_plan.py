"""A slot as its maker fills it in, as plain data, and what of it can be said to be wrong without looking at others."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass
from typing import Any

from django.utils.translation import gettext as _

from broadcast.errors import InvalidInput
from scheduling import recurrence
from scheduling.foreseen import Verdict
from scheduling.recurrence import Rule

LONGEST_MINUTES = 24 * 60
MOST_WEEKS = 52
MOST_MOVE_DAYS = 14
MOST_DATES = 60
EARLIEST = dt.date(2000, 1, 1)
# A change of these moves occurrences; of the others it does not.
TIMES = ("first_date", "local_time", "zone", "rule", "minutes", "dates")


@dataclass(frozen=True)
class SlotPlan:
    """All of a slot. `dates` are starts beyond the rule, aware; `feed`, `studio`, `template` are keys."""

    first_date: dt.date
    local_time: dt.time
    rule: str
    minutes: int
    zone: str = "Asia/Shanghai"
    name: str = ""
    feed: int | None = None
    studio: int | None = None
    template: int | None = None
    on_holiday: str = Verdict.AIR
    on_workday: str = Verdict.AIR
    move_days: int = 1
    auto_announce: bool = False
    auto_start: bool = False
    auto_end: bool = False
    auto_publish: bool = False
    auto_remind: bool = False
    announce_hours_before: int = 72
    weeks_ahead: int = 12
    dates: tuple[dt.datetime, ...] = ()

    def columns(self) -> dict[str, Any]:
        """What goes into the row, by column; `dates` are rows of their own."""
        found = asdict(self)
        found.pop("dates")
        return {
            f"{name}_id" if name in {"feed", "studio", "template"} else name: value for name, value in found.items()
        }

    def as_rule(self) -> Rule:
        """The rule alone."""
        return Rule(self.first_date, self.local_time, self.zone, self.rule, self.minutes, extra=self.dates)


def check(plan: SlotPlan) -> None:
    """Raise InvalidInput (data: field) for what no slot can be: never firing, in no zone, without length, too much."""
    _check_numbers(plan)
    rule = plan.as_rule()
    try:
        zone = recurrence.zone_of(rule)
    except recurrence.BadRule as error:
        raise InvalidInput(
            _("没有“%(zone)s”这个时区，例如：Asia/Shanghai。") % {"zone": plan.zone[:40]}, field="zone"
        ) from error
    try:
        fires = recurrence.fires(rule)
    except recurrence.BadRule as error:
        raise InvalidInput(_("这条规则读不懂：%(why)s") % {"why": error}, field="rule") from error
    if not fires and not plan.dates:
        raise InvalidInput(_("这条规则永远没有一天，例如 2 月 30 日。请改规则。"), field="rule")
    if any(each.astimezone(zone).date() < EARLIEST for each in plan.dates) or len(plan.dates) > MOST_DATES:
        raise InvalidInput(_("加播最多写 %(most)s 次，从 2000 年起。") % {"most": MOST_DATES}, field="dates")


def _check_numbers(plan: SlotPlan) -> None:
    if not 1 <= plan.minutes <= LONGEST_MINUTES:
        raise InvalidInput(_("结束要晚于开始：时长在 1 分钟到 24 小时之间。"), field="minutes")
    if plan.first_date < EARLIEST:
        raise InvalidInput(_("规则从 2000 年以后的一天算起。"), field="first_date")
    if len(plan.rule) > 200:
        raise InvalidInput(_("规则最多 200 个字符。"), field="rule")
    if not 1 <= plan.weeks_ahead <= MOST_WEEKS:
        raise InvalidInput(_("提前 1 到 %(most)s 周。") % {"most": MOST_WEEKS}, field="weeks_ahead")
    if plan.move_days == 0 or abs(plan.move_days) > MOST_MOVE_DAYS:
        raise InvalidInput(_("改期移 1 到 %(most)s 天，往前写负数。") % {"most": MOST_MOVE_DAYS}, field="move_days")
    if not 0 <= plan.announce_hours_before <= 90 * 24:
        raise InvalidInput(_("提前 0 到 2160 小时发布预告。"), field="announce_hours_before")
    for field in ("on_holiday", "on_workday"):
        if getattr(plan, field) not in set(Verdict):
            raise InvalidInput(_("请选择遇到这种日子怎么办。"), field=field)
