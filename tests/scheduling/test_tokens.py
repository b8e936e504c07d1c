"""Tokens: who may make them, what they open, that they end; only a keyed digest is kept."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest

from broadcast import clock
from broadcast.access import HOUSE, Actor
from broadcast.errors import InvalidInput, NotAllowed, NotFound
from broadcast.models import Appearance, AuditEntry, Person, RoleGrant, User
from broadcast.personal import Held, Whose
from scheduling.models import ApiToken, CalendarToken
from scheduling.queries import outings
from scheduling.services import subscribers, tokens
from scheduling.services.tokens import Scope

from .making import NOON, airing, programme

pytestmark = pytest.mark.django_db


def staff(role: str, programme_id: int | None, name: str = "") -> Actor:
    user = User.objects.create(username=name or f"{role}-{programme_id}")
    RoleGrant.objects.create(user=user, role=role, programme_id=programme_id, granted_at=clock.now())
    return Actor(user_id=user.pk, name=str(user))


@pytest.fixture(autouse=True)
def without_second_factor(settings):
    settings.SECOND_FACTOR = False


def test_the_secret_itself_is_nowhere_and_finds_its_calendar_until_revoked():
    producer = staff("producer", programme().pk)
    token, secret = tokens.make_own_calendar(producer)
    assert secret not in str(CalendarToken.objects.values())
    assert tokens.calendar_of(secret) == token
    assert CalendarToken.objects.get().used_at is not None
    assert tokens.calendar_of(secret + "x") is None
    tokens.revoke_calendar(producer, token.pk)
    assert tokens.calendar_of(secret) is None
    with pytest.raises(NotFound):
        tokens.revoke_calendar(producer, token.pk)
    assert list(AuditEntry.objects.values_list("act", flat=True)) == ["calendar.create", "calendar.revoke"]


def test_nobody_without_an_account_has_calendars():
    producer = staff("producer", programme().pk)
    tokens.make_role_calendar(producer, "host", programme().pk)
    assert tokens.calendars_of(producer).count() == 1
    assert not tokens.calendars_of(Actor()).exists()
    assert tokens.calendars_of(HOUSE).count() == 1


def test_an_own_calendar_follows_the_rights_of_the_moment():
    show = airing(announced=False)
    producer = staff("producer", show.episode.programme_id)
    token, secret = tokens.make_own_calendar(producer)
    assert list(outings.of_token(token)) == [show]
    RoleGrant.objects.update(expires_at=clock.now())
    assert not outings.of_token(token).exists()
    User.objects.update(is_active=False)
    assert tokens.calendar_of(secret) is None


def test_only_producers_make_calendars_for_others_and_only_in_their_programmes():
    mine, other = programme(), programme("other")
    person = Person.objects.create(name="林委员")
    producer, moderator = staff("producer", mine.pk), staff("moderator", mine.pk)
    tokens.make_role_calendar(producer, "host", mine.pk)
    tokens.make_person_calendar(producer, person.pk, mine.pk)
    for refused in (
        lambda: tokens.make_role_calendar(producer, "host", other.pk),
        lambda: tokens.make_person_calendar(producer, person.pk, other.pk),
        lambda: tokens.make_person_calendar(producer, person.pk),
        lambda: tokens.make_role_calendar(moderator, "host", mine.pk),
        lambda: tokens.make_own_calendar(Actor()),
    ):
        with pytest.raises(NotAllowed):
            refused()
    with pytest.raises(InvalidInput):
        tokens.make_role_calendar(producer, "auditor", mine.pk)
    Person.objects.update(user=moderator.user_id)
    assert tokens.make_person_calendar(moderator, person.pk)[0].person == person


def test_whoever_made_it_owns_it_produces_or_administers_may_revoke_nobody_else():
    mine = programme()
    producer = staff("producer", mine.pk)
    made = [tokens.make_role_calendar(producer, "host", mine.pk)[0] for _each in range(3)]
    with pytest.raises(NotFound):
        tokens.revoke_calendar(staff("moderator", mine.pk), made[0].pk)
    with pytest.raises(NotFound):
        tokens.revoke_calendar(staff("producer", programme("other").pk), made[0].pk)
    tokens.revoke_calendar(staff("producer", mine.pk, "second"), made[0].pk)
    tokens.revoke_calendar(staff("system_administrator", None), made[1].pk)
    tokens.revoke_calendar(producer, made[2].pk)


def test_a_persons_calendar_holds_where_they_appear_and_no_more():
    person = Person.objects.create(name="林委员")
    theirs, _other = airing(number=1), airing(NOON + dt.timedelta(days=7), number=2)
    Appearance.objects.create(episode=theirs.episode, person=person, role="member")
    Appearance.objects.create(episode=theirs.episode, person=person, role="expert")
    producer = staff("producer", theirs.episode.programme_id)
    token, _secret = tokens.make_person_calendar(producer, person.pk, theirs.episode.programme_id)
    assert list(outings.of_token(token)) == [theirs]


def test_a_role_that_sees_nothing_behind_the_scenes_has_only_what_is_announced():
    hidden = airing(announced=False, number=1)
    shown = airing(NOON + dt.timedelta(days=7), number=2)
    shown.episode.publication = "published"
    shown.episode.save()
    mine = hidden.episode.programme
    assert list(outings.of_role("member", mine)) == [shown]
    assert set(outings.of_role("host", mine)) == {hidden, shown}
    mine.audience = "closed"
    assert not outings.of_role("member", mine).exists()


def test_partners_tokens_are_the_administrators_and_are_good_for_their_scopes_alone():
    with pytest.raises(NotAllowed):
        tokens.make_api_token(staff("producer", None), "合作平台", ["past"])
    administrator = staff("system_administrator", None)
    token, secret = tokens.make_api_token(administrator, "合作平台", ["past"])
    assert secret not in str(ApiToken.objects.values())
    assert secret.startswith(token.hint)
    assert tokens.api_token_of(secret, Scope.PAST) == token
    with pytest.raises(tokens.ScopeMissing):
        tokens.api_token_of(secret, Scope.UPCOMING)
    for wrong in ("", secret[:-1], token.hint, token.digest):
        with pytest.raises(tokens.Unknown):
            tokens.api_token_of(wrong, Scope.PAST)
    tokens.revoke_api_token(administrator, token.pk)
    with pytest.raises(tokens.Unknown):
        tokens.api_token_of(secret, Scope.PAST)
    assert list(AuditEntry.objects.values_list("act", flat=True)) == ["api_token.create", "api_token.revoke"]


def test_a_partners_token_ends_by_its_time():
    end = clock.now() + dt.timedelta(days=1)
    _token, secret = tokens.make_api_token(HOUSE, "合作平台", ["past"], end)
    tokens.api_token_of(secret, Scope.PAST)
    with clock.frozen(end), pytest.raises(tokens.Unknown):
        tokens.api_token_of(secret, Scope.PAST)


@pytest.mark.parametrize(
    ("name", "scopes", "field"), [(" ", ["past"], "name"), ("a", [], "scopes"), ("a", ["everything"], "scopes")]
)
def test_a_token_for_nobody_or_nothing_is_refused(name: str, scopes: list[str], field: str):
    with pytest.raises(InvalidInput) as refused:
        tokens.make_api_token(HOUSE, name, scopes)
    assert refused.value.data["field"] == field
    with pytest.raises(InvalidInput):
        tokens.make_api_token(HOUSE, "a", ["past"], clock.now() - dt.timedelta(days=1))


def test_whoever_is_forgotten_has_no_calendar_any_more():
    producer = staff("producer", programme().pk)
    _token, secret = tokens.make_own_calendar(producer)
    whose = Whose(participant=uuid.uuid4(), participants=(), user=producer.user_id)
    assert len(subscribers.sections(whose)[0].rows) == 1
    assert subscribers.forget(whose, Held()).done == {"calendars": 1}
    assert tokens.calendar_of(secret) is None
    assert subscribers.forget(whose, Held()).done == {"calendars": 1}
