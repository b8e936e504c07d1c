"""What answers for programs share: the house's own address, bytes with an ETag, whole numbers from a query; no rule."""

from __future__ import annotations

import hashlib

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag

from broadcast.errors import InvalidInput


def site_of(request: HttpRequest) -> str:
    """https://host, without a slash at its end."""
    return request.build_absolute_uri("/").rstrip("/")


def tagged(request: HttpRequest, body: bytes, media_type: str, *, private: bool = False) -> HttpResponseBase:
    """The bytes, or 304 when the reader has the same. Kept by nobody without asking: what is withdrawn is gone at the next look."""
    etag = quote_etag(hashlib.sha256(body).hexdigest()[:32])
    answer = HttpResponse(body, content_type=media_type)
    answer["ETag"] = etag
    answer["Cache-Control"] = "private, no-cache" if private else "no-cache"
    found = get_conditional_response(request, etag=etag, response=answer)
    if found is None:
        return answer
    found["Cache-Control"] = answer["Cache-Control"]
    return found


def whole(request: HttpRequest, name: str, default: int, most: int) -> int:
    """A whole number from 1 to `most` in the query. Raises InvalidInput (field)."""
    text = request.GET.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= most):
        raise InvalidInput(f"{name}: 1–{most}", field=name)
    return int(text)
