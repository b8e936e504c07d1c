"""Words an outcome as the frame that goes back to whoever sent the command; the one place where refusals become wire."""

from __future__ import annotations

import logging
import uuid
from typing import Any

from django.db import DatabaseError, InterfaceError
from django.utils.translation import gettext as _

from broadcast.errors import BroadcastError, InvalidInput, Unavailable
from live import protocol

logger = logging.getLogger(__name__)


class Unreadable(InvalidInput):
    """What came is no command; its code is the decoder's."""

    def __init__(self, bad: protocol.BadFrame) -> None:
        super().__init__(_("这条消息读不懂。请刷新页面后再试。"), detail=str(bad)[:200])
        self.code = bad.code  # type: ignore[misc]


class Fault(BroadcastError):
    """A fault of ours; it is logged, nothing was acknowledged."""

    code = "fault"
    status = 500


def ack(command_id: str, result: dict[str, Any]) -> protocol.Ack:
    """It is in the database."""
    return protocol.Ack(id=command_id, result=plain(result))


def refused(command_id: str, error: BroadcastError) -> protocol.Refused:
    """It is not."""
    return protocol.Refused(id=command_id, code=error.code, message=error.message, data=plain(error.data))


def expected(error: Exception) -> BroadcastError:
    """Any exception as a refusal: expected ones as they are, a lost database as Unavailable, all else a logged fault."""
    if isinstance(error, BroadcastError):
        return error
    if isinstance(error, DatabaseError | InterfaceError):
        logger.error("database does not answer error=%s", error)
        return Unavailable(_("系统正在恢复，刚才的操作没有记下。页面会自动再试。"), retry_after_seconds=2)
    logger.error("a command failed", exc_info=error)
    return Fault(_("系统出了问题，刚才的操作没有记下。我们已有记录，请稍后再试。"))


def plain(data: dict[str, Any]) -> dict[str, Any]:
    """JSON-able: identities as text."""
    return {key: str(value) if isinstance(value, uuid.UUID) else value for key, value in data.items()}
