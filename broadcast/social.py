"""Asks another house who somebody is, through django-allauth: the question, the answer, refusals; whose account it is, others decide."""

from __future__ import annotations

import logging
import secrets
import threading
from dataclasses import dataclass
from typing import Any

import jwt
from allauth.core import context
from allauth.socialaccount.internal import statekit
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _
from requests import RequestException

from broadcast.errors import InvalidInput, NotFound, Unavailable
from broadcast.social_houses import OIDC, WECHAT, WECHAT_QR, OfficialAccount, OpenIDConnect, Snapshot, Website

logger = logging.getLogger(__name__)

_HOUSES: dict[str, type[OpenIDConnect] | type[OfficialAccount] | type[Website]] = {
    OIDC: OpenIDConnect,
    WECHAT: OfficialAccount,
    WECHAT_QR: Website,
}
# One who waits for another house holds one of the few threads of pages.
AT_ONCE = 4
_asking = threading.BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True)
class Way:
    """A button: `provider` is under what name the answer is kept; two ways may lead to one."""

    code: str
    name: str
    provider: str


@dataclass(frozen=True)
class Proven:
    """What the other house said: who it is, the surest name first, and what we had noted when we sent the browser there."""

    provider: str
    subjects: tuple[str, ...]
    noted: dict[str, Any]


def ways(request: HttpRequest) -> list[Way]:
    """The ways that are switched on and make sense in this browser: WeChat's own page inside WeChat, its QR code outside."""
    found = []
    inside = is_wechat(request)
    if inside and settings.WECHAT["app"] and settings.WECHAT["secret"]:
        found.append(Way(WECHAT, _("微信"), WECHAT))
    if not inside and settings.WECHAT["site_app"] and settings.WECHAT["site_secret"]:
        found.append(Way(WECHAT_QR, _("微信扫码"), WECHAT))
    if settings.OIDC["issuer"] and settings.OIDC["client"]:
        found.append(Way(OIDC, settings.OIDC["name"], OIDC))
    return found


def is_wechat(request: HttpRequest) -> bool:
    """Whether this is WeChat's own browser; that of the enterprises' WeChat knows no official accounts."""
    agent = request.headers.get("User-Agent", "")
    return "MicroMessenger" in agent and "wxwork" not in agent


def begin(request: HttpRequest, code: str, noted: dict[str, Any]) -> str:
    """Where to send the browser. `noted` waits in its session and comes back with the answer, once. Raises NotFound, Unavailable."""
    adapter = _adapter(request, code)
    nonce = secrets.token_urlsafe(24)
    with context.request_context(request), _Asking(code):
        # Asks for what the other house says of itself, here where its failure is understood.
        _known = adapter.authorize_url
        answer = adapter.get_provider().redirect(
            request, "login", auth_params=adapter.asked(nonce), scope=list(adapter.scope), noted=noted, nonce=nonce
        )
    return str(answer["Location"]) + adapter.fragment


def finish(request: HttpRequest, code: str) -> Proven:
    """What the other house answered. Raises NotFound, InvalidInput (not our question, put off, or not believed), Unavailable.

    The question is used up before the answer is looked at, so that no answer is taken twice, nor one that was asked for in another
    browser.
    """
    adapter = _adapter(request, code)
    state = statekit.unstash_state(request, provider_id=code, state_id=request.GET.get("state", "")[:100])
    if state is None:
        raise InvalidInput(_("这次登录已经过期，或者不是从这个浏览器开始的。请再试一次。"))
    if "code" not in request.GET:
        raise InvalidInput(_("对方没有确认登录。您可以再试一次，或者用手机号验证。"))
    adapter.nonce = str(state.get("nonce", ""))
    with context.request_context(request), _Asking(code):
        app = adapter.get_provider().app
        client = adapter.get_client(request, app)
        token = adapter.get_access_token_data(request, app, client, pkce_code_verifier=state.get("pkce_code_verifier"))
        subjects = adapter.subjects(app, token)
    return Proven(adapter.kept_as, subjects, dict(state.get("noted") or {}))


class _Asking:
    """While another house is asked: few at once, its failures as refusals, its words in no log."""

    def __init__(self, code: str) -> None:
        self._code = code

    def __enter__(self) -> None:
        if not _asking.acquire(timeout=1):
            raise Unavailable(_("登录的人太多，请过几秒再试。"), retry_after_seconds=5)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _trace: object) -> None:
        _asking.release()
        if isinstance(error, RequestException):
            logger.warning("another house does not answer way=%s error=%s", self._code, type(error).__name__)
            raise Unavailable(
                _("对方的登录服务没有答复，请稍后再试，或者用手机号验证。"), retry_after_seconds=10
            ) from None
        if isinstance(error, Snapshot):
            raise InvalidInput(_("现在打开的是微信快照页。请点页面下方的“使用完整服务”，再登录一次。")) from None
        if isinstance(error, OAuth2Error | jwt.PyJWTError | KeyError | ValueError | TypeError):
            # allauth's sentence may hold what the other house said; only its kind is written down.
            logger.warning("another house was not believed way=%s error=%s", self._code, type(error).__name__)
            raise InvalidInput(_("登录没有成功。请再试一次，或者用手机号验证。")) from None


def _adapter(request: HttpRequest, code: str) -> OpenIDConnect | OfficialAccount | Website:
    """Raises NotFound for what is not switched on; inside WeChat or not does not matter to an answer that was asked for."""
    house = _HOUSES.get(code)
    if house is None or not house.is_open():
        raise NotFound(_("没有这种登录方式。"))
    return house(request)
