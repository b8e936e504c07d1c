"""The wire of resumable uploads: tus 1.0 with creation, checksum, expiration and termination; the rules are the services'."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from functools import wraps
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils.http import http_date

from archive.importing.media import OLD
from archive.models import Upload
from archive.uploads import services
from broadcast.access import Actor
from broadcast.errors import BroadcastError, Conflict, InvalidInput
from broadcast.views.staff_page import for_staff

VERSION = "1.0.0"
_EXTENSIONS = "creation,checksum,expiration,termination"
_ALGORITHMS = ("sha256", "sha1")
_PIECE = "application/offset+octet-stream"
_Handler = Callable[..., HttpResponse]


def _speaks(*methods: str) -> Callable[[_Handler], _Handler]:
    """What every answer carries, who may be here at all, and the refusals of the protocol as bare statuses."""

    def around(view: _Handler) -> _Handler:
        @wraps(view)
        def spoken(request: HttpRequest, actor: Actor, tray_id: int, **kwargs: UUID) -> HttpResponse:
            method = request.headers.get("X-HTTP-Method-Override", request.method or "").upper()
            try:
                response = _early(request, actor, tray_id, method, methods)
                if response is None:
                    response = view(request, actor, method, tray_id, **kwargs)
            except BroadcastError as error:
                response = _refusal(error)
            response["Tus-Resumable"] = response["Tus-Version"] = VERSION
            response["Tus-Extension"] = _EXTENSIONS
            response["Tus-Max-Size"] = str(OLD.bytes)
            response["Tus-Checksum-Algorithm"] = ",".join(_ALGORITHMS)
            return response

        return spoken

    return around


def _early(
    request: HttpRequest, actor: Actor, tray_id: int, method: str, methods: tuple[str, ...]
) -> HttpResponse | None:
    """An answer that needs no look at the file. Raises NotFound, NotAllowed."""
    if method != "OPTIONS" and method not in methods:
        return HttpResponse(status=405)
    services.tray_of(actor, tray_id)
    if method == "OPTIONS":
        return HttpResponse(status=204)
    return None if request.headers.get("Tus-Resumable") == VERSION else HttpResponse(status=412)


def _refusal(error: BroadcastError) -> HttpResponse:
    status = 413 if error.data.get("too_large") else error.status
    response = HttpResponse(error.message, status=status, content_type="text/plain; charset=utf-8")
    if isinstance(error, Conflict) and "offset" in error.data:
        response["Upload-Offset"] = str(error.data["offset"])
    return response


@for_staff
@_speaks("POST")
def tray(request: HttpRequest, actor: Actor, method: str, tray_id: int) -> HttpResponse:
    """POST announces a file."""
    said = _metadata(request.headers.get("Upload-Metadata", ""))
    size = _whole(request.headers.get("Upload-Length", ""))
    upload, _fresh = services.create(
        actor,
        tray_id,
        said.get("filename", said.get("name", "")),
        size,
        modified=said.get("modified", ""),
        expected=said.get("sha256", ""),
    )
    response = HttpResponse(status=201)
    response["Location"] = reverse("uploads:file", args=[tray_id, upload.pk])
    return _dated(response, upload)


@for_staff
@_speaks("HEAD", "PATCH", "DELETE")
def file(request: HttpRequest, actor: Actor, method: str, tray_id: int, upload_id: UUID) -> HttpResponse:
    """HEAD asks how far it is, PATCH adds a piece, DELETE gives it up."""
    if method == "HEAD":
        upload = services.look(actor, tray_id, upload_id)
        response = HttpResponse(status=200)
        response["Upload-Length"] = str(upload.size_bytes)
        return _dated(response, upload)
    if method == "PATCH":
        upload = _add(request, actor, tray_id, upload_id)
        return _dated(HttpResponse(status=204), upload)
    services.discard(actor, tray_id, upload_id)
    return HttpResponse(status=204)


@for_staff
@_speaks("POST")
def seal(request: HttpRequest, actor: Actor, method: str, tray_id: int, upload_id: UUID) -> HttpResponse:
    """POST `Upload-Checksum: sha256 …` of the whole file."""
    checksum = _checksum(request.headers.get("Upload-Checksum", ""))
    if checksum is None or checksum[0] != "sha256":
        return HttpResponse(status=400)
    upload = services.seal(actor, tray_id, upload_id, checksum[1].hex())
    return HttpResponse(status=460 if upload.state == Upload.State.REFUSED else 204)


def _add(request: HttpRequest, actor: Actor, tray_id: int, upload_id: UUID) -> Upload:
    if request.headers.get("Content-Type", "").partition(";")[0].strip() != _PIECE:
        raise _NotAPiece
    if int(request.META.get("CONTENT_LENGTH") or 0) > services.MOST_PIECE:
        raise InvalidInput(f"at most {services.MOST_PIECE} bytes at once", too_large=True)
    piece = request.read(services.MOST_PIECE + 1)
    if len(piece) > services.MOST_PIECE:
        raise InvalidInput(f"at most {services.MOST_PIECE} bytes at once", too_large=True)
    offset, header = _whole(request.headers.get("Upload-Offset", "")), request.headers.get("Upload-Checksum", "")
    return services.receive(actor, tray_id, upload_id, offset, piece, _checksum(header))


class _WrongType(BroadcastError):
    code, status = "wrong_type", 415


class _Malformed(BroadcastError):
    code, status = "malformed", 400


_NotAPiece = _WrongType(_PIECE)


def _checksum(header: str) -> tuple[str, bytes] | None:
    """Algorithm and digest; None without one. Raises _Malformed."""
    if not header:
        return None
    name, _space, value = header.partition(" ")
    if name not in _ALGORITHMS:
        raise _Malformed(f"checksums: {', '.join(_ALGORITHMS)}")
    return name, _unpacked(value)


def _metadata(header: str) -> dict[str, str]:
    """Keys and their texts. Raises _Malformed."""
    found = {}
    for pair in filter(None, (each.strip() for each in header.split(","))):
        key, _space, value = pair.partition(" ")
        found[key] = _unpacked(value).decode("utf-8", errors="replace")
    return found


def _unpacked(value: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise _Malformed("not Base64") from error


def _whole(value: str) -> int:
    if not (value.isascii() and value.isdigit()) or len(value) > 15:
        raise _Malformed("a number of bytes is missing")
    return int(value)


def _dated(response: HttpResponse, upload: Upload) -> HttpResponse:
    response["Upload-Offset"] = str(upload.offset_bytes)
    if upload.state == Upload.State.RECEIVING:
        response["Upload-Expires"] = http_date(services.expires_at(upload).timestamp())
    return response


app_name = "uploads"
urlpatterns = [
    path("<int:tray_id>/", tray, name="tray"),
    path("<int:tray_id>/<uuid:upload_id>", file, name="file"),
    path("<int:tray_id>/<uuid:upload_id>/seal", seal, name="seal"),
]
