"""Who may do what, in which programme: the roles' abilities, `can` and `require`; transports only carry an Actor here."""

from __future__ import annotations

import datetime as dt
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.utils import translation
from django.utils.translation import gettext as _

from broadcast import clock
from broadcast.errors import AssuranceTooLow, NotAllowed
from broadcast.models import Airing, Episode, Passkey, Programme, RoleGrant, RolePolicy, User
from broadcast.models.catalogue import Assurance


class Ability(StrEnum):
    """What a role may do. Services ask for abilities, never for roles."""

    WATCH_MEMBERS = "watch_members"
    WATCH_INTERNAL = "watch_internal"
    SEE_DESK = "see_desk"
    MODERATE = "moderate"
    # Of the duty leader: what was escalated, appeals against moderators, the emergency switch.
    LEAD = "lead"
    PRODUCE = "produce"
    RUN = "run"
    CUT = "cut"
    SIGN_OFF = "sign_off"
    HOST = "host"
    SCREEN_CALLS = "screen_calls"
    # Writes the captions of a show while it runs.
    CAPTION = "caption"
    # Enters what venues report: how many people watch there together, and their votes on paper.
    ENTER_VOTES = "enter_votes"
    RESPOND = "respond"
    REPORT = "report"
    # Whose account a member of the committee has.
    VERIFY_MEMBERS = "verify_members"
    # Of the three offices, each of one person who holds nothing else: accounts and settings; roles; the record.
    ADMINISTER = "administer"
    GRANT = "grant"
    AUDIT = "audit"
    # Takes somebody from everything public, in all programmes at once, and gives back.
    WITHDRAW_PEOPLE = "withdraw_people"
    # Legal holds, and data that people ask for, or want erased, in writing.
    KEEP_RECORDS = "keep_records"


_R = RoleGrant.Role
_STAFF_WATCH = {Ability.WATCH_MEMBERS, Ability.WATCH_INTERNAL}
ABILITIES: dict[str, frozenset[Ability]] = {
    _R.MEMBER: frozenset({Ability.WATCH_MEMBERS}),
    _R.GUEST_SPEAKER: frozenset({Ability.WATCH_MEMBERS}),
    _R.DEPARTMENT_RESPONDENT: frozenset({Ability.WATCH_MEMBERS, Ability.RESPOND}),
    _R.CALL_SCREENER: frozenset({*_STAFF_WATCH, Ability.SCREEN_CALLS, Ability.ENTER_VOTES}),
    _R.CAPTIONER: frozenset({*_STAFF_WATCH, Ability.CAPTION}),
    _R.MODERATOR: frozenset({*_STAFF_WATCH, Ability.SEE_DESK, Ability.MODERATE}),
    _R.DUTY_LEADER: frozenset({*_STAFF_WATCH, Ability.SEE_DESK, Ability.MODERATE, Ability.LEAD}),
    _R.PRODUCER: frozenset(
        {
            *_STAFF_WATCH,
            Ability.SEE_DESK,
            Ability.PRODUCE,
            Ability.RUN,
            Ability.CAPTION,
            Ability.ENTER_VOTES,
            Ability.CUT,
            Ability.HOST,
            Ability.SIGN_OFF,
            Ability.REPORT,
        }
    ),
    _R.HOST: frozenset({*_STAFF_WATCH, Ability.HOST}),
    _R.SECRETARIAT: frozenset(
        {
            *_STAFF_WATCH,
            Ability.SEE_DESK,
            Ability.REPORT,
            Ability.VERIFY_MEMBERS,
            Ability.ENTER_VOTES,
            Ability.WITHDRAW_PEOPLE,
        }
    ),
    _R.AUDITOR: frozenset({*_STAFF_WATCH, Ability.AUDIT}),
    _R.SYSTEM_ADMINISTRATOR: frozenset({*_STAFF_WATCH, Ability.ADMINISTER}),
    _R.SECURITY_ADMINISTRATOR: frozenset({Ability.GRANT, Ability.KEEP_RECORDS}),
}
_BEHIND = frozenset({Ability.WATCH_INTERNAL, Ability.ADMINISTER, Ability.GRANT, Ability.AUDIT})
# Roles that count only for accounts with a second factor where nothing else is said (RolePolicy, YISHI_SECOND_FACTOR).
SENSITIVE = frozenset(RoleGrant.Role.values) - {_R.MEMBER, _R.GUEST_SPEAKER}


@dataclass(frozen=True)
class Actor:
    """Whoever acts, and where from. Built by a transport from session and signed participant token, passed to every service.

    `participant_id` is None for jobs of the house; `generation` is what its token says of the row (0: a guest's).
    Grants are read once, at first need, from the database; a long-lived socket builds a fresh Actor for each command, so
    that a right taken away works at the next act. `language` is the one it reads; empty for jobs of the house. `device` is what
    the browser calls itself, `device_id` names the browser itself (`broadcast.device`), empty where it brought no token.
    """

    user_id: int | None = None
    participant_id: UUID | None = None
    assurance: int = Assurance.GUEST
    name: str = ""
    address: str = ""
    port: int | None = None
    device: str = ""
    device_id: str = ""
    generation: int = 0
    house: bool = False
    language: str = ""
    extra: dict[str, Any] = field(default_factory=dict, compare=False)

    @property
    def grants(self) -> dict[int | None, frozenset[Ability]]:
        """Abilities by programme id; None holds those of every programme. Two queries, once."""
        return self._standing[0]

    @property
    def withheld(self) -> bool:
        """Whether it has roles that do not count until the account has a second factor."""
        return self._standing[1]

    @cached_property
    def _standing(self) -> tuple[dict[int | None, frozenset[Ability]], bool]:
        if self.user_id is None:
            return {}, False
        user = with_factor(User.objects.filter(pk=self.user_id, is_active=True)).only("pk").first()
        if user is None:
            return {}, False
        found: dict[int | None, set[Ability]] = {}
        withheld = False
        for programme_id, role, policy in standing_grants(self.user_id):
            if needs_factor(role, policy) and not user.has_factor:
                withheld = True
                continue
            found.setdefault(programme_id, set()).update(ABILITIES[role])
        return {programme_id: frozenset(abilities) for programme_id, abilities in found.items()}, withheld

    def spoken_to(self) -> AbstractContextManager[Any]:
        """Word what this actor is told within, in any thread, in the language it reads; without one the language in force stays."""
        return translation.override(self.language) if self.language else nullcontext()

    @property
    def is_staff(self) -> bool:
        """Has any ability behind the scenes, in any programme."""
        return any(abilities & _BEHIND for abilities in self.grants.values())


HOUSE = Actor(house=True, name="system")


def with_factor(users: QuerySet[User]) -> QuerySet[Any]:
    """The accounts, each with `has_factor`: whether it has a second factor that works."""
    passkeys = Passkey.objects.filter(user=OuterRef("pk"))
    return users.annotate(has_factor=Q(second_factor__confirmed_at__isnull=False) | Exists(passkeys))


def standing_grants(user_id: int) -> list[tuple[int | None, str, bool | None]]:
    """Programme, role and what its policy says (None: nothing) of every grant that counts now."""
    policy = RolePolicy.objects.filter(role=OuterRef("role")).values("needs_second_factor")[:1]
    rows = RoleGrant.objects.standing().filter(user_id=user_id).annotate(policy=Subquery(policy))
    return list(rows.values_list("programme_id", "role", "policy"))


def needs_factor(role: str, policy: bool | None) -> bool:
    """Whether the role counts only with a second factor; `policy` is what its row says, None without one."""
    return settings.SECOND_FACTOR and role in SENSITIVE if policy is None else policy


def can(actor: Actor, ability: Ability, programme_id: int) -> bool:
    """Whether `actor` holds `ability` in that programme. Jobs of the house may do everything but moderate and lead."""
    if actor.house:
        return ability not in {Ability.MODERATE, Ability.LEAD}
    return any(ability in actor.grants.get(key, ()) for key in (None, programme_id))


def require(actor: Actor, ability: Ability, programme_id: int) -> None:
    """Raise NotAllowed unless `can`."""
    if not can(actor, ability, programme_id):
        raise NotAllowed(_("您没有这个节目的这项权限，请联系管理员。"), ability=str(ability))


def require_house(actor: Actor, ability: Ability) -> None:
    """Raise NotAllowed unless `actor` holds `ability` for the whole house."""
    if not (actor.house or ability in actor.grants.get(None, ())):
        raise NotAllowed(_("您没有这项权限，请联系管理员。"), ability=str(ability))


def require_anywhere(actor: Actor, ability: Ability) -> None:
    """Raise NotAllowed unless `actor` holds `ability` in any programme: for what belongs to none of them."""
    if not (actor.house or any(ability in abilities for abilities in actor.grants.values())):
        raise NotAllowed(_("您没有这项权限，请联系管理员。"), ability=str(ability))


def require_assurance(actor: Actor, needed: int) -> None:
    """Raise AssuranceTooLow when the actor's identity is less sure than `needed` (an Assurance)."""
    if actor.assurance < needed:
        raise AssuranceTooLow(_("请先验证手机号，再试一次。"), needed=int(needed), have=int(actor.assurance))


def may_watch(actor: Actor, airing: Airing) -> bool:
    """Whether this airing's page exists for `actor`: staff see all, the public only what is announced, published and for them.

    Reads airing.episode.programme, so select_related them.
    """
    programme = airing.episode.programme
    if can(actor, Ability.WATCH_INTERNAL, programme.pk):
        return True
    return is_told(airing) and may_watch_programme(actor, programme)


def is_told(airing: Airing) -> bool:
    """Whether those for whom the programme is know of this airing: announced, published, no rehearsal. Reads airing.episode."""
    if airing.kind == Airing.Kind.REHEARSAL or airing.announced_at is None:
        return False
    return airing.episode.publication == Episode.Publication.PUBLISHED


def is_public(airing: Airing) -> bool:
    """Whether anybody at all may watch it, so that it may be sent where nobody is asked who they are."""
    return may_watch(Actor(), airing)


def may_watch_programme(actor: Actor, programme: Programme) -> bool:
    """Whether the programme is for `actor`: public for all, members' for members and staff, closed for staff alone."""
    if programme.audience == Programme.Audience.PUBLIC:
        return True
    if can(actor, Ability.WATCH_INTERNAL, programme.pk):
        return True
    return programme.audience == Programme.Audience.MEMBERS and can(actor, Ability.WATCH_MEMBERS, programme.pk)


def may_watch_replay(actor: Actor, airing: Airing) -> bool:
    """Whether the recording of an ended airing may be played by `actor`: staff at once, others after release.

    Release is the episode's sign-off, which the end itself gives where the programme says `at_once` (broadcast.lifecycle) and a
    withdrawal takes away; and never before the delay has passed, since until then the tail can still be cut.
    """
    if can(actor, Ability.WATCH_INTERNAL, airing.episode.programme_id):
        return True
    return may_watch(actor, airing) and replay_is_released(airing)


def replay_is_released(airing: Airing) -> bool:
    """Whether the replay is out for those whom the programme is for: signed off, not withdrawn, the delay passed."""
    episode = airing.episode
    if airing.actual_end is None or episode.signed_off_at is None:
        return False
    out = clock.now() >= airing.actual_end + dt.timedelta(seconds=airing.delay_seconds)
    return out and episode.publication != Episode.Publication.WITHDRAWN


def may_be_rerun(airing: Airing) -> bool:
    """Whether its replay may go out again in its own programme: those whom that is for have the replay already.

    Never a rehearsal, nor what was not announced or is not published.
    """
    shown = airing.kind != Airing.Kind.REHEARSAL and airing.announced_at is not None
    return shown and airing.episode.publication == Episode.Publication.PUBLISHED and replay_is_released(airing)
