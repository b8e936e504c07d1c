"""How the reader wants pages, language and size, chosen by an address and kept in cookies; it knows nothing of who reads."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qs

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

ELDER_COOKIE = "yishi_elder"
# Written by site.js too, so that the first paint has the size and nothing moves afterwards.
SIZE_COOKIE = "yishi_size"
SIZES = ("", "large", "largest")
YEAR_SECONDS = 365 * 24 * 3600
LANGUAGES = frozenset(code for code, _name in settings.LANGUAGES)


def language(request: HttpRequest) -> str:
    """The chosen language (`?language=`, else the cookie), Chinese where none was chosen: the browser's own is not asked."""
    return _chosen(request.GET.get("language", ""), request.COOKIES)


def language_of_handshake(query: bytes, cookies: Mapping[str, str]) -> str:
    """The same for a socket, from its address and its cookies."""
    return _chosen(parse_qs(query.decode("latin-1")).get("language", [""])[-1], cookies)


def _chosen(wish: str, cookies: Mapping[str, str]) -> str:
    wishes = (wish, cookies.get(settings.LANGUAGE_COOKIE_NAME, ""))
    return next((each for each in wishes if each in LANGUAGES), settings.LANGUAGE_CODE)


def elder(request: HttpRequest) -> bool:
    """Whether 长辈版 was chosen (`?elder=1` or `0`, else the cookie)."""
    return (request.GET.get("elder") or request.COOKIES.get(ELDER_COOKIE)) == "1"


def size(request: HttpRequest) -> str:
    """The size of 长辈版 (`?size=`, else the cookie): "", "large" or "largest"."""
    wishes = (request.GET.get("size"), request.COOKIES.get(SIZE_COOKIE))
    return next((each for each in wishes if each in SIZES), "") or ""


def remember(request: HttpRequest, response: HttpResponseBase) -> None:
    """Keep for a year what this address chose."""
    if request.GET.get("language", "") in LANGUAGES:
        keep(response, settings.LANGUAGE_COOKIE_NAME, request.GET["language"])
    if request.GET.get("elder") in {"0", "1"}:
        keep(response, ELDER_COOKIE, request.GET["elder"])
    if request.GET.get("size") in SIZES:
        keep(response, SIZE_COOKIE, request.GET["size"])


def keep(response: HttpResponseBase, name: str, value: str) -> None:
    """One choice in its cookie."""
    response.set_cookie(name, value, max_age=YEAR_SECONDS, samesite="Lax", secure=settings.BEHIND_TLS)
