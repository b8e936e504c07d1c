"""How a one-time code reaches a phone, chosen by YISHI_SMS_SENDER; it must never write a whole number or a code where a log is kept."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from broadcast.errors import Unavailable

logger = logging.getLogger(__name__)

Sender = Callable[[str, str], None]


def masked(phone: str) -> str:
    """The number with its middle hidden: 138****5678."""
    digits = phone.removeprefix("+86")
    return f"{digits[:3]}****{digits[-4:]}"


def console(phone: str, code: str) -> None:
    """For developing and the demo: the code on standard error. Refused elsewhere, since that would end in a log."""
    if not (settings.DEMO or settings.DEBUG):
        raise Unavailable(_("短信还没有接通，暂时不能验证手机号。请联系管理员。"))
    sys.stderr.write(f"验证码 {code} → {masked(phone)}\n")


def log(phone: str, code: str) -> None:
    """For load tests: notes only that something would have been sent."""
    logger.info("one-time code not sent: the log sender is set. phone=%s", masked(phone))


_KNOWN: dict[str, Sender] = {"console": console, "log": log}


def current() -> Sender:
    """The sender that the settings name. Raises ImportError for a dotted path that leads nowhere."""
    name = settings.SMS_SENDER
    sender: Sender = _KNOWN.get(name) or import_string(name)
    return sender


def send(phone: str, code: str) -> None:
    """Send `code` to `phone` (+86…). Raises Unavailable when the sender did not take it."""
    try:
        current()(phone, code)
    except Unavailable:
        raise
    except Exception as error:
        logger.exception("one-time code was not taken by the sender phone=%s", masked(phone))
        raise Unavailable(_("短信没有发出去。请过一会儿再试。"), retry_after_seconds=60) from error
