"""A token opens what it was given for and no more: a guest's never becomes an account's, and log-out ends it."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.cache import cache

from broadcast import clock
from broadcast import identity as tokens
from broadcast.access import Actor
from broadcast.errors import IdentityStale, InvalidInput, TooMany
from broadcast.identity import Identity
from broadcast.models import Participant, RoleGrant, User
from broadcast.services import codes, identity

pytestmark = pytest.mark.django_db
PHONE = "13800138000"


@pytest.fixture(autouse=True)
def _demo(settings):
    settings.DEMO = True
    cache.clear()


def browser(address: str = "192.0.2.1") -> Actor:
    return Actor(participant_id=uuid.uuid4(), address=address)


def acting(who: Identity) -> Actor:
    return Actor(participant_id=who.participant_id, generation=who.generation, address="192.0.2.1")


def verified(actor: Actor, phone: str = PHONE) -> Identity:
    return identity.verify_code(actor, phone, identity.send_code(actor, phone).code or "")


def consenting(actor: Actor) -> None:
    identity.give_consent(actor, dict(settings.CONSENT_VERSIONS), "over")


def test_a_copied_guest_token_does_not_become_the_account() -> None:
    guest = browser()
    consenting(guest)
    who = verified(guest)
    assert who.participant_id == guest.participant_id
    with pytest.raises(IdentityStale):
        identity.ensure_participant(guest)
    assert identity.ensure_participant(acting(who)).pk == who.participant_id


def test_an_account_s_token_whose_row_is_gone_is_nobody_s_while_a_guest_s_makes_its_row() -> None:
    account = verified(browser())
    Participant.objects.all().delete()
    with pytest.raises(IdentityStale):
        identity.require_current(acting(account), None)
    identity.require_current(browser(), None)
    with pytest.raises(IdentityStale):
        identity.ensure_participant(acting(account))
    assert not Participant.objects.exists(), "a refused token leaves no row"
    assert identity.ensure_participant(browser()).generation == 0


def test_a_copied_guest_token_that_was_merged_is_refused_too() -> None:
    first, second = browser(), browser("192.0.2.2")
    survivor = verified(first)
    identity.ensure_participant(second)
    with clock.shifted(dt.timedelta(minutes=2)):
        assert verified(second).participant_id == survivor.participant_id
    with pytest.raises(IdentityStale):
        identity.ensure_participant(second)


def test_a_second_browser_of_an_account_leaves_the_first_one_in() -> None:
    first = verified(browser())
    with clock.shifted(dt.timedelta(minutes=2)):
        second = verified(browser("192.0.2.2"))
    for who in (first, second):
        assert identity.ensure_participant(acting(who)).pk == first.participant_id


def test_log_out_ends_every_token_given_before() -> None:
    who = verified(browser())
    identity.log_out(acting(who))
    with pytest.raises(IdentityStale):
        identity.ensure_participant(acting(who))
    with clock.shifted(dt.timedelta(minutes=2)):
        assert identity.ensure_participant(acting(verified(browser()))).pk == who.participant_id


def test_a_new_password_ends_every_token_given_before() -> None:
    user, who = staff()
    user.save()
    assert identity.ensure_participant(acting(who)).pk == who.participant_id
    user.set_password("another horse 10")
    user.save()
    with pytest.raises(IdentityStale):
        identity.ensure_participant(acting(who))


def test_an_old_token_logs_nobody_out() -> None:
    guest = browser()
    who = verified(guest)
    identity.log_out(guest)
    assert identity.ensure_participant(acting(who)).pk == who.participant_id


def test_a_token_that_is_over_ends_no_newer_one() -> None:
    old = verified(browser())
    identity.log_out(acting(old))
    with clock.shifted(dt.timedelta(minutes=2)):
        newer = verified(browser())
    assert newer.generation > old.generation
    identity.log_out(acting(old))
    assert identity.ensure_participant(acting(newer)).pk == newer.participant_id


def test_a_guest_who_logs_out_ends_nothing() -> None:
    guest = browser()
    consenting(guest)
    identity.log_out(guest)
    assert identity.ensure_participant(guest).generation == 0


def test_a_token_of_an_account_without_its_row_makes_no_guest() -> None:
    with pytest.raises(IdentityStale):
        identity.ensure_participant(Actor(participant_id=uuid.uuid4(), generation=3))
    assert not Participant.objects.exists()


def test_a_stale_browser_goes_on_as_a_guest_or_as_who_is_logged_in() -> None:
    guest = browser()
    consenting(guest)
    who = verified(guest)
    assert identity.renewed(acting(who), None) is None
    assert identity.renewed(browser(), None) is None
    fresh = identity.renewed(guest, None)
    assert fresh is not None
    assert (fresh.participant_id != guest.participant_id, fresh.generation, fresh.user_id) == (True, 0, None)
    user = User.objects.get(pk=who.user_id)
    again = identity.renewed(guest, user)
    assert again is not None
    assert identity.ensure_participant(acting(again)).pk == who.participant_id


def staff(actor: Actor | None = None) -> tuple[User, Identity]:
    user = User.objects.create_user(f"zheng-{uuid.uuid4().hex[:6]}", password="correct horse 9")
    RoleGrant.objects.create(user=user, role=RoleGrant.Role.PRODUCER, granted_at=clock.now())
    return user, identity.log_in(actor or browser(), user)


def test_a_staff_token_opens_rooms_for_twelve_hours() -> None:
    user, who = staff()
    kept = tokens.read(tokens.sign(who))
    assert kept == who
    assert identity.entitled([who]) == {who}
    with clock.shifted(dt.timedelta(hours=11)):
        assert identity.entitled([who]) == {who}
        # Signing it again, as consent does, does not prolong it.
        again = tokens.read(tokens.sign(who))
    with clock.shifted(dt.timedelta(hours=13)):
        assert identity.entitled([who, again]) == set()
    assert user.pk == who.user_id


@pytest.mark.parametrize("end", ["log_out", "password", "password_in_the_table", "closed"])
def test_a_staff_token_opens_nothing_after(end: str) -> None:
    user, who = staff()
    if end == "log_out":
        identity.log_out(Actor(user_id=user.pk, participant_id=who.participant_id, generation=who.generation))
    elif end == "password":
        user.set_password("another horse 10")
        user.save()
    elif end == "password_in_the_table":
        # Past User.save, so the generation stays: the token's own mark of the password tells.
        User.objects.filter(pk=user.pk).update(password=make_password("another horse 10"))
    else:
        User.objects.filter(pk=user.pk).update(is_active=False)
    assert identity.entitled([who]) == set()


def test_strangers_do_not_burn_the_tries_of_whoever_asked_for_the_code() -> None:
    actor = browser()
    sent = identity.send_code(actor, PHONE)
    wrong = "000000" if sent.code != "000000" else "111111"
    for number in range(codes.MAX_WRONG_TRIES + 3):
        with pytest.raises(InvalidInput):
            identity.verify_code(browser(f"198.51.100.{number}"), PHONE, wrong)
    with pytest.raises(InvalidInput, match="重新获取"):
        identity.verify_code(browser("198.51.100.9"), PHONE, sent.code or "")
    assert identity.verify_code(actor, PHONE, sent.code or "").generation == 1


def test_an_address_guesses_only_so_often() -> None:
    stranger = browser("198.51.100.7")
    for number in range(codes.MOST_WRONG_PER_ADDRESS):
        with pytest.raises(InvalidInput):
            identity.verify_code(stranger, f"1380013{number:04d}", "000000")
    with pytest.raises(TooMany) as refusal:
        identity.verify_code(stranger, "13900139000", "000000")
    assert refusal.value.data["retry_after_seconds"] > 0
