"""Mutes and bans: told with reason and end; they stop what they say and nothing else, end by themselves, and can be lifted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from broadcast import clock, device, evidence
from broadcast.access import Actor
from broadcast.errors import BroadcastError, InvalidInput, NotAllowed
from broadcast.models import AuditEntry, AuditPersonal, EvidenceRecord, RoleGrant, User
from broadcast.services import identity
from live import commands, protocol, queries
from live.models import Sanction
from live.queries import restraint
from live.services import audience
from live.services.sanctions import NoEvidence
from tests.live import making

HOUR = 3_600


def impose(item: int, measure: Any = "mute", seconds: int | None = HOUR, **more: Any) -> protocol.ImposeSanction:
    more.setdefault("reason", "personal_attack")
    more.setdefault("kind", "comment")
    return protocol.ImposeSanction(id=making.command_id(), item=item, measure=measure, seconds=seconds, **more)


def lift(sanction: int) -> protocol.LiftSanction:
    return protocol.LiftSanction(id=making.command_id(), sanction=sanction)


def say(show: making.Show, author: Actor) -> int:
    return int(commands.perform(author, show.id, making.comment())["item"])


def leader(show: making.Show) -> Actor:
    return making.staff_actor(making.make_staff(show.programme, RoleGrant.Role.DUTY_LEADER))


def everywhere(chief: Actor) -> None:
    """A duty leader of all programmes."""
    user = User.objects.get(pk=chief.user_id)
    RoleGrant.objects.create(user=user, role="duty_leader", programme=None, granted_at=clock.now())


def again(who: Actor) -> Actor:
    """The same person at the next act: rights are read anew."""
    return Actor(user_id=who.user_id, name=who.name)


def refused(show: making.Show, who: Actor, *sent: Any) -> list[str]:
    """The code with which each command is refused; empty where it is accepted."""
    found = audience.commit_batch([(who, show.id, each) for each in sent])
    return [each.code if isinstance(each, BroadcastError) else "" for each in found]


def acts(show: making.Show) -> list[Any]:
    """One of everything that the audience does: to speak twice, to support, to vote, to like."""
    asked = commands.perform(making.make_viewer(), show.id, making.question())["item"]
    poll, options = making.make_poll(show)
    return [
        making.comment(),
        making.question(),
        protocol.SupportQuestion(id=making.command_id(), question=asked),
        making.vote(poll, options[0]),
        protocol.AddLikes(id=making.command_id(), count=2),
    ]


@contextmanager
def later(monkeypatch: pytest.MonkeyPatch, **by: int) -> Iterator[None]:
    real = clock.now
    with monkeypatch.context() as patched:
        patched.setattr(clock, "now", lambda: real() + dt.timedelta(**by))
        yield


@pytest.mark.django_db
def test_a_mute_stops_words_and_a_ban_everything_but_watching() -> None:
    show = making.make_show(comments="post", questions="post")
    chief, author = leader(show), making.make_viewer()
    item = say(show, author)
    muted = commands.perform(chief, show.id, impose(item))
    assert refused(show, author, *acts(show)) == ["muted", "muted", "", "", ""]
    commands.perform(chief, show.id, impose(item, "ban"))
    assert refused(show, author, *acts(show)) == ["banned"] * 5
    assert refused(show, making.make_viewer(), *acts(show)) == [""] * 5, "nobody else is touched"
    assert refused(show, author, protocol.RetractItem(id=making.command_id(), kind="comment", item=item)) == [""]
    assert muted["until"] is not None


@pytest.mark.django_db
def test_whoever_is_restrained_is_told_what_why_until_when_and_what_to_do() -> None:
    show, author = making.make_show(comments="post"), making.make_viewer()
    item = say(show, author)
    done = commands.perform(making.staff_actor(show.moderator), show.id, impose(item, note="内部说明"))
    (error,) = audience.commit_batch([(author, show.id, making.comment())])
    assert isinstance(error, restraint.Muted)
    row = Sanction.objects.get()
    assert error.data["until"] == done["until"]
    assert error.data["sanction"] == row.pk
    for words in ("您在本场被禁言", "人身攻击", "仍可以观看", "联系节目组", str(row.pk)):
        assert words in error.message
    assert "内部说明" not in str(error.data) + error.message
    assert refused(show, replace(author, language="en"), making.comment()) == ["muted"]
    (told,) = queries.mine_of(show.airing, author).sanctions or ()
    assert (told.measure, told.where, told.until, told.words) == ("mute", "room", done["until"], error.message)
    assert queries.mine_of(show.airing, making.make_viewer()).sanctions == ()


@pytest.mark.django_db
def test_what_was_accepted_before_is_answered_as_before() -> None:
    show, author = making.make_show(comments="post"), making.make_viewer()
    sent = making.comment()
    item = commands.perform(author, show.id, sent)["item"]
    commands.perform(making.staff_actor(show.moderator), show.id, impose(item))
    assert commands.perform(author, show.id, sent)["item"] == item


@pytest.mark.django_db
def test_it_ends_by_itself_and_by_being_lifted(monkeypatch: pytest.MonkeyPatch) -> None:
    show, author = making.make_show(comments="post"), making.make_viewer()
    item, moderator = say(show, author), making.staff_actor(show.moderator)
    commands.perform(moderator, show.id, impose(item, seconds=60))
    assert refused(show, author, making.comment()) == ["muted"]
    with later(monkeypatch, seconds=61):
        assert refused(show, author, making.comment()) == [""]
    first = commands.perform(moderator, show.id, impose(item, seconds=60))["sanction"]
    second = commands.perform(moderator, show.id, impose(item, seconds=HOUR))["sanction"]
    assert Sanction.objects.get(pk=first).lifted_at is not None, "the newer takes the place of the older"
    for _each in range(2):
        commands.perform(moderator, show.id, lift(second))
    assert refused(show, author, making.comment()) == [""]
    told = AuditEntry.objects.filter(target=f"sanction:{second}").order_by("id").values_list("act", flat=True)
    assert list(told) == ["sanction.impose", "sanction.lift"]


@pytest.mark.django_db
def test_it_holds_in_the_show_the_programme_or_everywhere() -> None:
    show, other = making.make_show(comments="post"), making.make_show(comments="post")
    chief, author = leader(show), making.make_viewer()
    everywhere(chief)
    item = say(show, author)
    found = {}
    for where in ("room", "programme", "house"):
        done = commands.perform(again(chief), show.id, impose(item, where=where))
        found[where] = refused(show, author, making.comment()) + refused(other, author, making.comment())
        commands.perform(again(chief), show.id, lift(done["sanction"]))
    assert found == {"room": ["muted", ""], "programme": ["muted", ""], "house": ["muted", "muted"]}


@pytest.mark.django_db
def test_a_device_stays_the_same_when_its_reader_begins_anew() -> None:
    show = making.make_show(comments="post")
    token, another = device.fresh(), device.fresh()
    author = replace(making.make_viewer(), device_id=device.read(token))
    item = say(show, author)
    done = commands.perform(making.staff_actor(show.moderator), show.id, impose(item, scope="device"))
    anew = replace(making.make_viewer(), device_id=device.read(token))
    assert refused(show, anew, making.comment()) == ["muted"]
    for free in (replace(anew, device_id=device.read(another)), replace(anew, device_id="")):
        assert refused(show, free, making.comment()) == [""]
    assert done["sender"] == ""
    assert device.read(token[:-1] + ("a" if token[-1] != "a" else "b")) == "", "signed by us"


@pytest.mark.django_db
def test_a_network_is_the_household_of_the_evidence_and_not_for_long() -> None:
    show = making.make_show(comments="post")
    author = replace(making.make_viewer(), address="2001:db8:1:2::77")
    item, chief = say(show, author), leader(show)
    for seconds in (None, 25 * HOUR):
        with pytest.raises(InvalidInput):
            commands.perform(chief, show.id, impose(item, seconds=seconds, scope="network"))
    commands.perform(chief, show.id, impose(item, scope="network"))
    near, far = (replace(making.make_viewer(), address=each) for each in ("2001:db8:1:2::1", "2001:db8:1:3::1"))
    assert refused(show, near, making.comment()) + refused(show, far, making.comment()) == ["muted", ""]
    (told,) = queries.mine_of(show.airing, near).sanctions or ()
    assert "可能不是因为您本人" in told.words
    (entry,) = AuditEntry.objects.filter(act="sanction.impose")
    assert "2001:db8" not in str(entry.after), "the address is in the erasable half alone"
    assert "2001:db8" in str(AuditPersonal.objects.get(entry=entry).words)
    EvidenceRecord.objects.all().delete()
    with pytest.raises(NoEvidence):
        commands.perform(chief, show.id, impose(item, scope="network"))


@pytest.mark.django_db
def test_a_moderator_mutes_for_days_and_the_duty_leader_decides_the_rest() -> None:
    show, author = making.make_show(comments="post"), making.make_viewer()
    item, moderator, chief = say(show, author), making.staff_actor(show.moderator), leader(show)
    heavy = (
        impose(item, "ban"),
        impose(item, scope="network"),
        impose(item, seconds=None),
        impose(item, seconds=8 * 24 * HOUR),
    )
    for sent in heavy:
        with pytest.raises(NotAllowed):
            commands.perform(moderator, show.id, sent)
        done = commands.perform(chief, show.id, sent)
        with pytest.raises(NotAllowed):
            commands.perform(moderator, show.id, lift(done["sanction"]))
    for who in (moderator, chief):
        with pytest.raises(NotAllowed):
            commands.perform(who, show.id, impose(item, where="house"))
    for who in (making.staff_actor(show.producer), making.staff_actor(show.host), author):
        with pytest.raises(NotAllowed):
            commands.perform(who, show.id, impose(item))


@pytest.mark.django_db
def test_it_goes_with_the_account_that_a_guest_becomes() -> None:
    show = making.make_show(comments="post")
    guest, account = making.make_viewer(), making.make_staff(show.programme, "member")
    item = say(show, guest)
    commands.perform(making.staff_actor(show.moderator), show.id, impose(item))
    at_home = making.make_viewer(0)
    identity.log_in(at_home, account)
    who = identity.log_in(guest, account)
    merged = Actor(
        user_id=account.pk, participant_id=who.participant_id, generation=who.generation, assurance=who.assurance
    )
    assert refused(show, merged, making.comment()) == ["muted"]


@pytest.mark.django_db
def test_a_batch_asks_once_however_many_write() -> None:
    show = making.make_show()
    poll, options = making.make_poll(show)
    counts = []
    for many in (1, 40):
        orders = [(making.make_viewer(), show.id, making.vote(poll, options[0])) for _each in range(many)]
        with CaptureQueriesContext(connection) as asked:
            audience.commit_batch(orders)
        about = [each for each in asked.captured_queries if "live_sanction" in each["sql"]]
        counts.append((len(about), len(asked.captured_queries)))
    assert counts[0] == counts[1]
    assert counts[0][0] == 1


@pytest.mark.django_db
def test_evidence_names_the_device_of_a_write() -> None:
    from broadcast.sealing import unseal

    author = replace(making.make_viewer(), device_id=device.read(device.fresh()))
    evidence.keep([(author, "comment.post", "comment:1")])
    assert unseal(EvidenceRecord.objects.get().sealed)["device_id"] == author.device_id
