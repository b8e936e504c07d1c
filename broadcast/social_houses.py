"""The other houses that may say who somebody is, as adapters of django-allauth: OpenID Connect, WeChat in two ways; no account here."""

from __future__ import annotations

import secrets
import time
from typing import Any

import jwt
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from allauth.socialaccount.providers.weixin.provider import WeixinProvider
from allauth.socialaccount.providers.weixin.views import WeixinOAuth2Adapter
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

OIDC, WECHAT, WECHAT_QR = "oidc", "wechat", "wechat-qr"
# How long what a provider says of itself is believed, and how soon it is asked again for a key that we do not know.
KNOWN_SECONDS, KEY_SECONDS = 600, 10
LEEWAY_SECONDS = 60
# What a provider may sign with: its own key alone, never a secret that we know too.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
SUBJECT_MOST = 255
_known: dict[str, tuple[float, dict[str, Any]]] = {}


class Snapshot(Exception):
    """WeChat showed a snapshot of the page and says so: its name there is nobody's."""


class OpenIDConnect(OpenIDConnectOAuth2Adapter):  # type: ignore[misc,unused-ignore]
    """A provider by its issuer: discovery, PKCE, an id_token whose signature, issuer, audience, time and nonce are checked; no profile."""

    kept_as, fragment, scope = OIDC, "", ("openid",)
    nonce = ""

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request, OIDC)

    @staticmethod
    def is_open() -> bool:
        """Whether the settings name one."""
        return bool(settings.OIDC["issuer"] and settings.OIDC["client"])

    def get_provider(self) -> OpenIDConnectProvider:
        """With the app of the settings; allauth would ask its tables."""
        known = settings.OIDC
        app = SocialApp(provider=OIDC, provider_id=OIDC, client_id=known["client"], secret=known["secret"])
        app.name, app.settings = known["name"], {"server_url": _issuer(), "oauth_pkce_enabled": True}
        return _Provider(self.request, app=app)

    @property
    def openid_config(self) -> dict[str, Any]:
        """What the issuer says of itself. Another's word is not taken."""
        told = _told(self.get_provider().server_url, KNOWN_SECONDS)
        if str(told.get("issuer", "")).rstrip("/") != _issuer():
            raise OAuth2Error("discovery names another issuer")
        return told

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        """Ours."""
        return _back(request, OIDC)

    def asked(self, nonce: str) -> dict[str, str]:
        """Beside what OAuth asks."""
        return {"nonce": nonce}

    def subjects(self, app: SocialApp, token: dict[str, Any]) -> tuple[str, ...]:
        """`sub` is only unique within its issuer."""
        told = self._decode_id_token(app, str(token["id_token"]))
        if not self.nonce or not secrets.compare_digest(str(told.get("nonce", "")), self.nonce):
            raise OAuth2Error("the answer is to another question")
        return (f"{_issuer()} {_text(told['sub'])}",)

    def _decode_id_token(self, app: SocialApp, id_token: str) -> dict[str, Any]:
        """With its signature, though it came straight from the provider: inside a city's network there may be no TLS to it."""
        header = jwt.get_unverified_header(id_token)
        if header.get("alg") not in ALGORITHMS:
            raise OAuth2Error("signed with what anybody could sign")
        told: dict[str, Any] = jwt.decode(
            id_token,
            key=self._key(header.get("kid")).key,
            algorithms=[header["alg"]],
            issuer=self.openid_config["issuer"],
            audience=app.client_id,
            leeway=LEEWAY_SECONDS,
            options={"require": ["iss", "sub", "aud", "exp", "iat"]},
        )
        several = isinstance(told["aud"], list) and len(told["aud"]) > 1
        if told.get("azp", app.client_id) != app.client_id or (several and "azp" not in told):
            raise OAuth2Error("the answer is for another house")
        return told

    def _key(self, kid: str | None) -> jwt.PyJWK:
        for seconds in (KNOWN_SECONDS, KEY_SECONDS):
            keys = jwt.PyJWKSet.from_dict(_told(self.openid_config["jwks_uri"], seconds)).keys
            fitting = [key for key in keys if key.key_type != "oct" and (kid is None or key.key_id == kid)]
            if len(fitting) == 1:
                return fitting[0]
        raise OAuth2Error("signed with an unknown key")


class _WeChat(WeixinOAuth2Adapter):  # type: ignore[misc,unused-ignore]
    """Code against openid and unionid; neither name nor picture is asked for."""

    access_token_method = "GET"
    kept_as, fragment, nonce = WECHAT, "#wechat_redirect", ""
    provider_id: str
    scope: tuple[str, ...]
    page: str
    app, secret = "app", "secret"

    @classmethod
    def is_open(cls) -> bool:
        """Whether the settings name one."""
        return bool(settings.WECHAT[cls.app] and settings.WECHAT[cls.secret])

    @property
    def access_token_url(self) -> str:
        """Where the code is given for the names."""
        return f"{settings.WECHAT['api'].rstrip('/')}/sns/oauth2/access_token"

    @property
    def authorize_url(self) -> str:
        """Where the browser goes."""
        return f"{settings.WECHAT['open'].rstrip('/')}/connect/{self.page}"

    def get_provider(self) -> WeixinProvider:
        """With the app of the settings; allauth would ask its tables."""
        app = SocialApp(provider=self.provider_id, provider_id=self.provider_id, client_id=settings.WECHAT[self.app])
        app.secret, app.settings = settings.WECHAT[self.secret], {}
        return _WeChatProvider(self.request, app=app, house=type(self))

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        """Ours."""
        return _back(request, self.provider_id)

    def asked(self, nonce: str) -> dict[str, str]:
        """WeChat knows no nonce; its state is ours and good once."""
        return {}

    def subjects(self, app: SocialApp, token: dict[str, Any]) -> tuple[str, ...]:
        """The unionid is the person's in all apps of the committee, the openid in this one alone."""
        if str(token.get("is_snapshotuser", "0")) == "1":
            raise Snapshot
        names = [f"openid:{app.client_id}:{_text(token['openid'])}"]
        return (f"unionid:{_text(token['unionid'])}", *names) if token.get("unionid") else tuple(names)


class OfficialAccount(_WeChat):
    """Inside WeChat's own browser; asks once for the person's yes, since only then there is a unionid."""

    provider_id, page, scope = WECHAT, "oauth2/authorize", ("snsapi_userinfo",)


class Website(_WeChat):
    """A QR code for WeChat, on any other screen."""

    provider_id, page, scope = WECHAT_QR, "qrconnect", ("snsapi_login",)
    app, secret = "site_app", "site_secret"


class _Provider(OpenIDConnectProvider):  # type: ignore[misc,unused-ignore]
    """Knows its adapter without allauth's addresses."""

    def get_oauth2_adapter(self, request: HttpRequest) -> OpenIDConnect:
        """Ours."""
        return OpenIDConnect(request)


class _WeChatProvider(WeixinProvider):  # type: ignore[misc,unused-ignore]
    """The same of WeChat."""

    def __init__(self, request: HttpRequest, app: SocialApp, house: type[_WeChat]) -> None:
        super().__init__(request, app=app)
        self._house = house

    def get_oauth2_adapter(self, request: HttpRequest) -> _WeChat:
        """Ours."""
        return self._house(request)


def forget() -> None:
    """What providers said of themselves is asked anew."""
    _known.clear()


def _told(url: str, seconds: int) -> dict[str, Any]:
    """A JSON object of the provider's, at most so old."""
    at, told = _known.get(url, (0.0, {}))
    if told and time.monotonic() - at < seconds:
        return told
    with get_adapter().get_requests_session() as session:
        answer = session.get(url, allow_redirects=False)
        answer.raise_for_status()
        found: dict[str, Any] = dict(answer.json())
    _known[url] = (time.monotonic(), found)
    return found


def _issuer() -> str:
    return str(settings.OIDC["issuer"]).rstrip("/")


def _back(request: HttpRequest, code: str) -> str:
    return str(request.build_absolute_uri(reverse("account:social-back", args=[code])))


def _text(told: Any) -> str:
    if not isinstance(told, str) or not told or len(told) > SUBJECT_MOST:
        raise OAuth2Error("no name that could be kept")
    return told
