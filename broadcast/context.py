"""What every template may show as `site`: names, footer, language, size, who reads; it asks the database only for what is shown."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject
from django.utils.http import escape_leading_slashes
from django.utils.translation import get_language

from broadcast import reader
from broadcast.identity import actor_of_request
from broadcast.models.catalogue import Assurance


def site(request: HttpRequest) -> dict[str, Any]:
    """Context processor; adds the one name `site`.

    committee_name, footer{icp, police_filing, privacy_url, agreement_url, complaints}, language ("zh-hans" | "en"),
    html_lang, other_language{code, name, url}, elder (bool), elder_url, size (of 长辈版), bigger_url,
    demo (bool), is_staff, account (name or ""), phone_verified (bool).
    """
    language = get_language() or settings.LANGUAGE_CODE
    other_code, other_name = ("en", "English") if language != "en" else ("zh-hans", "中文")
    elder = bool(getattr(request, "elder", False))
    size = reader.size(request) if elder else ""
    known = getattr(request, "identity", None)
    values = {
        "committee_name": settings.COMMITTEE_NAME,
        "footer": footer(),
        "language": language,
        "html_lang": "zh-Hans" if language != "en" else "en",
        "other_language": {"code": other_code, "name": other_name, "url": _here(request, language=other_code)},
        "elder": elder,
        "elder_url": _here(request, elder="0" if elder else "1"),
        "size": size,
        "bigger_url": _here(request, size=reader.SIZES[(reader.SIZES.index(size) + 1) % len(reader.SIZES)]),
        "demo": settings.DEMO,
        "is_staff": SimpleLazyObject(lambda: _is_staff(request)),
        "account": SimpleLazyObject(lambda: _account(request)),
        "phone_verified": known is not None and known.assurance >= Assurance.PHONE,
    }
    return {"site": values}


def footer() -> dict[str, str]:
    """The footer's data with our own pages where no other address is set."""
    own = {"privacy_url": _address("privacy"), "agreement_url": _address("agreement")}
    return {**settings.FOOTER, **{key: settings.FOOTER[key] or url for key, url in own.items()}}


def _address(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def _here(request: HttpRequest, **changes: str) -> str:
    """This page's own address with some parameters changed; without its other parameters where it is no plain GET."""
    query = request.GET.copy() if request.method in {"GET", "HEAD"} else request.GET.__class__("", mutable=True)
    for key, value in changes.items():
        query[key] = value
    # `//host/…` would be read as another host's address.
    return escape_leading_slashes(f"{request.path}?{query.urlencode()}")


def _is_staff(request: HttpRequest) -> bool:
    user = getattr(request, "user", None)
    return bool(user is not None and user.is_authenticated and actor_of_request(request).is_staff)


def _account(request: HttpRequest) -> str:
    user = getattr(request, "user", None)
    return str(user) if user is not None and user.is_authenticated else ""
