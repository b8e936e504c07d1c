"""Erasing a poll's salts: afterwards nobody can match a leaf to a person, and what can still be verified still is."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from broadcast.access import HOUSE, Actor
from broadcast.errors import Conflict, IllegalTransition, InvalidInput, NotAllowed
from broadcast.models import AuditEntry
from broadcast.services import holds
from live import ballot_chain, protocol
from live.models import BallotCast, Poll
from live.queries.verify import published_list, verify
from live.services import audience, polls, salts
from tests.live import making

pytestmark = pytest.mark.django_db
WHY = "结果公布满一年"


@pytest.fixture
def voted() -> tuple[making.Show, int, list[Actor]]:
    """A closed poll of five, whose list is published."""
    show = making.make_show(publishes_ballots=True)
    poll, options = making.make_poll(show)
    people = [making.make_viewer() for _each in range(5)]
    audience.commit_batch([(each, show.id, making.vote(poll, options[n % 2])) for n, each in enumerate(people)])
    close(show, poll)
    return show, poll, people


def close(show: making.Show, poll: int) -> None:
    polls.close(making.staff_actor(show.producer), show.id, protocol.ClosePoll(id=making.command_id(), poll=poll))
    polls.freeze_due()


def listed(poll: int) -> dict[str, object]:
    told: dict[str, object] = json.loads("".join(published_list(Poll.objects.get(pk=poll))))
    return told


def test_chain_count_and_published_list_still_hold(voted: tuple[making.Show, int, list[Actor]]) -> None:
    _show, poll, _people = voted
    before = listed(poll)
    assert salts.erase(HOUSE, poll, WHY) == salts.Erased(5, 0)
    found = verify(poll)
    assert (found.wrong, found.casts, found.erased, found.ballots) == ([], 5, 5, 5)
    assert listed(poll) == before, "the list that is out there stays the same"
    assert ballot_chain.check_list(listed(poll)) == []
    entry = AuditEntry.objects.get(act="poll.erase_salts")
    assert (entry.target, entry.reason) == (f"poll:{poll}", WHY)
    assert entry.after == {"casts": 5, "held": 0, "head": found.head}
    assert salts.erase(HOUSE, poll, WHY) == salts.Erased(0, 0), "again: nothing is left to erase"


def test_what_was_taken_away_or_added_is_still_found_and_what_was_changed_only_by_the_count(
    voted: tuple[making.Show, int, list[Actor]],
) -> None:
    _show, poll, _people = voted
    salts.erase(HOUSE, poll, WHY)
    first, second = BallotCast.objects.filter(poll=poll).order_by("pk")[:2]
    assert first.options != second.options
    # Two exchange their options, in casts and ballots alike: the count is the same, and no salt is left to tell.
    for row, options in ((first, second.options), (second, first.options)):
        BallotCast.objects.filter(pk=row.pk).update(options=options)
        Poll.objects.get(pk=poll).ballots.filter(cast=row.pk).update(options=options)
    assert any("list of ballots" in each for each in verify(poll).wrong), "the published list gives it away"
    BallotCast.objects.filter(pk=first.pk).update(leaf=b"x" * 32)
    assert any("its 5 casts are not the 5 that were chained" in each for each in verify(poll).wrong)


def test_not_while_people_vote_not_without_a_reason_not_by_anybody(
    voted: tuple[making.Show, int, list[Actor]],
) -> None:
    show, poll, _people = voted
    running, _options = making.make_poll(show)
    with pytest.raises(IllegalTransition):
        salts.erase(HOUSE, running, WHY)
    with pytest.raises(InvalidInput):
        salts.erase(HOUSE, poll, "  ")
    with pytest.raises(NotAllowed):
        salts.erase(making.staff_actor(show.producer), poll, WHY)
    assert not BallotCast.objects.filter(poll=poll, salt=None).exists()


def test_nothing_is_erased_where_rows_do_not_fit_their_chain(voted: tuple[making.Show, int, list[Actor]]) -> None:
    _show, poll, _people = voted
    one = BallotCast.objects.filter(poll=poll).first()
    assert one is not None
    BallotCast.objects.filter(pk=one.pk).update(at=one.at.replace(year=2020))
    with pytest.raises(Conflict):
        salts.erase(HOUSE, poll, WHY)
    with pytest.raises(CommandError, match=f"cast {one.pk}: changed"):
        call_command("erase_salts", str(poll), "--reason", WHY)
    assert not BallotCast.objects.filter(poll=poll, salt=None).exists()


@pytest.mark.parametrize(("scope", "kept"), [("participant", 1), ("airing", 5)])
def test_what_is_held_stays(voted: tuple[making.Show, int, list[Actor]], scope: str, kept: int) -> None:
    show, poll, people = voted
    target = {"participant": people[0].participant_id, "airing": show.id}[scope]
    holds.place(HOUSE, scope, str(target), reason="法院来函 2026-11")
    told = StringIO()
    call_command("erase_salts", str(poll), "--reason", WHY, stdout=told)
    assert f"salts of {5 - kept} casts" in told.getvalue()
    assert f"{kept} kept" in told.getvalue()
    assert BallotCast.objects.filter(poll=poll, salt__isnull=False).count() == kept
