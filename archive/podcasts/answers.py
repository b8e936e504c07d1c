"""What the feeds' answers share: the house's address, an ETag of their bytes, whole page numbers; no rule."""

from __future__ import annotations

import datetime as dt
import hashlib

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.templatetags.static import static
from django.utils.cache import get_conditional_response
from django.utils.http import http_date, quote_etag

from archive.podcasts.items import PAGE
from broadcast.errors import NotFound
from broadcast.forms import number


def site_of(request: HttpRequest) -> str:
    """https://host, without a slash at its end."""
    return request.build_absolute_uri("/").rstrip("/")


def picture(request: HttpRequest) -> str:
    """Of what has none of its own."""
    return request.build_absolute_uri(static("broadcast/still.png"))


def asked_page(request: HttpRequest, count: int) -> tuple[int, int]:
    """(page, pages). Raises NotFound for one that there is not."""
    pages = max(1, -(-count // PAGE))
    page = number(request.GET.get("page", "1"))
    if page is None or not 1 <= page <= pages:
        raise NotFound()
    return page, pages


def tagged(
    request: HttpRequest, content: bytes, media_type: str, changed_at: dt.datetime | None = None
) -> HttpResponseBase:
    """The bytes, or 304 to who has the same ones by their ETag. Kept by nobody without asking.

    The date is told and never believed: a withdrawal makes a feed shorter, not newer.
    """
    etag = quote_etag(hashlib.sha256(content).hexdigest()[:32])
    answer = get_conditional_response(request, etag=etag) or HttpResponse(content, content_type=media_type)
    answer["ETag"] = etag
    answer["Cache-Control"] = "no-cache"
    if changed_at is not None:
        answer["Last-Modified"] = http_date(changed_at.timestamp())
    answer["Access-Control-Allow-Origin"] = "*"
    return answer
