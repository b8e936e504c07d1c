"""Lets pages of the origins that the settings name send commands with a header of their own (`broadcast.bearer`), never our cookies."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import patch_vary_headers

from broadcast import bearer
from broadcast.middleware import Around

_METHODS = {"commands": "POST", "mine": "GET", "partner": "POST", "consent": "POST"}


class PartnerPages(Around):
    """Answers the browser's question beforehand, and says with the answer that such a page may read it."""

    def process_view(self, request: HttpRequest, *_view: Any) -> HttpResponseBase | None:
        """Django calls this before the view."""
        if request.method != "OPTIONS" or not _is_partners(request):
            return None
        response = HttpResponse(status=204)
        response["Access-Control-Allow-Methods"] = _METHODS[request.path.rpartition("/")[2]]
        response["Access-Control-Allow-Headers"] = "authorization, content-type"
        response["Access-Control-Max-Age"] = "600"
        return response

    def after(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Without Access-Control-Allow-Credentials: what came with cookies stays unread."""
        if _is_partners(request):
            response["Access-Control-Allow-Origin"] = request.headers["Origin"]
            patch_vary_headers(response, ["Origin"])
        return response


def _is_partners(request: HttpRequest) -> bool:
    named = settings.PARTNERS and request.headers.get("Origin", "") in settings.ALLOWED_ORIGINS
    return bool(named and request.path.startswith(bearer.PLACES) and request.path.rpartition("/")[2] in _METHODS)
