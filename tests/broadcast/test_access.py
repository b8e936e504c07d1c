"""Who may see what: staff all of theirs, the public only what is announced, published, released and for them."""

from __future__ import annotations

import datetime as dt

import pytest

from broadcast import clock, lifecycle
from broadcast.access import ABILITIES, HOUSE, Ability, Actor, can, may_watch, may_watch_replay, require_assurance
from broadcast.errors import AssuranceTooLow
from broadcast.models import Airing, Episode, Programme, RoleGrant, User
from broadcast.models.catalogue import Assurance
from broadcast.services import episodes
from tests.broadcast import making

pytestmark = pytest.mark.django_db
ANYBODY = Actor()


def fresh(airing: Airing) -> Airing:
    return Airing.objects.select_related("episode__programme").get(pk=airing.pk)


def announced(**fields: object) -> Airing:
    airing = making.airing(making.programme(**fields))
    episodes.announce(HOUSE, airing.pk)
    return fresh(airing)


def test_every_role_has_abilities_and_no_role_moderates_by_accident() -> None:
    assert set(ABILITIES) == set(RoleGrant.Role.values)
    assert [role for role, abilities in ABILITIES.items() if Ability.MODERATE in abilities] == [
        RoleGrant.Role.MODERATOR,
        RoleGrant.Role.DUTY_LEADER,
    ]
    assert not can(HOUSE, Ability.MODERATE, 1), "a job answers for nothing"


def test_a_role_counts_in_its_programme_alone() -> None:
    here, there = making.programme(), making.programme()
    moderator = making.actor("moderator", here)
    assert can(moderator, Ability.MODERATE, here.pk)
    assert not can(moderator, Ability.MODERATE, there.pk)
    assert can(making.actor("moderator"), Ability.MODERATE, there.pk)


def test_an_account_that_was_closed_has_no_rights_left() -> None:
    actor = making.actor("producer")
    User.objects.filter(pk=actor.user_id).update(is_active=False)
    assert not can(Actor(user_id=actor.user_id), Ability.RUN, 1)


def test_the_public_sees_an_announced_show_and_nothing_before() -> None:
    draft = fresh(making.airing())
    assert not may_watch(ANYBODY, draft)
    assert may_watch(making.actor("producer"), draft)
    assert may_watch(ANYBODY, announced())


def test_a_withdrawn_episode_is_for_staff_alone() -> None:
    airing = announced()
    episodes.withdraw(HOUSE, airing.episode_id, "数字有误")
    assert not may_watch(ANYBODY, fresh(airing))
    assert may_watch(making.actor("moderator"), fresh(airing))


def test_a_rehearsal_is_never_public_even_on_air() -> None:
    airing = making.airing(kind=Airing.Kind.REHEARSAL)
    Episode.objects.filter(pk=airing.episode_id).update(publication=Episode.Publication.PUBLISHED)
    lifecycle.start(HOUSE, airing.pk)
    assert not may_watch(ANYBODY, fresh(airing))


@pytest.mark.parametrize(
    ("audience", "public", "member"), [("public", True, True), ("members", False, True), ("closed", False, False)]
)
def test_a_programme_is_for_its_audience(audience: str, public: bool, member: bool) -> None:
    airing = announced(audience=audience)
    assert may_watch(ANYBODY, airing) is public
    assert may_watch(making.actor("member"), airing) is member
    assert may_watch(making.actor("host"), airing)


def test_the_replay_is_for_staff_at_once_and_for_the_public_after_sign_off_and_the_delay() -> None:
    airing = announced()
    lifecycle.start(HOUSE, airing.pk)
    lifecycle.end(HOUSE, airing.pk)
    assert may_watch_replay(making.actor("moderator"), fresh(airing))
    later = clock.now() + dt.timedelta(seconds=airing.delay_seconds + 1)
    with clock.frozen(later):
        assert not may_watch_replay(ANYBODY, fresh(airing))
        episodes.sign_off(HOUSE, airing.episode_id)
        assert may_watch_replay(ANYBODY, fresh(airing))
        episodes.withdraw(HOUSE, airing.episode_id, "数字有误")
        episodes.publish(HOUSE, airing.episode_id)
        assert not may_watch_replay(ANYBODY, fresh(airing)), "a withdrawal ends the sign-off"


def test_a_programme_that_releases_at_once_waits_for_the_delay_only_and_for_a_person_after_a_withdrawal() -> None:
    airing = announced(replay_release=Programme.Release.AT_ONCE)
    lifecycle.start(HOUSE, airing.pk)
    ended = lifecycle.end(HOUSE, airing.pk)
    assert ended.actual_end
    with clock.frozen(ended.actual_end + dt.timedelta(seconds=airing.delay_seconds + 1)):
        assert may_watch_replay(ANYBODY, fresh(airing))
        episodes.withdraw(HOUSE, airing.episode_id, "数字有误")
        episodes.publish(HOUSE, airing.episode_id)
        assert not may_watch_replay(ANYBODY, fresh(airing))


def test_an_action_asks_for_its_assurance() -> None:
    require_assurance(Actor(assurance=Assurance.PHONE), Assurance.PHONE)
    with pytest.raises(AssuranceTooLow) as refusal:
        require_assurance(Actor(assurance=Assurance.GUEST), Assurance.PHONE)
    assert refusal.value.data == {"needed": Assurance.PHONE, "have": Assurance.GUEST}
    assert Programme().needs("an act that nobody set") == Assurance.PHONE
