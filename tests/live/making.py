"""Rows and commands for tests of the rooms: one show, its people, and short ways to act in it."""

from __future__ import annotations

import datetime as dt
import itertools
import secrets
import uuid
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from broadcast import clock
from broadcast.access import Actor
from broadcast.identity import Identity, sign
from broadcast.models import (
    Airing,
    Appearance,
    Consent,
    Episode,
    Participant,
    Person,
    Programme,
    RoleGrant,
    Segment,
    User,
)
from broadcast.models.catalogue import Assurance
from broadcast.services import codes
from live import protocol
from live.models import Reason, Room

_numbers = itertools.count(1)
REASONS = ("personal_attack", "advertising", "off_topic", "other")


@dataclass
class Show:
    """A show on air with staff of every kind that the rooms know."""

    programme: Programme
    episode: Episode
    airing: Airing
    moderator: User
    producer: User
    host: User
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> uuid.UUID:
        return self.airing.pk


def make_show(state: str = Airing.State.ON_AIR, *, announced: bool = True, **programme: Any) -> Show:
    number = next(_numbers)
    now = clock.now()
    programme.setdefault("delay_seconds", 0)
    brand = Programme.objects.create(
        slug=f"show-{secrets.token_hex(4)}",
        name_zh=f"议事厅{number}",
        name_en=f"Hall {number}",
        kind="video",
        **programme,
    )
    episode = Episode.objects.create(
        programme=brand, number=number, title=f"第{number}期", publication=Episode.Publication.PUBLISHED, created_at=now
    )
    airing = Airing.objects.create(
        episode=episode,
        state=state,
        planned_start=now,
        planned_end=now + dt.timedelta(hours=1),
        actual_start=now if state in {"on_air", "ended"} else None,
        actual_end=now if state == "ended" else None,
        announced_at=now if announced else None,
        delay_seconds=brand.delay_seconds,
        created_at=now,
    )
    # Where a programme lets words out at once, two people of the desk said yes.
    is_post = "post" in {programme.get("comments"), programme.get("questions")}
    Room.objects.create(
        airing=airing, created_at=now, comments_per_minute=50, questions_per_ten_minutes=50, is_post=is_post
    )
    for position, code in enumerate(REASONS):
        Reason.objects.get_or_create(code=code, defaults={"name_zh": code, "name_en": code, "position": position})
    show = Show(brand, episode, airing, *(make_staff(brand, role) for role in ("moderator", "producer", "host")))
    Segment.objects.create(episode=episode, position=1, title="开场")
    return show


def make_person(show: Show, name: str = "王委员") -> Person:
    person = Person.objects.create(name=name)
    Appearance.objects.create(episode=show.episode, person=person, role=Appearance.Role.MEMBER)
    return person


def make_staff(programme: Programme, role: str) -> User:
    user = User.objects.create_user(f"{role}-{secrets.token_hex(4)}", password=None)
    RoleGrant.objects.create(user=user, programme=programme, role=role, granted_at=clock.now())
    return user


def staff_actor(user: User) -> Actor:
    return Actor(user_id=user.pk, name=str(user))


def make_viewer(assurance: int = Assurance.PHONE, *, consent: bool = True, name: str = "市民") -> Actor:
    participant = Participant.objects.create(assurance=assurance, display_name=name, created_at=clock.now())
    if consent:
        for document, version in settings.CONSENT_VERSIONS.items():
            Consent.objects.create(participant=participant, document=document, version=version, at=clock.now())
    return Actor(participant_id=participant.pk, assurance=assurance, name=name, address="192.0.2.1", port=40_000)


def give_phone(actor: Actor, number: str) -> User:
    """The participant gets an account that has verified this number."""
    user = User.objects.create_user(f"phone-{secrets.token_hex(4)}", password=None)
    user.phone_digest, user.phone_verified_at = codes.phone_digest(codes.normalised(number)), clock.now()
    user.save(update_fields=["phone_digest", "phone_verified_at"])
    Participant.objects.filter(pk=actor.participant_id).update(user=user)
    return user


def cookie(actor: Actor) -> str:
    assert actor.participant_id is not None
    return sign(Identity(actor.participant_id, actor.assurance, actor.user_id, actor.name))


def command_id() -> str:
    return f"test-{secrets.token_hex(8)}"


def comment(text: str = "支持", **more: Any) -> protocol.PostComment:
    return protocol.PostComment(id=more.pop("id", command_id()), text=text, **more)


def question(text: str = "为什么？", **more: Any) -> protocol.AskQuestion:
    return protocol.AskQuestion(id=more.pop("id", command_id()), text=text, **more)


def vote(poll: int, *options: int, **more: Any) -> protocol.CastVote:
    return protocol.CastVote(id=more.pop("id", command_id()), poll=poll, options=options, **more)


def make_poll(show: Show, options: tuple[str, ...] = ("赞成", "反对"), **more: Any) -> tuple[int, list[int]]:
    """An open poll: its id and the ids of its options."""
    from live.models import Option
    from live.services import poll_plans, polls

    producer = staff_actor(show.producer)
    made = poll_plans.create(
        producer, show.id, protocol.CreatePoll(id=command_id(), question="同意吗？", options=options, **more)
    )
    polls.open_poll(producer, show.id, protocol.OpenPoll(id=command_id(), poll=made["poll"]))
    return made["poll"], list(Option.objects.filter(poll=made["poll"]).values_list("pk", flat=True))
