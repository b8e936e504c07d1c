"""Which stores this installation has, from its variables: the media folder, the store, the second copy; it moves no bytes."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from django.conf import settings

from archive.storage.base import Storage
from archive.storage.local import LocalStorage
from broadcast import env

# Names of the places, as rows and logs say them.
MAIN = "main"
SECOND = "copy"


def media() -> LocalStorage:
    """The recorder's own disk: what is received is there first, always."""
    return LocalStorage(Path(settings.MEDIA_ROOT))


def kept() -> Storage | None:
    """The store that recordings leave for; None when the media folder is all there is."""
    return _made(*_facts("STORE"))


def second() -> Storage | None:
    """The second copy; None when there is none."""
    return _made(*_facts("STORE_COPY"))


def places() -> dict[str, Storage]:
    """Where every kept object should lie, by name: `main` is the store, or the media folder where there is no other."""
    found: dict[str, Storage] = {MAIN: kept() or media()}
    copy = second()
    if copy is not None:
        found[SECOND] = copy
    return found


def leaving() -> dict[str, Storage]:
    """The places that the recorder must send to: all but its own disk."""
    return {name: each for name, each in ((MAIN, kept()), (SECOND, second())) if each is not None}


def _facts(name: str) -> tuple[str, str, str, str, str]:
    """The variables a store is made of, so that a changed one makes another store."""
    endpoint, region, key, secret = (str(env.read(f"S3_{each}")) for each in ("ENDPOINT", "REGION", "KEY", "SECRET"))
    return str(env.read(name)), endpoint, region, key, secret


@lru_cache(maxsize=8)
def _made(where: str, endpoint: str, region: str, key: str, secret: str) -> Storage | None:
    """Raises BadVariable for an address of no kind that we know."""
    if not where:
        return None
    if where.startswith("s3://"):
        # Loading boto3 takes a third of a second and 30 MB: only for those who use it.
        from archive.storage.s3 import Account, S3Storage

        bucket, _, prefix = where.removeprefix("s3://").partition("/")
        if bucket:
            return S3Storage(bucket, prefix.strip("/"), Account(endpoint, region, key, secret))
    elif where.startswith("/"):
        return LocalStorage(Path(where), links=False)
    raise env.BadVariable(f"YISHI_STORE and YISHI_STORE_COPY are s3://bucket/prefix or an absolute path, not {where!r}")
