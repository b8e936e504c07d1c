"""What a programme allows and asks for, as its system administrator sets it; it knows no page, and touches no airing that is planned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from broadcast import audit
from broadcast.access import Ability, Actor, require
from broadcast.errors import InvalidInput, NotFound
from broadcast.models import Airing, Programme
from broadcast.models.catalogue import Assurance

# What can be set here, with the values that are taken.
CHOICES: Mapping[str, frozenset[Any]] = {
    "comments": frozenset(Programme.Moderation.values),
    "questions": frozenset(Programme.Moderation.values),
    "likes": frozenset({True, False}),
    "polls": frozenset({True, False}),
    "publishes_ballots": frozenset({True, False}),
    "publishes_figures": frozenset({True, False}),
    "review_steps": frozenset({1, 2}),
    "replay_release": frozenset(Programme.Release.values),
    "cut_needs_second_person": frozenset({True, False}),
    "members_shown": frozenset(Programme.MembersShown.values),
}
# Least and most, in seconds and hours.
SPANS: Mapping[str, tuple[int, int]] = {"delay_seconds": (0, 120), "appeal_hours": (1, 720)}
# Whose least assurance can be set: what asks for it when it is done.
ACTIONS = ("vote", "comment", "ask", "support")
# Not while a show of the programme runs: whoever runs it counts on them.
STANDING = ("delay_seconds", "cut_needs_second_person", "replay_release")


def policy_of(programme: Programme) -> dict[str, Any]:
    """What is set now, by name; least assurances as `needs_<action>`."""
    found = {name: getattr(programme, name) for name in (*CHOICES, *SPANS)}
    return found | {f"needs_{action}": programme.needs(action) for action in ACTIONS}


def set_policy(actor: Actor, programme_id: int, wanted: Mapping[str, Any], reason: str) -> dict[str, Any]:
    """Set what `wanted` names, leave the rest; returns what changed. Needs ADMINISTER in the programme; audited, with a reason.

    Counts from the next act in a room on (an open page shows it within seconds); delay, release and the ballots' list count for
    airings and polls that are made or closed from now on. Raises NotFound, InvalidInput (field), the latter also for what may not
    change while a show runs.
    """
    require(actor, Ability.ADMINISTER, programme_id)
    _check(wanted)
    if not reason.strip():
        raise InvalidInput(_("请写明原因，以后要能查到。"), field="reason")
    with transaction.atomic():
        programme = Programme.objects.select_for_update().filter(pk=programme_id).first()
        if programme is None:
            raise NotFound(_("没有这个节目。"))
        known = policy_of(programme)
        changed = {name: value for name, value in wanted.items() if value != known[name]}
        if not changed:
            return {}
        _refuse_while_running(programme, changed)
        needs = {
            name.removeprefix("needs_"): int(value) for name, value in changed.items() if name.startswith("needs_")
        }
        for name, value in changed.items():
            if not name.startswith("needs_"):
                setattr(programme, name, value)
        programme.least_assurance = {**programme.least_assurance, **needs}
        programme.save()
        before = {name: known[name] for name in changed}
        audit.record(
            actor,
            "programme.set",
            f"programme:{programme.slug}",
            reason=reason.strip(),
            before=before,
            after=changed,
        )
    return changed


def _check(wanted: Mapping[str, Any]) -> None:
    for name, value in wanted.items():
        if name in SPANS:
            least, most = SPANS[name]
            if not isinstance(value, int) or not least <= value <= most:
                words = {"least": least, "most": most}
                raise InvalidInput(_("请填写 %(least)s 到 %(most)s 之间的整数。") % words, field=name)
        elif name.startswith("needs_"):
            if name.removeprefix("needs_") not in ACTIONS or value not in Assurance.values:
                raise InvalidInput(_("没有这种身份要求。"), field=name)
        elif value not in CHOICES.get(name, ()):
            raise InvalidInput(_("没有这个选项。"), field=name)


def _refuse_while_running(programme: Programme, changed: Mapping[str, Any]) -> None:
    held = next((name for name in STANDING if name in changed), None)
    if held is None:
        return
    state = Airing.State
    running = Airing.objects.filter(episode__programme=programme, state__in=[state.WAITING, state.ON_AIR])
    airing = running.select_related("episode").first()
    if airing is not None:
        words = _("“%(title)s”正在候播或直播，这一项等它结束后再改。") % {"title": airing.episode.title}
        raise InvalidInput(words, field=held)
