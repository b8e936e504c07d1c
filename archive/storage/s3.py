"""Storage in S3 or what speaks like it, by boto3: every object carries our SHA-256; nothing is believed that was not checked."""

from __future__ import annotations

import hashlib
import io
import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, TypeVar, cast
from zlib import crc32

from botocore.exceptions import FlexibleChecksumError

from archive.storage.base import ALGORITHM, Damaged, StorageDown, Stored, StoredOtherwise, checked_key
from archive.storage.trying import MISSING, TRIES, again, is_missing

_T = TypeVar("_T")
# Larger files go up in parts; S3 wants parts of 5 MB at least and takes ten thousand.
PART_BYTES = 16 << 20
_MOST_PARTS = 10_000
_MARK, _MD5 = "sha256", re.compile(r"[0-9a-f]{32}")
_TYPES = {".ts": "video/mp2t", ".mp4": "video/mp4", ".json": "application/json"}
_TYPES[".m3u8"] = "application/vnd.apple.mpegurl"


@dataclass(frozen=True)
class Account:
    """Where the service is and who we are there. Without key and secret the machine's own right is used. Never log it."""

    endpoint: str
    region: str
    key: str = field(repr=False)
    secret: str = field(repr=False)
    connect_seconds: float = 3.0
    # So long may the service be silent within one request.
    silent_seconds: float = 10.0


def _client(account: Account) -> Any:
    import boto3  # half a second to load: only where there is a store, not in each process that knows of this class
    from botocore.config import Config

    return boto3.client(
        "s3",
        endpoint_url=account.endpoint or None,
        region_name=account.region or None,
        aws_access_key_id=account.key or None,
        aws_secret_access_key=account.secret or None,
        config=Config(
            # Without this, addresses for other services than Amazon's are signed in a way that is no longer taken.
            signature_version="s3v4",
            s3={"addressing_style": "path" if account.endpoint else "auto"},
            connect_timeout=account.connect_seconds,
            read_timeout=account.silent_seconds,
            # We try again ourselves (trying.py): a wrong checksum and a torn body are reasons too.
            retries={"mode": "standard", "total_max_attempts": 1},
            max_pool_connections=16,
        ),
    )


class S3Storage:
    """One bucket, below a prefix. One object may be used by many threads."""

    def __init__(self, bucket: str, prefix: str, account: Account) -> None:
        self.bucket, self.prefix, self.account = bucket, prefix, account
        self._client = _client(account)
        self._tries = TRIES

    def name(self, key: str) -> str:
        """The key with the prefix, as the service knows it."""
        checked_key(key)
        return f"{self.prefix}/{key}" if self.prefix else key

    def call(self, key: str, act: str, **facts: Any) -> Any:
        """One request about one object, not tried again."""
        return getattr(self._client, act)(Bucket=self.bucket, Key=self.name(key), **facts)

    def attempt(self, what: str, act: Callable[[], _T]) -> _T:
        """Do it, again where that may help. Raises what trying.py raises."""
        return again(f"{what} in s3://{self.bucket}", act, lambda: self._tries)

    def put(self, key: str, source: Path, *, replace: bool = False) -> Stored:
        """Send the file; what the service says it kept is compared with what was sent."""
        size, digest, check = _measured(source)
        there = self.head(key)
        if there == Stored(key, size, digest):
            return there
        if there is not None and not replace:
            raise StoredOtherwise(f"{key} is there with other bytes", key=key, expected=digest, found=there.digest)
        return self._send_file(key, source, size, digest, check)

    def mend(self, key: str, source: Path) -> None:
        """Send it, whatever the service says of what it has: a digest is kept beside the bytes and does not rot with them."""
        self._send_file(key, source, *_measured(source))

    def _send_file(self, key: str, source: Path, size: int, digest: str, check: int) -> Stored:
        if size <= PART_BYTES:
            self._send(key, source.read_bytes(), digest)
            return Stored(key, size, digest)
        self._send_parts(key, source, size, digest, check)
        return self._confirmed(Stored(key, size, digest))

    def write(self, key: str, content: bytes) -> Stored:
        """Send a small object, new or in place of the old one."""
        digest = hashlib.sha256(content).hexdigest()
        self._send(key, content, digest)
        return Stored(key, len(content), digest)

    def _send(self, key: str, content: bytes, digest: str) -> None:
        if hashlib.sha256(content).hexdigest() != digest:
            raise Damaged(f"{key} changed while it was read", key=key, expected=digest, found="")
        facts = {"Body": content, "ChecksumCRC32": _encoded(crc32(content)), **_described(key, digest)}
        self.attempt(f"put {key}", lambda: _confirm(content, self.call(key, "put_object", **facts)))

    def _send_parts(self, key: str, source: Path, size: int, digest: str, check: int) -> None:
        """In parts, one in memory at a time. The checksum is that of the whole object; what fails leaves nothing behind."""
        facts = {"ChecksumAlgorithm": "CRC32", "ChecksumType": "FULL_OBJECT", **_described(key, digest)}
        upload = self.attempt(f"begin {key}", lambda: self.call(key, "create_multipart_upload", **facts))["UploadId"]
        try:
            parts = self._parts(key, source, size, upload)
            self.attempt(
                f"complete {key}",
                lambda: self._complete(
                    key,
                    Stored(key, size, digest),
                    UploadId=upload,
                    MultipartUpload={"Parts": parts},
                    ChecksumCRC32=_encoded(check),
                    ChecksumType="FULL_OBJECT",
                ),
            )
        except BaseException:
            self.forget_parts(key, upload)
            raise

    def _complete(self, key: str, wanted: Stored, **facts: Any) -> None:
        try:
            self.call(key, "complete_multipart_upload", **facts)
        except Exception:
            # An answer that was lost: the parts are gone and the object is there.
            if self._look(key) != wanted:
                raise

    def _parts(self, key: str, source: Path, size: int, upload: str) -> list[dict[str, Any]]:
        length = max(PART_BYTES, -(-size // _MOST_PARTS))
        sent: list[dict[str, Any]] = []
        with source.open("rb") as stream:
            while piece := stream.read(length):
                number, check = len(sent) + 1, _encoded(crc32(piece))
                facts = {"UploadId": upload, "PartNumber": number, "Body": piece, "ChecksumCRC32": check}

                def send(facts: dict[str, Any] = facts) -> Any:
                    return _confirm(facts["Body"], self.call(key, "upload_part", **facts))

                answer = self.attempt(f"part {number} of {key}", send)
                sent.append({"PartNumber": number, "ETag": answer["ETag"], "ChecksumCRC32": check})
        return sent

    def forget_parts(self, key: str, upload: str) -> None:
        """What cannot be forgotten now is for the bucket's own rule for unfinished uploads."""
        try:
            self.call(key, "abort_multipart_upload", UploadId=upload)
        except Exception:
            return

    def _confirmed(self, wanted: Stored) -> Stored:
        found = self.head(wanted.key)
        if found != wanted:
            raise StorageDown(f"{wanted.key} was sent and is not there as it was sent")
        return wanted

    def copy(self, key: str, target: str) -> Stored:
        """A copy made by the service, without the bytes coming here."""
        source = {"Bucket": self.bucket, "Key": self.name(key)}
        try:
            self.attempt(f"copy {key}", lambda: self.call(target, "copy_object", CopySource=source))
        except MISSING as error:
            raise FileNotFoundError(key) from error
        found = self.head(target)
        if found is None:
            raise StorageDown(f"{target} was copied and is not there")
        return found

    def open(self, key: str, start: int = 0, length: int | None = None) -> BinaryIO:
        """The body as it comes; read to its end, size and digest are compared."""
        whole = start == 0 and length is None
        facts = {} if whole else {"Range": f"bytes={start}-{start + length - 1 if length is not None else ''}"}
        try:
            answer = self.attempt(f"get {key}", lambda: self.call(key, "get_object", **facts))
        except MISSING as error:
            raise FileNotFoundError(key) from error
        expected = answer["Metadata"].get(_MARK, "") if whole else ""
        return cast(BinaryIO, io.BufferedReader(_Body(key, answer["Body"], answer["ContentLength"], expected), 1 << 16))

    def _look(self, key: str) -> Stored | None:
        try:
            answer = self.call(key, "head_object")
        except Exception as error:
            if is_missing(error):
                return None
            raise
        return Stored(key, answer["ContentLength"], answer["Metadata"].get(_MARK, ""))

    def head(self, key: str) -> Stored | None:
        """Size, and the digest taken when it was put."""
        return self.attempt(f"head {key}", lambda: self._look(key))

    def list(self, prefix: str) -> Iterator[str]:
        """Keys below the folder `prefix`, page by page."""
        begin, skip = self.name(prefix) + "/", len(self.prefix) + 1 if self.prefix else 0
        more: dict[str, str] = {}
        while True:
            facts = {"Bucket": self.bucket, "Prefix": begin, **more}

            def ask(facts: dict[str, str] = facts) -> Any:
                return self._client.list_objects_v2(**facts)

            page = self.attempt(f"list {prefix}", ask)
            for each in page.get("Contents", ()):
                yield each["Key"][skip:]
            if not page.get("IsTruncated"):
                return
            more = {"ContinuationToken": page["NextContinuationToken"]}

    def delete(self, key: str) -> None:
        """Forget the object."""
        self.attempt(f"delete {key}", lambda: self.call(key, "delete_object"))

    def address(self, key: str, seconds: int, media_type: str) -> str | None:
        """A signed address, good for reading this one object for so long; made here, without asking the service."""
        facts = {"Bucket": self.bucket, "Key": self.name(key), "ResponseContentType": media_type}
        return str(self._client.generate_presigned_url("get_object", Params=facts, ExpiresIn=seconds))

    def hurry(self) -> None:
        """Try nothing again from now on."""
        self._tries = 1

    def probe(self) -> None:
        """Ask whether the bucket is there and ours. Raises StorageDown or StorageRefused."""
        self.attempt("look", lambda: self._client.list_objects_v2(Bucket=self.bucket, Prefix=self.prefix, MaxKeys=1))


class _Body(io.RawIOBase):
    """The body of an answer, which must be as long as was said and have the digest it was put with."""

    def __init__(self, key: str, body: Any, size: int, expected: str) -> None:
        self._key, self._body, self._left, self._expected = key, body, size, expected
        self._taken = hashlib.new(ALGORITHM)

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer. Raises StorageDown for a torn body, Damaged for another than was put."""
        try:
            piece = self._body.read(len(buffer))
        except FlexibleChecksumError as error:
            raise Damaged(f"{self._key}: {error}", key=self._key, expected=self._expected, found="") from error
        except Exception as error:
            raise StorageDown(f"{self._key} broke off: {error}") from error
        self._left -= len(piece)
        self._taken.update(piece)
        if not piece:
            self._finish()
        buffer[: len(piece)] = piece
        return len(piece)

    def _finish(self) -> None:
        if self._left:
            raise StorageDown(f"{self._key} broke off: {self._left} bytes are missing")
        found = self._taken.hexdigest()
        if self._expected and found != self._expected:
            raise Damaged(f"{self._key} is not what was put", key=self._key, expected=self._expected, found=found)

    def close(self) -> None:
        """Give the connection back."""
        if not self.closed:
            self._body.close()
        super().close()


def _measured(source: Path) -> tuple[int, str, int]:
    """Size, SHA-256 and CRC-32 of a file, in one reading."""
    taken, check, size = hashlib.sha256(), 0, 0
    with source.open("rb") as stream:
        while piece := stream.read(1 << 20):
            taken.update(piece)
            check = crc32(piece, check)
            size += len(piece)
    return size, taken.hexdigest(), check


def _confirm(sent: bytes, answer: dict[str, Any]) -> dict[str, Any]:
    """The answer, when it says that the very bytes were kept. Raises OSError: send them again.

    Not every service compares the checksum that it is given, but nearly all answer with the MD5 of what came.
    """
    tag = str(answer.get("ETag", "")).strip('"')
    hidden = "SSECustomerAlgorithm" in answer or "kms" in str(answer.get("ServerSideEncryption", ""))
    if _MD5.fullmatch(tag) and not hidden:
        kept = tag == hashlib.md5(sent, usedforsecurity=False).hexdigest()
    else:
        kept = answer.get("ChecksumCRC32") == _encoded(crc32(sent))
    if not kept:
        raise OSError("the service kept other bytes than were sent")
    return answer


def _encoded(check: int) -> str:
    return b64encode(check.to_bytes(4, "big")).decode()


def _described(key: str, digest: str) -> dict[str, Any]:
    kind = _TYPES.get(Path(key).suffix, "application/octet-stream")
    return {"ContentType": kind, "Metadata": {_MARK: digest}}
