"""Asks the database from the event loop, one question at a time, never longer than patience lasts; it knows no question."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from django.db import close_old_connections

logger = logging.getLogger(__name__)
T = TypeVar("T")
# As long a database may keep us waiting before we go on without its answer.
_PATIENCE = 3.0


class Asker:
    """A thread with a connection of its own, so that one kind of question never waits for another."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._asking: asyncio.Future[Any] | None = None

    async def ask(self, question: Callable[[], T]) -> T | None:
        """The answer; None when it fails or takes too long (then nothing is asked before it ends)."""
        if self._asking is not None and not self._asking.done():
            return None

        def asked() -> T:
            close_old_connections()
            return question()

        self._asking = asyncio.get_running_loop().run_in_executor(self._thread, asked)
        done, _ = await asyncio.wait([self._asking], timeout=_PATIENCE)
        if not done:
            logger.error("database does not answer asker=%s seconds=%s", self.name, _PATIENCE)
            self._asking.add_done_callback(lambda future: future.cancelled() or future.exception())
            return None
        error = self._asking.exception()
        if error is not None:
            words = str(error).splitlines()[:1]
            logger.error("database question failed asker=%s: %s: %s", self.name, type(error).__name__, words)
            return None
        answer: T = self._asking.result()
        return answer

    def close(self) -> None:
        """Ask no more; a question under way is left to end by itself."""
        self._thread.shutdown(wait=False, cancel_futures=True)
