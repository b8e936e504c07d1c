"""More comments than people can read: a share is shown, drawn by a lot that nobody can sway, the same for everybody, and said so."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from broadcast import clock
from live import commands, queries, sampling
from live.models import Comment, LevelChange, Room
from live.sampling import Published
from tests.live import making

AIRING = uuid.UUID("0b5f9b0c-7b5e-4c39-9f0e-0f0a3c1c2d11")
BEGAN = dt.datetime(2026, 11, 28, 3, 0, tzinfo=dt.UTC)


def published(show: making.Show, many: int, seconds: float, first: int = 0) -> list[int]:
    """So many comments that became public evenly within so many seconds; their ids, oldest first."""
    author = making.make_viewer()
    until = clock.now()
    rows = [
        Comment(
            room_id=show.id,
            author_id=author.participant_id,
            author_name="甲",
            assurance=20,
            text=f"{n}",
            state="approved",
            public_at=until - dt.timedelta(seconds=seconds * (many - n) / many),
            created_at=until,
            command_id=f"bulk-{first + n:06}",
        )
        for n in range(many)
    ]
    return [row.pk for row in Comment.objects.bulk_create(rows)]


def shown(show: making.Show) -> set[int]:
    found = queries.public_groups(show.id, ["comments"])
    assert found is not None
    return {each.id for each in found["comments"] if each.key.startswith("comment:")}


def load(show: making.Show) -> dict[str, int]:
    found = queries.public_groups(show.id, ["comments"])
    assert found is not None
    (each,) = [each for each in found["comments"] if each.key == "load"]
    return {"level": each.level, "percent": each.comments_percent, "likes_ms": each.likes_ms}


@pytest.mark.django_db
def test_what_can_be_read_is_shown_whole() -> None:
    show = making.make_show()
    ids = published(show, 90, seconds=60)
    assert shown(show) == set(ids)
    assert load(show)["percent"] == 100


@pytest.mark.django_db
def test_of_more_a_share_is_shown_and_said_and_it_stays_the_same(client: Client) -> None:
    show = making.make_show()
    ids = published(show, 1_200, seconds=30)  # forty a second; four can be read
    first = shown(show)
    assert len(first) == 100
    assert load(show)["percent"] == 10
    assert shown(show) == first, "the same for every composer and every look"
    # What comes later drops none of those that are still among the newest: nothing blinks.
    later = published(show, 3, seconds=0.01, first=5_000)
    kept = shown(show)
    assert first - kept <= set(sorted(first)[:3])
    assert set(ids) >= first
    assert later
    # All of them can be read, page by page.
    base, found, before = f"/live/airings/{show.id}/comments", set[int](), 0
    while True:
        page = client.get(f"{base}?before={before}" if before else base).json()
        found |= {each["id"] for each in page["comments"]}
        if not page["more"]:
            break
        before = page["comments"][-1]["id"]
    assert found == {*ids, *later}


@pytest.mark.django_db
def test_staff_and_the_author_see_what_was_not_drawn() -> None:
    show = making.make_show()
    ids = published(show, 400, seconds=10)
    newest = ids[-100:]
    whole = queries.public_groups(show.id, ["comments"], ahead=True)
    assert whole is not None
    assert {each.id for each in whole["comments"]} == set(newest)
    author = Comment.objects.get(pk=newest[0]).author_id
    mine = {item.id for item in queries.mine(show.airing, author).items}
    assert mine - shown(show), "own ones that the list does not have"


@pytest.mark.django_db
def test_what_is_withdrawn_is_not_shown_and_brings_no_other_into_the_list() -> None:
    show = making.make_show()
    published(show, 600, seconds=15)
    before = shown(show)
    gone = sorted(before)[50:60]
    Comment.objects.filter(pk__in=gone).update(state="withdrawn")
    after = shown(show)
    assert not after & set(gone)
    assert all(each < min(before) for each in after - before), "only older ones fill the list"


@pytest.mark.django_db
def test_a_higher_level_shows_fewer_of_what_came_since() -> None:
    show = making.make_show()
    room = Room.objects.get(pk=show.id)
    LevelChange.objects.create(room=room, at=clock.now() - dt.timedelta(seconds=10), level=2, why="loop")
    Room.objects.filter(pk=show.id).update(level=2)
    published(show, 800, seconds=20)
    since = LevelChange.objects.get().at
    ids = list(Comment.objects.filter(public_at__gt=since).values_list("pk", flat=True))
    found = shown(show)
    of_late, early = len(found & set(ids)), len(found - set(ids))
    assert of_late * 2 < early, (of_late, early)
    assert load(show) == {"level": 2, "percent": load(show)["percent"], "likes_ms": 30_000}


@pytest.mark.django_db
def test_the_plain_page_has_every_public_comment_and_no_other(client: Client) -> None:
    show = making.make_show(comments="pre")
    published(show, 120, seconds=1)
    commands.perform(making.make_viewer(), show.id, making.comment("还没有审核"))
    address = f"/programmes/{show.programme.slug}/{show.episode.number}/comments"
    first = client.get(address)
    assert first.status_code == 200
    body = first.content.decode()
    assert "还没有审核" not in body
    assert body.count('class="said"') == 50
    assert "before=" in body
    assert client.get(f"/programmes/{show.programme.slug}/999999/comments").status_code == 404


@given(st.integers(1, 5_000), st.integers(0, 5), st.integers(0, 2**31))
@settings(max_examples=50, deadline=None)
def test_the_lot_is_even(came: int, level: int, first: int) -> None:
    """Whoever wrote it and whenever within the moment: each has the same chance."""
    at = [Published(first + n, BEGAN, is_public=True, came=came) for n in range(2_000)]
    sample = sampling.drawn(AIRING, at, [(BEGAN - dt.timedelta(hours=1), level)], 2_000)
    expected = 2_000 * sampling.share(came, level)
    spread = 6 * (expected * (1 - expected / 2_000)) ** 0.5 + 1
    assert abs(len(sample.ids) - expected) <= spread
    low = sum(pk < first + 1_000 for pk in sample.ids)
    assert abs(low - expected / 2) <= spread


def test_the_lot_falls_elsewhere_in_another_airing() -> None:
    other = uuid.uuid4()
    lots = [(sampling.lot(AIRING, n) < 0.5, sampling.lot(other, n) < 0.5) for n in range(400)]
    assert 120 < sum(one == two for one, two in lots) < 280
