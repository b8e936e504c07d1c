"""Children under 14 watch; what they may do more, their guardians say, by a phone of their own."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.conf import settings as configured
from django.test import Client

from broadcast import clock, registry
from broadcast.access import Actor
from broadcast.errors import GuardianNeeded, IllegalTransition, InvalidInput, TooMany
from broadcast.models import Consent, GuardianConsent, Participant
from broadcast.personal import Held
from broadcast.services import consents, forgetting, guardians, identity, personal
from broadcast.services.guardians import Guardian

pytestmark = pytest.mark.django_db

CHILD, PARENT = "13900139000", "13800138000"
MOTHER = Guardian("李 梅", "mother", PARENT)


@pytest.fixture(autouse=True)
def _demo(settings):
    settings.DEMO = True


def browser() -> Actor:
    return Actor(participant_id=uuid.uuid4(), address="192.0.2.1")


def child() -> Actor:
    actor = browser()
    with pytest.raises(GuardianNeeded):
        identity.give_consent(actor, dict(configured.CONSENT_VERSIONS), "under")
    return actor


def allowed(actor: Actor, who: Guardian = MOTHER) -> GuardianConsent:
    sent = guardians.send_code(actor, who.phone)
    return guardians.allow(actor, who, sent.code or "")


def age(actor: Actor) -> str:
    return Participant.objects.get(pk=actor.participant_id).age


def test_a_childs_own_agreement_is_none_and_what_was_said_stays_said():
    actor = child()
    assert not Consent.objects.exists()
    for said in ("", "over", "under"):
        with pytest.raises(GuardianNeeded):
            identity.give_consent(actor, dict(configured.CONSENT_VERSIONS), said)
    assert age(actor) == "under"


def test_who_does_not_say_how_old_agrees_to_nothing():
    actor = browser()
    with pytest.raises(InvalidInput) as refusal:
        identity.give_consent(actor, dict(configured.CONSENT_VERSIONS))
    assert refusal.value.data["field"] == "age"
    assert not Consent.objects.exists()
    identity.give_consent(actor, dict(configured.CONSENT_VERSIONS), "over")
    # Once said is said.
    identity.give_consent(actor, dict(configured.CONSENT_VERSIONS))
    assert Consent.objects.count() == len(configured.CONSENT_VERSIONS)


def test_with_a_guardians_consent_it_agrees_like_everybody():
    actor = child()
    allowed(actor)
    identity.give_consent(actor, dict(configured.CONSENT_VERSIONS), "over")
    assert age(actor) == "allowed"
    assert identity.require_agreed(identity.standing([actor.participant_id])[actor.participant_id]).agreed
    assert "李" not in str(GuardianConsent.objects.values_list().get())
    assert PARENT not in str(GuardianConsent.objects.values_list().get())


def test_the_guardian_takes_it_back_with_the_same_phone_alone():
    actor = child()
    allowed(actor)
    with clock.shifted(dt.timedelta(minutes=2)):
        sent = guardians.send_code(actor, "13700137000")
        with pytest.raises(InvalidInput):
            guardians.withdraw(actor, "13700137000", sent.code or "")
        sent = guardians.send_code(actor, PARENT)
        with pytest.raises(InvalidInput):
            guardians.withdraw(actor, PARENT, "000000" if sent.code != "000000" else "111111")
        guardians.withdraw(actor, PARENT, sent.code or "")
    assert age(actor) == "under"
    with pytest.raises(GuardianNeeded):
        consents.require_of_age(Participant.objects.get(pk=actor.participant_id))
    with pytest.raises(IllegalTransition):
        guardians.withdraw(actor, PARENT, "123456")


def test_the_childs_own_number_is_no_guardians():
    actor = child()
    who = identity.verify_code(actor, CHILD, identity.send_code(actor, CHILD).code or "")
    grown = Actor(
        participant_id=who.participant_id, generation=who.generation, address="192.0.2.1", user_id=who.user_id
    )
    assert age(grown) == "under"
    with pytest.raises(InvalidInput):
        guardians.send_code(grown, CHILD)
    with pytest.raises(InvalidInput):
        guardians.allow(grown, Guardian("自己", "other", CHILD), "123456")


def test_a_guardians_code_logs_nobody_in_as_the_guardian_and_a_log_ins_code_makes_no_guardian():
    actor = child()
    sent = guardians.send_code(actor, PARENT)
    with pytest.raises(InvalidInput):
        identity.verify_code(actor, PARENT, sent.code or "")
    with clock.shifted(dt.timedelta(minutes=2)):
        other = identity.send_code(actor, PARENT)
        with pytest.raises(InvalidInput):
            guardians.allow(actor, MOTHER, other.code or "")
    assert age(actor) == "under"


def test_one_number_speaks_for_a_few_children():
    for number in range(guardians.MOST_CHILDREN):
        with clock.shifted(dt.timedelta(hours=number)):
            allowed(child())
    with clock.shifted(dt.timedelta(hours=guardians.MOST_CHILDREN)), pytest.raises(TooMany):
        allowed(child())


def test_only_a_child_needs_one_and_names_are_asked_for():
    actor = browser()
    identity.ensure_participant(actor)
    sent = guardians.send_code(actor, PARENT)
    with pytest.raises(IllegalTransition):
        guardians.allow(actor, MOTHER, sent.code or "")
    for who in (Guardian("", "mother", PARENT), Guardian("李梅", "neighbour", PARENT)):
        with pytest.raises(InvalidInput):
            guardians.allow(actor, who, "123456")


def test_a_parents_account_does_not_become_a_childs_by_the_tablet_they_share():
    first = browser()
    identity.give_consent(first, dict(configured.CONSENT_VERSIONS), "over")
    parent = identity.verify_code(first, PARENT, identity.send_code(first, PARENT).code or "")
    tablet = child()
    with clock.shifted(dt.timedelta(minutes=2)):
        identity.verify_code(tablet, PARENT, identity.send_code(tablet, PARENT).code or "")
    assert Participant.objects.get(pk=parent.participant_id).age == "over"


def test_the_guardian_stands_in_the_file_without_name_and_goes_with_the_child():
    actor = child()
    allowed(actor)
    whose = personal.whose(Participant.objects.get(pk=actor.participant_id))
    sections = {each.code: each.rows for _name, told in registry.personal_data for each in told(whose)}
    assert len(sections["guardians"]) == 1
    assert "李" not in str(sections["guardians"])
    forgetting.identity(whose, Held())
    assert not GuardianConsent.objects.exists()


def test_the_whole_way_by_pages():
    client = Client()
    page = client.get("/account/consent").content.decode()
    assert 'name="age" value="under"' in page
    answer = client.post("/account/consent", {**configured.CONSENT_VERSIONS, "age": "under", "next": "/programmes/"})
    assert answer["Location"] == "/account/guardian?next=%2Fprogrammes%2F"
    asked = {"act": "send", "name": "李梅", "relation": "mother", "phone": PARENT, "next": "/programmes/"}
    shown = client.get(client.post("/account/guardian", asked)["Location"]).content.decode()
    code = client.session["guardian_to_verify"]["code"]
    assert code in shown
    assert PARENT not in str(client.session["guardian_to_verify"])
    wrong = client.post("/account/guardian", {"act": "allow", "code": "000000" if code != "000000" else "111111"})
    assert wrong.status_code == 422
    done = client.post("/account/guardian", {"act": "allow", "code": code, "next": "/programmes/"})
    assert done["Location"] == "/programmes/"
    assert client.post("/account/consent", dict(configured.CONSENT_VERSIONS)).status_code == 302
    assert "138****8000" in client.get("/account/guardian").content.decode()
