"""A programme's settings: who may set what, what is refused while a show runs, and that every change is on the record."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from broadcast import clock
from broadcast.access import Actor
from broadcast.errors import InvalidInput, NotAllowed
from broadcast.models import AuditEntry, Programme, RoleGrant, User
from broadcast.services import programmes
from tests.broadcast import making

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator() -> Actor:
    return making.actor("system_administrator")


def change(actor: Actor, brand: Programme, **wanted: Any) -> dict[str, Any]:
    return programmes.set_policy(actor, brand.pk, wanted, "主席会议 2026-11")


@pytest.mark.parametrize("role", [each for each in RoleGrant.Role.values if each != "system_administrator"])
def test_only_the_system_administrator_sets_a_programme(role: str) -> None:
    with pytest.raises(NotAllowed):
        change(making.actor(role), making.programme(), publishes_ballots=True)


def test_a_change_is_kept_and_on_the_record_with_its_reason(administrator: Actor) -> None:
    brand = making.programme()
    changed = change(administrator, brand, publishes_ballots=True, review_steps=2, needs_vote=20, comments="pre")
    assert changed == {"publishes_ballots": True, "review_steps": 2, "needs_vote": 20}, (
        "what was so already is no change"
    )
    brand.refresh_from_db()
    assert (brand.publishes_ballots, brand.review_steps, brand.needs("vote"), brand.needs("like")) == (True, 2, 20, 0)
    entry = AuditEntry.objects.get(act="programme.set")
    assert (entry.target, entry.reason, entry.after) == (f"programme:{brand.slug}", "主席会议 2026-11", changed)
    assert entry.before == {"publishes_ballots": False, "review_steps": 1, "needs_vote": 0}
    assert change(administrator, brand, publishes_ballots=True) == {}
    assert AuditEntry.objects.count() == 1


def test_without_a_reason_nothing_changes(administrator: Actor) -> None:
    brand = making.programme()
    with pytest.raises(InvalidInput) as refused:
        programmes.set_policy(administrator, brand.pk, {"likes": False}, " ")
    assert refused.value.data["field"] == "reason"
    brand.refresh_from_db()
    assert brand.likes


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("delay_seconds", -1),
        ("delay_seconds", 121),
        ("appeal_hours", 0),
        ("review_steps", 3),
        ("comments", "later"),
        ("needs_vote", 15),
        ("needs_like", 0),
        ("audience", "closed"),
    ],
)
def test_what_is_not_possible_is_refused_by_its_name(administrator: Actor, name: str, value: Any) -> None:
    with pytest.raises(InvalidInput) as refused:
        change(administrator, making.programme(), **{name: value})
    assert refused.value.data["field"] == name


@pytest.mark.parametrize("state", ["waiting", "on_air"])
@pytest.mark.parametrize(
    "wanted", [{"delay_seconds": 6}, {"cut_needs_second_person": True}, {"replay_release": "at_once"}]
)
def test_what_a_running_show_counts_on_stands_until_it_is_over(
    administrator: Actor, state: str, wanted: dict[str, Any]
) -> None:
    airing = making.airing(state=state)
    brand = airing.episode.programme
    with pytest.raises(InvalidInput, match="海边的路"):
        change(administrator, brand, **wanted)
    assert change(administrator, brand, comments="post") == {"comments": "post"}
    airing.state = "ended"
    airing.save()
    assert change(administrator, brand, **wanted) == wanted


@pytest.fixture
def client() -> Client:
    user = User.objects.create_user("xi", display_name="系统管理员习")
    RoleGrant.objects.create(user=user, role="system_administrator", granted_at=clock.now())
    client = Client()
    client.force_login(user)
    return client


def typed(brand: Programme, **changes: Any) -> dict[str, Any]:
    known = {name: value for name, value in programmes.policy_of(brand).items() if value is not False}
    return {**known, "reason": "", **changes}


def test_the_page_saves_what_was_chosen(client: Client) -> None:
    brand = making.programme()
    url = f"/staff/programmes/{brand.slug}/settings"
    assert 'name="publishes_ballots"' in client.get(url).content.decode()
    answer = client.post(url, typed(brand, publishes_ballots="on", likes="", appeal_hours="48", reason="试行"))
    assert answer.status_code == 302
    brand.refresh_from_db()
    assert (brand.publishes_ballots, brand.likes, brand.appeal_hours) == (True, False, 48)
    assert "试行" in client.get(url).content.decode()


def test_the_page_keeps_what_was_typed_and_says_what_was_refused(client: Client) -> None:
    airing = making.airing(state="on_air")
    brand = airing.episode.programme
    url = f"/staff/programmes/{brand.slug}/settings"
    assert "正在候播或直播" in client.get(url).content.decode()
    answer = client.post(url, typed(brand, delay_seconds="7", comments="post", reason="试行"))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'id="id_delay_seconds_error"' in page
    assert 'value="7"' in page
    brand.refresh_from_db()
    assert (brand.delay_seconds, brand.comments) == (20, "pre")
    page = client.post(url, typed(brand, delay_seconds="很久")).content.decode()
    assert 'id="id_delay_seconds_error"' in page
    assert 'id="id_reason_error"' in page


def test_for_others_the_page_is_closed() -> None:
    brand = making.programme()
    user = User.objects.create_user("zheng")
    RoleGrant.objects.create(user=user, programme=brand, role="producer", granted_at=clock.now())
    client = Client()
    client.force_login(user)
    assert client.get(f"/staff/programmes/{brand.slug}/settings").status_code == 403
