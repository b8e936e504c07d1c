"""Where Django itself refuses: no such page, no valid form token, a fault of ours; it only words the answer."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from broadcast.errors import BroadcastError, NotAllowed, NotFound, Unavailable
from broadcast.refusals import answer


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Settings' CSRF_FAILURE_VIEW: the page was open too long, or another site sent the form."""
    return answer(
        request, NotAllowed(_("这个页面打开太久了，刚才的操作没有记下。请返回上一页，刷新后再试。"), cause="csrf")
    )


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler404."""
    return answer(request, NotFound(_("没有这个页面。它可能已经搬走，也可能地址打错了。")))


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler403."""
    return answer(request, NotAllowed(_("这个页面不对您开放。如果您有账号，请先登录。")))


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler400."""
    return answer(request, BroadcastError(_("浏览器发来的内容读不懂，刚才的操作没有记下。请刷新后再试。")))


def server_error(request: HttpRequest) -> HttpResponse:
    """handler500: says so without touching anything that may be broken."""
    fault = Unavailable(_("系统出了问题，刚才的操作可能没有记下。我们已有记录，请稍后再试。"))
    response = answer(request, fault)
    response.status_code = 500
    return response
