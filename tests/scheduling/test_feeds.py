"""Our calendars and feeds say to other readers what we mean: times, zones, versions, cancellations, whatever the words hold."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from dataclasses import replace
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events
import vobject
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling import feeds
from scheduling.outing import Outing

START = dt.datetime(2026, 11, 28, 3, tzinfo=dt.UTC)
CHANGED = dt.datetime(2026, 11, 20, 1, 2, 3, tzinfo=dt.UTC)
HEAD = feeds.Head("政协热线", "https://a.example", "https://a.example/f", "https://a.example/programmes/hotline/")
SHOW = Outing(
    id=uuid.UUID(int=7),
    programme="hotline",
    programme_name="政协热线",
    key="1027",
    title="老旧小区加装电梯，谁来管、怎么养？",
    description="电台直播 30 分钟；可以提前留言，\n也可以打进来。",
    kind="premiere",
    state="planned",
    start=START,
    end=START + dt.timedelta(minutes=30),
    zone="Asia/Shanghai",
    path="/programmes/hotline/1027/",
    is_announced=True,
    announced_at=CHANGED,
    people=("许老师", "林委员"),
    sequence=3,
    changed_at=CHANGED,
)
WORDS = st.text(st.characters(codec="utf-8"), max_size=120)


def flat(words: str) -> str:
    """Without what a calendar's lines may fold: blanks and ends of lines."""
    return "".join(words.split())


def by_icalendar(data: bytes) -> list[icalendar.Event]:
    return list(icalendar.Calendar.from_ical(data).walk("VEVENT"))


def test_two_parsers_read_back_what_was_meant():
    data = feeds.calendar(HEAD, [SHOW])
    (event,) = by_icalendar(data)
    assert (event["uid"], event["sequence"], event["status"]) == (str(SHOW.id), 3, "CONFIRMED")
    assert (event.start, event.end) == (SHOW.start, SHOW.end)
    assert event["summary"] == SHOW.name
    assert SHOW.description in event["description"]
    assert event["url"] == "https://a.example/programmes/hotline/1027/"
    other = vobject.readOne(data.decode())
    assert (other.vevent.uid.value, other.vevent.sequence.value) == (str(SHOW.id), "3")
    assert (other.vevent.dtstart.value, other.vevent.dtend.value) == (SHOW.start, SHOW.end)
    assert other.vevent.summary.value == SHOW.name
    assert SHOW.description in other.vevent.description.value
    (found,) = recurring_ical_events.of(icalendar.Calendar.from_ical(data)).at((2026, 11, 28))
    assert found.start == SHOW.start


@pytest.mark.parametrize(
    "zone", ["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]
)
def test_events_keep_the_wall_time_of_their_zone_which_the_calendar_explains(zone: str):
    # Either side of where the clocks change in autumn and in spring.
    days = [
        dt.datetime(2026, *month, 9, tzinfo=dt.UTC)
        for month in ((3, 28), (3, 30), (10, 3), (10, 24), (10, 26), (11, 2))
    ]
    shows = [replace(SHOW, id=uuid.uuid4(), zone=zone, start=day, end=day + dt.timedelta(hours=1)) for day in days]
    data = feeds.calendar(HEAD, shows)
    calendar = icalendar.Calendar.from_ical(data)
    assert [str(each["tzid"]) for each in calendar.walk("VTIMEZONE")] == [zone]
    assert f"DTSTART;TZID={zone}:{days[0].astimezone(ZoneInfo(zone)):%Y%m%dT%H%M%S}".encode() in data
    # What the VTIMEZONE itself says, without knowing the zone's name.
    told = icalendar.Calendar.from_ical(data.replace(zone.encode(), b"X-" + zone.encode()))
    assert [event.start.astimezone(dt.UTC) for event in told.walk("VEVENT")] == days
    other = vobject.readOne(data.decode())
    assert [each.dtstart.value.astimezone(dt.UTC) for each in other.vevent_list] == days


@pytest.mark.parametrize(
    ("changes", "status"),
    [({}, "CONFIRMED"), ({"state": "cancelled"}, "CANCELLED"), ({"is_announced": False}, "TENTATIVE")],
)
def test_a_cancelled_show_stays_in_the_calendar_as_such(changes: dict[str, object], status: str):
    (event,) = by_icalendar(feeds.calendar(HEAD, [replace(SHOW, **changes)]))
    assert event["status"] == status


def test_the_same_show_gives_the_same_bytes_and_lines_are_no_longer_than_75_octets():
    data = feeds.calendar(HEAD, [SHOW])
    assert data == feeds.calendar(HEAD, [SHOW])
    assert max(len(line) for line in data.split(b"\r\n")) <= 75
    assert b"\n" not in data.replace(b"\r\n", b"")


def test_an_empty_calendar_is_one():
    assert by_icalendar(feeds.calendar(HEAD, [])) == []
    assert vobject.readOne(feeds.calendar(HEAD, []).decode()).name == "VCALENDAR"


@settings(deadline=None, max_examples=60)
@given(WORDS, WORDS)
def test_whatever_the_words_hold_no_line_of_ours_is_broken(title: str, description: str):
    show = replace(SHOW, title=title, description=description, people=(title,))
    (event,) = by_icalendar(feeds.calendar(HEAD, [show]))
    assert flat(str(event["summary"])) == flat(show.clean().name)
    assert (event["uid"], event["status"], event.start) == (str(SHOW.id), "CONFIRMED", SHOW.start)
    ElementTree.fromstring(feeds.atom(HEAD, [show]))
    json.loads(feeds.json_feed(HEAD, [show]))


def test_atom_and_json_feed_say_when_and_where():
    names = {"a": "http://www.w3.org/2005/Atom"}
    root = ElementTree.fromstring(feeds.atom(HEAD, [SHOW]))
    assert root.findtext("a:updated", namespaces=names) == "2026-11-20T01:02:03Z"
    (entry,) = root.findall("a:entry", names)
    assert entry.findtext("a:id", namespaces=names) == f"urn:uuid:{SHOW.id}"
    assert entry.findtext("a:title", namespaces=names) == SHOW.name
    assert entry.findtext("a:summary", namespaces=names) == "2026-11-28 周六 11:00–11:30（北京时间）"
    assert {each.get("rel") for each in root.findall("a:link", names)} == {"self", "alternate"}
    made = json.loads(feeds.json_feed(HEAD, [SHOW]))
    assert made["version"] == "https://jsonfeed.org/version/1.1"
    assert made["items"][0]["_yishi"]["starts_at"] == "2026-11-28T11:00:00+08:00"
    assert made["items"][0]["url"] == "https://a.example/programmes/hotline/1027/"
