"""The only writer of uploads and their trays: opens, receives pieces, seals, gives up, says what is wanted; it opens no media."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import OperationalError, transaction
from django.utils.translation import gettext as _

from archive import disk
from archive.importing.media import OLD
from archive.models import Upload, UploadTray
from archive.uploads import hints, places
from broadcast import audit, clock, env, sheets
from broadcast.access import Ability, Actor, require
from broadcast.errors import BroadcastError, Conflict, InvalidInput, NotFound, TooMany, Unavailable
from broadcast.models import Programme

MOST_PIECE = 16 << 20
# Files that one person may have on the way at once, and that one tray may hold.
MOST_OPEN = 50
MOST_FILES = 2_000
EXPIRES = dt.timedelta(days=7)
SHEETS = (".csv", ".xlsx")
_HEX = re.compile(r"[0-9a-f]{64}")
_S = Upload.State


class Locked(Conflict):
    """Another piece of the same file is being written this very moment; try again in a second."""

    code = "upload_locked"
    status = 423


class Damaged(BroadcastError):
    """The piece is not what its checksum says; nothing was written; send it again."""

    code = "checksum_mismatch"
    status = 460


def open_tray(actor: Actor, programme: Programme) -> UploadTray:
    """A place for the files of one import. Needs PRODUCE; audited."""
    require(actor, Ability.PRODUCE, programme.pk)
    now = clock.now()
    with transaction.atomic():
        tray = UploadTray.objects.create(programme=programme, created_by=actor.user_id, created_at=now, touched_at=now)
        audit.record(actor, "import.open", f"tray:{tray.pk}", after={"programme": programme.pk})
    return tray


def tray_of(actor: Actor, tray_id: int) -> UploadTray:
    """Needs PRODUCE in its programme. Raises NotFound."""
    tray = UploadTray.objects.select_related("programme", "batch").filter(pk=tray_id).first()
    if tray is None:
        raise NotFound(_("没有这批上传。"))
    require(actor, Ability.PRODUCE, tray.programme_id)
    return tray


def create(
    actor: Actor, tray_id: int, name: str, size: int, *, modified: str = "", expected: str = ""
) -> tuple[Upload, bool]:
    """Announce a file; whether it is new. The same name, size and change again is the upload that is there already.

    Needs PRODUCE. Raises InvalidInput, Conflict (another file of that name), TooMany, Unavailable (no room).
    """
    tray = tray_of(actor, tray_id)
    called = _allowed(name, size, expected)
    with transaction.atomic():
        UploadTray.objects.select_for_update().get(pk=tray.pk)
        known = tray.uploads.filter(name=called).first()
        if known is not None:
            if (known.size_bytes, known.modified) == (size, modified[:32]) and known.state != _S.REFUSED:
                return known, False
            if known.state != _S.REFUSED:
                raise Conflict(_("这一批里已经有同名的另一个文件，请先删去。"), problem="name_taken")
            _give_up(known)
        _check_room(actor, tray, size)
        now = clock.now()
        fresh = Upload.objects.create(
            tray=tray,
            name=called,
            size_bytes=size,
            modified=modified[:32],
            expected=expected,
            created_by=actor.user_id,
            created_at=now,
            touched_at=now,
        )
        UploadTray.objects.filter(pk=tray.pk).update(touched_at=now)
    return fresh, True


def _allowed(name: str, size: int, expected: str) -> str:
    """The name it gets. Raises InvalidInput."""
    called = places.clean(name)
    if not called:
        raise InvalidInput(_("文件名不能用。"), problem="bad_name")
    most = sheets.MOST_BYTES if called.lower().endswith(SHEETS) else OLD.bytes
    if not 0 < size <= most:
        raise InvalidInput(
            _("文件是空的。") if size <= 0 else _("文件太大。"), problem="bad_size", too_large=size > most
        )
    if expected and not _HEX.fullmatch(expected):
        raise InvalidInput(_("校验值不对。"), problem="bad_digest")
    return called


def _check_room(actor: Actor, tray: UploadTray, size: int) -> None:
    """Raises TooMany, Unavailable."""
    ours = Upload.objects.filter(state=_S.RECEIVING)
    if ours.filter(created_by=actor.user_id).count() >= MOST_OPEN or tray.uploads.count() >= MOST_FILES:
        raise TooMany(_("同时上传的文件太多，请等前面的传完。"), retry_after_seconds=60)
    promised = sum(total - got for total, got in ours.values_list("size_bytes", "offset_bytes"))
    if _free() - promised - size < _kept_free():
        raise Unavailable(_("磁盘空间不足，暂时不能上传。"), problem="no_room")


def _free() -> int:
    folder = places.root()
    folder.mkdir(parents=True, exist_ok=True)
    return disk.free_bytes(folder)


def _kept_free() -> int:
    return int(env.read("DISK_KEEP_GB")) * 10**9


@contextmanager
def _held(actor: Actor, tray_id: int, upload_id: UUID) -> Iterator[Upload]:
    """The file, for us alone. Raises NotFound, Locked."""
    tray_of(actor, tray_id)
    with transaction.atomic():
        try:
            upload = Upload.objects.select_for_update(nowait=True).filter(pk=upload_id, tray=tray_id).first()
        except OperationalError as error:
            raise Locked(_("这个文件正在另一个页面上传。")) from error
        if upload is None:
            raise NotFound(_("没有这个文件，可能已经过期。"))
        yield upload


def look(actor: Actor, tray_id: int, upload_id: UUID) -> Upload:
    """How far a file is. Needs PRODUCE. Raises NotFound."""
    tray_of(actor, tray_id)
    upload = Upload.objects.filter(pk=upload_id, tray=tray_id).first()
    if upload is None or upload.state == _S.REFUSED:
        raise NotFound(_("没有这个文件，可能已经过期。"))
    return upload


def receive(
    actor: Actor, tray_id: int, upload_id: UUID, offset: int, piece: bytes, checksum: tuple[str, bytes] | None
) -> Upload:
    """Add a piece at `offset`: checked, on the disk, then counted, so that a kill between costs this piece alone.

    Needs PRODUCE. Raises NotFound, Locked, Damaged, Conflict (another offset is right: data offset), InvalidInput, Unavailable.
    """
    if checksum is not None and hashlib.new(checksum[0], piece).digest() != checksum[1]:
        raise Damaged(_("这一段在路上损坏了。"))
    with _held(actor, tray_id, upload_id) as upload:
        if upload.state == _S.REFUSED:
            raise NotFound(_("没有这个文件，可能已经过期。"))
        if offset != upload.offset_bytes:
            raise Conflict(_("从另一处继续。"), offset=upload.offset_bytes)
        if offset + len(piece) > upload.size_bytes:
            raise InvalidInput(_("比说好的长。"), problem="too_long", too_large=True)
        if _free() - len(piece) < _kept_free() // 2:
            raise Unavailable(_("磁盘空间不足，暂时不能上传。"), problem="no_room")
        _write(upload, piece)
        upload.offset_bytes += len(piece)
        upload.touched_at = clock.now()
        if upload.offset_bytes == upload.size_bytes and upload.state == _S.RECEIVING:
            upload.state = _S.CHECKING
            transaction.on_commit(hints.hint)
        upload.save(update_fields=["offset_bytes", "touched_at", "state"])
        UploadTray.objects.filter(pk=tray_id).update(touched_at=upload.touched_at)
    return upload


def _write(upload: Upload, piece: bytes) -> None:
    """After what is counted; what a killed writer left behind that goes."""
    target = places.coming(upload.pk)
    target.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(target, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "r+b") as out:
        if os.fstat(out.fileno()).st_size < upload.offset_bytes:
            raise Unavailable(_("服务器上的文件不见了，请删去后重新上传。"), problem="lost")
        out.truncate(upload.offset_bytes)
        out.seek(upload.offset_bytes)
        out.write(piece)
        out.flush()
        os.fsync(out.fileno())


def seal(actor: Actor, tray_id: int, upload_id: UUID, expected: str) -> Upload:
    """Say what the whole file's SHA-256 is where the sender has it; another one refuses the file. Needs PRODUCE."""
    if not _HEX.fullmatch(expected):
        raise InvalidInput(_("校验值不对。"), problem="bad_digest")
    with _held(actor, tray_id, upload_id) as upload:
        upload.expected = expected
        if upload.state == _S.READY and upload.digest != expected:
            places.tray(tray_id).joinpath(upload.name).unlink(missing_ok=True)
            upload.state, upload.problem = _S.REFUSED, "digest"
        upload.save(update_fields=["expected", "state", "problem"])
    return upload


def discard(actor: Actor, tray_id: int, upload_id: UUID) -> None:
    """Take a file out of the tray. Needs PRODUCE. Raises Conflict while it is being imported."""
    tray = tray_of(actor, tray_id)
    if tray.wanted == UploadTray.Wanted.IMPORT:
        raise Conflict(_("正在导入，不能删去文件。"))
    with _held(actor, tray_id, upload_id) as upload:
        _give_up(upload)


def _give_up(upload: Upload) -> None:
    places.coming(upload.pk).unlink(missing_ok=True)
    if upload.state in {_S.READY, _S.CHECKING}:
        places.tray(upload.tray_id).joinpath(upload.name).unlink(missing_ok=True)
    upload.delete()


def ask(actor: Actor, tray_id: int, wanted: str) -> UploadTray:
    """Have a worker say what would become of the files (`foretell`), or import them (`import`). Needs PRODUCE; audited.

    Raises InvalidInput for anything else and for an empty tray, Conflict while files are on their way or the import runs.
    """
    tray_of(actor, tray_id)
    if wanted not in {UploadTray.Wanted.FORETELL, UploadTray.Wanted.IMPORT}:
        raise InvalidInput(_("不知道要做什么。"))
    with transaction.atomic():
        tray = UploadTray.objects.select_for_update().get(pk=tray_id)
        states = set(tray.uploads.values_list("state", flat=True))
        if tray.wanted == UploadTray.Wanted.IMPORT:
            raise Conflict(_("正在导入。"))
        if _S.READY not in states:
            raise InvalidInput(_("还没有传完的文件。"))
        if wanted == UploadTray.Wanted.IMPORT and states & {_S.RECEIVING, _S.CHECKING}:
            raise Conflict(_("还有文件没有传完。请等它们传完，或者删去。"))
        tray.wanted, tray.wanted_by, tray.problem, tray.touched_at = wanted, actor.user_id, "", clock.now()
        if wanted == UploadTray.Wanted.IMPORT:
            # The worker reads folder and sheet anew, and finds the same batch again by its folder.
            tray.batch = None
        tray.save(update_fields=["wanted", "wanted_by", "problem", "touched_at", "batch"])
        audit.record(actor, f"import.{wanted}", f"tray:{tray.pk}", after={"files": tray.uploads.count()})
        transaction.on_commit(hints.hint)
    return tray


def expires_at(upload: Upload) -> dt.datetime:
    """When a file that nobody goes on with is given up."""
    return upload.touched_at + EXPIRES
