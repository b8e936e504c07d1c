"""One-time codes: sends them within limits and checks them; it must not know what a verified phone is good for."""

from __future__ import annotations

import datetime as dt
import re
import secrets
import unicodedata
from dataclasses import dataclass

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from broadcast import clock, senders
from broadcast.access import Actor
from broadcast.errors import BroadcastError, InvalidInput, TooMany, Unavailable
from broadcast.models import OneTimeCode, User
from broadcast.sealing import digest
from broadcast.services import spending, tries

CODE_SECONDS = 300
# Of one code: by the address that asked for it, and by all others together.
MAX_WRONG_TRIES = 5
# Of one address within the window of `tries`, whatever the phone; behind a mobile carrier it is shared by thousands.
MOST_WRONG_PER_ADDRESS = 100
# (seconds, how many at most). An address is shared by thousands behind a mobile carrier, so it may do more than one phone.
LIMITS_PER_PHONE = ((60, 1), (3_600, 5), (86_400, 10))
LIMITS_PER_ADDRESS = ((60, 30), (3_600, 300), (86_400, 1_500))
# As long as the longest limit looks back.
KEPT = dt.timedelta(seconds=max(seconds for seconds, _most in LIMITS_PER_PHONE + LIMITS_PER_ADDRESS))
_MOBILE = re.compile(r"1[3-9]\d{9}")


@dataclass(frozen=True)
class Sent:
    """What the page needs next. `code` is there in the demo alone."""

    phone: str
    valid_seconds: int
    again_seconds: int
    code: str | None


def normalised(phone: str) -> str:
    """A mainland mobile number as +86 and eleven digits. Raises InvalidInput (field: phone)."""
    plain = re.sub(r"[\s\-()]", "", unicodedata.normalize("NFKC", phone))
    plain = re.sub(r"^(\+86|0086|86(?=1\d{10}$))", "", plain)
    if not (_MOBILE.fullmatch(plain) and plain.isascii()):
        raise InvalidInput(_("请填写 11 位的手机号码。"), field="phone")
    return f"+86{plain}"


def phone_digest(phone: str) -> str:
    """By what a number is found again."""
    return digest("phone", phone)


def send(actor: Actor, phone: str, purpose: str = "") -> Sent:
    """Send a fresh code to `phone`; the ones before it die. Raises InvalidInput, TooMany (retry_after_seconds), Unavailable.

    A code is good for its `purpose` alone: with one that was asked for as a child's guardian nobody logs in as the guardian. Nothing
    is kept of a code that the sender did not take, so trying again at once is allowed then.
    """
    number = normalised(phone)
    found = phone_digest(number)
    code = f"{secrets.randbelow(1_000_000):06d}"
    with transaction.atomic():
        lock(f"phone:{found}", f"address:{actor.address}")
        _check_limits(OneTimeCode.objects.filter(phone_digest=found), LIMITS_PER_PHONE)
        _check_limits(OneTimeCode.objects.filter(address=actor.address), LIMITS_PER_ADDRESS)
        now = clock.now()
        charged = spending.charge(is_known=User.objects.filter(phone_digest=found).exists())
        row = charged and OneTimeCode.objects.create(
            phone_digest=found,
            code_digest=_code_digest(found, code, purpose),
            address=actor.address,
            sent_at=now,
            expires_at=now + dt.timedelta(seconds=CODE_SECONDS),
        )
    if not row:
        raise Unavailable(_("今天的短信已经发完，明天再来验证手机号。有急事请按页脚的联系方式与我们联系。"))
    try:
        senders.send(number, code)
    except Unavailable:
        row.delete()
        spending.refund()
        raise
    return Sent(number, CODE_SECONDS, LIMITS_PER_PHONE[0][0], code if settings.DEMO else None)


def use(actor: Actor, phone: str, code: str, purpose: str = "") -> BroadcastError | None:
    """Use up the newest code of `phone`. Returns the refusal instead of raising it, so that a wrong try is committed.

    Call inside a transaction; takes the phone's advisory lock and the code's row. Strangers have tries of their own, so that
    they cannot use up those of whoever asked for the code.
    """
    limit = f"code:from:{digest('code-from', actor.address)[:32]}"
    if tries.count(limit) >= MOST_WRONG_PER_ADDRESS:
        return TooMany(_("输错太多次了，请 15 分钟后再试。"), retry_after_seconds=tries.WINDOW_SECONDS)
    found = phone_digest(phone)
    lock(f"phone:{found}")
    row = OneTimeCode.objects.select_for_update().filter(phone_digest=found).order_by("-sent_at", "-pk").first()
    now = clock.now()
    if row is None or row.used_at is not None or row.expires_at <= now:
        tries.add(limit)
        return InvalidInput(_("验证码已过期，请重新获取。"), field="code")
    counter = "wrong_tries" if row.address == actor.address else "strangers_tries"
    if getattr(row, counter) >= MAX_WRONG_TRIES:
        return InvalidInput(_("验证码输错太多次，请重新获取。"), field="code")
    typed = re.sub(r"\s", "", unicodedata.normalize("NFKC", code))
    if not secrets.compare_digest(row.code_digest, _code_digest(found, typed, purpose)):
        tries.add(limit)
        setattr(row, counter, getattr(row, counter) + 1)
        row.save(update_fields=[counter])
        left = MAX_WRONG_TRIES - getattr(row, counter)
        return InvalidInput(_("验证码不对，还可以再试 %(left)s 次。") % {"left": left}, field="code")
    row.used_at = now
    row.save(update_fields=["used_at"])
    return None


def lock(*names: str) -> None:
    """Advisory locks until the transaction ends, always taken in one order."""
    numbers = sorted(int.from_bytes(bytes.fromhex(digest("lock", name)[:16]), signed=True) for name in names)
    with connection.cursor() as cursor:
        for number in numbers:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])


def _code_digest(found: str, code: str, purpose: str) -> str:
    return digest(f"code:{purpose}" if purpose else "code", f"{found}:{code}")


def _check_limits(sent: QuerySet[OneTimeCode], limits: tuple[tuple[int, int], ...]) -> None:
    now = clock.now()
    for seconds, most in limits:
        since = now - dt.timedelta(seconds=seconds)
        times = list(sent.filter(sent_at__gt=since).order_by("-sent_at").values_list("sent_at", flat=True)[:most])
        if len(times) < most:
            continue
        wait = max(1, int((times[-1] - since).total_seconds()) + 1)
        raise TooMany(_("验证码发得太频繁，请 %(wait)s 秒后再试。") % {"wait": wait}, retry_after_seconds=wait)
