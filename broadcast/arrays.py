"""PostgreSQL array literals for statements that write or look up hundreds of rows at once; quicker than a driver's general way."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID


def numbers(values: Iterable[int]) -> str:
    """For %s::bigint[]."""
    return "{" + ",".join(map(str, values)) + "}"


def uuids(values: Iterable[UUID]) -> str:
    """For %s::uuid[]."""
    return "{" + ",".join([each.hex for each in values]) + "}"


def texts(values: Iterable[str]) -> str:
    """For %s::text[]; anything but NUL may be in it."""
    return "{" + ",".join(['"' + each.replace("\\", "\\\\").replace('"', '\\"') + '"' for each in values]) + "}"


def blobs(values: Iterable[bytes]) -> str:
    """For %s::bytea[]."""
    return "{" + ",".join(['"\\\\x' + each.hex() + '"' for each in values]) + "}"
