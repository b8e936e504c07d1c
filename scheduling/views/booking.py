"""The pages of an episode's table: its seats, who could take one, one seat's invitation; services decide and write."""

from __future__ import annotations

from typing import Any

import segno
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404, resolve_url
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from broadcast.access import Ability, Actor, require
from broadcast.errors import BroadcastError, InvalidInput
from broadcast.forms import number
from broadcast.models import Airing, Appearance, Episode
from broadcast.views.staff_page import for_staff, shell
from scheduling import letters, notices
from scheduling.models import Booking, Invitation, Notice, Seat, Studio
from scheduling.queries import invitations as asked
from scheduling.queries import people, seats, warnings
from scheduling.services import booking, invitations
from scheduling.services import notices as notice_services
from scheduling.services import seats as seat_services
from scheduling.services.people import require_producer

CHOICES = 60


@for_staff
@require_GET
def table(request: HttpRequest, actor: Actor, pk: int) -> HttpResponse:
    """The seats of an episode, what became of each, its studio and what is to be looked at."""
    return _table(request, actor, _episode(actor, pk))


def _table(request: HttpRequest, actor: Actor, episode: Episode, **more: Any) -> HttpResponse:
    airing = asked.shown(episode.pk)
    rows = seats.of_episode(episode.pk)
    studio = Booking.objects.filter(airing=airing, studio__isnull=False).values_list("studio", flat=True).first()
    context = {
        **_about(episode),
        "airing": airing,
        "rows": rows,
        "open": sum(1 for row in rows if not row.is_sure),
        "roles": Appearance.Role.choices,
        "studios": Studio.objects.filter(is_active=True) | Studio.objects.filter(pk=studio or 0),
        "studio": studio,
        "warnings": warnings.for_airings([airing]).get(airing.pk, []) if airing else [],
        "notices": Notice.objects.filter(airing=airing).select_related("person")[:30] if airing else [],
        "typed": {},
        **more,
    }
    error = more.get("error")
    return shell(request, actor, "scheduling/staff/seats.html", context, status=error.status if error else 200)


@for_staff
@require_POST
def table_act(request: HttpRequest, actor: Actor, pk: int) -> HttpResponse:
    """POST act=add, remove, free, studio or tell; a refusal is told on the page, with what was typed."""
    episode = _episode(actor, pk)
    try:
        told = _table_act(actor, episode, request.POST)
    except BroadcastError as error:
        if error.status == 403:
            raise
        return _table(request, actor, episode, error=error, typed=request.POST, wrong=error.data.get("field", ""))
    messages.success(request, told)
    return HttpResponseRedirect(resolve_url("staff:seats", pk))


def _table_act(actor: Actor, episode: Episode, posted: QueryDict) -> str:
    act = posted.get("act", "")
    if act == "add":
        seat_services.add(actor, episode.pk, posted.get("role", ""), posted.get("hint", ""))
        return _("已加一席。")
    if act == "remove":
        seat_services.remove(actor, _seat(episode, posted).pk)
        return _("已删去一席。")
    if act == "free":
        seat_services.free(actor, _seat(episode, posted).pk, posted.get("reason", ""))
        return _("这一席空出来了。")
    airing = asked.coming(episode.pk)
    if airing is None:
        raise InvalidInput(_("这一期没有还没开始的场次。"))
    if act == "studio":
        # Blank is none; what is no number is one that does not exist.
        booking.set_studio(actor, airing.pk, (number(posted.get("studio")) or 0) if posted.get("studio") else None)
        return _("已保存演播室。")
    if act == "tell":
        many = len(notice_services.tell_all(actor, airing, Notice.Kind.MOVED, posted.get("words", "")[:500]))
        return _("已写好 %(n)d 份通知。") % {"n": many}
    raise InvalidInput(_("没有这个操作。"))


@for_staff
@require_http_methods(["GET", "POST"])
def choose(request: HttpRequest, actor: Actor, pk: int, seat_id: int) -> HttpResponse:
    """Who could take a seat: free ones and those who appeared least first, with the balance. POST person (to invite) or put."""
    episode = _episode(actor, pk)
    seat = get_object_or_404(Seat.objects.select_related("person"), pk=seat_id, episode=episode)
    error: BroadcastError | None = None
    if request.method == "POST":
        try:
            return _chosen(request, actor, seat)
        except BroadcastError as refused:
            if refused.status == 403:
                raise
            error = refused
    given = request.GET
    wanted = people.Wanted(
        words=given.get("q", "").strip()[:60],
        sector=given.get("sector", ""),
        district=given.get("district", ""),
        role="" if given.get("all") else seat.role,
    )
    airing = asked.shown(episode.pk)
    found = people.narrowed(people.roll(), wanted).order_by("times", "name", "pk")
    context = {
        **_about(episode),
        "airing": airing,
        "seat": seat,
        "role": letters.role_words(seat.role),
        "rows": people.candidates(seat, airing, list(found[:CHOICES])),
        "more": max(0, found.count() - CHOICES),
        "wanted": wanted,
        "all": given.get("all", ""),
        "sectors": people.sectors(),
        "districts": people.districts(),
        "balance": people.balance(),
        "message": request.POST.get("message", ""),
        "error": error,
    }
    return shell(request, actor, "scheduling/staff/choose.html", context, status=error.status if error else 200)


def _chosen(request: HttpRequest, actor: Actor, seat: Seat) -> HttpResponse:
    if "put" in request.POST:
        taken = seat_services.put(actor, seat.pk, number(request.POST["put"]) or 0)
        name = taken.person.name if taken.person else ""
        messages.success(request, _("%(name)s 已排定。") % {"name": name})
        return HttpResponseRedirect(resolve_url("staff:seats", seat.episode_id))
    invitations.make(actor, seat.pk, number(request.POST.get("person")) or 0, request.POST.get("message", ""))
    messages.success(request, _("已留位。把邀请发给本人。"))
    return HttpResponseRedirect(resolve_url("staff:seat", seat.episode_id, seat.pk))


@for_staff
@require_GET
def invitation(request: HttpRequest, actor: Actor, pk: int, seat_id: int) -> HttpResponse:
    """One seat's invitation: the text to copy, its link as a picture, how it can be sent, what was answered."""
    return _invitation(request, actor, _episode(actor, pk), seat_id)


def _invitation(request: HttpRequest, actor: Actor, episode: Episode, seat_id: int, **more: Any) -> HttpResponse:
    row = next((each for each in seats.of_episode(episode.pk) if each.seat.pk == seat_id), None)
    if row is None:
        raise Http404
    found = row.asked
    context: dict[str, Any] = {
        **_about(episode),
        "row": row,
        "history": Invitation.objects.filter(seat=seat_id).select_related("person"),
    }
    if found is not None:
        airing = asked.shown(episode.pk)
        token = asked.token_of(found)
        url = request.build_absolute_uri(reverse("invitation", args=[token]))
        context |= {
            "airing": airing,
            "url": url,
            "briefing": reverse("invitation-briefing", args=[token]),
            "picture": segno.make(url, error="m", micro=False).svg_data_uri(scale=4, border=2),
            "letter": _letter(found, airing, row.seat.role, url),
            "way": notices.way_to(people.contacts_of(found.person_id)),
        }
    error = more.get("error")
    context |= more
    return shell(request, actor, "scheduling/staff/seat.html", context, status=error.status if error else 200)


def _letter(found: Invitation, airing: Airing | None, role: str, url: str) -> str:
    if airing is None:
        return ""
    return letters.invitation(found.person, airing, role, asked.place_of(airing), found.message, url)[1]


@for_staff
@require_POST
def invitation_act(request: HttpRequest, actor: Actor, pk: int, seat_id: int) -> HttpResponse:
    """POST act=send, sent, confirm or revoke, with invitation and the version that was looked at."""
    episode = _episode(actor, pk)
    posted = request.POST
    asked_for, version = number(posted.get("invitation")) or 0, number(posted.get("version")) or 0
    get_object_or_404(Invitation, pk=asked_for, seat=seat_id, seat__episode=episode)
    try:
        told = _invitation_act(actor, posted, asked_for, version)
    except BroadcastError as error:
        if error.status == 403:
            raise
        return _invitation(request, actor, episode, seat_id, error=error)
    messages.success(request, told)
    back = "staff:seats" if posted.get("act") == "revoke" else "staff:seat"
    return HttpResponseRedirect(resolve_url(back, *([pk] if back == "staff:seats" else [pk, seat_id])))


def _invitation_act(actor: Actor, posted: QueryDict, pk: int, version: int) -> str:
    act = posted.get("act", "")
    if act == "send":
        made = notice_services.invite(actor, pk, version)
        if made.channel == Notice.Channel.HAND:
            return _("没有可用的联系方式，请把文字或二维码转给本人。")
        return _("邀请已交给%(channel)s发出。") % {"channel": made.get_channel_display()}
    if act == "sent":
        invitations.mark_sent(actor, pk)
        return _("已记下：邀请已转给本人。")
    if act == "confirm":
        invitations.confirm(actor, pk, version)
        return _("已代为确认。")
    if act == "revoke":
        invitations.revoke(actor, pk, version, posted.get("reason", ""))
        return _("邀请已收回，这一席空出来了。")
    raise InvalidInput(_("没有这个操作。"))


def _episode(actor: Actor, pk: int) -> Episode:
    require_producer(actor)
    episode = get_object_or_404(Episode.objects.select_related("programme"), pk=pk)
    require(actor, Ability.PRODUCE, episode.programme_id)
    return episode


def _about(episode: Episode) -> dict[str, Any]:
    return {"episode": episode, "programme": episode.programme}


def _seat(episode: Episode, posted: QueryDict) -> Seat:
    return get_object_or_404(Seat, pk=number(posted.get("seat")) or 0, episode=episode)


urlpatterns = [
    path("<int:pk>/seats", table, name="seats"),
    path("<int:pk>/seats/act", table_act, name="seats-act"),
    path("<int:pk>/seats/<int:seat_id>/", invitation, name="seat"),
    path("<int:pk>/seats/<int:seat_id>/choose", choose, name="seat-choose"),
    path("<int:pk>/seats/<int:seat_id>/act", invitation_act, name="seat-act"),
]
