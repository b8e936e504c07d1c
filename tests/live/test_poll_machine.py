"""Polls of every kind against a model: one ballot each, the one that should counts, retries change nothing, the tally is the recount."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from contextlib import suppress
from typing import Any, ClassVar, NamedTuple
from unittest import mock

import pytest
from django.db import DatabaseError
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from broadcast.errors import BroadcastError, IllegalTransition, InvalidInput
from broadcast.models import Participant
from live import protocol, queries
from live.ballot_chain import check_list
from live.models import Ballot, Poll, PollCode
from live.models.poll import BallotLink
from live.queries.polls import tally
from live.queries.verify import published_list, verify
from live.services import aftercare, audience, chain, poll_codes, rolls
from live.services.ballot_rights import CodeNeeded, CodeWrong, NamedPoll, NotOnRoll, VoteFinal
from tests.live import making
from tests.live.test_ballots import close, void

PEOPLE = 4


class Form(NamedTuple):
    """A kind of poll with what else decides about its ballots."""

    kind: str
    options: int
    terms: dict[str, Any]

    @property
    def fewest(self) -> int:
        return int(self.terms.get("fewest", 1))

    @property
    def most(self) -> int:
        return int(self.terms.get("most", self.options)) if self.kind == "multiple" else 1


FORMS = [
    Form("single", 3, {}),
    Form("single", 3, {"revote": "never"}),
    Form("multiple", 4, {"fewest": 1, "most": 3, "rule": protocol.PollRule(base="ballots", more_than=False)}),
    Form("multiple", 3, {"fewest": 2, "revote": "never", "results": "after_publication"}),
    Form("scale", 5, {"results": "always", "rule": protocol.PollRule(threshold=(2, 3))}),
    Form("satisfaction", 4, {"electorate": "codes", "rule": protocol.PollRule(quorum=(1, 2))}),
    Form("approval", 3, {"secrecy": "named", "electorate": "codes", "revote": "never"}),
    Form("approval", 3, {"electorate": "roll", "rule": protocol.PollRule(base="eligible", tie="undecided")}),
]
# No two accounts have one number.
NUMBERS = (f"139{n:08d}" for n in itertools.count(1))


class Voting(RuleBasedStateMachine):
    """A poll of four people, two browsers each; of those with a roll the last one stands in none."""

    form: ClassVar[Form]

    def __init__(self) -> None:
        super().__init__()
        form = self.form
        self.show = making.make_show(publishes_ballots=True)
        producer = making.staff_actor(self.show.producer)
        self.people = [making.make_viewer() for _each in range(PEOPLE)]
        terms, texts = (
            dict(form.terms),
            tuple("甲乙丙丁"[: form.options]) if form.kind in {"single", "multiple"} else (),
        )
        if terms.get("electorate") == "roll":
            numbers = [next(NUMBERS) for _each in self.people]
            for person, number in zip(self.people, numbers, strict=True):
                making.give_phone(person, number)
            terms["roll"] = rolls.make(producer, self.show.programme.pk, "粤海", numbers[:-1]).pk
        self.poll, self.options = making.make_poll(self.show, texts, kind=form.kind, **terms)
        self.codes = [""] * PEOPLE
        if terms.get("electorate") == "codes":
            sheet = protocol.IssueCodes(id=making.command_id(), poll=self.poll, count=PEOPLE)
            self.codes = poll_codes.issue(producer, self.show.id, sheet)["codes"]
        self.merged: dict[int, int] = {}
        self.model: dict[int, tuple[int, ...]] = {}
        # Who has used a code, however often it was merged since.
        self.admitted: set[int] = set()
        self.sent: list[tuple[int, protocol.CastVote]] = []
        # Commands whose id several browsers chose: by person and id, the options accepted first.
        self.chosen: dict[int, dict[str, tuple[int, ...]]] = {person: {} for person in range(PEOPLE)}
        # No ballot is taken any more; and the result stands.
        self.closed = self.frozen = False

    def holder(self, person: int) -> int:
        while person in self.merged:
            person = self.merged[person]
        return person

    def send(self, votes: list[tuple[int, protocol.CastVote]]) -> list[Any]:
        return audience.commit_batch([(self.people[person], self.show.id, vote) for person, vote in votes])

    def ballot(self, person: int, seed: int, **more: Any) -> protocol.CastVote:
        """One that fits the form."""
        many = self.form.fewest + seed % (self.form.most - self.form.fewest + 1)
        chosen = [self.options[(seed + step) % len(self.options)] for step in range(many)]
        known = {"code": self.codes[person], "named": True}
        return making.vote(self.poll, *chosen, **known | more)

    def refusal(self, person: int) -> type[BroadcastError] | None:
        """Why no ballot of this browser is taken now, for who it is."""
        holder = self.holder(person)
        if self.closed:
            return IllegalTransition
        if self.form.terms.get("revote") == "never" and holder in self.model:
            return VoteFinal
        if self.form.terms.get("electorate") == "roll" and holder == PEOPLE - 1:
            return NotOnRoll
        return None

    def accepted(self, person: int, vote: protocol.CastVote) -> None:
        self.model[self.holder(person)] = tuple(sorted(vote.options))
        self.admitted.add(self.holder(person))

    @rule(votes=st.lists(st.tuples(st.integers(0, PEOPLE - 1), st.integers(0, 12)), min_size=1, max_size=6))
    def vote(self, votes: list[tuple[int, int]]) -> None:
        sent = [(person, self.ballot(person, seed)) for person, seed in votes]
        for (person, vote), outcome in zip(sent, self.send(sent), strict=True):
            refusal = self.refusal(person)
            if refusal is not None:
                assert isinstance(outcome, refusal)
                continue
            assert isinstance(outcome, audience.Answer), outcome
            self.accepted(person, vote)
            self.sent.append((person, vote))

    @rule(person=st.integers(0, PEOPLE - 1), seed=st.integers(0, 12), number=st.integers(0, 1))
    def vote_with_an_id_that_others_chose(self, person: int, seed: int, number: int) -> None:
        chosen, name, refusal = self.chosen[self.holder(person)], f"the-same-{number}", self.refusal(person)
        vote = self.ballot(person, seed, id=name)
        outcome = self.send([(person, vote)])[0]
        if name in chosen:
            assert isinstance(outcome, audience.Answer)
            assert tuple(outcome.result["options"]) == chosen[name], (
                "a retry is answered as the first, whatever it says"
            )
        elif refusal is not None:
            assert isinstance(outcome, refusal)
        else:
            assert isinstance(outcome, audience.Answer)
            self.accepted(person, vote)
            chosen[name] = self.model[self.holder(person)]

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def retry_late(self, data: st.DataObject) -> None:
        person, vote = data.draw(st.sampled_from(self.sent))
        outcome = self.send([(person, vote)])[0]
        assert isinstance(outcome, audience.Answer), "what was accepted once is answered again, even after the close"
        assert outcome.result["options"] == sorted(vote.options)

    @rule(person=st.integers(0, PEOPLE - 1), seed=st.integers(0, 12))
    def vote_while_the_database_fails(self, person: int, seed: int) -> None:
        vote, refusal = self.ballot(person, seed), self.refusal(person)
        with mock.patch("broadcast.evidence.keep", side_effect=DatabaseError("down")):
            outcome = self.send([(person, vote)])[0]
        assert isinstance(outcome, BroadcastError)
        outcome = self.send([(person, vote)])[0]
        assert isinstance(outcome, audience.Answer) is (refusal is None)
        if refusal is None:
            self.accepted(person, vote)
            self.sent.append((person, vote))

    @rule(person=st.integers(0, PEOPLE - 1))
    def vote_wrongly(self, person: int) -> None:
        other, known = making.make_poll(self.show)[1], {"code": self.codes[person], "named": True}
        few, many = self.options[: self.form.fewest - 1], [*self.options, other[0]][: self.form.most + 1]
        wrong = [making.vote(self.poll, *chosen, **known) for chosen in (few, many, [other[0]]) if chosen]
        for outcome in self.send([(person, vote) for vote in wrong]):
            assert isinstance(outcome, InvalidInput | IllegalTransition)

    @precondition(lambda self: not self.closed)
    @rule(person=st.integers(0, PEOPLE - 1), taken=st.integers(0, PEOPLE - 1))
    def vote_untold_or_uncalled(self, person: int, taken: int) -> None:
        """Without having been told of names; without a code, with a wrong one, and with somebody else's."""
        if self.refusal(person) is not None:
            return
        if self.form.terms.get("secrecy") == "named":
            assert isinstance(self.send([(person, self.ballot(person, 0, named=False))])[0], NamedPoll)
        if self.form.terms.get("electorate") == "codes" and self.holder(person) not in self.admitted:
            assert isinstance(self.send([(person, self.ballot(person, 0, code=""))])[0], CodeNeeded)
            assert isinstance(self.send([(person, self.ballot(person, 0, code="0000 0000 0000"))])[0], CodeWrong)
            row = PollCode.objects.get(digest=poll_codes.code_digest(self.poll, self.codes[taken]))
            if row.participant_id is not None:
                outcome = self.send([(person, self.ballot(person, 0, code=self.codes[taken]))])[0]
                assert isinstance(outcome, CodeWrong), "one ballot a code"

    @precondition(lambda self: not self.closed)
    @rule(guest=st.integers(0, PEOPLE - 1), account=st.integers(0, PEOPLE - 1))
    def merge(self, guest: int, account: int) -> None:
        if guest == account or guest in self.merged or account in self.merged:
            return
        source_id, target_id = self.people[guest].participant_id, self.people[account].participant_id
        assert source_id is not None
        assert target_id is not None
        cast = {each.participant_id: each.cast_id for each in Ballot.objects.filter(poll=self.poll)}
        aftercare.merge(source_id, target_id)
        Participant.objects.filter(merged_into=source_id).update(merged_into=target_id)
        Participant.objects.filter(pk=source_id).update(merged_into=target_id)
        is_later = cast.get(source_id, 0) > cast.get(target_id, 0)
        if source_id in cast and (target_id not in cast or is_later is (self.form.terms.get("revote") != "never")):
            self.model[account] = self.model[guest]
        self.model.pop(guest, None)
        if guest in self.admitted:
            self.admitted.add(account)
        self.merged[guest] = account
        # The browser has the account's token from now on.
        for person in range(PEOPLE):
            if self.holder(person) == account:
                self.people[person] = self.people[account]
        self.chosen[account] = self.chosen[guest] | self.chosen[account]

    @precondition(lambda self: not self.closed)
    @rule(dies=st.booleans())
    def close(self, *, dies: bool) -> None:
        if dies:
            # Announced, but whoever freezes dies before the commit: another does it.
            with mock.patch("live.services.chain.place", side_effect=DatabaseError("down")), suppress(DatabaseError):
                close(self.show, self.poll)
            assert Poll.objects.get(pk=self.poll).result is None
        close(self.show, self.poll)
        self.closed = self.frozen = True

    @rule()
    def void(self) -> None:
        for _twice in range(2):
            void(self.show, self.poll)
        self.closed = True

    @rule()
    def tick(self) -> None:
        chain.place_all()
        assert not BallotLink.objects.filter(poll=self.poll, number=None).exists()

    def expected(self) -> dict[int, int]:
        return dict(Counter(option for chosen in self.model.values() for option in chosen))

    @invariant()
    def tally_is_model_is_recount(self) -> None:
        assert tally(self.poll) == self.expected()
        assert queries.recount(self.poll) == self.expected()
        assert Ballot.objects.filter(poll=self.poll).count() == len(self.model)

    @invariant()
    def nobody_has_voted_with_two_codes_or_without(self) -> None:
        if self.form.terms.get("electorate") == "codes":
            used = PollCode.objects.filter(poll=self.poll, participant__isnull=False)
            assert set(used.values_list("participant", flat=True)) == set(
                Ballot.objects.filter(poll=self.poll).values_list("participant", flat=True)
            )

    @invariant()
    def a_frozen_result_is_the_tally_and_the_verdict_the_rules(self) -> None:
        result = Poll.objects.get(pk=self.poll).result
        assert (result is not None) is self.frozen
        if result:
            assert result["total"] == len(self.model)
            assert {int(key): many for key, many in result["votes"].items() if many} == tally(self.poll)
            assert sum(each["total"] for each in result["staff_levels"]) == len(self.model)
            assert ("verdict" in result) is ("rule" in self.form.terms)

    def teardown(self) -> None:
        found = verify(self.poll)
        assert found.wrong == []
        assert found.ballots == len(self.model)
        poll = Poll.objects.get(pk=self.poll)
        if poll.state == Poll.State.CLOSED:
            listed = json.loads("".join(published_list(poll)))
            assert check_list(listed) == []
            assert Counter(option for _number, chosen in listed["ballots"] for option in chosen) == self.expected()


@pytest.mark.django_db
@pytest.mark.parametrize("form", FORMS, ids=lambda form: "-".join([form.kind, *form.terms]))
def test_polls_behave_as_the_model(form: Form) -> None:
    machine = type("Voting", (Voting,), {"form": form})
    run_state_machine_as_test(machine, settings=settings(max_examples=3, stateful_step_count=10, deadline=None))
