"""As what somebody speaks in a show: guest, department's respondent, verified member or citizen; it writes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from broadcast.access import Ability, Actor, can
from broadcast.errors import NotAllowed, NotFound
from broadcast.models import Airing, Appearance, Person, Programme
from broadcast.models.catalogue import Assurance
from live import protocol
from live.models import Comment
from live.queries import visible
from live.services.batch import Write
from live.speaker import CITIZEN, Speaker

MEMBER, DEPARTMENT = "member", "department"
# Roles in an episode that speak officially, the first that somebody has counts. A citizen in the studio is a citizen here too.
_R = Appearance.Role
OFFICIAL = (_R.HOST, _R.DEPARTMENT, _R.LEADER, _R.EXPERT, _R.LECTURER, _R.MEMBER)


def speakers(writes: Iterable[Write]) -> dict[tuple[UUID, UUID], Speaker]:
    """By (participant, airing) who of those who write is more than a citizen. At most two queries, none for guests.

    What an official says binds an office, so it asks for an account that is logged in; a member is known by its own row.
    """
    known = [each for each in writes if _may_be_known(each)]
    if not known:
        return {}
    people = _people({each.participant.pk for each in known})
    roles = _roles({each.airing.episode_id for each in known}, {person.pk for person in people.values()})
    found = {}
    for write in known:
        person = people.get(write.participant.pk)
        role = roles.get((write.airing.episode_id, person.pk)) if person else None
        speaker = _speaker(write.actor, write.airing, int(write.participant.assurance), person, role)
        if speaker is not CITIZEN:
            found[write.participant.pk, write.airing_id] = speaker
    return found


def speaker_of(actor: Actor, airing: Airing) -> Speaker:
    """The same for whoever reads the page, so that it offers what will be taken."""
    if actor.participant_id is None or not (actor.user_id or actor.assurance >= Assurance.MEMBER):
        return CITIZEN
    person = _people({actor.participant_id}).get(actor.participant_id)
    role = _roles({airing.episode_id}, {person.pk}).get((airing.episode_id, person.pk)) if person else None
    return _speaker(actor, airing, int(actor.assurance), person, role)


def columns(write: Write) -> dict[str, Any]:
    """What a comment or a question keeps of its author's standing."""
    kept: dict[str, Any] = {"speaks_as": write.speaker.badge, "affiliation": write.speaker.affiliation}
    return kept | ({"reply_to_id": write.command.to} if isinstance(write.command, protocol.PostComment) else {})


def require_may_reply(write: Write) -> None:
    """Raise NotAllowed where a comment answers another and its author may not, NotFound where that one is not public here."""
    if not isinstance(write.command, protocol.PostComment) or write.command.to is None:
        return
    if not write.speaker.may_reply:
        raise NotAllowed(_("只有本场的嘉宾、主持人和部门可以回复评论。您可以直接发表评论。"), cause="no_official")
    if not visible.public_items(Comment, write.airing_id).filter(pk=write.command.to).exists():
        raise NotFound(_("要回复的评论已经不公开了。"))


def _may_be_known(write: Write) -> bool:
    return write.actor.user_id is not None or write.participant.assurance >= Assurance.MEMBER


def _people(participants: set[UUID]) -> dict[UUID, Person]:
    rows = Person.objects.filter(user__participant__in=participants, user__is_active=True)
    return {row.user.participant.pk: row for row in rows.select_related("user__participant") if row.user}


def _roles(episodes: set[int], people: set[int]) -> dict[tuple[int, int], str]:
    """By episode and person the role that counts."""
    if not people:
        return {}
    rows = Appearance.objects.filter(episode__in=episodes, person__in=people, role__in=OFFICIAL)
    found: dict[tuple[int, int], str] = {}
    for episode, person, role in rows.values_list("episode", "person", "role"):
        before = found.get((episode, person))
        if before is None or OFFICIAL.index(_R(role)) < OFFICIAL.index(_R(before)):
            found[episode, person] = role
    return found


def _speaker(actor: Actor, airing: Airing, assurance: int, person: Person | None, role: str | None) -> Speaker:
    programme = airing.episode.programme
    if person is not None and actor.user_id == person.user_id:
        if role is None and person.organisation and can(actor, Ability.RESPOND, programme.pk):
            role = DEPARTMENT
        if role is not None:
            affiliation = person.sector if role == _R.MEMBER else person.organisation
            return Speaker(str(role), affiliation, person.name, may_reply=True)
    if assurance < Assurance.MEMBER:
        return CITIZEN
    shown = programme.members_shown
    sector = person.sector if person and person.is_member and shown != Programme.MembersShown.BADGE else ""
    name = person.name if person and person.is_member and shown == Programme.MembersShown.NAME else ""
    return Speaker(MEMBER, sector, name)
