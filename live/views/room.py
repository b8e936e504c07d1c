"""The episode's page: the room of its airing, live or replay, at one address, complete before any script runs; it decides no rights."""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from broadcast import context as site_context
from broadcast import identity, registry
from broadcast import queries as catalogue
from broadcast.access import Ability, Actor, can, is_public, may_watch_programme
from broadcast.errors import IdentityStale, NotFound
from broadcast.models import Airing, Appearance, Episode, Programme, User
from broadcast.services import identity as people
from live import queries
from live.protocol import CommentObject, Mine, PublicObject
from live.queries import reason_list
from live.services import speaking
from live.views import hall as halls
from live.views import later, sharing

DRAFT = "live.draft"


def find_episode(slug: str, key: str) -> Episode:
    """The episode of an address, by number or else by slug. Raises NotFound."""
    episodes = Episode.objects.select_related("programme").filter(programme__slug=slug)
    found = episodes.filter(number=int(key)).first() if key.isascii() and key.isdigit() and len(key) < 9 else None
    found = found or episodes.filter(slug=key).first()
    if found is None:
        raise NotFound(_("没有这一期。它可能已经改期或改名，请从节目页里找。"))
    return found


def choose_airing(request: HttpRequest, actor: Actor, found: Episode) -> Airing | None:
    """The airing asked for by `airing`, else the one that the page shows by itself."""
    asked = request.POST.get("airing") or request.GET.get("airing")
    if asked:
        try:
            wanted = UUID(asked)
        except ValueError as error:
            raise NotFound(_("没有这一场。")) from error
        return Airing.objects.select_related("episode__programme").filter(pk=wanted, episode=found).first()
    return catalogue.airing_for_page(found, rehearsals=can(actor, Ability.WATCH_INTERNAL, found.programme_id))


def closed(request: HttpRequest, actor: Actor, found: Episode, airing: Airing | None) -> HttpResponse:
    """The page where the room is not for this reader: withdrawn, for members only, or as if it did not exist."""
    programme = found.programme
    if airing is None or airing.announced_at is None:
        raise NotFound(_("没有这一期。它可能已经改期或改名，请从节目页里找。"))
    withdrawn = found.publication == Episode.Publication.WITHDRAWN
    if withdrawn and may_watch_programme(actor, programme):
        return render(
            request,
            "live/room_closed.html",
            {"reason": "withdrawn", "programme": programme, "episode": found},
            status=410,
        )
    if programme.audience == Programme.Audience.MEMBERS and not withdrawn:
        return render(request, "live/room_closed.html", {"reason": "members", "programme": programme}, status=403)
    raise NotFound(_("没有这一期。它可能已经改期或改名，请从节目页里找。"))


def page(
    request: HttpRequest, actor: Actor, airing: Airing, extra: dict[str, Any] | None = None, status: int = 200
) -> HttpResponse:
    """The room of an airing that `actor` may watch; `extra` adds a refusal and what was typed."""
    objects = queries.public_objects(airing)
    try:
        mine = queries.mine_of(airing, actor)
    except IdentityStale:
        mine = Mine()
        identity.become(request, people.renewed(actor, _user(request)) or identity.fresh())
    context = _context(request, actor, airing, objects, mine)
    context.update(extra or {})
    response = render(request, "live/room.html", context, status=status)
    response["Cache-Control"] = "private, no-cache"
    return response


def _user(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None


def _context(
    request: HttpRequest, actor: Actor, airing: Airing, objects: list[PublicObject], mine: Mine
) -> dict[str, Any]:
    names = names_of(airing)
    may_reply = speaking.speaker_of(actor, airing).may_reply
    hall = halls.arrange(halls.named(objects, names))
    hall.staff_replay = staff_replay(actor, airing)
    programme = airing.episode.programme
    tab = _tab(request, hall)
    marks = _marks(airing, hall)
    return {
        "airing": airing,
        "episode": airing.episode,
        "programme": programme,
        "title": catalogue.title_of(airing.episode),
        "points": [line.strip() for line in airing.episode.description.splitlines() if line.strip()],
        "share": sharing.card(request, airing),
        "hall": hall,
        "mode": hall.mode,
        "segments": halls.segment_views(hall),
        "polls": halls.poll_views(hall, mine),
        "card_poll": halls.card_poll(hall, mine),
        "own_comments": halls.own_items(mine, "comment", [comment.id for comment in hall.comments]),
        "own_questions": halls.own_items(mine, "question", [question.id for question in hall.questions]),
        "own_ends": {item.id: item.end for item in mine.items if item.kind == "question" and item.end},
        "supported": set(mine.supports),
        "marks": marks,
        "tab": tab,
        "tabs": _tabs(hall, tab, len(marks)),
        "all_comments": all_comments(airing),
        "figures_url": figures_of(airing),
        **reporting(mine),
        "sanctions": mine.sanctions or (),
        "upheld": sum(1 for report in mine.reports if report.state == "upheld"),
        "draft": _draft(request, airing) or _again(request, mine),
        "new_id": lambda: secrets.token_urlsafe(12),  # called anew for each form
        "may_reply": may_reply,
        "replied": _replied(request, hall) if may_reply else None,
        "boot": boot(request, airing, objects, mine, tab)
        | {"staff_replay": hall.staff_replay, "names": names, "may_reply": may_reply},
    }


def boot(request: HttpRequest, airing: Airing, objects: list[PublicObject], mine: Mine, tab: str) -> dict[str, Any]:
    """What the page's script starts from: the same state that the server has drawn, and the addresses."""
    base = f"/live/airings/{airing.pk}"
    media = f"/media/airings/{airing.pk}"
    footer = site_context.footer()
    programme = airing.episode.programme
    return {
        "airing": str(airing.pk),
        "objects": msgspec.to_builtins(objects),
        "mine": msgspec.to_builtins(mine),
        "tab": tab,
        "points": [line.strip() for line in airing.episode.description.splitlines() if line.strip()],
        "needs": {action: programme.needs(action) for action in ("like", "vote", "comment", "ask", "support")},
        "documents": settings.CONSENT_VERSIONS,
        "reasons": reason_list.offered(programme.pk),
        "csrf": get_token(request),
        "modules": later.addresses(),
        "urls": {
            "socket": f"{base}/socket",
            # What is for everybody has an address that proxies keep, without anybody's cookie.
            "state": f"{base}/state" if is_public(airing) else f"{base}/state/private",
            "mine": f"{base}/mine",
            "comments": f"{base}/comments",
            "all_comments": all_comments(airing),
            "report": _address(airing, "episode-report"),
            "figures": figures_of(airing),
            "call": _address(airing, "episode-call"),
            "commands": f"{base}/commands",
            "timeline": f"{base}/timeline",
            "captions": f"{base}/captions",
            "programme": reverse("programme", args=[programme.slug]),
            "spans": f"{media}/replay/spans.json",
            "phone": reverse("account:phone"),
            "code": reverse("account:phone-code"),
            "consent": reverse("account:consent"),
            "guardian": f"{reverse('account:guardian')}?{urlencode({'next': _address(airing, 'episode')})}",
            "renew": reverse("account:renew"),
            "asked": reverse("my-questions"),
            "privacy": footer["privacy_url"],
            "agreement": footer["agreement_url"],
        },
    }


def all_comments(airing: Airing) -> str:
    """Address of the plain list of every public comment of this outing."""
    return _address(airing, "episode-comments")


def reporting(mine: Mine) -> dict[str, Any]:
    """What `_report.html` asks: which items are the reader's own, and which it has reported, with what came of it."""
    return {
        "own_keys": {f"{item.kind}:{item.id}" for item in mine.items},
        "reports": {f"{report.kind}:{report.item}": report.state for report in mine.reports},
    }


def figures_of(airing: Airing) -> str:
    """Address of the public figures; empty where the programme keeps them to itself."""
    return _address(airing, "episode-figures") if airing.episode.programme.publishes_figures else ""


def _address(airing: Airing, name: str) -> str:
    episode = airing.episode
    address = reverse(name, args=[episode.programme.slug, episode.number or episode.slug])
    return f"{address}?airing={airing.pk}"


def names_of(airing: Airing) -> dict[str, dict[str, str]]:
    """Names of roles in the reader's language, by what the wire calls them: segments' by their Chinese name, people's by code."""
    roles = airing.episode.programme.segment_roles.all()
    return {
        "segments": {role.name_zh: role.name for role in roles},
        "people": {str(code): str(name) for code, name in Appearance.Role.choices},
    }


def staff_replay(actor: Actor, airing: Airing) -> str:
    """Where staff play the recording before it is released; empty for everybody else."""
    staff = can(actor, Ability.WATCH_INTERNAL, airing.episode.programme_id)
    return f"/media/airings/{airing.pk}/replay/master.m3u8" if staff else ""


def _tab(request: HttpRequest, hall: halls.Hall) -> str:
    allowed = _tab_names(hall)
    asked = request.POST.get("tab") or request.GET.get("tab") or ""
    return asked if asked in allowed else allowed[-1] if hall.mode in {"before", "ended", "cancelled"} else allowed[0]


def _tab_names(hall: halls.Hall) -> list[str]:
    if hall.mode == "replay":
        return ["moments", "ask", "vote", "agenda"]
    return ["talk", "ask", "vote", "agenda"]


def _tabs(hall: halls.Hall, tab: str, marks: int) -> list[dict[str, Any]]:
    counts = hall.counts
    comments = counts.comments if counts else len(hall.comments)
    questions = counts.questions if counts else len(hall.questions)
    words = {
        "moments": (_("此刻"), _("%(n)s 条") % {"n": f"{marks:,}"}),
        "talk": (_("讨论"), _("%(n)s 条") % {"n": f"{comments:,}"}),
        "ask": (_("提问"), _("%(n)s 条") % {"n": f"{questions:,}"}),
        "vote": (_("投票"), _("%(n)s 项") % {"n": len(hall.polls)}),
        "agenda": (_("议程"), _("%(n)s 节") % {"n": len(hall.segments)}),
    }
    return [
        {"name": name, "word": words[name][0], "count": words[name][1], "current": name == tab}
        for name in _tab_names(hall)
    ]


def _marks(airing: Airing, hall: halls.Hall) -> list[dict[str, Any]]:
    """Public marks of a replay, the earliest first; the script finds their place on the recording."""
    if hall.mode != "replay":
        return []
    marks = [mark for _name, function in registry.timeline for mark in function(airing, False)]
    for mark in marks:
        mark["key"] = f"comment:{mark['comment']}" if "comment" in mark else f"question:{mark.get('question')}"
    return sorted(marks, key=lambda mark: str(mark["at"]))


def _again(request: HttpRequest, mine: Mine) -> dict[str, str]:
    """`?again=comment:5`: the words of an own refused item, to be changed and sent anew."""
    asked = request.GET.get("again", "")
    item = next((item for item in mine.items if asked and asked == f"{item.kind}:{item.id}"), None)
    if item is None or item.state not in {"rejected", "withdrawn"}:
        return {}
    return {"act": "comment" if item.kind == "comment" else "ask", "text": item.text, "again": asked}


def _replied(request: HttpRequest, hall: halls.Hall) -> CommentObject | None:
    """`?reply=5`: the public comment that a guest or a department is about to answer."""
    asked = request.POST.get("to") or request.GET.get("reply") or ""
    return next((each for each in hall.comments if str(each.id) == asked), None)


def _draft(request: HttpRequest, airing: Airing) -> dict[str, str]:
    """What a refused plain form had typed, kept for this airing until it is sent."""
    if not request.COOKIES.get("yishi_session"):
        return {}
    kept = request.session.get(DRAFT, {})
    return kept if kept.get("airing") == str(airing.pk) else {}
