"""The staff page on which clerks enter ballots on paper of a venue, and others enter them again; no rules here."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from broadcast.access import Ability, Actor, can, require
from broadcast.errors import BroadcastError, InvalidInput
from broadcast.forms import number
from broadcast.models import Airing
from broadcast.views.staff_page import for_staff, shell
from live.queries import venues
from live.services import paper

State = venues.PaperState


@for_staff
def page(request: HttpRequest, actor: Actor, airing_id: UUID) -> HttpResponse:
    """The open polls by venue. POST act=enter (poll, venue), confirm or withdraw (paper): option-<id> and total, or reason.

    The counts of an entry that waits are shown to nobody: the second person is to count, not to copy.
    """
    airing = get_object_or_404(Airing.objects.select_related("episode__programme"), pk=airing_id)
    require(actor, Ability.ENTER_VOTES, airing.episode.programme_id)
    error: BroadcastError | None = None
    if request.method == "POST":
        try:
            messages.success(request, _act(actor, airing_id, request.POST))
            return redirect("staff:onsite-paper", airing_id)
        except BroadcastError as refused:
            error = refused
    context = {
        "airing": airing,
        "episode": airing.episode,
        "programme": airing.episode.programme,
        **_polls(actor, airing, request.POST if error else {}),
        "error": error,
        "wrong": error.data.get("field", "") if error else "",
    }
    return shell(request, actor, "live/staff/onsite_paper.html", context, error.status if error else 200)


def _act(actor: Actor, airing_id: UUID, posted: Any) -> str:
    act, entry = posted.get("act", ""), number(posted.get("paper")) or 0
    if act == "withdraw":
        paper.withdraw(actor, airing_id, entry, posted.get("reason", ""))
        return _("已撤回，可以重新录入。")
    votes, total = _typed(posted)
    if act == "confirm":
        paper.confirm(actor, airing_id, entry, votes, total)
        return _("两次录入一致，已计入代录的票。")
    poll, venue = number(posted.get("poll")) or 0, number(posted.get("venue")) or 0
    paper.enter(actor, airing_id, poll, venue, votes, total)
    return _("已录入。请另一个人在自己的账号里再录一遍，一致才计入。")


def _typed(posted: Any) -> tuple[dict[int, int], int]:
    votes: dict[int, int] = {}
    for name, typed in posted.items():
        option = number(name.removeprefix("option-")) if name.startswith("option-") else None
        if option is None:
            continue
        found = number(typed.strip())
        if found is None:
            raise InvalidInput(_("每个选项都要填，没有人选的填 0。"), field="votes")
        votes[option] = found
    total = number(posted.get("total", "").strip())
    if total is None:
        raise InvalidInput(_("请填写选票总数，只写数字。"), field="total")
    return votes, total


def _polls(actor: Actor, airing: Airing, typed: Any) -> dict[str, Any]:
    """Each open poll with a row for each venue; and what was entered for the others."""
    programme = airing.episode.programme_id
    runs = can(actor, Ability.RUN, programme)
    entries, places = venues.papers(airing), venues.venues(programme)
    standing = {(each.poll_id, each.venue_id): each for each in entries if each.state != State.WITHDRAWN}
    polls: list[dict[str, Any]] = []
    for poll in venues.open_polls(airing.pk):
        options = list(poll.options.all())
        rows = [_row(actor, runs, poll, venue, standing.get((poll.pk, venue.pk)), typed, options) for venue in places]
        polls.append({"poll": poll, "rows": rows})
    open_ids = {each["poll"].pk for each in polls}
    return {
        "polls": polls,
        "has_venues": bool(places),
        "others": [
            {"entry": each, "counts": _counts(each)}
            for each in entries
            if each.state == State.WITHDRAWN or each.poll_id not in open_ids
        ],
    }


def _row(actor: Actor, runs: bool, poll: Any, venue: Any, entry: Any, typed: Any, options: list[Any]) -> dict[str, Any]:
    is_this = typed.get("act") in {"enter", "confirm"} and (
        typed.get("paper") == str(entry.pk)
        if entry
        else (typed.get("poll"), typed.get("venue")) == (str(poll.pk), str(venue.pk))
    )
    is_reason = bool(entry) and typed.get("act") == "withdraw" and typed.get("paper") == str(entry.pk if entry else "")
    kept = typed if is_this else {}
    return {
        "venue": venue,
        "entry": entry,
        "is_mine": entry is not None and entry.entered_by_id == actor.user_id,
        "may_withdraw": entry is not None and (entry.state == State.ENTERED or runs),
        "is_wrong": is_this,
        "is_wrong_reason": is_reason,
        "key": f"{poll.pk}-{venue.pk}",
        "fields": [(option, kept.get(f"option-{option.pk}", "")) for option in options],
        "total": kept.get("total", ""),
        "counts": _counts(entry) if entry is not None and entry.state == State.CONFIRMED else [],
    }


def _counts(entry: Any) -> list[tuple[str, int]]:
    """By option, once nobody is to type it again: of an open poll those that count alone, for a withdrawn one is counted again."""
    if entry.state != State.CONFIRMED and entry.poll.state == "open":
        return []
    return [(option.text, int(entry.votes.get(str(option.pk), 0))) for option in entry.poll.options.all()]
