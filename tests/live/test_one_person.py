"""However somebody comes to be known, and on however many devices: one person, one ballot, and the history with it; children only watch."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from broadcast import clock
from broadcast.access import Actor
from broadcast.errors import AssuranceTooLow, BroadcastError, GuardianNeeded, IdentityStale
from broadcast.identity import Identity
from broadcast.models import LinkedIdentity, Participant, User
from broadcast.models.catalogue import Assurance
from broadcast.services import consents, guardians, identity, linking
from broadcast.services.guardians import Guardian
from live import commands, protocol, queries
from live.models import Ballot, BallotCast, Comment, Support
from live.queries.polls import tally
from live.queries.verify import verify
from tests.live import making

pytestmark = pytest.mark.django_db

PHONE = "13800138000"
ALICE = ("unionid:alice", "openid:wx1:alice")


@pytest.fixture(autouse=True)
def _codes_are_told(settings: Any) -> None:
    settings.DEMO = True


@pytest.fixture
def show() -> making.Show:
    return making.make_show(publishes_ballots=True)


def acting(who: Identity) -> Actor:
    return Actor(
        user_id=who.user_id,
        participant_id=who.participant_id,
        assurance=who.assurance,
        generation=who.generation,
        address="192.0.2.1",
    )


def verifies(actor: Actor, minutes: int = 0, *, binds: bool = False) -> Actor:
    with clock.shifted(dt.timedelta(minutes=minutes)):
        code = identity.send_code(actor, PHONE).code or ""
        return acting(identity.verify_code(actor, PHONE, code, binds=binds))


def by_wechat(actor: Actor, names: tuple[str, ...] = ALICE) -> Actor:
    return acting(linking.log_in(actor, linking.account(actor, "wechat", names)))


def votes(show: making.Show, actor: Actor, poll: int, option: int) -> None:
    commands.perform(actor, show.id, making.vote(poll, option))


def guest() -> Actor:
    return making.make_viewer(Assurance.GUEST)


def test_a_guest_votes_verifies_and_votes_again_on_another_device(show: making.Show) -> None:
    poll, (yes, no) = making.make_poll(show)
    phone, tablet = guest(), guest()
    votes(show, phone, poll, yes)
    known = verifies(phone)
    assert queries.recount(poll) == tally(poll) == {yes: 1}
    # The other device votes as a guest first: another person, as far as anybody knows, until it verifies.
    votes(show, tablet, poll, no)
    assert queries.recount(poll) == {yes: 1, no: 1}
    there = verifies(tablet, 2)
    assert there.participant_id == known.participant_id
    assert queries.recount(poll) == tally(poll) == {no: 1}
    votes(show, there, poll, yes)
    votes(show, known, poll, no)
    votes(show, there, poll, yes)
    assert queries.recount(poll) == tally(poll) == {yes: 1}
    assert (Ballot.objects.count(), BallotCast.objects.count()) == (1, 5)
    # What a copy of either guest's token still sends counts for nobody.
    for old in (phone, tablet):
        with pytest.raises(IdentityStale):
            votes(show, old, poll, no)
    assert not verify(poll).wrong


def test_wechat_then_the_phone_and_the_phone_then_wechat_are_one(show: making.Show) -> None:
    poll, (yes, no) = making.make_poll(show)
    first, second = guest(), guest()
    votes(show, first, poll, yes)
    phone = verifies(first)
    votes(show, second, poll, no)
    wechat = by_wechat(second)
    assert wechat.participant_id != phone.participant_id
    votes(show, wechat, poll, yes)
    one = verifies(wechat, 2, binds=True)
    assert one.participant_id == phone.participant_id
    assert queries.recount(poll) == tally(poll) == {yes: 1}
    again = by_wechat(guest())
    assert again.participant_id == phone.participant_id
    votes(show, again, poll, no)
    assert queries.recount(poll) == tally(poll) == {no: 1}
    with pytest.raises(IdentityStale):
        votes(show, wechat, poll, yes)
    assert not verify(poll).wrong
    assert User.objects.filter(username__startswith="merged-", is_active=False).count() == 1
    assert LinkedIdentity.objects.filter(user=again.user_id).count() == 2


def test_the_history_comes_along(show: making.Show) -> None:
    wechat = by_wechat(making.make_viewer(Assurance.PHONE))
    # An account that WeChat alone vouches for is not sure enough to speak here.
    with pytest.raises(AssuranceTooLow):
        commands.perform(wechat, show.id, making.comment("支持"))
    first = verifies(guest())
    known = verifies(wechat, 2, binds=True)
    commands.perform(known, show.id, making.comment("支持"))
    asked = commands.perform(known, show.id, making.question("什么时候？"))
    commands.perform(
        making.staff_actor(show.moderator),
        show.id,
        protocol.ApproveItem(id=making.command_id(), kind="question", item=asked["item"], version=1),
    )
    other = guest()
    commands.perform(other, show.id, protocol.SupportQuestion(id=making.command_id(), question=asked["item"]))
    with_it = verifies(other, 4)
    assert first.participant_id == known.participant_id == with_it.participant_id
    assert Comment.objects.get().author_id == known.participant_id
    assert Support.objects.get().participant_id == known.participant_id


# Children.


def test_a_child_watches_and_nothing_that_it_sends_is_taken(show: making.Show) -> None:
    poll, (yes, _no) = making.make_poll(show)
    actor = making.make_viewer(Assurance.PHONE)
    consents.declare(actor, Participant.Age.UNDER)
    sent: list[Any] = [
        making.comment("我也来"),
        making.question("为什么？"),
        making.vote(poll, yes),
        protocol.SupportQuestion(id=making.command_id(), question=1),
        protocol.ReportItem(id=making.command_id(), kind="comment", item=1, reason="other"),
        protocol.RetractItem(id=making.command_id(), kind="comment", item=1),
    ]
    for command in sent:
        with pytest.raises(BroadcastError) as refusal:
            commands.perform(actor, show.id, command)
        assert isinstance(refusal.value, GuardianNeeded), type(command)
        assert refusal.value.data["where"] == "/account/guardian"
    assert not Comment.objects.exists()
    assert not Ballot.objects.exists()
    code = guardians.send_code(actor, PHONE).code or ""
    guardians.allow(actor, Guardian("李梅", "mother", PHONE), code)
    commands.perform(actor, show.id, making.vote(poll, yes))
    assert queries.recount(poll) == {yes: 1}
