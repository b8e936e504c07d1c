"""What every staff page shares: who may come in, whose programmes, the header's data; it must not write a row."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.utils.translation import gettext as _

from broadcast import clock, registry
from broadcast.access import Ability, Actor, can
from broadcast.errors import NotAllowed
from broadcast.identity import actor_of_request
from broadcast.models import Airing, Programme
from broadcast.services import logins

View = Callable[..., HttpResponse]


def for_staff(view: View) -> View:
    """A page behind the scenes: asks a stranger to log in, refuses an account without any staff role; passes the actor on.

    An account whose roles wait for a second factor is sent to set one up.

    The page itself asks for the ability it needs; this only keeps the public out.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        actor = actor_of_request(request)
        if not actor.is_staff and actor.withheld:
            return HttpResponseRedirect(resolve_url("account:security"))
        if not actor.is_staff:
            raise NotAllowed(_("这里是工作人员的页面，您的账号没有工作角色。需要时请联系管理员。"))
        logins.seen(request.session.session_key or "")
        response = view(request, actor, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        return response

    return guarded


def programmes_of(actor: Actor, ability: Ability = Ability.WATCH_INTERNAL) -> QuerySet[Programme]:
    """The programmes in which `actor` holds `ability`, in their order."""
    found = Programme.objects.filter(is_active=True)
    if ability in actor.grants.get(None, ()):
        return found
    return found.filter(pk__in=[key for key, abilities in actor.grants.items() if ability in abilities])


def page(request: HttpRequest, actor: Actor, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """A staff page of ours, by the name of its template."""
    return shell(request, actor, f"broadcast/staff/{template}", context, status)


def shell(
    request: HttpRequest, actor: Actor, template: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """A staff page of any app, with what its header needs: the actor's programmes and the chosen one."""
    shared = {
        "actor_name": actor.name,
        "my_programmes": list(programmes_of(actor)),
        "staff_may": somewhere(actor),
        "verifies_members": Ability.VERIFY_MEMBERS in actor.grants.get(None, ()),
        "staff_alarms": [each for _name, tell in registry.staff_alarms for each in tell(actor)],
        "now": clock.now(),
    }
    return render(request, template, {**shared, **context}, status=status)


def somewhere(actor: Actor) -> dict[str, bool]:
    """By ability, whether `actor` has it in any programme: which links of the header lead somewhere."""
    return {str(each): any(each in abilities for abilities in actor.grants.values()) for each in Ability}


def abilities_of(actor: Actor, airing: Airing) -> dict[str, bool]:
    """Which pages of an airing are open to `actor`, by name, for links that lead somewhere."""
    programme = airing.episode.programme_id
    return {str(each): can(actor, each, programme) for each in Ability}
