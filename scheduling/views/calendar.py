"""The staff calendar: month, week and agenda, a sheet for a new airing and for moving one; services decide and write."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, QueryDict
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from broadcast.access import Ability, Actor, require
from broadcast.clock import ZONE
from broadcast.errors import Conflict, IllegalTransition, InvalidInput, NotAllowed
from broadcast.forms import number
from broadcast.refusals import wants_json
from broadcast.views.staff_page import for_staff, programmes_of, shell
from scheduling.queries import calendar as query
from scheduling.services import planning
from scheduling.views import calendar_page
from scheduling.views.calendar_form import MOST_GUESTS, NewAiring
from scheduling.views.calendar_page import Place, airing_of, moment, place_of

Span = tuple[dt.datetime, dt.datetime]
USUAL_START = dt.time(10)


@for_staff
def show(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The calendar of one's programmes. `?new=` opens the form, `?open=` an airing. POST saves a new airing, or fills in more of it."""
    place = place_of(request.GET)
    context = calendar_page.context(actor, place)
    if not context["mine"]:
        raise NotAllowed(_("您没有这个节目的这项权限，请联系管理员。"))
    if request.method == "POST":
        return _new(request, actor, place, context)
    if "new" in request.GET and context["producing"]:
        context |= {"sheet": NewAiring(context["producing"], None, _initial(request.GET, context))}
    elif airing_of(request.GET.get("open", "")):
        context |= calendar_page.opened(actor, UUID(request.GET["open"]))
    return _page(request, actor, context)


def _new(request: HttpRequest, actor: Actor, place: Place, context: dict[str, Any]) -> HttpResponse:
    if not context["producing"]:
        raise NotAllowed(_("您没有编导权限，不能新建节目。请联系管理员。"))
    if "row" in request.POST or "take" in request.POST:
        sheet = NewAiring(context["producing"], _filled_in(request.POST), {})
        sheet.read()
        return _page(request, actor, context | {"sheet": sheet})
    sheet = NewAiring(context["producing"], request.POST, {})
    if sheet.is_valid():
        try:
            airing = planning.place(actor, sheet.wish())
        except (Conflict, InvalidInput) as error:
            sheet.blame(error)
        else:
            messages.success(request, _("已保存为草稿，公众还看不到。可以继续请嘉宾、排串联单。"))
            return HttpResponseRedirect(place.address(open=str(airing.pk)))
    sheet.look_up()
    calendar_page.draw_unsaved(context, sheet)
    return _page(request, actor, context | {"sheet": sheet}, status=422)


@require_POST
@for_staff
def move(request: HttpRequest, actor: Actor, airing_id: UUID) -> HttpResponse:
    """POST other times; a script is answered in JSON.

    `start` (ISO 8601, Beijing time where it names no zone) keeps the length; `date`, `from` and `to` are a form's. `was_start` and
    `was_end` are the times as the mover saw them.
    """
    place = place_of(request.GET)
    opened = calendar_page.opened(actor, airing_id)
    require(actor, Ability.PRODUCE, opened["opened"].airing.episode.programme_id)
    try:
        was = _was(request.POST)
        start, end = _times(request.POST, was)
        moved = planning.move(actor, airing_id, start, end, was, request.POST.get("reason", "").strip()[:200])
    except (Conflict, IllegalTransition, InvalidInput) as error:
        if wants_json(request):
            raise
        context = calendar_page.context(actor, place) | opened | {"refused": error, "typed": request.POST}
        return _page(request, actor, context, status=error.status)
    if wants_json(request):
        return JsonResponse({"start": moved.planned_start.isoformat(), "end": moved.planned_end.isoformat()})
    messages.success(request, _("已改时间。"))
    return HttpResponseRedirect(
        replace(place, on=moved.planned_start.astimezone(ZONE).date()).address(open=str(airing_id))
    )


@require_POST
@for_staff
def rerun(request: HttpRequest, actor: Actor, airing_id: UUID) -> HttpResponse:
    """POST date and from: the airing's replay goes out again then."""
    place = place_of(request.GET)
    opened = calendar_page.opened(actor, airing_id)
    require(actor, Ability.PRODUCE, opened["opened"].airing.episode.programme_id)
    start = moment(f"{request.POST.get('date', '')}T{request.POST.get('from', '')}")
    try:
        if start is None:
            raise InvalidInput(_("请填写日期和开始时间。"), field="date")
        made = planning.rerun(actor, airing_id, start)
    except (Conflict, InvalidInput) as error:
        context = calendar_page.context(actor, place) | opened | {"refused": error, "typed": request.POST}
        return _page(request, actor, context, status=error.status)
    messages.success(request, _("已排好重播，公众还看不到。发布预告后公开。"))
    return HttpResponseRedirect(replace(place, on=start.astimezone(ZONE).date()).address(open=str(made.pk)))


@require_POST
@for_staff
def rehearse(request: HttpRequest, actor: Actor, airing_id: UUID) -> HttpResponse:
    """POST date, from and to: the airing's episode is rehearsed then."""
    place = place_of(request.GET)
    opened = calendar_page.opened(actor, airing_id)
    require(actor, Ability.PRODUCE, opened["opened"].airing.episode.programme_id)
    first, last = (moment(f"{request.POST.get('date', '')}T{request.POST.get(name, '')}") for name in ("from", "to"))
    try:
        if first is None or last is None:
            raise InvalidInput(_("请填写日期、开始和结束时间。"), field="from")
        made = planning.rehearse(actor, airing_id, first, last)
    except (Conflict, IllegalTransition, InvalidInput) as error:
        context = calendar_page.context(actor, place) | opened | {"refused": error, "typed_rehearsal": request.POST}
        return _page(request, actor, context, status=error.status)
    messages.success(request, _("已排好彩排，公众看不到。"))
    return HttpResponseRedirect(replace(place, on=first.astimezone(ZONE).date()).address(open=str(made.pk)))


@require_GET
@for_staff
def check(request: HttpRequest, actor: Actor) -> HttpResponse:
    """What is in the way of a new airing while it is typed, and the next time that suits all, in JSON; nothing is written."""
    producing = query.with_numbers(programmes_of(actor, Ability.PRODUCE))
    if not producing:
        raise NotAllowed(_("您没有编导权限，不能新建节目。请联系管理员。"))
    sheet = NewAiring(producing, request.GET, {})
    sheet.is_valid()
    sheet.look_up()
    return JsonResponse(
        {
            "minutes": sheet.minutes,
            "clashes": [{"thing": each.thing, "id": each.id, "words": sheet.words_of(each)} for each in sheet.clashes],
            "unwilling": [{"id": each.person_id, "words": sheet.words_of_unwilling(each)} for each in sheet.unwilling],
            "nearest": sheet.nearest_words,
            "take": sheet.take,
        }
    )


def _was(data: QueryDict) -> Span:
    start, end = moment(data.get("was_start", "")), moment(data.get("was_end", ""))
    if start is None or end is None:
        raise InvalidInput(_("请重新打开这一页，再改时间。"), field="was_start")
    return start, end


def _times(data: QueryDict, was: Span) -> Span:
    """The times that are asked for; one start alone keeps the length."""
    if "date" not in data:
        start = moment(data.get("start", ""))
        if start is None:
            raise InvalidInput(_("请填写日期、开始和结束时间。"), field="from")
        return start, start + (was[1] - was[0])
    first, last = (moment(f"{data.get('date', '')}T{data.get(name, '')}") for name in ("from", "to"))
    if first is None or last is None:
        raise InvalidInput(_("请填写日期、开始和结束时间。"), field="from")
    return first, last


def _initial(asked: QueryDict, context: dict[str, Any]) -> dict[str, Any]:
    """What a new form begins with: the day, and the hour where one was pointed at; the programme that is looked at."""
    new = asked.get("new", "")
    at = moment(new)
    chosen = next((each.pk for each in context["producing"] if each.slug == context["place"].programme), None)
    start = at.astimezone(ZONE).time() if at and "T" in new else USUAL_START
    end = start.replace(hour=start.hour + 1) if start.hour < 23 else dt.time(23, 59)
    day = at.astimezone(ZONE).date() if at else calendar_page.today()
    return {"programme": chosen or context["producing"][0].pk, "date": day, "start": start, "end": end}


def _filled_in(data: QueryDict) -> QueryDict:
    """The posted form with one more guest's row, or with the free time that was proposed."""
    changed = data.copy()
    total = number(data.get("guests-TOTAL_FORMS"))
    if "row" in data and total is not None:
        changed["guests-TOTAL_FORMS"] = str(min(total + 1, MOST_GUESTS))
    first, _slash, last = data.get("take", "").partition("/")
    at, until = moment(first), moment(last)
    if at and until:
        changed["date"] = f"{at.astimezone(ZONE):%Y-%m-%d}"
        changed["start"], changed["end"] = (f"{each.astimezone(ZONE):%H:%M}" for each in (at, until))
    return changed


def _page(request: HttpRequest, actor: Actor, context: dict[str, Any], status: int = 200) -> HttpResponse:
    return shell(request, actor, "scheduling/staff/calendar.html", context, status)


urlpatterns = [
    path("", show, name="calendar"),
    path("check", check, name="calendar-check"),
    path("airings/<uuid:airing_id>/move", move, name="calendar-move"),
    path("airings/<uuid:airing_id>/rerun", rerun, name="calendar-rerun"),
    path("airings/<uuid:airing_id>/rehearse", rehearse, name="calendar-rehearse"),
]
