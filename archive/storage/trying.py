"""Tries a request to S3 again when that can help, and says in our own errors what was wrong; it knows no request by name."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from typing import TypeVar

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    FlexibleChecksumError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
)

from archive.storage.base import Cold, Damaged, StorageDown, StorageRefused

logger = logging.getLogger(__name__)
_T = TypeVar("_T")
TRIES = 4
_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 3.0
# Refusals of one request that the same request may not meet again.
_PASSING = {
    "BadDigest",
    "IncompleteBody",
    "InternalError",
    "OperationAborted",
    "RequestTimeout",
    "RequestTimeTooSkewed",
    "ServiceUnavailable",
    "SlowDown",
    "Throttling",
    "XAmzContentChecksumMismatch",
    "XAmzContentSHA256Mismatch",
}
_ABSENT = {"404", "NoSuchKey", "NotFound"}
# Reading and copying say it in different words.
COLD = frozenset({"InvalidObjectState", "ObjectNotInActiveTierError"})
_WRONG_SETTINGS = (NoCredentialsError, PartialCredentialsError, ParamValidationError)


class Missing(Exception):
    """The object is not there."""


MISSING = (Missing,)


def again(what: str, act: Callable[[], _T], tries: Callable[[], int] = lambda: TRIES) -> _T:
    """Do it, up to `tries` times with growing, scattered pauses. Raises Missing, Cold, StorageRefused, StorageDown or Damaged."""
    for count in range(TRIES):
        try:
            return act()
        except (ClientError, BotoCoreError, OSError) as error:
            if is_missing(error):
                raise Missing(what) from error
            if code_of(error) in COLD:
                raise Cold(f"{what}: {_words(error)}") from error
            if not _may_pass(error):
                raise StorageRefused(f"{what}: {_words(error)}") from error
            if count + 1 >= tries():
                kind = Damaged if isinstance(error, FlexibleChecksumError) else StorageDown
                raise kind(f"{what}: {_words(error)}") from error
            pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 4**count) * random.uniform(0.5, 1.0)
            logger.info("storage tries again what=%s after=%.1f: %s", what, pause, _words(error))
            time.sleep(pause)
    raise AssertionError("not reached")


def is_missing(error: BaseException) -> bool:
    """Whether the service says that the object is not there. A bucket that is not there is another matter."""
    return code_of(error) in _ABSENT


def code_of(error: BaseException) -> str:
    """The service's own code of a refusal; "" for what it did not say."""
    return str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, ClientError) else ""


def _may_pass(error: Exception) -> bool:
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return status >= 500 or status == 429 or code_of(error) in _PASSING
    return not isinstance(error, _WRONG_SETTINGS)


def _words(error: Exception) -> str:
    if isinstance(error, ClientError):
        facts = error.response.get("Error", {})
        return f"{facts.get('Code', '')} {facts.get('Message', '')}".strip()
    return f"{type(error).__name__}: {error}"
