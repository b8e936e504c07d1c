"""Ballots on paper: two clerks type the same before a venue's count stands, apart in the tally, and frozen with the poll or never."""

from __future__ import annotations

import pytest
from django.test import Client

from broadcast.access import Actor
from broadcast.errors import IllegalTransition, InvalidInput, NotAllowed, NotFound
from broadcast.models import AuditEntry, User
from live import commands, protocol
from live.models import PaperCount, Poll
from live.queries import public_objects, verify
from live.queries import venues as queries
from live.services import paper, polls, venues
from live.views import poll_views
from tests.live import making

pytestmark = pytest.mark.django_db


@pytest.fixture
def hall() -> making.Show:
    """A show with a venue, two clerks, an open poll of two options, and one ballot from a browser."""
    show = making.make_show()
    show.extra["clerks"] = [making.staff_actor(making.make_staff(show.programme, "call_screener")) for _ in range(2)]
    show.extra["venue"] = venues.make(producer(show), show.programme.pk, "粤海工作站", "粤海街道 12 号")
    _ask(show)
    commands.perform(making.make_viewer(), show.id, making.vote(show.extra["poll"], show.extra["options"][0]))
    return show


def _ask(show: making.Show, **more: object) -> None:
    show.extra["poll"], show.extra["options"] = making.make_poll(show, results="always", **more)


def producer(show: making.Show) -> Actor:
    return making.staff_actor(show.producer)


def enter(show: making.Show, who: Actor, *votes: int, total: int | None = None) -> PaperCount:
    counts = dict(zip(show.extra["options"], votes, strict=True))
    return paper.enter(
        who, show.id, show.extra["poll"], show.extra["venue"].pk, counts, sum(votes) if total is None else total
    )


def again(show: making.Show, who: Actor, entry: PaperCount, *votes: int) -> PaperCount:
    counts = dict(zip(show.extra["options"], votes, strict=True))
    return paper.confirm(who, show.id, entry.pk, counts, sum(votes))


def shown(show: making.Show) -> protocol.PollObject:
    found = next(each for each in public_objects(show.airing) if isinstance(each, protocol.PollObject))
    assert found.id == show.extra["poll"]
    return found


def close(show: making.Show) -> Poll:
    polls.close(producer(show), show.id, protocol.ClosePoll(id=making.command_id(), poll=show.extra["poll"]))
    polls.freeze_due()
    return Poll.objects.get(pk=show.extra["poll"])


def test_what_one_clerk_entered_counts_nothing(hall: making.Show) -> None:
    enter(hall, hall.extra["clerks"][0], 30, 12)
    poll = shown(hall)
    assert (poll.total, [each.votes for each in poll.options]) == (1, [1, 0])
    assert poll.outcome is not None
    assert poll.outcome.entered == ()


def test_the_same_from_another_clerk_counts_and_stands_apart(hall: making.Show) -> None:
    first, second = hall.extra["clerks"]
    again(hall, second, enter(hall, first, 30, 12), 30, 12)
    poll = shown(hall)
    assert (poll.total, [each.votes for each in poll.options]) == (43, [31, 12])
    assert poll.outcome is not None
    (apart,) = poll.outcome.entered
    assert (apart.source, apart.total, list(apart.votes), apart.counted) == ("粤海工作站", 42, [30, 12], True)


def test_where_the_poll_says_so_they_are_told_apart_alone(hall: making.Show) -> None:
    Poll.objects.filter(pk=hall.extra["poll"]).update(adds_entered=False)
    first, second = hall.extra["clerks"]
    again(hall, second, enter(hall, first, 30, 12), 30, 12)
    poll = shown(hall)
    assert (poll.total, [each.votes for each in poll.options]) == (1, [1, 0])
    assert poll.outcome is not None
    assert [(each.total, each.counted) for each in poll.outcome.entered] == [(42, False)]


def test_nobody_confirms_what_they_entered(hall: making.Show) -> None:
    first = hall.extra["clerks"][0]
    entry = enter(hall, first, 30, 12)
    with pytest.raises(NotAllowed):
        again(hall, first, entry, 30, 12)
    assert shown(hall).total == 1


def test_another_count_is_refused_noted_and_tells_nothing_of_the_first(hall: making.Show) -> None:
    first, second = hall.extra["clerks"]
    entry = enter(hall, first, 30, 12)
    with pytest.raises(InvalidInput) as refused:
        again(hall, second, entry, 31, 11)
    assert "30" not in str(refused.value) + str(refused.value.data)
    entry.refresh_from_db()
    assert (entry.state, entry.differed) == ("entered", 1)
    assert AuditEntry.objects.filter(act="paper.differ", target=f"paper:{entry.pk}").count() == 1
    again(hall, second, entry, 30, 12)
    assert shown(hall).total == 43


def test_a_venue_has_one_count_for_a_poll_until_it_is_withdrawn(hall: making.Show) -> None:
    first, second = hall.extra["clerks"]
    entry = enter(hall, first, 30, 12)
    with pytest.raises(IllegalTransition):
        enter(hall, second, 4, 4)
    paper.withdraw(second, hall.id, entry.pk, "数错了")
    again(hall, first, enter(hall, second, 29, 13), 29, 13)
    assert shown(hall).total == 43


def test_what_counts_is_taken_back_by_who_runs_the_show_alone(hall: making.Show) -> None:
    first, second = hall.extra["clerks"]
    entry = again(hall, second, enter(hall, first, 30, 12), 30, 12)
    with pytest.raises(NotAllowed):
        paper.withdraw(first, hall.id, entry.pk, "数错了")
    paper.withdraw(producer(hall), hall.id, entry.pk, "数错了")
    assert shown(hall).total == 1


def test_the_frozen_result_has_what_was_confirmed_and_the_recount_still_agrees(hall: making.Show) -> None:
    first, second = hall.extra["clerks"]
    entry = again(hall, second, enter(hall, first, 30, 12), 30, 12)
    poll = close(hall)
    assert poll.result is not None
    assert poll.result["total"] == 43
    assert [(each["source"], each["total"]) for each in poll.result["entered"]] == [("粤海工作站", 42)]
    assert verify.verify(poll.pk).wrong == []
    with pytest.raises(IllegalTransition):
        paper.withdraw(producer(hall), hall.id, entry.pk, "太晚了")


def test_what_nobody_confirmed_before_the_close_counts_nothing_and_comes_too_late(hall: making.Show) -> None:
    first, second = hall.extra["clerks"]
    entry = enter(hall, first, 30, 12)
    poll = close(hall)
    assert poll.result is not None
    assert (poll.result["total"], poll.result.get("entered", [])) == (1, [])
    with pytest.raises(IllegalTransition):
        again(hall, second, entry, 30, 12)
    assert shown(hall).total == 1


@pytest.mark.parametrize(
    ("votes", "total"),
    [((30, 12), 41), ((30, 12), 43), ((0, 0), 0), ((-1, 43), 42), ((43, 0), 42), ((0, 100_001), 100_001), ((3, 1), 4)],
)
def test_counts_that_so_many_ballots_cannot_hold_are_refused(
    hall: making.Show, votes: tuple[int, int], total: int
) -> None:
    with pytest.raises(InvalidInput):
        enter(hall, hall.extra["clerks"][0], *votes, total=total)


def test_where_several_may_be_chosen_the_sum_may_be_more_than_the_ballots() -> None:
    show = making.make_show()
    clerk = making.staff_actor(making.make_staff(show.programme, "secretariat"))
    show.extra["venue"] = venues.make(producer(show), show.programme.pk, "沙河工作站")
    show.extra["poll"], show.extra["options"] = making.make_poll(
        show, ("公交", "地铁", "步行"), kind="multiple", fewest=1, most=2
    )
    enter(show, clerk, 10, 9, 1, total=10)
    for votes in ((3, 3, 3), (10, 9, 2)):
        with pytest.raises(InvalidInput):
            enter(show, clerk, *votes, total=10)


@pytest.mark.parametrize("terms", [{"secrecy": "named"}, {"electorate": "members"}, {"electorate": "codes"}])
def test_a_poll_that_asks_who_votes_takes_no_counts(hall: making.Show, terms: dict[str, str]) -> None:
    clerk = hall.extra["clerks"][0]
    entry = enter(hall, clerk, 30, 12)
    Poll.objects.filter(pk=hall.extra["poll"]).update(**terms)
    assert queries.open_polls(hall.id) == []
    with pytest.raises(IllegalTransition):
        again(hall, hall.extra["clerks"][1], entry, 30, 12)
    _ask(hall)
    Poll.objects.filter(pk=hall.extra["poll"]).update(**terms)
    with pytest.raises(IllegalTransition):
        enter(hall, clerk, 30, 12)


def test_the_second_clerks_page_tells_no_first_count_withdrawn_or_not(hall: making.Show, client: Client) -> None:
    first, second = hall.extra["clerks"]
    client.force_login(User.objects.get(pk=second.user_id))

    def page() -> str:
        return client.get(f"/staff/airings/{hall.id}/onsite/paper").content.decode()

    entry = enter(hall, first, 7777, 888)
    for _each in range(2):
        told = page()
        assert "7777" not in told
        assert "8665" not in told
        if entry.state != "withdrawn":
            entry = paper.withdraw(first, hall.id, entry.pk, "数错了")
    assert "数错了" in page()
    again(hall, second, enter(hall, first, 7777, 888), 7777, 888)
    assert "7777" in page()
    close(hall)
    assert page().count("7777") == 2, "what was withdrawn is told when nobody types any more"


def test_only_who_may_enters_and_only_for_venues_and_polls_of_the_show(hall: making.Show) -> None:
    with pytest.raises(NotAllowed):
        enter(hall, making.staff_actor(hall.moderator), 6, 0)
    other = making.make_show()
    elsewhere = making.staff_actor(making.make_staff(other.programme, "producer"))
    with pytest.raises(NotAllowed):
        enter(hall, elsewhere, 6, 0)
    hall.extra["venue"] = venues.make(elsewhere, other.programme.pk, "别处的会场")
    with pytest.raises(NotFound):
        enter(hall, hall.extra["clerks"][0], 6, 0)


def test_who_voted_of_those_who_took_part_is_told_without_the_ballots_of_paper(hall: making.Show) -> None:
    first, second = hall.extra["clerks"]
    again(hall, second, enter(hall, first, 30, 12), 30, 12)
    close(hall)
    poll = shown(hall)
    assert poll.outcome is not None
    assert poll.outcome.active == 1
    assert "100%" in poll_views.bases(poll.outcome, poll.total or 0, 1)[0]
