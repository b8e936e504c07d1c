"""What answers for programs share: the house's own address, bytes with an ETag, whole numbers from a query; no rule."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag

from broadcast.errors import InvalidInput
from broadcast.forms import number

# Raised when the same facts are written in another way, so that nobody keeps the old one.
FORM = 1


def site_of(request: HttpRequest) -> str:
    """https://host, without a slash at its end."""
    return request.build_absolute_uri("/").rstrip("/")


def tagged(
    request: HttpRequest, said: object, write: Callable[[], bytes], media_type: str, *, private: bool = False
) -> HttpResponseBase:
    """What `write` makes, or 304 without making it when the reader has the same: `said` is all that it is made of.

    Kept by nobody without asking: what is withdrawn is gone at the next look.
    """
    etag = quote_etag(hashlib.sha256(f"{FORM}{media_type}{said!r}".encode()).hexdigest()[:32])
    answer: HttpResponseBase | None = get_conditional_response(request, etag=etag)
    if answer is None:
        answer = HttpResponse(write(), content_type=media_type)
    answer["ETag"] = etag
    answer["Cache-Control"] = "private, no-cache" if private else "no-cache"
    return answer


def whole(request: HttpRequest, name: str, default: int, most: int) -> int:
    """A whole number from 1 to `most` in the query. Raises InvalidInput (field)."""
    text = request.GET.get(name, "")
    if not text:
        return default
    found = number(text)
    if found is None or not 1 <= found <= most:
        raise InvalidInput(f"{name}: 1–{most}", field=name)
    return found
