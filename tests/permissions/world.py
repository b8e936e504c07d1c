"""One show with something to do for everybody, one person of each role, and an example of every command and form."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.test import Client

from archive.models import Clip, Filler, SimulcastTarget, Transcript
from archive.numbers import services as numbers
from broadcast import clock, identity
from broadcast.access import HOUSE, Ability, Actor, can
from broadcast.models import (
    Airing,
    Consent,
    Episode,
    Feed,
    PersonWithdrawal,
    PersonWithdrawalItem,
    Programme,
    RoleGrant,
    User,
)
from broadcast.models import Person as CataloguePerson
from broadcast.models.user import OFFICES
from broadcast.sealing import digest, seal
from broadcast.services import identity as people
from broadcast.services import sources
from live import commands, overlay_token, protocol
from live.models import Call, CallBlock, Comment, Room, Rule, RuleHit, Sanction, Withdrawal
from live.queries import overlay as overlay_queries
from live.services import overlay as overlays
from live.services import polls
from scheduling.models import EpisodeTemplate, Firing, Invitation, Photo, Seat, Slot, StationLog
from scheduling.queries import invitations, slot_pages
from scheduling.services import tokens
from tests.live import making

Role = RoleGrant.Role
WORK = tuple(str(role) for role in Role.values if role not in OFFICES)
# Column of the table → the roles of its person: "elsewhere" in another programme, "everywhere" in all of them.
COLUMNS: dict[str, tuple[str, ...]] = {
    "visitor": (),
    "citizen": (),
    **{str(role): (str(role),) for role in Role.values},
    "elsewhere": WORK,
    "everywhere": WORK,
}


@dataclass
class Person:
    """A browser of somebody, logged in as people log in."""

    client: Client
    actor: Actor
    user: User | None
    own: dict[str, Any] = field(default_factory=dict)


@dataclass
class World:
    """What the rows of the table are tried on. `shows` by the place that a row names; "" is on air, public and announced."""

    shows: dict[str, Airing]
    people: dict[str, Person]
    things: dict[str, Any]

    @property
    def show(self) -> Airing:
        return self.shows[""]


def make(media: Path) -> World:
    """Everything, in the database of the test and below `media`."""
    show = making.make_show(publishes_figures=True, publishes_ballots=True)
    members = making.make_show(audience="members")
    ended = making.make_show("ended")
    shows = {"": show, "members": members, "ended": ended}
    airings = {place: each.airing for place, each in shows.items()} | {"hidden": _hidden(show)}
    programmes = [each.programme for each in shows.values()]
    elsewhere = making.make_show().programme
    where: dict[str, list[Programme | None]] = {"elsewhere": [elsewhere], "everywhere": [None]}
    people_ = {name: _person(name, roles, where.get(name, [*programmes])) for name, roles in COLUMNS.items()}
    made = {"media": _media(airings, media), "transcript": _transcripts(airings), "clip": _clip(show.airing)}
    world = World(airings, people_, _things(show) | made)
    for each in people_.values():
        if each.user is not None:
            rejected = _decided(show, _said(show, each.actor), "reject")
            each.own = {"waiting": _said(show, each.actor), "rejected": rejected}
        if each.user is not None and can(each.actor, Ability.MODERATE, show.programme.pk):
            each.own["act"] = _approved_by(show, each.actor)
    return world


def _hidden(show: making.Show) -> Airing:
    """Of the same programme: a draft that is not announced."""
    now = clock.now()
    episode = Episode.objects.create(programme=show.programme, number=9_999, title="草稿", created_at=now)
    times = {"planned_start": now, "planned_end": now + dt.timedelta(hours=1), "created_at": now}
    airing = Airing.objects.create(episode=episode, **times)
    Room.objects.create(airing=airing, created_at=now)
    return airing


def _media(airings: dict[str, Airing], root: Path) -> str:
    """A playlist of each kind and one segment for every show; returns the segment's name."""
    name = "0123456789abcdef0123.ts"
    for airing in airings.values():
        folder = root / "airings" / str(airing.pk)
        (folder / "public").mkdir(parents=True)
        (folder / "public" / name).write_bytes(b"x" * 188)
        for playlist in ("live.m3u8", "staff.m3u8", "replay.m3u8", "staff-spans.json", "replay-spans.json"):
            (folder / playlist).write_text("#EXTM3U")
    return name


def _transcripts(airings: dict[str, Airing]) -> int:
    """A signed transcript of every show; returns that of the first."""
    now = clock.now()
    facts = {"kind": "corrected", "state": "signed", "made_at": now, "changed_at": now, "signed_at": now}
    made = [Transcript.objects.create(airing=airing, **facts) for airing in airings.values()]
    return int(made[0].pk)


def _clip(airing: Airing) -> int:
    """A draft of a clip, nothing made of it."""
    now = clock.now()
    times = {"starts_at": now - dt.timedelta(seconds=60), "ends_at": now, "made_at": now, "changed_at": now}
    return int(Clip.objects.create(airing=airing, title="片段", kind="live", **times).pk)


def _person(name: str, roles: tuple[str, ...], programmes: list[Programme | None]) -> Person:
    client = Client(headers={"User-Agent": "Mozilla/5.0 (X11; Linux) Chrome/140"})
    if name == "visitor":
        return Person(client, Actor(), None)
    # No password fits, but there is one: what is for accounts with a password is tried too.
    user = User.objects.create(username=f"m-{name}", password="none-that-fits", display_name=name)
    if name == "citizen":
        User.objects.filter(pk=user.pk).update(phone_verified_at=clock.now())
        user.refresh_from_db()
    for role in roles:
        for programme in [None] if role in OFFICES else programmes:
            RoleGrant.objects.create(user=user, programme=programme, role=role, granted_at=clock.now())
    found = people.log_in(Actor(), user)
    for document, version in settings.CONSENT_VERSIONS.items():
        Consent.objects.create(participant_id=found.participant_id, document=document, version=version, at=clock.now())
    client.force_login(user)
    session = client.session
    session["sure_at"] = int(clock.now().timestamp())
    session.save()
    client.cookies[identity.COOKIE] = identity.sign(found)
    actor = Actor(
        user_id=user.pk,
        participant_id=found.participant_id,
        assurance=found.assurance,
        name=name,
        address="192.0.2.7",
        generation=found.generation,
    )
    return Person(client, actor, user)


def _things(show: making.Show) -> dict[str, Any]:
    author, producer, now = making.make_viewer(), making.staff_actor(show.producer), clock.now()
    asked = [_asked(show, author) for _each in range(4)]
    for each in asked[1:]:
        _decided(show, each, "approve", "question")
    poll, options = making.make_poll(show)
    counted, named = making.make_poll(show)[0], making.make_poll(show, secrecy="named")[0]
    for each in (counted, named):
        commands.perform(producer, show.id, protocol.ClosePoll(id=making.command_id(), poll=each))
    with clock.shifted(dt.timedelta(minutes=5)):
        polls.freeze_due()
    draft = protocol.CreatePoll(id=making.command_id(), question="几点开始？", options=("七点", "八点"))
    overlays.make_links(producer, show.id)
    link = overlay_queries.standing(show.id).links[0]
    target = User.objects.create_user("target", password="correct horse 9", display_name="某人")
    Airing.objects.filter(pk=show.id).update(feed=Feed.objects.create(name="matrix", srt_port=41_234))
    return {
        "waiting": _ruled(show, author),
        "public": _decided(show, _said(show, author), "approve"),
        "appealed": _appealed(show),
        "rule": 991,
        "rule_pk": Rule.objects.get(number=991).pk,
        "asked": asked,
        "poll": poll,
        "options": options,
        "draft": commands.perform(producer, show.id, draft)["poll"],
        "counted": counted,
        "named": named,
        "overlay": overlay_token.make(link),
        "hall": _hall(show),
        "source": sources.of_show(show.airing).code,
        "segment": show.episode.segments.get().pk,
        "account": target.pk,
        "grant": RoleGrant.objects.create(user=target, role="host", granted_at=now).pk,
        "invitation": default_token_generator.make_token(target),
        "author": author.participant_id,
        **_guest(show),
        **_subscribed(show),
        **_rows(show, author.participant_id),
        **_regular(show),
    }


def _regular(show: making.Show) -> dict[str, Any]:
    """A slot of the show's programme, far enough ahead that nothing is made of it, one occurrence of it, and a template."""
    start = (clock.now() + dt.timedelta(days=1)).replace(hour=3, minute=0, second=0, microsecond=0)
    columns = {"first_date": start.date(), "local_time": dt.time(11), "rule": "FREQ=DAILY", "minutes": 30}
    slot = Slot.objects.create(programme=show.programme, **columns)
    template = EpisodeTemplate.objects.create(programme=show.programme, name="常规", title="话题待定")
    return {"slot": slot.pk, "template": template.pk, "occurrence": slot_pages.stamp(start)}


def _subscribed(show: making.Show) -> dict[str, Any]:
    """A private calendar of the show's programme, a partner's token, a file of the station's log."""
    calendar, secret = tokens.make_role_calendar(HOUSE, "host", show.programme.pk)
    log = StationLog.objects.create(name="log.csv", sha256="0" * 64, imported_at=clock.now())
    partner = tokens.make_api_token(HOUSE, "合作平台", ["upcoming"])[0]
    day = clock.now().date()
    told: dict[str, Any] = {"source": "区融媒", "measure": "times", "number": 1, "since": day, "until": day}
    figure = numbers.enter(HOUSE, show.programme.pk, **told, told_at=clock.now())
    return {
        "calendar": calendar.pk,
        "calendar_secret": secret,
        "api_token": partner.pk,
        "station_log": log.pk,
        "figure": figure.pk,
    }


def _rows(show: making.Show, author: Any) -> dict[str, Any]:
    room, now = Room.objects.get(airing=show.id), clock.now()
    muted = {"kind": "mute", "scope": "participant", "participant_id": author, "reason": "other", "at": now}
    gone = {"scope": "author", "participant_id": making.make_viewer().participant_id, "reason": "other", "at": now}
    target = {"name": "平台", "kind": "rtmp", "sealed_url": seal("rtmp://a/b"), "shown_url": "rtmp://a", "made_at": now}
    filler = {"title": "片花", "uploaded_at": now}
    number = {"sealed_number": seal("+8613900000000"), "number_digest": "0" * 64, "number_tail": "0000"}
    call = Call.objects.create(room=room, state="waiting", notice_given_at=now, created_at=now, **number)
    hour = now + dt.timedelta(hours=1)
    missed = {"action": "start", "outcome": "too_late", "due_at": now, "claimed_at": now, "lease_until": now}
    return {
        "firing": Firing.objects.create(pk=991, airing_id=show.id, **missed).pk,
        "sanction": Sanction.objects.create(room=room, by=show.moderator, until=hour, **muted).pk,
        "withdrawal": Withdrawal.objects.create(room=room, **gone).pk,
        "target": SimulcastTarget.objects.create(programme=show.programme, **target).pk,
        "call": call.pk,
        "block": CallBlock.objects.create(number_digest="1" * 64, number_tail="1111", reason="谩骂", at=now).pk,
        "filler": Filler.objects.create(programme=show.programme, **filler).pk,
    }


def _hall(show: making.Show) -> str:
    link = overlay_queries.hall_link(show.id)
    assert link is not None
    return overlay_token.make(link)


def _guest(show: making.Show) -> dict[str, Any]:
    """Somebody who was asked to a seat of the show's episode, and the token of their link."""
    token, person = "guest-token", CataloguePerson.objects.create(name="林委员", is_member=True)
    seat = Seat.objects.create(episode=show.episode, role="member", person=person)
    asked = Invitation.objects.create(
        seat=seat,
        person=person,
        token_digest=digest(invitations.PURPOSE, token),
        sealed_token=seal(token),
        made_at=clock.now(),
    )
    photo = Photo.objects.create(person=person, name="portrait", picture=b"", at=clock.now())
    told = {"guest": person.pk, "seat": seat.pk, "asked_guest": asked.pk, "guest_token": token}
    order = PersonWithdrawal.objects.create(person=person, reason="", at=clock.now())
    thing = {"source": "scheduling", "kind": "photo", "state": "restored", "choice": "take"}
    gone = PersonWithdrawalItem.objects.create(withdrawal=order, person=person, key="1", title="", **thing)
    return told | {"photo": photo.name, "person_withdrawal": order.pk, "person_withdrawal_item": gone.pk}


def _approved_by(show: making.Show, actor: Actor) -> str:
    """The id of an act that this person may undo."""
    item, act = _said(show, making.make_viewer()), making.command_id()
    commands.perform(actor, show.id, protocol.ApproveItem(id=act, kind="comment", item=item, version=1))
    return act


def _ruled(show: making.Show, author: Actor) -> int:
    """A comment that waits, in which a rule found something."""
    now = clock.now()
    rule = Rule.objects.create(number=991, name="测试", kind="terms", action="hold", created_at=now, changed_at=now)
    found = _said(show, author)
    hit = {"rule": rule.pk, "code": "R-991", "name": "测试", "action": "hold", "spans": [[0, 1]], "false": False}
    Comment.objects.filter(pk=found).update(hits=[hit])
    RuleHit.objects.create(rule=rule, room_id=Comment.objects.get(pk=found).room_id, kind="comment", item=found, at=now)
    return found


def _appealed(show: making.Show) -> int:
    author = making.make_viewer()
    found = _decided(show, _said(show, author), "reject")
    sent = protocol.AppealItem(id=making.command_id(), kind="comment", item=found, text="请再看")
    commands.perform(author, show.id, sent)
    return found


def _said(show: making.Show, who: Actor) -> int:
    return int(commands.perform(who, show.id, making.comment())["item"])


def _asked(show: making.Show, who: Actor) -> int:
    return int(commands.perform(who, show.id, making.question())["item"])


def _decided(show: making.Show, item: int, verb: str, kind: Any = "comment") -> int:
    made: Callable[..., Any] = {"approve": protocol.ApproveItem, "reject": protocol.RejectItem}[verb]
    more = {"reason": "other"} if verb == "reject" else {}
    commands.perform(
        making.staff_actor(show.moderator),
        show.id,
        made(id=making.command_id(), kind=kind, item=item, version=1, **more),
    )
    return item
