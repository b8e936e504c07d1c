"""A refusal as a page or as JSON, whichever was asked for; it decides nothing and must work when the database does not."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from broadcast.errors import BroadcastError

TEMPLATE = "broadcast/account/refusal.html"


def answer(request: HttpRequest, error: BroadcastError) -> HttpResponse:
    """The response to an expected refusal: status, stable code, a sentence, and what to do."""
    response: HttpResponse
    message = error.message or _("现在不能这样操作。")
    if wants_json(request):
        body = {"type": "error", "id": "", "code": error.code, "message": message, "data": _plain(error.data)}
        response = JsonResponse(body, status=error.status)
    else:
        response = _page(request, error, message)
    seconds = error.data.get("retry_after_seconds")
    if seconds is not None:
        response["Retry-After"] = str(int(seconds))
    response["Cache-Control"] = "no-store"
    return response


def wants_json(request: HttpRequest) -> bool:
    """Whether a program asked: JSON preferred by Accept, a JSON body, or an address that only programs use."""
    if request.path.startswith(("/live/", "/media/", "/api/")) or request.content_type == "application/json":
        return "text/html" not in request.headers.get("Accept", "")
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"


def _page(request: HttpRequest, error: BroadcastError, message: str) -> HttpResponse:
    headings = {
        403: _("不能打开"),
        404: _("没有找到"),
        409: _("已经变了"),
        422: _("需要改一改"),
        429: _("太频繁了"),
        503: _("请稍等"),
    }
    context = {"heading": headings.get(error.status, _("没有办成")), "message": message, "error": error}
    # An outage must not ask the database who is reading: the plain page then has no header.
    lost = error.status >= 500
    html = render_to_string("broadcast/account/outage.html" if lost else TEMPLATE, context, None if lost else request)
    return HttpResponse(html, status=error.status)


def _plain(data: dict[str, Any]) -> dict[str, Any]:
    return {key: str(value) if isinstance(value, uuid.UUID) else value for key, value in data.items()}
