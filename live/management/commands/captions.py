"""Takes caption lines from a recogniser of speech, one a line on standard input, into a running show; it recognises nothing itself."""

from __future__ import annotations

import datetime as dt
import json
import secrets
import sys
import time
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import InterfaceError, OperationalError, connection

from broadcast import clock
from broadcast.access import HOUSE
from broadcast.errors import BroadcastError, Unavailable
from live.services import captions
from live.services.captions import Heard

# Seconds between the tries when the database does not answer.
WAITS = (0.5, 1.0, 2.0, 4.0, 8.0)


class Command(BaseCommand):
    """`recogniser | python -m broadcast captions --airing ID --source NAME`.

    A line is JSON: {"text": "…", "id": "7", "at": "2026-11-26T12:00:03.5Z" or "ago": 1.2, "until": …}; or words alone, said just now.
    The same id again replaces the words. Each line is answered by one of JSON: {"id", "line", "version"} or {"id", "error", "message"}.
    """

    help = (
        "把语音识别程序的输出作为字幕 · take caption lines of a recogniser on standard input, JSON or words, one a line"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Which show, and what the recogniser is called."""
        parser.add_argument("--airing", required=True, type=UUID, help="场次编号 · id of the airing")
        parser.add_argument(
            "--source", default="asr", help="识别程序的名字 · name of the recogniser, at most 32 characters"
        )

    def handle(self, *_args: Any, airing: UUID, source: str, **_options: Any) -> None:
        """Until the end of input. A bad line is answered and passed over; no such airing ends it."""
        if not source.strip() or len(source) > 32:
            raise CommandError("--source: 1 到 32 个字符 · 1 to 32 characters")
        # A line that names no id must not meet one of an earlier run.
        run = secrets.token_hex(4)
        for number, raw in enumerate(self._lines(), 1):
            key = f"{run}-{number}"
            try:
                heard = read(raw, source, key)
                told = {"id": heard.key, **self._take(airing, heard)}
            except (ValueError, TypeError) as error:
                told = {"id": key, "error": "bad_line", "message": str(error)}
            except BroadcastError as error:
                told = {"id": key, "error": error.code, "message": str(error)}
                if error.code == "not_found":
                    raise CommandError(str(error)) from error
            self.stdout.write(json.dumps(told, ensure_ascii=False))
            self.stdout.flush()

    def _lines(self) -> Iterable[str]:
        return (line for line in sys.stdin if line.strip())

    def _take(self, airing: UUID, heard: Heard) -> dict[str, Any]:
        """Through a restart of the database too: the recogniser goes on speaking, and what it said keeps its time."""
        for wait in (*WAITS, None):
            try:
                return captions.hear(HOUSE, airing, heard)
            except (OperationalError, InterfaceError) as error:
                connection.close()
                if wait is None:
                    raise Unavailable("database") from error
                time.sleep(wait)
        raise Unavailable("database")


def read(raw: str, source: str, key: str) -> Heard:
    """One line of input; `key` where it names none. Raises ValueError, TypeError."""
    now = clock.now()
    if not raw.lstrip().startswith("{"):
        return Heard(source, key, raw.strip(), now)
    told = json.loads(raw)
    known = {"text", "id", "at", "ago", "until"}
    if set(told) - known:
        raise ValueError(f"unknown fields: {', '.join(sorted(set(told) - known))}")
    if not isinstance(told.get("text"), str):
        raise ValueError("text is missing")
    ago = dt.timedelta(seconds=float(told.get("ago", 0)))
    at = _time(told["at"]) if told.get("at") else now - ago
    until = _time(told["until"]) if told.get("until") else None
    return Heard(source, str(told.get("id") or key)[:64], told["text"], at, until if until and until > at else None)


def _time(value: Any) -> dt.datetime:
    found = dt.datetime.fromisoformat(str(value))
    if found.tzinfo is None:
        raise ValueError(f"a time without zone: {value}")
    return found
