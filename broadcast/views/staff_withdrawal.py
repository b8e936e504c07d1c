"""The pages of withdrawal by person: whom, what is public of them, the one act, what became of it; `services.withdrawal` decides."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404, resolve_url
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from broadcast.access import Ability, Actor, require_house
from broadcast.errors import Conflict, InvalidInput
from broadcast.models import Person, PersonWithdrawal, PersonWithdrawalItem
from broadcast.services import withdrawal, withdrawal_episodes, withdrawal_proof
from broadcast.views.staff_page import for_staff, page
from broadcast.withdrawing import KEEP, Found

SHOWN = 50
_WORDS = {
    "whole": gettext_lazy("整期撤下"),
    "name": gettext_lazy("只撤名字"),
    "take": gettext_lazy("撤下"),
    "bleep": gettext_lazy("撤下并消音"),
    "cut": gettext_lazy("撤下并剪去"),
    KEEP: gettext_lazy("不动"),
}


@for_staff
@require_safe
def orders(request: HttpRequest, actor: Actor) -> HttpResponse:
    """People by name, and what was ordered so far."""
    require_house(actor, Ability.WITHDRAW_PEOPLE)
    typed = request.GET.get("q", "").strip()[:60]
    found: Any = ()
    if typed:
        rule = Q(name__icontains=typed) | Q(name_en__icontains=typed)
        found = Person.objects.filter(rule).annotate(times=Count("episodes", distinct=True)).order_by("name", "pk")
    standing = Count("items", filter=Q(items__state__in=PersonWithdrawalItem.STANDING))
    rows = PersonWithdrawal.objects.select_related("person", "by").annotate(
        standing=standing, waiting=Count("items", filter=Q(items__state="waiting")), many=Count("items")
    )
    context = {"typed": typed, "found": found[:SHOWN], "rows": rows.order_by("-pk")[:SHOWN]}
    return page(request, actor, "withdrawals.html", context)


@for_staff
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, actor: Actor, pk: int) -> HttpResponse:
    """Everything public in which the person is, with what to do about each; POST is the one act."""
    found = withdrawal.preview(actor, pk)
    person = get_object_or_404(Person, pk=pk)
    if request.method == "GET":
        return _preview(request, actor, person, found, {})
    posted = request.POST
    order = withdrawal.Order(
        reason=posted.get("reason", ""),
        name=posted.get("name", ""),
        choices=_named(posted, "choice."),
        seen=_named(posted, "seen."),
    )
    try:
        row = withdrawal.apply(actor, pk, order)
    except (InvalidInput, Conflict) as error:
        context = {"error": error, "wrong": error.data.get("field"), "typed": posted}
        return _preview(request, actor, person, withdrawal.preview(actor, pk), context, order)
    messages.success(request, _("已撤下。公众现在看不到了。"))
    return HttpResponseRedirect(resolve_url("staff:withdrawal", row.pk))


def _named(posted: QueryDict, prefix: str) -> dict[str, str]:
    return {key.removeprefix(prefix): posted.get(key, "") for key in posted if key.startswith(prefix)}


def _preview(
    request: HttpRequest,
    actor: Actor,
    person: Person,
    found: list[Found],
    more: dict[str, Any],
    order: withdrawal.Order | None = None,
) -> HttpResponse:
    moved = set(more["error"].data.get("moved", ())) if "error" in more else set()
    rows = [_row(each, order, moved) for each in found]
    error = more.get("error")
    context = {
        "person": person,
        "episodes": [each for each in rows if each["found"].kind == "episode" and not each["found"].coming],
        "coming": [each for each in rows if each["found"].coming],
        "others": [each for each in rows if each["found"].kind != "episode" and not each["found"].maybe],
        "maybe": [each for each in rows if each["found"].maybe],
        "alike": withdrawal_episodes.alike(person),
        "count": len(rows),
        "gone": bool(moved - {each.id for each in found}),
        "unchanged": withdrawal_episodes.unchanged(person),
        "mentioned": withdrawal_episodes.mentioned(person),
        "earlier": PersonWithdrawal.objects.filter(person=person),
        **more,
    }
    return page(request, actor, "withdrawal_new.html", context, error.status if error else 200)


def _row(found: Found, order: withdrawal.Order | None, moved: set[str]) -> dict[str, Any]:
    chosen = order.choices.get(found.id, "") if order else ""
    return {
        "found": found,
        "moved": found.id in moved,
        "choices": [
            {"value": each, "name": _WORDS[each], "on": each == (chosen if chosen in found.choices else found.chosen)}
            for each in found.choices
        ],
    }


@for_staff
@require_safe
def show(request: HttpRequest, actor: Actor, pk: int) -> HttpResponse:
    """What became of an order, item by item; `?check=1` asks the public addresses."""
    require_house(actor, Ability.WITHDRAW_PEOPLE)
    return _shown(request, actor, pk, {})


@for_staff
@require_POST
def restore(request: HttpRequest, actor: Actor, pk: int) -> HttpResponse:
    """Give one item back."""
    try:
        item = withdrawal.restore(actor, pk, request.POST.get("reason", ""))
    except (InvalidInput, Conflict) as error:
        item = get_object_or_404(PersonWithdrawalItem, pk=pk)
        return _shown(request, actor, item.withdrawal_id, {"error": error, "restoring": pk}, error.status)
    messages.success(request, _("已恢复：%(title)s") % {"title": item.title})
    return HttpResponseRedirect(resolve_url("staff:withdrawal", item.withdrawal_id))


def _shown(request: HttpRequest, actor: Actor, pk: int, more: dict[str, Any], status: int = 200) -> HttpResponse:
    row = get_object_or_404(PersonWithdrawal.objects.select_related("person", "by"), pk=pk)
    proof = None
    if request.GET.get("check"):
        proof = withdrawal_proof.prove(actor, row.person, request.get_host(), secure=request.is_secure())
    context = {
        "row": row,
        "person": row.person,
        "items": row.items.select_related("restored_by", "episode"),
        "proof": proof,
        "mentioned": withdrawal_episodes.mentioned(row.person) if proof else (),
        **more,
    }
    return page(request, actor, "withdrawal.html", context, status)


urlpatterns = [
    path("withdrawals", orders, name="withdrawals"),
    path("withdrawals/<int:pk>", show, name="withdrawal"),
    path("withdrawals/items/<int:pk>/restore", restore, name="withdrawal-restore"),
    path("<int:pk>/withdraw", new, name="withdrawal-new"),
]
