"""The chain over the casts: whatever is changed, removed, reordered or added afterwards is found, and anybody can recount a list."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from broadcast.access import Actor
from live import ballot_chain, protocol, queries
from live.models import Ballot, BallotCast, Poll
from live.models.poll import BallotLink
from live.queries.verify import Verified, listed_poll, published_list, verify
from live.services import aftercare, audience, chain, polls
from tests.live import making

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def voted() -> tuple[making.Show, int, list[Actor]]:
    """A closed poll of six people: two changed their minds, one was merged into another."""
    show = making.make_show(publishes_ballots=True)
    poll, options = making.make_poll(show, ("甲", "乙", "丙"))
    people = [making.make_viewer() for _each in range(6)]
    for turn in range(2):
        votes = [
            (each, show.id, making.vote(poll, options[(n + turn) % 3])) for n, each in enumerate(people[turn * 3 :])
        ]
        assert all(isinstance(each, audience.Answer) for each in audience.commit_batch(votes))
        chain.place_all()
    assert people[0].participant_id
    assert people[5].participant_id
    aftercare.merge(people[0].participant_id, people[5].participant_id)
    close(show, poll)
    return show, poll, people


def close(show: making.Show, poll: int) -> None:
    polls.close(making.staff_actor(show.producer), show.id, protocol.ClosePoll(id=making.command_id(), poll=poll))
    polls.freeze_due()


def sql(statement: str, *values: Any) -> int:
    """What somebody with the database's password could do."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.rowcount


def test_a_poll_that_nobody_touched_holds(voted: tuple[making.Show, int, list[Actor]]) -> None:
    found = verify(voted[1])
    assert found.wrong == []
    assert (found.casts, found.ballots, found.without_place, found.erased) == (9, 5, 0, 0)
    assert found.head == Poll.objects.get(pk=voted[1]).result["head"]  # type: ignore[index]


MUTATIONS: dict[str, Callable[[int], int]] = {
    "an option changed": lambda poll: sql(
        "UPDATE live_ballotcast SET options = ARRAY[(SELECT max(id) FROM live_option)] WHERE id = "
        "(SELECT min(id) FROM live_ballotcast WHERE poll_id = %s)",
        poll,
    ),
    "a time changed": lambda poll: sql(
        "UPDATE live_ballotcast SET at = at + interval '1 microsecond' WHERE id = "
        "(SELECT max(id) FROM live_ballotcast WHERE poll_id = %s)",
        poll,
    ),
    "a number changed": lambda poll: sql("UPDATE live_ballotcast SET number = sha256(number) WHERE poll_id = %s", poll),
    "given to another": lambda poll: sql(
        "UPDATE live_ballotcast SET participant_id = (SELECT id FROM broadcast_participant WHERE id NOT IN "
        "(SELECT participant_id FROM live_ballotcast) LIMIT 1) WHERE id = (SELECT min(id) FROM live_ballotcast WHERE poll_id = %s)",
        poll,
    ),
    "given to another, who cast it is rewritten": lambda poll: sql(
        "UPDATE live_ballotcast AS c SET participant_id = p.id, cast_by = p.id FROM (SELECT id FROM broadcast_participant "
        "WHERE id NOT IN (SELECT participant_id FROM live_ballotcast) LIMIT 1) AS p "
        "WHERE c.id = (SELECT min(id) FROM live_ballotcast WHERE poll_id = %s)",
        poll,
    ),
    "leaf and option changed together": lambda poll: change_with_leaf(poll),
    "one removed": lambda poll: remove(poll, "min(id)"),
    "the last one removed": lambda poll: remove(poll, "max(id)"),
    "two exchanged": lambda poll: exchange(poll),
    "moved to another link": lambda poll: sql(
        "UPDATE live_ballotcast SET link_id = (SELECT max(link_id) FROM live_ballotcast WHERE poll_id = %s) "
        "WHERE id = (SELECT min(id) FROM live_ballotcast WHERE poll_id = %s)",
        poll,
        poll,
    ),
    "one added": lambda poll: add(poll, link=None),
    "one added to a link": lambda poll: add(
        poll, link=BallotLink.objects.filter(poll=poll, kind="casts").earliest("pk").pk
    ),
    "one added with a link of its own": lambda poll: add_with_link(poll),
    "a link removed with its casts": lambda poll: remove_link(poll),
    "two links exchanged": lambda poll: exchange_links(poll),
    "a merge forgotten": lambda poll: sql("DELETE FROM live_ballotlink WHERE poll_id = %s AND kind = 'move'", poll),
    "a merge made up": lambda poll: sql(
        "UPDATE live_ballotlink SET data = jsonb_set(data, '{target}', to_jsonb(%s::text)) WHERE poll_id = %s AND kind = 'move'",
        str(uuid.uuid4()),
        poll,
    ),
    "the ballot that counts changed": lambda poll: sql(
        "UPDATE live_ballot SET options = ARRAY[(SELECT min(id) FROM live_option WHERE poll_id = %s)] WHERE poll_id = %s",
        poll,
        poll,
    ),
    "an older cast counts": lambda poll: older_counts(poll),
    "the result changed": lambda poll: sql(
        "UPDATE live_poll SET result = jsonb_set(result, '{total}', '99') WHERE id = %s", poll
    ),
    "the result and its link changed": lambda poll: result_and_link(poll),
    "the close forgotten": lambda poll: sql("DELETE FROM live_ballotlink WHERE poll_id = %s AND kind = 'close'", poll),
}


def change_with_leaf(poll: int) -> int:
    row = BallotCast.objects.filter(poll=poll).earliest("pk")
    row.options = [row.options[0] + 1]
    row.leaf = ballot_chain.leaf(
        bytes(row.salt or b""), poll, row.pk, str(row.cast_by), row.options, 0, bytes(row.number or b"")
    )
    row.save()
    return 1


def remove(poll: int, which: str) -> int:
    chosen = f"(SELECT {which} FROM live_ballotcast WHERE poll_id = %s)"
    sql(f"DELETE FROM live_ballot WHERE cast_id = {chosen}", poll)
    return sql(f"DELETE FROM live_ballotcast WHERE id = {chosen}", poll)


def exchange(poll: int) -> int:
    one, two = BallotCast.objects.filter(poll=poll).order_by("pk")[:2]
    fields = ("participant_id", "cast_by", "options", "at", "salt", "number", "leaf", "link_id")
    values = [{name: getattr(each, name) for name in fields} for each in (one, two)]
    BallotCast.objects.filter(pk=one.pk).update(**values[1])
    BallotCast.objects.filter(pk=two.pk).update(**values[0])
    return 2


def add(poll: int, link: int | None) -> int:
    """A cast of somebody new, made as the house makes them, and counted."""
    last = BallotCast.objects.filter(poll=poll).latest("pk")
    who = making.make_viewer().participant_id
    assert who
    salt = bytes(16)
    number = ballot_chain.number(salt, "stuffed-ballot")
    row = BallotCast(
        poll_id=poll, participant_id=who, cast_by=who, command_id="stuffed-ballot", options=last.options, at=last.at
    )
    row.salt, row.number, row.link_id = salt, number, link
    row.save()
    from live.queries.casts import microseconds

    row.leaf = ballot_chain.leaf(salt, poll, row.pk, str(who), last.options, microseconds(last.at), number)
    row.save()
    Ballot.objects.create(poll_id=poll, participant_id=who, cast=row, options=row.options, at=row.at)
    return 1


def add_with_link(poll: int) -> int:
    add(poll, None)
    row = BallotCast.objects.filter(poll=poll).latest("pk")
    root = ballot_chain.root_of_leaves([bytes(row.leaf or b"")])
    link = BallotLink.objects.create(poll_id=poll, kind="casts", count=1, root=root, at=row.at, algorithm="sha256")
    BallotCast.objects.filter(pk=row.pk).update(link=link)
    chain.place(poll)
    return 1


def remove_link(poll: int) -> int:
    link = BallotLink.objects.filter(poll=poll, kind="casts").latest("number")
    casts = list(BallotCast.objects.filter(link=link).values_list("pk", flat=True))
    Ballot.objects.filter(cast__in=casts).delete()
    sql("DELETE FROM live_ballotcast WHERE link_id = %s", link.pk)
    return sql("DELETE FROM live_ballotlink WHERE id = %s", link.pk)


def exchange_links(poll: int) -> int:
    one, two = BallotLink.objects.filter(poll=poll, kind="casts").order_by("number")[:2]
    numbers = (one.number, two.number)
    BallotLink.objects.filter(pk=one.pk).update(number=None)
    BallotLink.objects.filter(pk=two.pk).update(number=numbers[0])
    return BallotLink.objects.filter(pk=one.pk).update(number=numbers[1])


def older_counts(poll: int) -> int:
    twice = BallotCast.objects.filter(poll=poll).order_by("pk")
    for ballot in Ballot.objects.filter(poll=poll):
        own = twice.filter(participant=ballot.participant_id)
        if own.count() > 1:
            return Ballot.objects.filter(pk=ballot.pk).update(cast=own[0].pk, options=own[0].options)
    raise AssertionError("nobody voted twice")


def result_and_link(poll: int) -> int:
    row = Poll.objects.get(pk=poll)
    assert row.result is not None
    row.result["total"] += 1
    row.save()
    data = {name: value for name, value in row.result.items() if name != "head"}
    return BallotLink.objects.filter(poll=poll, kind="close").update(
        data=data, root=ballot_chain.root_of_data(b"", data)
    )


@pytest.mark.parametrize("name", MUTATIONS)
def test_whatever_is_done_to_the_rows_afterwards_is_found(
    voted: tuple[making.Show, int, list[Actor]], name: str
) -> None:
    making.make_viewer()
    assert MUTATIONS[name](voted[1]) >= 1
    assert found_wrong(verify(voted[1])), name


def found_wrong(found: Verified) -> bool:
    return bool(found.wrong)


def test_who_rewrites_everything_is_found_by_an_older_head(voted: tuple[making.Show, int, list[Actor]]) -> None:
    """A chain that is computed anew from the first link holds in itself: only a head kept elsewhere gives it away."""
    poll = voted[1]
    audited, published = verify(poll).head, "".join(published_list(Poll.objects.get(pk=poll)))
    for link in BallotLink.objects.filter(poll=poll):
        link.number = link.previous = link.digest = None
        if link.kind == "close":
            link.data["casts"] += 0
            link.salt, link.data = b"", {**(link.data or {}), "note": "rewritten"}
            link.root = ballot_chain.root_of_data(b"", link.data)
        link.save()
    chain.place(poll)
    assert verify(poll).head != audited
    assert json.loads(published)["head"] == audited


def test_an_erased_salt_breaks_nothing_and_is_counted(voted: tuple[making.Show, int, list[Actor]]) -> None:
    assert sql(
        "UPDATE live_ballotcast SET salt = NULL WHERE poll_id = %s AND participant_id = %s",
        voted[1],
        voted[2][5].participant_id,
    )
    found = verify(voted[1])
    assert found.wrong == []
    assert found.erased > 0


@pytest.mark.parametrize("is_closed", [True, False])
def test_a_poll_from_before_the_chain_is_still_counted(*, is_closed: bool) -> None:
    show = making.make_show()
    poll, options = making.make_poll(show)
    audience.commit_one(making.make_viewer(), show.id, making.vote(poll, options[0]))
    if is_closed:
        close(show, poll)
        sql(
            "UPDATE live_poll SET result = jsonb_build_object('total', 1, 'votes', result->'votes') WHERE id = %s", poll
        )
    sql("DELETE FROM live_ballotlink WHERE poll_id = %s", poll)
    sql(
        "UPDATE live_ballotcast SET salt = NULL, number = NULL, leaf = NULL, link_id = NULL, cast_by = NULL WHERE poll_id = %s",
        poll,
    )
    if not is_closed:
        close(show, poll)
    found = verify(poll)
    assert found.wrong == []
    assert found.before_the_chain == 1
    sql("UPDATE live_ballot SET options = ARRAY[%s] WHERE poll_id = %s", options[1], poll)
    assert verify(poll).wrong


def test_a_receipt_is_the_same_on_a_retry_and_leads_to_the_ballot(
    voted: tuple[making.Show, int, list[Actor]],
) -> None:
    show, poll, people = voted
    told = json.loads("".join(published_list(Poll.objects.get(pk=poll))))
    cast = BallotCast.objects.filter(poll=poll, participant=people[4].participant_id).latest("pk")
    retry = protocol.CastVote(id=cast.command_id, poll=poll, options=tuple(cast.options))
    receipt = audience.commit_one(people[4], show.id, retry).result["receipt"]
    assert receipt["number"] == ballot_chain.number(bytes.fromhex(receipt["salt"]), cast.command_id).hex()
    assert [receipt["number"], cast.options] in told["ballots"]
    assert any(receipt["leaf"] in link.get("leaves", ()) for link in told["chain"])
    assert queries.mine(show.airing, people[4].participant_id).ballots[0].number == receipt["number"]


def test_a_list_names_nobody_and_no_time(voted: tuple[making.Show, int, list[Actor]]) -> None:
    text = "".join(published_list(Poll.objects.get(pk=voted[1])))
    told = json.loads(text)
    for cast in BallotCast.objects.filter(poll=voted[1]):
        assert str(cast.participant_id) not in text
        assert str(cast.cast_by) not in text
        assert cast.command_id not in text
        assert bytes(cast.salt or b"").hex() not in text
    assert set(told["ballots"][0][0]) <= set("0123456789abcdef")
    assert {len(each) for each in told["ballots"]} == {2}
    numbers = [each[0] for each in told["ballots"]]
    assert numbers == sorted(numbers), "the order says nothing of who voted when"


LIST_MUTATIONS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "an option": lambda told: told["ballots"][0].__setitem__(
        1,
        [told["options"][-1]["id"]]
        if told["ballots"][0][1] != [told["options"][-1]["id"]]
        else [told["options"][0]["id"]],
    ),
    "a number": lambda told: told["ballots"][0].__setitem__(0, "00" * 16),
    "one removed": lambda told: told["ballots"].pop(),
    "one added": lambda told: told["ballots"].append(["ff" * 16, told["ballots"][0][1]]),
    "one twice": lambda told: told["ballots"].insert(0, told["ballots"][0]),
    "two exchanged": lambda told: told["ballots"].reverse(),
    "the result": lambda told: told["result"].__setitem__("total", 4),
    "the votes": lambda told: told["result"]["votes"].__setitem__(str(told["options"][0]["id"]), 77),
    "a leaf": lambda told: told["chain"][0]["leaves"].__setitem__(0, "00" * 32),
    "leaves exchanged": lambda told: told["chain"][0]["leaves"].reverse(),
    "a leaf removed": lambda told: told["chain"][0]["leaves"].pop(),
    "a link removed": lambda told: told["chain"].pop(0),
    "the close removed": lambda told: told["chain"].pop(),
    "the head": lambda told: told.__setitem__("head", "00" * 32),
    "the close's data": lambda told: told["chain"][-1]["data"].__setitem__("casts", 1),
    "an unknown format": lambda told: told.__setitem__("format", "x"),
    "nonsense": lambda told: told.__setitem__("chain", None),
}


@pytest.mark.parametrize("name", LIST_MUTATIONS)
def test_a_changed_list_does_not_hold(voted: tuple[making.Show, int, list[Actor]], name: str) -> None:
    told = json.loads("".join(published_list(Poll.objects.get(pk=voted[1]))))
    assert ballot_chain.check_list(told) == []
    LIST_MUTATIONS[name](told)
    assert ballot_chain.check_list(told)


def test_anybody_can_recount_a_list_without_the_house(
    voted: tuple[making.Show, int, list[Actor]], tmp_path: Path
) -> None:
    file = tmp_path / "list.json"
    file.write_text("".join(published_list(Poll.objects.get(pk=voted[1]))), encoding="utf-8")
    program = [sys.executable, "-I", "-S", str(ROOT / "live/ballot_chain.py"), str(file)]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "相符" in done.stdout
    told = json.loads(file.read_text(encoding="utf-8"))
    told["ballots"].pop()
    file.write_text(json.dumps(told), encoding="utf-8")
    assert subprocess.run(program, capture_output=True, check=False).returncode == 1


def test_the_command_verifies_rows_and_files(voted: tuple[making.Show, int, list[Actor]], tmp_path: Path) -> None:
    said = StringIO()
    call_command("verify_poll", str(voted[1]), stdout=said)
    assert "相符" in said.getvalue()
    file = tmp_path / "list.json"
    file.write_text("".join(published_list(Poll.objects.get(pk=voted[1]))), encoding="utf-8")
    call_command("verify_poll", str(file), stdout=said)
    for wrong in ("999999", str(tmp_path / "nothing.json")):
        with pytest.raises(CommandError):
            call_command("verify_poll", wrong, stdout=said)
    add(voted[1], None)
    with pytest.raises(CommandError, match="does not hold"):
        call_command("verify_poll", str(voted[1]), stdout=said)


def test_the_list_is_published_only_where_the_programme_says_so(
    voted: tuple[making.Show, int, list[Actor]],
) -> None:
    anybody = Client()
    told = anybody.get(f"/live/polls/{voted[1]}/ballots")
    assert told.status_code == 200
    assert ballot_chain.check_list(told.json()) == []
    assert public_poll(voted[0], voted[1]).list == f"/live/polls/{voted[1]}/ballots"
    show = making.make_show()
    poll, options = making.make_poll(show)
    audience.commit_one(making.make_viewer(), show.id, making.vote(poll, options[0]))
    assert anybody.get(f"/live/polls/{poll}/ballots").status_code == 404, "still open"
    close(show, poll)
    assert anybody.get(f"/live/polls/{poll}/ballots").status_code == 404, "not published by this programme"
    assert public_poll(show, poll).list == ""


@pytest.mark.parametrize("reason", ["void", "never", "closed"])
def test_a_list_goes_with_its_poll(voted: tuple[making.Show, int, list[Actor]], reason: str) -> None:
    show, poll, _people = voted
    if reason == "void":
        command = protocol.VoidPoll(id=making.command_id(), poll=poll, reason="选项写错了")
        polls.void(making.staff_actor(show.producer), show.id, command)
    elif reason == "never":
        Poll.objects.filter(pk=poll).update(results="never")
    else:
        type(show.programme).objects.update(audience="closed")
    assert listed_poll(Actor(), poll) is None


def public_poll(show: making.Show, poll: int) -> protocol.PollObject:
    found = [each for each in queries.public_objects(show.airing) if isinstance(each, protocol.PollObject)]
    return next(each for each in found if each.id == poll)
