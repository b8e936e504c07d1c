"""The public's search page: takes the question, holds to limits, shows the answer; it decides nothing about what may be found."""

from __future__ import annotations

import hashlib
import logging
import time
from urllib.parse import urlencode

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from archive.search import asking, finding, hints, results
from archive.search.finding import Narrowing
from broadcast.access import Actor
from broadcast.errors import BroadcastError, TooMany
from broadcast.forms import number
from broadcast.identity import actor_of_request
from broadcast.models import Programme

logger = logging.getLogger(__name__)
# Questions a minute from one address: a whole office may be behind it.
A_MINUTE = 120
_LAST_PAGE = 200
_NARROWED = ("programme", "year", "guest", "sector", "department", "episode")


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """`?q=`, narrowed by programme, year, guest, sector, department or one episode, `page=`. Without a question the field alone."""
    typed = " ".join(request.GET.get("q", "").replace("\0", "").split())
    chosen = {name: request.GET.get(name, "").replace("\0", "")[:120] for name in _NARROWED}
    page = min(max(number(request.GET.get("page", "1")) or 1, 1), _LAST_PAGE)
    context: dict[str, object] = {"typed": typed[: asking.LONGEST], "most": finding.MOST, "longest": asking.LONGEST}
    status = 200
    actor = actor_of_request(request)
    if not typed:
        context["hints"] = [(each, _address(each, {})) for each in hints.recent(actor)]
    else:
        try:
            _hold_to_limit(actor)
            words = asking.words(typed)
            narrowing = _narrowing(chosen)
            answer = results.answer(actor, words, narrowing, page)
            context |= {"answer": answer, **_links(typed, chosen, answer, page)}
            if not answer.hits:
                kept = {name: value for name, value in chosen.items() if value}
                context["hints"] = [(each, _address(each, kept)) for each in hints.shorter(actor, words, narrowing)]
        except asking.TooLong:
            status = 400
            problem = _("一次最多搜 %(characters)s 个字、%(words)s 个词。请缩短后再搜。")
            context["problem"] = problem % {"characters": asking.LONGEST, "words": asking.MOST_WORDS}
        except BroadcastError as error:
            status = error.status
            context["problem"] = error.message
    response = render(request, "archive/search.html", context, status=status)
    # What is withdrawn must be gone from every page at once.
    response["Cache-Control"] = "private, no-store"
    response["X-Robots-Tag"] = "noindex"
    return response


def _narrowing(chosen: dict[str, str]) -> Narrowing:
    programme = Programme.objects.filter(slug=chosen["programme"]).first() if chosen["programme"] else None
    # One that there is not narrows to nothing.
    programmes = (programme.pk if programme else 0,) if chosen["programme"] else ()
    year = number(chosen["year"]) or 0
    return Narrowing(
        programmes=programmes,
        year=year if 1900 < year < 3000 else 0,
        guest=chosen["guest"],
        sector=chosen["sector"],
        department=chosen["department"],
        episode=min(number(chosen["episode"]) or 0, 2**31),
    )


def _links(typed: str, chosen: dict[str, str], answer: results.Answer, page: int) -> dict[str, object]:
    """Addresses of the page's links: each choice, its undoing, and the pages beside this one."""
    kept = {name: value for name, value in chosen.items() if value}
    names = {
        "programme": _("节目"),
        "year": _("年份"),
        "guest": _("嘉宾"),
        "sector": _("界别"),
        "department": _("部门"),
    }
    facets = []
    for name, title in names.items():
        rows = [
            (each, name in kept, _address(typed, _without(kept, name) if name in kept else {**kept, name: each.value}))
            for each in answer.facets.get(name, ())
        ]
        # One episode alone is not narrowed to less.
        if name in kept or (len(rows) > 1 and (answer.episodes > 1 or answer.is_cut_off)):
            facets.append((title, rows))
    return {
        "facets": facets,
        "chosen": [
            (_name_of(name, value, answer), _address(typed, _without(kept, name))) for name, value in kept.items()
        ],
        "whole": _address(typed, {}),
        "episode_only": bool(chosen["episode"]),
        "kept": kept,
        "address": _address(typed, kept),
        "earlier": _address(typed, {**kept, "page": str(page - 1)}) if page > 1 else "",
        "later": _address(typed, {**kept, "page": str(page + 1)}) if page < answer.pages else "",
        "page": page,
    }


def _name_of(name: str, value: str, answer: results.Answer) -> str:
    """A choice in words; of what is not there what was asked for."""
    if name == "programme":
        return next((each.name for each in answer.facets.get(name, ()) if each.value == value), value)
    if name == "episode":
        return answer.groups[0].episode.title if answer.groups else _("这一期")
    return value


def _without(kept: dict[str, str], name: str) -> dict[str, str]:
    return {key: value for key, value in kept.items() if key != name}


def _address(typed: str, more: dict[str, str]) -> str:
    return "?" + urlencode({"q": typed, **more})


def _hold_to_limit(actor: Actor) -> None:
    """Counted in the cache, so for all processes; without a cache nobody is refused."""
    name = hashlib.sha256(actor.address.encode()).hexdigest()[:24]
    key = f"search:{name}:{int(time.time() // 60)}"
    try:
        cache.add(key, 0, 120)
        count = cache.incr(key)
    except Exception:
        logger.warning("searches not counted: the cache does not answer")
        return
    if count > A_MINUTE:
        raise TooMany(_("这一分钟搜得太多了。请过一分钟再搜。"), retry_after_seconds=60)
