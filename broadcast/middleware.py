"""What every page request passes: the reader's language and size, the participant's token, refusals as answers; no rules of the house."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponseBase
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _

from broadcast import bearer, clock, device, identity, reader, refusals
from broadcast.errors import BroadcastError, NotAllowed, Unavailable

logger = logging.getLogger(__name__)

# Answers here are the same bytes for everybody and may be kept by proxies: no cookie and no Vary may touch them.
_SHARED_PREFIXES = ("/media/", "/overlay/", "/q/", "/widget/", settings.STATIC_URL)

GetResponse = Callable[[HttpRequest], Any]


class Around:
    """A middleware of two synchronous halves that never waits, so it fits a synchronous and an asynchronous chain alike."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self.is_async:
            return self._async_call(request)
        self.before(request)
        response: HttpResponseBase = self.get_response(request)
        return self.after(request, response)

    async def _async_call(self, request: HttpRequest) -> HttpResponseBase:
        self.before(request)
        return self.after(request, await self.get_response(request))

    def before(self, request: HttpRequest) -> None:
        """Before the view."""

    def after(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """After the view."""
        return response


class LanguageMiddleware(Around):
    """Chinese unless the reader chose otherwise (`?language=`, remembered in a cookie); the browser's own language is not asked.

    The same for 长辈版 (`?elder=1`, `?elder=0`), as `request.elder`.
    """

    def before(self, request: HttpRequest) -> None:
        request.LANGUAGE_CODE = reader.language(request)
        translation.activate(request.LANGUAGE_CODE)
        request.elder = reader.elder(request)  # type: ignore[attr-defined]

    def after(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if not _is_page(response):
            return response
        response.headers.setdefault("Content-Language", request.LANGUAGE_CODE or settings.LANGUAGE_CODE)
        patch_vary_headers(response, ["Cookie"])
        if not request.path.startswith(_SHARED_PREFIXES):
            reader.remember(request, response)
        return response


class ParticipantMiddleware(Around):
    """Puts the browser's signed identity on the request, a fresh guest where there is none, and hands a new one its cookie.

    The browser itself gets a token too, which stays when the identity changes. An identity in the header stands alone (`bearer`).
    """

    def before(self, request: HttpRequest) -> None:
        token = bearer.of_request(request)
        if token is not None:
            _stand_alone(request, token)
            return
        known = identity.read(request.COOKIES.get(identity.COOKIE))
        request.identity = known or identity.fresh()  # type: ignore[attr-defined]
        request.identity_is_new = known is None  # type: ignore[attr-defined]

    def after(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if bearer.of_request(request) is not None:
            return response
        if _is_page(response) and not getattr(request, "identity_is_new", False):
            _follow_session(request)
        if _is_page(response) and not request.path.startswith(_SHARED_PREFIXES):
            device.keep(request, response)
        if not getattr(request, "identity_is_new", False) or request.path.startswith(_SHARED_PREFIXES):
            return response
        # A GET that is no page may be kept by a proxy for others, so it never carries anybody's cookie.
        if _is_page(response) or request.method not in {"GET", "HEAD"}:
            identity.set_cookie(response, request.identity)  # type: ignore[attr-defined]
        return response

    def process_view(self, request: HttpRequest, *_view: Any) -> HttpResponseBase | None:
        """Django calls this before the view: a header that is not believed is no guest's."""
        if not getattr(request, "bearer_is_bad", False):
            return None
        return refusals.answer(
            request, NotAllowed(_("合作平台的登录已过期，请回到原来的应用重新打开。"), cause="bearer")
        )


class RefusalMiddleware(Around):
    """Turns an expected refusal raised in a view into its page or JSON, and a database that does not answer into 503."""

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        """Django calls this for what a view raised; None leaves it to Django."""
        if isinstance(exception, BroadcastError):
            return refusals.answer(request, exception)
        if isinstance(exception, OperationalError | InterfaceError):
            logger.error("database does not answer path=%s", request.path, exc_info=exception)
            return refusals.answer(
                request, Unavailable(_("系统正在恢复，刚才的操作没有记下。请过几秒再试。"), retry_after_seconds=3)
            )
        return None


def _stand_alone(request: HttpRequest, token: str) -> None:
    """Only what the header says: no cookie, no session's account, hence no CSRF token either."""
    known = None if request.path == bearer.ENTRANCE else bearer.read(token)
    request.identity = known or identity.fresh()  # type: ignore[attr-defined]
    request.identity_is_new = False  # type: ignore[attr-defined]
    request.bearer_is_bad = known is None and request.path != bearer.ENTRANCE  # type: ignore[attr-defined]
    request.user = AnonymousUser()
    request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]


def _follow_session(request: HttpRequest) -> None:
    """The token's rights live as the session does: gone once it is over, signed anew while it goes on.

    Only where the page asked who is logged in, so that nothing is asked of the database here.
    """
    user = request.__dict__.get("_cached_user")
    who: identity.Identity | None = getattr(request, "identity", None)
    if who is None or who.user_id is None or user is None:
        return
    if not user.is_authenticated:
        identity.become(request, replace(who, user_id=None, mark="", since=0))
    elif identity.wants_rights_anew(who, user):
        since = int(clock.now().timestamp())
        identity.become(request, replace(who, mark=identity.mark_of(user), since=since))


def _is_page(response: HttpResponseBase) -> bool:
    return str(response.headers.get("Content-Type", "")).startswith("text/html")
