"""The pages of people: the list, one person, the form; `services.people` decides and writes."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, resolve_url
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from broadcast.access import Actor
from broadcast.errors import BroadcastError, Conflict, InvalidInput
from broadcast.forms import PlainForm, number
from broadcast.models import Person
from broadcast.views.staff_page import for_staff, shell
from scheduling import portraits
from scheduling.models import PersonCard
from scheduling.queries import people as queries
from scheduling.services import people, photos
from scheduling.services.people import PersonPlan
from scheduling.views.calendar_page import moment

PAGE = 50
FOCUSES = (
    ("upper", gettext_lazy("偏上（人像）")),
    ("top", gettext_lazy("最上")),
    ("middle", gettext_lazy("中间")),
    ("bottom", gettext_lazy("最下")),
)
ORDERS = {"name": ("name", "pk"), "least": ("times", "name", "pk"), "last": ("-last_at", "name", "pk")}


class PersonForm(PlainForm):
    """All of a person but contacts, which have a form of their own."""

    name = forms.CharField(label=gettext_lazy("姓名"), max_length=60)
    name_en = forms.CharField(label=gettext_lazy("英文姓名"), max_length=120, required=False)
    is_member = forms.BooleanField(label=gettext_lazy("是政协委员"), required=False)
    sector = forms.CharField(
        label=gettext_lazy("界别"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"list": "sectors", "autocomplete": "off"}),
    )
    organisation = forms.CharField(label=gettext_lazy("单位"), max_length=120, required=False)
    title = forms.CharField(label=gettext_lazy("职务"), max_length=120, required=False)
    district = forms.CharField(
        label=gettext_lazy("所在区"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"list": "districts", "autocomplete": "off"}),
    )
    note = forms.CharField(
        label=gettext_lazy("备注"),
        max_length=2_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("只有编导看得到，例如擅长的话题。"),
    )
    is_retired = forms.BooleanField(
        label=gettext_lazy("不再邀请"), required=False, help_text=gettext_lazy("不出现在选人的名单里，以前的记录都在。")
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def plan(self) -> PersonPlan:
        """What was typed, for the service; only of a valid form."""
        return PersonPlan(**{name: value for name, value in self.cleaned_data.items() if name != "version"})


@for_staff
@require_GET
def roster(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Everybody who appears or could: search, 界别, district, order; and how 界别 and districts are balanced."""
    people.require_producer(actor)
    asked = request.GET
    wanted = queries.Wanted(
        words=asked.get("q", "").strip()[:60],
        sector=asked.get("sector", ""),
        district=asked.get("district", ""),
        role="member" if asked.get("member") else "",
        retired=bool(asked.get("retired")),
    )
    order = asked.get("order", "name") if asked.get("order") in ORDERS else "name"
    rows = queries.narrowed(queries.roll(), wanted).order_by(*ORDERS[order])
    kept = asked.copy()
    kept.pop("page", None)
    context = {
        "rows": Paginator(rows, PAGE).get_page(asked.get("page")),
        "wanted": wanted,
        "order": order,
        "sectors": queries.sectors(),
        "districts": queries.districts(),
        "balance": queries.balance(),
        "kept": kept.urlencode(),
    }
    return shell(request, actor, "scheduling/staff/people.html", context)


@for_staff
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Somebody new."""
    people.require_producer(actor)
    form = PersonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            person = people.add(actor, form.plan())
        except (InvalidInput, Conflict) as error:
            twin = Person.objects.filter(pk=error.data.get("person") or 0).first()
            return _form(request, actor, form, error=error, twin=twin)
        messages.success(request, _("已加入名单。"))
        return HttpResponseRedirect(resolve_url("staff:roster-person", person.pk))
    return _form(request, actor, form)


@for_staff
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, actor: Actor, pk: int) -> HttpResponse:
    """Change somebody; of two who do it at once the second is told and keeps what they typed."""
    people.require_producer(actor)
    person = get_object_or_404(Person, pk=pk)
    card = PersonCard.objects.filter(person=person).first() or PersonCard(person=person)
    if request.method == "GET":
        return _form(request, actor, PersonForm(initial=_initial(person, card)), person)
    form = PersonForm(request.POST)
    if form.is_valid():
        try:
            people.edit(actor, pk, form.cleaned_data["version"] or 0, form.plan())
        except Conflict as error:
            form.data = {**request.POST.dict(), "version": str(error.data.get("version", ""))}
            return _form(request, actor, form, person, error=error, now=card)
        except InvalidInput as error:
            return _form(request, actor, form, person, error=error)
        messages.success(request, _("已保存。"))
        return HttpResponseRedirect(resolve_url("staff:roster-person", pk))
    return _form(request, actor, form, person)


def _initial(person: Person, card: PersonCard) -> dict[str, Any]:
    own = {name: getattr(person, name) for name in ("name", "name_en", "is_member", "sector", "organisation", "title")}
    return own | {name: getattr(card, name) for name in ("district", "note", "is_retired", "version")}


def _form(
    request: HttpRequest,
    actor: Actor,
    form: PersonForm,
    person: Person | None = None,
    *,
    error: BroadcastError | None = None,
    **more: Any,
) -> HttpResponse:
    if error is not None:
        form.blame(str(error.data.get("field", "")), error.message)
    context = {
        "form": form,
        "person": person,
        "show_errors": bool(form.errors),
        "sectors": queries.sectors(),
        "districts": queries.districts(),
        **more,
    }
    status = (error.status if error else InvalidInput.status) if form.errors else 200
    return shell(request, actor, "scheduling/staff/person_form.html", context, status=status)


@for_staff
@require_GET
def show(request: HttpRequest, actor: Actor, pk: int) -> HttpResponse:
    """One person: who they are, when they appeared and on what, invitations, times they cannot."""
    return _shown(request, actor, pk)


@for_staff
@require_POST
def act(request: HttpRequest, actor: Actor, pk: int) -> HttpResponse:
    """POST act=contacts (show them), set_contacts, away or drop."""
    people.require_producer(actor)
    get_object_or_404(Person, pk=pk)
    posted = request.POST
    wanted = posted.get("act", "")
    try:
        if wanted == "contacts":
            return _shown(request, actor, pk, contacts=people.contacts(actor, pk))
        if wanted == "set_contacts":
            given = {name: posted.get(name, "") for name in ("phone", "email", "wechat")}
            people.set_contacts(actor, pk, **given)
            messages.success(request, _("联系方式已加密保存。"))
        elif wanted == "away":
            start, end = _span(posted)
            people.say_availability(actor, pk, start, end, note=posted.get("note", ""))
            messages.success(request, _("已记下。"))
        elif wanted == "drop":
            people.drop_availability(actor, number(posted.get("availability")) or 0)
            messages.success(request, _("已删除。"))
        else:
            raise InvalidInput(_("没有这个操作。"))
    except InvalidInput as error:
        typed = {name: posted.get(name, "") for name in ("phone", "email", "wechat", "first", "last", "note")}
        contacts = typed if wanted == "set_contacts" else None
        return _shown(request, actor, pk, contacts=contacts, typed=typed, error=error, wrong=error.data.get("field"))
    return HttpResponseRedirect(resolve_url("staff:roster-person", pk))


@for_staff
@require_POST
def photo(request: HttpRequest, actor: Actor, pk: int) -> HttpResponse:
    """POST a picture (photo, focus), or act=drop."""
    people.require_producer(actor)
    get_object_or_404(Person, pk=pk)
    if request.POST.get("act") == "drop":
        photos.drop(actor, pk)
        messages.success(request, _("照片已删除。"))
        return HttpResponseRedirect(resolve_url("staff:roster-person", pk))
    given = request.FILES.get("photo")
    try:
        if not isinstance(given, UploadedFile):
            raise InvalidInput(_("请选择一张照片。"), field="photo")
        # Not read whole when it is too large: one byte more than may be is enough to be refused.
        photos.keep(actor, pk, given.read(portraits.MOST_BYTES + 1), request.POST.get("focus", "upper"))
    except InvalidInput as error:
        return _shown(request, actor, pk, error=error, wrong="photo")
    messages.success(request, _("照片已保存。"))
    return HttpResponseRedirect(resolve_url("staff:roster-person", pk))


def _shown(request: HttpRequest, actor: Actor, pk: int, **more: Any) -> HttpResponse:
    people.require_producer(actor)
    person = get_object_or_404(queries.roll(), pk=pk)
    card = PersonCard.objects.filter(person=person).first()
    context = {
        "person": person,
        "card": card,
        "focuses": FOCUSES,
        "has_contacts": card is not None and card.sealed_contacts is not None,
        "appearances": queries.appearances_of(pk),
        "invitations": queries.invitations_of(pk)[:20],
        "away": people.coming_availability(pk),
        **more,
    }
    error = more.get("error")
    return shell(request, actor, "scheduling/staff/person.html", context, status=error.status if error else 200)


def _span(posted: Any) -> tuple[dt.datetime, dt.datetime]:
    """Whole days, or hours of one day, in Beijing time."""
    start, end = moment(posted.get("first", "")), moment(posted.get("last", ""))
    if start is None:
        raise InvalidInput(_("请填写从什么时候起。"), field="first")
    if end is None:
        raise InvalidInput(_("请填写到什么时候为止。"), field="last")
    return start, end


urlpatterns = [
    path("", roster, name="roster"),
    path("new", new, name="roster-new"),
    path("<int:pk>/", show, name="roster-person"),
    path("<int:pk>/edit", edit, name="roster-edit"),
    path("<int:pk>/act", act, name="roster-act"),
    path("<int:pk>/photo", photo, name="roster-photo"),
]
