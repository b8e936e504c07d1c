"""Old state and ticks make the new snapshot, whatever came between."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from live import protocol
from live import state as states
from live.state import State


def comment(number: int, at: int, text: str = "好") -> protocol.CommentObject:
    return protocol.CommentObject(
        key=f"comment:{number}", id=number, text=text, author="甲", badge="", at=f"2026-01-01T00:{at:04d}Z"
    )


def counts(viewers: int) -> protocol.CountsObject:
    return protocol.CountsObject(key="counts", viewers=viewers, likes=0, comments=0, questions=0)


def question(number: int, supports: int, state: Any = "approved") -> protocol.QuestionObject:
    return protocol.QuestionObject(
        key=f"question:{number}",
        id=number,
        text="“停哪儿？”" * 20,
        author="乙",
        to="",
        state=state,
        supports=supports,
        at="2026-01-01T00:00Z",
        on_air_at=None,
        answered_at=None,
    )


def advance(state: State, objects: list[Any]) -> tuple[State, bytes]:
    encoded = states.encoded(objects)
    fresh = State(state.epoch, state.seq + 1, "t", 500, encoded)
    return fresh, states.tick(fresh, *states.difference(state.objects, encoded))


def newest(public: dict[int, protocol.CommentObject]) -> list[protocol.CommentObject]:
    ordered = sorted(public.values(), key=lambda each: (each.at, each.id), reverse=True)
    return ordered[: protocol.COMMENTS_SHOWN]


class Convergence(RuleBasedStateMachine):
    """The composer's side knows everything public; the browser's side knows only ticks."""

    def __init__(self) -> None:
        super().__init__()
        self.public: dict[int, protocol.CommentObject] = {}
        self.composed = State(1, 1, "t", 500, states.encoded([counts(0)]))
        self.seen = states.loaded(self.composed.snapshot())
        self.viewers = 0
        self.questions: dict[int, protocol.QuestionObject] = {}

    @rule(first=st.integers(0, 400), many=st.integers(1, 60), at=st.integers(0, 500))
    def publish(self, first: int, many: int, at: int) -> None:
        for number in range(first, first + many):
            self.public[number] = comment(number, at)
        self.tick()

    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        if self.public:
            for number in data.draw(st.lists(st.sampled_from(sorted(self.public)), max_size=30, unique=True)):
                del self.public[number]
        self.tick()

    @rule(viewers=st.integers(0, 9))
    def count(self, viewers: int) -> None:
        self.viewers = viewers
        self.tick()

    @rule(numbers=st.lists(st.integers(1, 8), max_size=8), supports=st.integers(0, 10**6))
    def support(self, numbers: list[int], supports: int) -> None:
        for number in numbers:
            known = self.questions.get(number) or question(number, 0)
            self.questions[number] = msgspec.structs.replace(known, supports=supports)
        self.tick()

    @rule(
        number=st.integers(1, 8),
        state=st.sampled_from(["approved", "queued", "on_air", "gone"]),
        supports=st.integers(0, 3),
    )
    def move_question(self, number: int, state: str, supports: int) -> None:
        self.questions.pop(number, None)
        if state != "gone":
            self.questions[number] = question(number, supports, state)
        self.tick()

    def tick(self) -> None:
        shown = [counts(self.viewers), *newest(self.public), *self.questions.values()]
        self.composed, frame = advance(self.composed, shown)
        assert self.seen.apply(frame)

    @invariant()
    def what_ticks_made_is_the_snapshot(self) -> None:
        assert self.seen.snapshot() == self.composed.snapshot()


TestConvergence = Convergence.TestCase
TestConvergence.settings = settings(max_examples=40, stateful_step_count=15, deadline=None)


def test_trimming_is_never_sent_as_a_removal() -> None:
    old = State(1, 1, "t", 500, states.encoded([comment(n, n) for n in range(100)]))
    _fresh, frame = advance(old, [comment(n, n) for n in range(1, 101)])
    assert json.loads(frame)["remove"] == []
    _fresh, frame = advance(old, [comment(n, n) for n in range(50)])
    assert len(json.loads(frame)["remove"]) == 50


def test_supports_travel_without_their_question() -> None:
    before = [question(n, n) for n in range(1, 41)]
    old = State(1, 1, "t", 500, states.encoded(before))
    fresh, frame = advance(old, [question(n, n + 900) for n in range(1, 41)])
    said = json.loads(frame)
    assert said["put"] == []
    assert said["supports"] == [[n, n + 900] for n in range(1, 41)]
    assert len(frame) < 600 < len(before[0].text) * 40
    seen = old.copy()
    assert seen.apply(frame)
    assert seen.snapshot() == fresh.snapshot()
    _fresh, frame = advance(old, [question(1, 5, "queued"), *before[1:]])
    assert [each["state"] for each in json.loads(frame)["put"]] == ["queued"], "what else changed is put whole"


def test_supports_of_a_question_that_is_not_held_are_let_be() -> None:
    seen = State(1, 1, "t", 500, states.encoded([question(1, 0)]))
    assert seen.apply(states.tick(State(1, 2, "t", 500), [], [], [(1, 3), (2, 9)]))
    assert [(each["id"], each["supports"]) for each in json.loads(seen.snapshot())["objects"]] == [(1, 3)]


def test_a_tick_out_of_order_changes_nothing() -> None:
    first = State(3, 7, "t", 500, states.encoded([counts(1)]))
    second, _ = advance(first, [counts(2)])
    _third, frame = advance(second, [counts(3)])
    seen = first.copy()
    assert not seen.apply(frame)
    assert seen.snapshot() == first.snapshot()


def test_equal_states_make_equal_bytes() -> None:
    objects = [comment(n, n) for n in range(5)]
    one = State(1, 2, "t", 500, states.encoded(objects))
    other = State(1, 2, "t", 500, states.encoded(list(reversed(objects))))
    assert one.snapshot() == other.snapshot()
    assert states.loaded(one.snapshot()).snapshot() == one.snapshot()


@given(st.binary(max_size=100))
def test_a_strangers_snapshot_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match="snapshot"):
        states.loaded(raw)
