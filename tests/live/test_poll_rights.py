"""Only who may vote does: codes, rolls, members, the first ballot that stands."""

from __future__ import annotations

import pytest

from broadcast.errors import AssuranceTooLow, IllegalTransition, InvalidInput, NotAllowed
from broadcast.models import RoleGrant
from broadcast.models.catalogue import Assurance
from live import commands, protocol, queries
from live.models import PollCode, RollEntry
from live.queries.staff import staff_polls
from live.queries.verify import verify
from live.services import poll_codes, rolls
from live.services.ballot_rights import CodeNeeded, CodeWrong, NotOnRoll, VoteFinal
from tests.live import making
from tests.live.polling import do, draft, finish, options, shown

pytestmark = pytest.mark.django_db


def test_one_ballot_a_code_whichever_browser_and_digests_alone() -> None:
    show = making.make_show(least_assurance={"vote": Assurance.GUEST})
    poll = draft(show, electorate="codes")
    command = protocol.IssueCodes(id=making.command_id(), poll=poll, count=3, label="粤海")
    producer = making.staff_actor(show.producer)
    made = commands.perform(producer, show.id, command)
    assert len(set(made["codes"])) == 3
    assert commands.perform(producer, show.id, command) == {"sheet": made["sheet"], "codes": []}, "told once"
    kept = {each.digest for each in PollCode.objects.filter(poll=poll)}
    assert not any(poll_codes.plain(code) in digest for code in made["codes"] for digest in kept)
    do(show, protocol.OpenPoll, poll=poll)
    first, other, yes, no = making.make_viewer(0), making.make_viewer(0), *options(poll)[:2]
    with pytest.raises(CodeNeeded):
        commands.perform(first, show.id, making.vote(poll, yes))
    with pytest.raises(CodeWrong):
        commands.perform(first, show.id, making.vote(poll, yes, code="123"))
    typed = made["codes"][0].replace("-", " ")
    commands.perform(first, show.id, making.vote(poll, yes, code=typed))
    commands.perform(first, show.id, making.vote(poll, no))
    with pytest.raises(CodeWrong):
        commands.perform(other, show.id, making.vote(poll, yes, code=made["codes"][0]))
    do(show, protocol.RevokeCodes, sheet=made["sheet"])
    with pytest.raises(CodeWrong):
        commands.perform(other, show.id, making.vote(poll, yes, code=made["codes"][1]))
    assert queries.recount(poll) == {no: 1}, "a revoked sheet takes no ballot back"
    staff = staff_polls(show.id)[0]
    assert (staff.codes, staff.codes_used, staff.total) == (1, 1, 1)


def test_a_code_of_another_poll_opens_nothing() -> None:
    show = making.make_show()
    one, other = draft(show, electorate="codes"), draft(show, electorate="codes")
    code = do(show, protocol.IssueCodes, poll=other, count=1)["codes"][0]
    do(show, protocol.OpenPoll, poll=one)
    with pytest.raises(CodeWrong):
        commands.perform(making.make_viewer(), show.id, making.vote(one, options(one)[0], code=code))
    with pytest.raises(IllegalTransition):
        do(show, protocol.IssueCodes, poll=draft(show), count=1)


def test_a_roll_lets_in_whose_number_stands_in_it_and_keeps_no_number() -> None:
    show = making.make_show()
    producer = making.staff_actor(show.producer)
    with pytest.raises(InvalidInput) as refused:
        rolls.make(producer, show.programme.pk, "粤海工作站", ["13900000001", "12"])
    assert refused.value.data == {"field": "numbers", "line": 2}
    with pytest.raises(NotAllowed):
        rolls.make(producer, None, "全市", ["13900000001"])
    roll = rolls.make(producer, show.programme.pk, "粤海工作站", ["13900000001", "139 0000 0001", "13900000002"])
    assert [len(each.phone_digest) for each in RollEntry.objects.filter(roll=roll)] == [64, 64]
    poll = draft(show, electorate="roll", roll=roll.pk, rule=protocol.PollRule(quorum=(1, 2)))
    do(show, protocol.OpenPoll, poll=poll)
    listed, stranger = making.make_viewer(), making.make_viewer()
    making.give_phone(listed, "13900000002")
    making.give_phone(stranger, "13900000003")
    commands.perform(listed, show.id, making.vote(poll, options(poll)[0]))
    for person in (stranger, making.make_viewer()):
        with pytest.raises(NotOnRoll):
            commands.perform(person, show.id, making.vote(poll, options(poll)[0]))
    with pytest.raises(IllegalTransition):
        rolls.remove(producer, roll.pk)
    finish(show, poll)
    told = shown(show, poll).outcome
    assert told is not None
    assert (told.eligible, told.eligible_by) == (2, "roll")
    assert told.verdict is not None
    assert (told.verdict.outcome, told.verdict.quorum) == ("accepted", 1)
    rolls.remove(producer, roll.pk)
    assert not RollEntry.objects.exists()
    assert verify(poll).wrong == [], "what was counted then stands"


def test_members_polls_are_for_members_and_count_them() -> None:
    show = making.make_show()
    member = making.make_staff(show.programme, RoleGrant.Role.MEMBER)
    making.make_staff(show.programme, RoleGrant.Role.MEMBER)
    poll = draft(show, electorate="members", rule=protocol.PollRule(base="eligible"))
    do(show, protocol.OpenPoll, poll=poll)
    with pytest.raises(AssuranceTooLow):
        commands.perform(making.make_viewer(), show.id, making.vote(poll, options(poll)[0]))
    commands.perform(making.make_viewer(Assurance.MEMBER), show.id, making.vote(poll, options(poll)[0]))
    finish(show, poll)
    told = shown(show, poll).outcome
    assert told is not None
    assert (told.eligible, told.base_count) == (2, 2)
    assert told.verdict is not None
    assert told.verdict.outcome == "rejected", "one of two members is not more than half"
    assert member.pk


def test_the_first_ballot_stands_where_it_says_so() -> None:
    show, person = making.make_show(), making.make_viewer()
    poll = draft(show, revote="never")
    do(show, protocol.OpenPoll, poll=poll)
    yes, no, _none = options(poll)
    first = making.vote(poll, yes)
    answer = commands.perform(person, show.id, first)
    with pytest.raises(VoteFinal):
        commands.perform(person, show.id, making.vote(poll, no))
    assert commands.perform(person, show.id, first) == answer, "a retry is no second vote"
    assert queries.recount(poll) == {yes: 1}
