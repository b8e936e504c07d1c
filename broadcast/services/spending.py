"""What one-time codes cost the house a day, the ceiling it set itself, and the alarm before it; whom a code reaches is not its business."""

from __future__ import annotations

import datetime as dt
import logging
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.db.models import F
from django.urls import reverse
from django.utils.translation import gettext as _

from broadcast import clock
from broadcast.access import Ability, Actor
from broadcast.models import CodeDay

logger = logging.getLogger(__name__)

# What is kept, out of a hundred, for numbers that have an account: a flood of strangers' numbers must not lock these out.
RESERVED = 20
# From how much of the ceiling, out of a hundred, people are told.
ALARM = 80
# The row is made by whoever comes first on a day, and locked: the ceiling is exact however many send at once.
_TODAY = """
INSERT INTO broadcast_codeday (day, sent, fen, refused) VALUES (%s, 0, 0, 0)
ON CONFLICT (day) DO UPDATE SET sent = broadcast_codeday.sent RETURNING sent
"""


def most() -> int | None:
    """How many codes may be sent a day: the number that was set, or what the money pays for, whichever is less; None: no ceiling."""
    found = [settings.SMS_DAY_MOST] if settings.SMS_DAY_MOST else []
    if settings.SMS_DAY_YUAN and settings.SMS_PRICE_FEN:
        found.append(settings.SMS_DAY_YUAN * 100 // settings.SMS_PRICE_FEN)
    return min(found) if found else None


def charge(*, is_known: bool) -> bool:
    """Count one more code of today; False, and counted as refused, where the house pays for no more. Call inside the transaction
    that makes the code; holds the day's row until it ends. `is_known`: the number has an account."""
    day, ceiling = today(), most()
    with connection.cursor() as cursor:
        cursor.execute(_TODAY, [day])
        sent = int(cursor.fetchone()[0])
    free = ceiling if is_known or ceiling is None else ceiling * (100 - RESERVED) // 100
    if free is not None and sent >= free:
        CodeDay.objects.filter(pk=day).update(refused=F("refused") + 1)
        logger.error("no code sent: the ceiling of the day is reached day=%s sent=%d most=%s", day, sent, ceiling)
        return False
    CodeDay.objects.filter(pk=day).update(sent=F("sent") + 1, fen=F("fen") + settings.SMS_PRICE_FEN)
    if ceiling is not None and sent + 1 == max(1, ceiling * ALARM // 100):
        logger.error("codes of the day come near the ceiling day=%s sent=%d most=%d", day, sent + 1, ceiling)
    return True


def refund() -> None:
    """The sender did not take the one that was counted just now."""
    CodeDay.objects.filter(pk=today(), sent__gt=0).update(sent=F("sent") - 1, fen=F("fen") - settings.SMS_PRICE_FEN)


def today() -> dt.date:
    """The day of the house's own zone."""
    return clock.now().astimezone(ZoneInfo(settings.TIME_ZONE)).date()


def is_alarming(row: CodeDay | None) -> bool:
    """Whether people should look: near the ceiling, or over it."""
    ceiling = most()
    return row is not None and ceiling is not None and (row.refused > 0 or row.sent >= max(1, ceiling * ALARM // 100))


def alarm(actor: Actor) -> list[dict[str, str]]:
    """For the head of the system administrator's pages: that codes run out, or ran out, today."""
    if Ability.ADMINISTER not in actor.grants.get(None, ()):
        return []
    row = CodeDay.objects.filter(pk=today()).first()
    if row is None or not is_alarming(row):
        return []
    words = {"sent": row.sent, "most": most(), "refused": row.refused, "yuan": f"{row.fen / 100:.2f}"}
    text = _("短信验证码：今天已发 %(sent)s 条（约 %(yuan)s 元），上限 %(most)s 条，拒发 %(refused)s 次。") % words
    return [{"text": text, "url": reverse("staff:accounts")}]
