"""What the house keeps of those who read private calendars, for the file that a person may have, and how it is forgotten."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from broadcast import clock, registry
from broadcast.personal import Forgotten, Held, Section, Whose
from scheduling.models import CalendarToken


def register() -> None:
    """Called once when the app is ready."""
    registry.personal_data.register("scheduling.calendars", sections)
    registry.personal_erase.register("scheduling.calendars", forget)


def sections(whose: Whose) -> list[Section]:
    """The person's calendars: when they were made, read last, and revoked. Their addresses are not kept here."""
    columns = (("made_at", _("生成于")), ("used_at", _("最近读取")), ("revoked_at", _("收回于")))
    rows = [
        {name: at.isoformat() if at else "" for name, at in _times(each).items()}
        for each in _of(whose).order_by("made_at")
    ]
    return [Section("calendars", _("私人日历地址"), columns, rows)]


def forget(whose: Whose, _held: Held) -> Forgotten:
    """Revoke them all, and forget when they were read. A hold keeps nothing here: they say nothing of what a person did."""
    found, mine = Forgotten(), _of(whose)
    mine.filter(revoked_at=None).update(revoked_at=clock.now())
    mine.update(used_at=None)
    found.add("calendars", mine.count())
    return found


def _times(token: CalendarToken) -> dict[str, dt.datetime | None]:
    return {"made_at": token.made_at, "used_at": token.used_at, "revoked_at": token.revoked_at}


def _of(whose: Whose) -> QuerySet[CalendarToken]:
    if whose.user is None:
        return CalendarToken.objects.none()
    return CalendarToken.objects.filter(Q(user=whose.user) | Q(person__user=whose.user))
