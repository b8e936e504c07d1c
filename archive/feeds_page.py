"""Staff page of the feeds: which wait for encoders, which are fetched and from where; it carries what was typed to pull, no more."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from archive import pull
from broadcast.access import Ability, Actor, require
from broadcast.errors import BroadcastError
from broadcast.models import Feed
from broadcast.views.staff_page import for_staff, shell


@for_staff
def feeds(request: HttpRequest, actor: Actor) -> HttpResponse:
    """All feeds. POST feed and url sets where one is fetched from, `act=wait` has it wait for encoders again."""
    require(actor, Ability.ADMINISTER, pull.NO_PROGRAMME)
    wrong: dict[str, Any] = {}
    if request.method == "POST":
        number = request.POST.get("feed", "")
        url = "" if request.POST.get("act") == "wait" else request.POST.get("url", "").strip()
        try:
            if not url and request.POST.get("act") != "wait":
                wrong = {"feed": number, "words": _("请填写拉流地址。")}
            else:
                source = pull.set_source(actor, int(number) if number.isdecimal() and len(number) < 12 else 0, url)
                messages.success(request, _("已保存，几秒内开始去取。") if source else _("已改为等编码器推流。"))
                return redirect("recordings:feeds")
        except BroadcastError as error:
            wrong = {"feed": number, "words": error.message, "url": url}
    rows = [
        {
            "feed": each,
            "source": getattr(each, "pull_source", None),
            "wrong": wrong if wrong.get("feed") == str(each.pk) else None,
        }
        for each in Feed.objects.select_related("pull_source").order_by("name")
    ]
    context = {"rows": rows, "wrong": wrong, "hosts": pull.patterns()}
    return shell(request, actor, "archive/staff/feeds.html", context, status=422 if wrong else 200)
