"""Who took part is counted way by way: a person once in each, over all shows asked about, and nothing is added up."""

from __future__ import annotations

import datetime as dt
from uuid import uuid4

import pytest

from broadcast import clock
from broadcast.access import Actor
from broadcast.models import Source
from live.models import Ballot, BallotCast, Call, Comment, HeadCount, PaperCount, Poll, Question, Support, Venue
from live.queries import reach
from tests.live import making

pytestmark = pytest.mark.django_db


def words(show: making.Show, who: Actor, *, is_public: bool = True) -> dict[str, object]:
    now = clock.now()
    return {
        "room_id": show.id,
        "author_id": who.participant_id,
        "author_name": "市民",
        "assurance": 2,
        "text": "支持",
        "state": "approved" if is_public else "rejected",
        "public_at": now if is_public else None,
        "command_id": making.command_id(),
        "created_at": now,
    }


def told(*shows: making.Show) -> dict[str, tuple[int | None, int]]:
    return {each.name: (each.people, each.times) for each in reach.counted([show.id for show in shows])}


def test_a_person_counts_once_in_each_way_over_all_shows() -> None:
    shows = [making.make_show(), making.make_show()]
    first, second = making.make_viewer(), making.make_viewer()
    for show in shows:
        Comment.objects.create(**words(show, first))
    Comment.objects.create(**words(shows[0], second))
    Comment.objects.create(**words(shows[0], second, is_public=False))
    asked = Question.objects.create(**words(shows[1], second))
    Support.objects.create(question=asked, participant_id=first.participant_id, at=clock.now())
    assert told(*shows) == {"公开的评论": (2, 3), "公开的提问": (1, 1), "对提问的支持": (1, 1)}
    assert told(shows[1]) == {"公开的评论": (1, 1), "公开的提问": (1, 1), "对提问的支持": (1, 1)}
    assert told() == {}


def test_ballots_on_the_net_and_on_paper_and_heads_in_halls_stand_apart() -> None:
    show = making.make_show()
    viewer, clerk = making.make_viewer(), making.make_staff(show.programme, "producer")
    other = making.make_staff(show.programme, "producer")
    polls = [making.make_poll(show), making.make_poll(show)]
    for poll, options in polls:
        cast = BallotCast.objects.create(
            poll_id=poll,
            participant_id=viewer.participant_id,
            command_id=making.command_id(),
            options=options[:1],
            at=clock.now(),
        )
        Ballot.objects.create(
            poll_id=poll, participant_id=viewer.participant_id, cast=cast, options=options[:1], at=clock.now()
        )
    source = Source.objects.create(code=uuid4().hex[:10], programme=show.programme, created_at=clock.now())
    hall = Venue.objects.create(programme=show.programme, name="书城", source=source, created_at=clock.now())
    for people, minutes in ((40, 20), (55, 10)):
        at = clock.now() - dt.timedelta(minutes=minutes)
        HeadCount.objects.create(venue=hall, room_id=show.id, people=people, at=at)
    facts = {"venue": hall, "votes": {}, "entered_at": clock.now(), "entered_by": clerk}
    PaperCount.objects.create(
        poll_id=polls[0][0], total=30, state="confirmed", confirmed_by=other, confirmed_at=clock.now(), **facts
    )
    PaperCount.objects.create(poll_id=polls[1][0], total=7, **facts)
    assert Poll.objects.count() == 2
    assert told(show) == {"网上投票": (1, 2), "纸质票": (None, 30), "会场": (None, 55)}


def test_callers_count_by_their_number_and_wishes_of_the_page_each() -> None:
    show = making.make_show()
    for digest in ("aa", "aa", "bb", ""):
        Call.objects.create(room_id=show.id, number_digest=digest, created_at=clock.now(), state="ended")
    assert told(show) == {"来电": (3, 4)}
