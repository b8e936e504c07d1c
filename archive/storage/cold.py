"""Storage classes of single objects in S3: move one into a cold class, ask it back for some days; which and when, keeping/ says."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import Any

from archive.storage.base import Cold, Damaged, Storage, StorageRefused
from archive.storage.s3 import S3Storage
from archive.storage.trying import COLD, MISSING, code_of

# What S3 says of an object without a class of its own.
STANDARD = "STANDARD"
# The service copies no more than this in one request, and parts of at least 5 MiB.
MOST_AT_ONCE = 5 << 30
PART_BYTES = 1 << 30
_RESTORE = re.compile(r'(ongoing-request|expiry-date)="([^"]*)"')
_MD5 = re.compile(r'"[0-9a-f]{32}"')
_UNDER_WAY = "RestoreAlreadyInProgress"
# Classes whose objects are read at once, wherever they are known.
_AT_HAND = frozenset({STANDARD, "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR"})


class ClassesIgnored(StorageRefused):
    """The service takes the request and keeps the object in the class it was in: it has no cold storage, or not of that name."""

    code = "cold_unsupported"


@dataclass(frozen=True)
class Standing:
    """How one object lies: its class, whether it can be read now, and until when a copy that was asked back stays (None: no such)."""

    storage_class: str
    size: int
    digest: str
    is_readable: bool
    asked: bool = False
    until: dt.datetime | None = None


def has_classes(place: Storage) -> bool:
    """Whether objects may have a class there at all: a folder has none."""
    return isinstance(place, S3Storage)


def standing(place: S3Storage, key: str) -> Standing | None:
    """Ask how the object lies; None when it is not there. Raises StorageDown, StorageRefused."""
    try:
        found, _answer = _head(place, key)
    except FileNotFoundError:
        return None
    if found.storage_class in _AT_HAND or found.asked or found.until is not None:
        return found
    # What a class means differs from service to service: a byte is read or it is not.
    try:
        with place.open(key, 0, 1) as stream:
            stream.read()
    except (Cold, FileNotFoundError):
        return found
    return replace(found, is_readable=True)


def _head(place: S3Storage, key: str) -> tuple[Standing, dict[str, Any]]:
    try:
        answer = place.attempt(f"head {key}", lambda: place.call(key, "head_object"))
    except MISSING as error:
        raise FileNotFoundError(key) from error
    kind = str(answer.get("StorageClass") or STANDARD)
    told = dict(_RESTORE.findall(str(answer.get("Restore") or "")))
    asked = told.get("ongoing-request") == "true"
    until = parsedate_to_datetime(told["expiry-date"]) if told.get("expiry-date") else None
    readable = kind in _AT_HAND or (until is not None and not asked)
    found = Standing(kind, answer["ContentLength"], answer["Metadata"].get("sha256", ""), readable, asked, until)
    return found, answer


def cool(place: S3Storage, key: str, storage_class: str) -> Standing:
    """Have the object in that class; one that is there already stays untouched. The service copies it onto itself.

    What it says afterwards is believed, not the request: raises ClassesIgnored where the class is still another, Damaged where
    the copy is not the object. Raises FileNotFoundError, StorageDown, StorageRefused.
    """
    before, answer = _head(place, key)
    if before.storage_class == storage_class:
        return before
    facts = {
        "ContentType": answer.get("ContentType", ""),
        "Metadata": answer["Metadata"],
        "StorageClass": storage_class,
    }
    if before.size > MOST_AT_ONCE:
        _copy_parts(place, key, before.size, facts)
    else:
        source = {"Bucket": place.bucket, "Key": place.name(key)}
        facts |= {"CopySource": source, "MetadataDirective": "REPLACE"}
        place.attempt(f"cool {key}", lambda: place.call(key, "copy_object", **facts))
    after, answer_after = _head(place, key)
    tags = str(answer.get("ETag", "")), str(answer_after.get("ETag", ""))
    # By the MD5 of the bytes too, where the service tells it of both.
    differ = tags[0] != tags[1] and all(_MD5.fullmatch(each) for each in tags)
    if (after.size, after.digest) != (before.size, before.digest) or differ:
        raise Damaged(f"{key} is another after its class changed", key=key, expected=tags[0], found=tags[1])
    if after.storage_class != storage_class:
        raise ClassesIgnored(f"{key} stays in {after.storage_class}, not {storage_class}")
    return after


def _copy_parts(place: S3Storage, key: str, size: int, facts: dict[str, Any]) -> None:
    """The same for what is too large for one request. What fails leaves the object as it was."""
    upload = place.attempt(f"begin {key}", lambda: place.call(key, "create_multipart_upload", **facts))["UploadId"]
    source = {"Bucket": place.bucket, "Key": place.name(key)}
    try:
        parts = []
        for number, start in enumerate(range(0, size, PART_BYTES), start=1):
            span = {
                "UploadId": upload,
                "PartNumber": number,
                "CopySource": source,
                "CopySourceRange": f"bytes={start}-{min(size, start + PART_BYTES) - 1}",
            }

            def send(span: dict[str, Any] = span) -> Any:
                return place.call(key, "upload_part_copy", **span)

            answer = place.attempt(f"cool part {number} of {key}", send)["CopyPartResult"]
            parts.append({"PartNumber": number, "ETag": answer["ETag"]})
        whole = {"UploadId": upload, "MultipartUpload": {"Parts": parts}}
        place.attempt(f"cool {key}", lambda: place.call(key, "complete_multipart_upload", **whole))
    except BaseException:
        place.forget_parts(key, upload)
        raise


def ask_back(place: S3Storage, key: str, days: int, tier: str) -> None:
    """Ask for a copy that can be read for so many days; asking again while one comes changes nothing, later it prolongs it.

    Raises FileNotFoundError, StorageDown, StorageRefused.
    """
    wanted = {"Days": days, "GlacierJobParameters": {"Tier": tier}}

    def ask() -> None:
        try:
            place.call(key, "restore_object", RestoreRequest=wanted)
        except Exception as error:
            # Nothing to ask for: one is on its way, or the object can be read as it is.
            if code_of(error) != _UNDER_WAY and code_of(error) not in COLD:
                raise

    try:
        place.attempt(f"ask back {key}", ask)
    except MISSING as error:
        raise FileNotFoundError(key) from error
