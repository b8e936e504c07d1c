"""Calendars and feeds over HTTP: only what everybody may know, cancelled ones struck out, withdrawn ones gone, kept by nobody unasked."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import icalendar
import pytest
from django.test import Client
from django.urls import reverse

from broadcast import clock
from broadcast.access import HOUSE, Actor, is_public
from broadcast.models import Airing, Episode, Person, Programme
from broadcast.services import episodes, timing
from scheduling import feeds
from scheduling.queries import outings
from scheduling.services import tokens

from .making import NOON, airing, programme

pytestmark = pytest.mark.django_db
WEEK = dt.timedelta(days=7)


@pytest.fixture(autouse=True)
def friday_before():
    with clock.frozen(NOON - dt.timedelta(days=1)):
        yield


def shown(**columns: Any) -> Airing:
    made = airing(**columns)
    Episode.objects.filter(pk=made.episode_id).update(publication="published")
    made.refresh_from_db()
    return made


def events(client: Client, address: str) -> dict[str, Any]:
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    return {str(each["uid"]): each for each in icalendar.Calendar.from_ical(answer.content).walk("VEVENT")}


HOTLINE = "/calendar/hotline.ics"


def test_a_move_keeps_the_entry_and_raises_its_version(client: Client):
    show = shown()
    assert events(client, HOTLINE)[str(show.pk)]["sequence"] == 0
    timing.move(HOUSE, show.pk, NOON + WEEK, NOON + WEEK + dt.timedelta(minutes=30))
    found = events(client, HOTLINE)
    assert list(found) == [str(show.pk)]
    assert found[str(show.pk)]["sequence"] == 1
    assert found[str(show.pk)].start == NOON + WEEK


def test_a_cancelled_show_is_struck_out_and_a_withdrawn_one_is_gone(client: Client):
    cancelled, withdrawn = shown(number=1), shown(start=NOON + WEEK, number=2)
    Airing.objects.filter(pk=cancelled.pk).update(state="cancelled")
    assert len(events(client, HOTLINE)) == 2
    episodes.withdraw(HOUSE, withdrawn.episode_id, "有误")
    found = events(client, HOTLINE)
    assert {key: each["status"] for key, each in found.items()} == {str(cancelled.pk): "CANCELLED"}
    for form in ("atom", "json"):
        assert str(withdrawn.pk) not in client.get(f"/feeds/hotline/upcoming.{form}").content.decode()


def test_what_is_public_is_what_access_says_in_every_case():
    cases = [
        (publication, audience, kind, announced)
        for publication in Episode.Publication.values
        for audience in Programme.Audience.values
        for kind in ("premiere", "rerun", "rehearsal")
        for announced in (True, False)
    ]
    for number, (publication, audience, kind, announced) in enumerate(cases, 1):
        made = airing(number=number, kind=kind, announced=announced, port=None)
        home = Programme.objects.get_or_create(slug=audience, defaults={"name_zh": "x", "audience": audience})[0]
        Episode.objects.filter(pk=made.episode_id).update(publication=publication, programme=home)
    every = Airing.objects.select_related("episode__programme")
    assert set(outings.public()) == {each for each in every if is_public(each)}
    assert outings.public().count() == 2


def test_programmes_that_are_not_for_everybody_have_no_calendar(client: Client):
    shown()
    Programme.objects.update(audience="members")
    for address in (HOTLINE, "/feeds/hotline/upcoming.atom", "/widget/hotline/", "/calendar/nowhere.ics"):
        assert client.get(address).status_code == 404
    assert events(client, "/calendar/all.ics") == {}


def test_the_same_calendar_is_not_written_twice_and_never_kept_without_asking(
    client: Client, monkeypatch: pytest.MonkeyPatch
):
    show = shown()
    first = client.get(HOTLINE)
    assert first["Cache-Control"] == "no-cache"
    assert not first.cookies
    assert first["Access-Control-Allow-Origin"] == "*"
    with monkeypatch.context() as patch:
        patch.setattr(feeds, "calendar", lambda *_: pytest.fail("written although nothing changed"))
        again = client.get(HOTLINE, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content, again["Cache-Control"]) == (304, b"", "no-cache")
    Airing.objects.filter(pk=show.pk).update(state="cancelled")
    assert client.get(HOTLINE, headers={"If-None-Match": first["ETag"]}).status_code == 200


def test_feeds_hold_what_comes_the_next_first(client: Client):
    later, sooner = shown(start=NOON + WEEK, number=2), shown(number=1)
    shown(start=NOON - WEEK, number=3)
    made = json.loads(client.get("/feeds/upcoming.json").content)
    assert [each["id"] for each in made["items"]] == [str(sooner.pk), str(later.pk)]
    assert made["items"][0]["url"] == "http://testserver/programmes/hotline/1/"
    assert client.get("/feeds/hotline/upcoming.atom").content.count(b"<entry>") == 2


def test_a_private_calendar_needs_no_login_tells_what_is_not_announced_and_ends_when_revoked(client: Client):
    show = airing(announced=False)
    person = Person.objects.create(name="林委员")
    show.episode.appearances.create(person=person, role="member")
    token, secret = tokens.make_person_calendar(HOUSE, person.pk)
    address = reverse("schedule:calendar-private", args=[secret])
    answer = client.get(address)
    assert answer["Cache-Control"] == "private, no-cache"
    assert answer["Referrer-Policy"] == "no-referrer"
    event = events(client, address)[str(show.pk)]
    assert (event["status"], event["class"]) == ("TENTATIVE", "PRIVATE")
    assert "url" not in event
    tokens.revoke_calendar(HOUSE, token.pk)
    assert client.get(address).status_code == 404
    assert events(client, HOTLINE) == {}


def test_the_calendar_of_many_shows_takes_few_queries(client: Client, django_assert_max_num_queries: Any):
    for number in range(1, 21):
        shown(start=NOON + number * WEEK, number=number)
    events(client, HOTLINE)
    with django_assert_max_num_queries(5):
        assert len(events(client, HOTLINE)) == 20


def test_the_widget_may_be_framed_and_holds_neither_script_nor_cookie(client: Client):
    show = shown()
    answer = client.get("/widget/hotline/?language=en")
    policy = answer["Content-Security-Policy"]
    assert "frame-ancestors *" in policy
    assert "script-src" not in policy
    assert "default-src 'none'" in policy
    assert "X-Frame-Options" not in answer
    assert not answer.cookies
    assert "<script" not in answer.content.decode()
    assert f"/programmes/hotline/{show.episode.key}/" in answer.content.decode()
    other = client.get("/programmes/hotline/")
    assert "frame-ancestors 'none'" in other["Content-Security-Policy"]
    assert other["X-Frame-Options"] == "DENY"


def test_the_widget_of_one_programme_has_what_is_on_air_however_much_is_elsewhere(client: Client):
    own = shown(state="on_air", actual_start=NOON)
    for minute in range(1, 14):
        later = NOON + dt.timedelta(minutes=minute)
        other = shown(number=100 + minute, port=None, state="on_air", actual_start=later)
        Episode.objects.filter(pk=other.episode_id).update(programme=programme(f"other-{minute}"))
    page = client.get("/widget/hotline/").content.decode()
    assert f"/programmes/hotline/{own.episode.key}/" in page
    assert "/programmes/other-" not in page


def test_the_programmes_page_leads_to_its_calendar(client: Client):
    shown()
    page = client.get("/programmes/hotline/").content.decode()
    assert page.count('href="/calendar/hotline.ics"') == 2
    Programme.objects.update(audience="members")
    assert Actor().grants == {}
    assert client.get("/programmes/hotline/").status_code == 404
