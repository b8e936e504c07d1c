"""One person is one participant, however they came to be known."""

from __future__ import annotations

import datetime as dt
import threading
import uuid

import pytest
from django.db import connection, transaction

from broadcast import clock, registry, signals
from broadcast.access import Actor
from broadcast.errors import ConsentNeeded, IdentityStale, InvalidInput, NotAllowed, TooMany, Unavailable
from broadcast.models import AuditEntry, Consent, EvidenceRecord, OneTimeCode, Participant, RoleGrant, User
from broadcast.models.catalogue import Assurance
from broadcast.sealing import unseal
from broadcast.services import codes, identity

pytestmark = pytest.mark.django_db

PHONE = "13800138000"


@pytest.fixture(autouse=True)
def _demo(settings):
    settings.DEMO = True


def browser(address: str = "192.0.2.1") -> Actor:
    return Actor(participant_id=uuid.uuid4(), address=address)


def standing_of(actor: Actor):
    return identity.standing([actor.participant_id]).get(actor.participant_id)


def verified(actor: Actor, phone: str = PHONE):
    sent = identity.send_code(actor, phone)
    return identity.verify_code(actor, phone, sent.code)


@pytest.mark.parametrize(
    "typed", ["13800138000", " +86 138-0013-8000", "8613800138000", "008613800138000", "１３８００１３８０００"]
)
def test_a_number_is_one_number_however_it_is_typed(typed):
    assert codes.normalised(typed) == "+8613800138000"


@pytest.mark.parametrize(
    "typed", ["", "1380013800", "12800138000", "138001380000", "0755-88888888", "١٣٨٠٠١٣٨٠٠٠", "13800138000; DROP"]
)
def test_what_is_no_mobile_number_is_refused(typed):
    with pytest.raises(InvalidInput) as refusal:
        codes.normalised(typed)
    assert refusal.value.data["field"] == "phone"


def test_a_guest_becomes_an_account_without_losing_its_row():
    actor = browser()
    guest = identity.ensure_participant(actor)
    who = verified(actor)
    assert who.participant_id == guest.pk
    assert who.assurance == Assurance.PHONE
    row = Participant.objects.get(pk=guest.pk)
    assert row.kind == Participant.Kind.ACCOUNT
    assert row.user.pk == who.user_id
    assert unseal(row.user.phone_sealed) == "+8613800138000"
    assert PHONE not in str(User.objects.values_list().get(pk=row.user.pk))


def test_a_second_browser_of_the_same_person_is_merged(django_capture_on_commit_callbacks):
    first, second = browser(), browser("192.0.2.2")
    survivor = verified(first)
    identity.ensure_participant(second)
    moved, told = [], []
    move = lambda source, target: moved.append((source, target))  # noqa: E731
    listen = lambda sender, **fact: told.append((fact["source_id"], fact["target_id"]))  # noqa: E731
    registry.participant_merge.register("test", move)
    signals.participants_merged.connect(listen)
    try:
        with clock.shifted(dt.timedelta(minutes=2)), django_capture_on_commit_callbacks(execute=True):
            who = verified(second)
    finally:
        registry.participant_merge._entries.pop("test")
        signals.participants_merged.disconnect(listen)
    pair = (second.participant_id, survivor.participant_id)
    assert who.participant_id == survivor.participant_id
    assert moved == [pair]
    assert told == [pair]
    # The old token leads nowhere: it may have been copied before.
    with pytest.raises(IdentityStale):
        identity.ensure_participant(second)


def test_a_merge_of_a_survivor_repoints_what_was_merged_into_it():
    first, second = browser(), browser("192.0.2.2")
    account = Participant.objects.get(pk=verified(first).participant_id)
    guest, earlier = identity.ensure_participant(second), identity.ensure_participant(browser())
    earlier.merged_into = guest
    earlier.save()
    with clock.shifted(dt.timedelta(minutes=2)):
        verified(second)
    earlier.refresh_from_db()
    assert earlier.merged_into_id == account.pk


def test_another_account_in_the_same_browser_is_not_merged():
    actor = browser()
    one = verified(actor)
    other = verified(Actor(participant_id=one.participant_id, address="192.0.2.9"), "13900139000")
    assert other.participant_id != one.participant_id
    assert Participant.objects.filter(merged_into__isnull=False).count() == 0


def test_consents_move_with_a_merge_and_are_not_doubled(settings):
    first, second = browser(), browser("192.0.2.2")
    survivor = verified(first)
    identity.give_consent(first, settings.CONSENT_VERSIONS, "over")
    identity.give_consent(second, settings.CONSENT_VERSIONS, "over")
    with clock.shifted(dt.timedelta(minutes=2)):
        verified(second)
    assert Consent.objects.filter(participant=survivor.participant_id).count() == 2


def test_consent_is_asked_until_every_document_in_force_was_agreed_to(settings):
    actor = browser()
    with pytest.raises(ConsentNeeded):
        identity.require_agreed(None)
    participant = identity.ensure_participant(actor)
    with pytest.raises(ConsentNeeded) as refusal:
        identity.require_agreed(standing_of(actor))
    assert refusal.value.data["documents"] == settings.CONSENT_VERSIONS
    with pytest.raises(InvalidInput):
        identity.give_consent(actor, {"privacy": "1999-01"}, "over")
    identity.give_consent(actor, {"privacy": settings.CONSENT_VERSIONS["privacy"]}, "over")
    assert identity.consented([participant.pk]) == set()
    identity.give_consent(actor, settings.CONSENT_VERSIONS, "over")
    identity.give_consent(actor, settings.CONSENT_VERSIONS, "over")
    identity.require_agreed(standing_of(actor))
    settings.CONSENT_VERSIONS = {**settings.CONSENT_VERSIONS, "privacy": "2027-01"}
    with pytest.raises(ConsentNeeded):
        identity.require_agreed(standing_of(actor))


def test_an_account_that_was_closed_meanwhile_is_not_entered():
    user = User.objects.create(username="late")
    User.objects.filter(pk=user.pk).update(is_active=False)
    with pytest.raises(NotAllowed):
        identity.log_in(browser(), user)
    assert not Participant.objects.filter(user=user).exists()


def test_many_first_writes_are_few_queries(django_assert_num_queries):
    actors = [browser() for _ in range(50)]
    with django_assert_num_queries(5):
        rows = identity.ensure_participants(actors)
    assert len(rows) == 50
    with django_assert_num_queries(2):
        identity.ensure_participants(actors)


def test_without_a_token_nobody_writes():
    with pytest.raises(NotAllowed):
        identity.ensure_participant(Actor())


def test_five_wrong_tries_kill_a_code():
    actor = browser()
    sent = identity.send_code(actor, PHONE)
    wrong = "000000" if sent.code != "000000" else "111111"
    for left in (4, 3, 2, 1, 0):
        with pytest.raises(InvalidInput, match=str(left)):
            identity.verify_code(actor, PHONE, wrong)
    with pytest.raises(InvalidInput, match="重新获取"):
        identity.verify_code(actor, PHONE, sent.code)
    assert not User.objects.exists()


def test_a_code_dies_after_use_and_after_five_minutes():
    actor = browser()
    sent = identity.send_code(actor, PHONE)
    with clock.shifted(dt.timedelta(minutes=5, seconds=1)), pytest.raises(InvalidInput, match="过期"):
        identity.verify_code(actor, PHONE, sent.code)
    identity.verify_code(actor, PHONE, f" {sent.code} ")
    with pytest.raises(InvalidInput, match="过期"):
        identity.verify_code(actor, PHONE, sent.code)


def test_only_the_newest_code_counts():
    actor = browser()
    old = identity.send_code(actor, PHONE)
    with clock.shifted(dt.timedelta(seconds=61)):
        new = identity.send_code(actor, PHONE)
        if old.code != new.code:
            with pytest.raises(InvalidInput):
                identity.verify_code(actor, PHONE, old.code)
        assert identity.verify_code(actor, PHONE, new.code).assurance == Assurance.PHONE


def test_a_phone_gets_one_code_a_minute_and_five_an_hour():
    actor = browser()
    identity.send_code(actor, PHONE)
    with pytest.raises(TooMany) as refusal:
        identity.send_code(browser("192.0.2.77"), PHONE)
    assert 0 < refusal.value.data["retry_after_seconds"] <= 61
    for minutes in (2, 4, 6, 8):
        with clock.shifted(dt.timedelta(minutes=minutes)):
            identity.send_code(actor, PHONE)
    with clock.shifted(dt.timedelta(minutes=10)), pytest.raises(TooMany) as refusal:
        identity.send_code(actor, PHONE)
    assert 3000 <= refusal.value.data["retry_after_seconds"] <= 3001
    with clock.shifted(dt.timedelta(minutes=61)):
        identity.send_code(actor, PHONE)


def test_an_address_cannot_write_to_everybody():
    for number in range(codes.LIMITS_PER_ADDRESS[0][1]):
        identity.send_code(browser(), f"138001380{number:02d}")
    with pytest.raises(TooMany):
        identity.send_code(browser(), "13900139000")


def test_outside_the_demo_the_code_is_not_told(settings, capsys, caplog):
    settings.DEMO = False
    settings.DEBUG = False
    settings.SMS_SENDER = "log"
    with caplog.at_level("INFO"):
        assert identity.send_code(browser(), PHONE).code is None
    assert PHONE not in caplog.text
    settings.SMS_SENDER = "console"
    with pytest.raises(Unavailable):
        identity.send_code(browser(), "13900139000")
    assert "13900139000" not in capsys.readouterr().err


def test_a_sender_that_fails_uses_up_nothing(settings):
    settings.SMS_SENDER = "json.loads"
    with pytest.raises(Unavailable):
        identity.send_code(browser(), PHONE)
    assert not OneTimeCode.objects.exists()


def test_only_digests_of_codes_are_kept():
    sent = identity.send_code(browser(), PHONE)
    stored = str(OneTimeCode.objects.values().get())
    assert sent.code not in stored
    assert PHONE not in stored


def test_a_members_account_is_known_as_member():
    actor = browser()
    user = User.objects.get(pk=verified(actor).user_id)
    RoleGrant.objects.create(user=user, role=RoleGrant.Role.MEMBER, granted_at=clock.now())
    who = identity.log_in(actor, user)
    assert who.assurance == Assurance.MEMBER
    assert who.user_id == user.pk


def test_verification_and_consent_leave_evidence(settings):
    actor = browser("198.51.100.7")
    who = verified(actor)
    identity.give_consent(actor, settings.CONSENT_VERSIONS, "over")
    kept = {row.kind: row for row in EvidenceRecord.objects.all()}
    assert set(kept) == {"phone.verify", "consent.give"}
    assert unseal(kept["phone.verify"].sealed)["address"] == "198.51.100.7"
    assert unseal(kept["phone.verify"].sealed)["user"] == who.user_id


def test_a_code_opens_nothing_behind_the_scenes():
    actor = browser()
    user = User.objects.get(pk=verified(actor).user_id)
    RoleGrant.objects.create(user=user, role=RoleGrant.Role.PRODUCER, granted_at=clock.now())
    with clock.shifted(dt.timedelta(minutes=2)):
        assert verified(browser()).user_id is None
    assert identity.log_in(actor, user).user_id == user.pk
    assert AuditEntry.objects.filter(act="account.login", actor_id=user.pk).count() == 1


def test_a_closed_account_stays_out():
    actor = browser()
    user = User.objects.get(pk=verified(actor).user_id)
    user.is_active = False
    user.save()
    with pytest.raises(NotAllowed):
        identity.log_in(actor, user)
    with clock.shifted(dt.timedelta(minutes=2)), pytest.raises(NotAllowed):
        verified(browser())


@pytest.mark.django_db(transaction=True)
def test_one_phone_verified_twice_at_once_is_one_account():
    actors = [browser(), browser("192.0.2.2")]
    first = identity.send_code(actors[0], PHONE)
    results, start = [], threading.Barrier(2)

    def verify(actor: Actor) -> None:
        start.wait()
        try:
            results.append(identity.verify_code(actor, PHONE, first.code))
        except InvalidInput as refusal:
            results.append(refusal)
        finally:
            connection.close()

    threads = [threading.Thread(target=verify, args=[actor]) for actor in actors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([each for each in results if isinstance(each, InvalidInput)]) == 1
    assert User.objects.count() == 1
    assert Participant.objects.filter(user__isnull=False).count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_write_under_way_is_not_left_behind_by_a_merge():
    first, second = browser(), browser("192.0.2.2")
    survivor = verified(first)
    identity.ensure_participant(second)
    with clock.shifted(dt.timedelta(minutes=2)):
        sent = identity.send_code(second, PHONE)
        holding, merged = threading.Event(), []

        def merge() -> None:
            try:
                holding.wait()
                merged.append(identity.verify_code(second, PHONE, sent.code))
            finally:
                connection.close()

        thread = threading.Thread(target=merge)
        thread.start()
        with transaction.atomic():
            row = identity.ensure_participant(second)
            holding.set()
            thread.join(timeout=0.5)
            assert merged == [], "the merge waits for the write"
            Consent.objects.create(participant=row, document="late", version="1", at=clock.now())
        thread.join()
    assert merged[0].participant_id == survivor.participant_id
    assert Consent.objects.get(document="late").participant_id == survivor.participant_id
