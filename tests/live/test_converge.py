"""Who has an old snapshot and every change since has the new snapshot: viewers, desk, host; and the page's reducer is the server's."""

from __future__ import annotations

import json
import random
import shutil
from collections import deque
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from broadcast.errors import BroadcastError
from live import commands, protocol, queries
from live import state as states
from live.envelope import Header
from live.hub import Hub, Loaded
from live.models import Comment, Question
from live.queries import StaffView
from live.seat import Seat
from live.services import levels
from live.state import State
from tests.journeys.pages import FLAGS
from tests.live import making
from tests.live.replay import Replay, browsing

ACTS = (
    *("say", "say", "say", "ask", "approve", "approve", "reject", "withdraw", "reopen", "retract"),
    *("support", "queue", "show", "answer", "vote", "poll", "close", "level", "like"),
)


class Room:
    """Does one act after another; what is refused changes nothing, and that too must converge."""

    def __init__(self, chance: random.Random) -> None:
        self.show = making.make_show(comments=chance.choice(["pre", "post"]), questions="pre")
        self.chance = chance
        self.moderator = making.staff_actor(self.show.moderator)
        self.producer = making.staff_actor(self.show.producer)
        self.viewers = [making.make_viewer(name=f"市民{n}") for n in range(3)]
        self.polls = [making.make_poll(self.show, results="always")]

    def perform(self, actor: Any, command: Any) -> None:
        try:
            commands.perform(actor, self.show.id, command)
        except BroadcastError:
            return

    def act(self, name: str) -> None:
        viewer, chance, new = self.chance.choice(self.viewers), self.chance, making.command_id()
        if name == "say":
            self.perform(viewer, making.comment(f"第{chance.randint(1, 99)}句"))
        elif name == "ask":
            self.perform(viewer, making.question())
        elif name in {"approve", "reject", "withdraw", "reopen", "retract"}:
            self._decide(name, viewer, new)
        elif name == "level":
            levels.follow(self.show.id, chance.randint(0, 5), "loop", {})
        elif name == "vote":
            poll, options = chance.choice(self.polls)
            self.perform(viewer, making.vote(poll, chance.choice(options)))
        elif name == "poll":
            self.polls.append(making.make_poll(self.show, results=chance.choice(["always", "never", "after_close"])))
        elif name == "close":
            self.perform(self.producer, protocol.ClosePoll(id=new, poll=chance.choice(self.polls)[0]))
        elif name == "like":
            self.perform(viewer, protocol.AddLikes(id=new, count=3))
        else:
            self._question(name, viewer, new)

    def _decide(self, name: str, viewer: Any, new: str) -> None:
        kind: Any = self.chance.choice(["comment", "question"])
        row = self._any(Comment if kind == "comment" else Question)
        if row is None:
            return
        common: Any = {"id": new, "kind": kind, "item": row.pk}
        made: dict[str, Any] = {
            "approve": lambda: protocol.ApproveItem(**common, version=row.version),
            "reject": lambda: protocol.RejectItem(**common, version=row.version, reason="other"),
            "withdraw": lambda: protocol.WithdrawItem(**common, version=row.version, reason="other"),
            "reopen": lambda: protocol.ReopenItem(**common, version=row.version),
            "retract": lambda: protocol.RetractItem(**common),
        }
        self.perform(viewer if name == "retract" else self.moderator, made[name]())

    def _question(self, name: str, viewer: Any, new: str) -> None:
        row = self._any(Question)
        if row is None:
            return
        made: dict[str, Any] = {
            "support": protocol.SupportQuestion(id=new, question=row.pk, on=self.chance.random() < 0.7),
            "queue": protocol.QueueQuestion(id=new, question=row.pk, on=self.chance.random() < 0.7),
            "show": protocol.ShowQuestion(id=new, question=row.pk),
            "answer": protocol.AnswerQuestion(id=new, question=row.pk),
        }
        self.perform(viewer if name == "support" else self.producer, made[name])

    def _any(self, model: Any) -> Any:
        rows = list(model.objects.filter(room=self.show.id))
        return self.chance.choice(rows) if rows else None


def composed(airing_id: UUID, seq: int) -> State:
    found = queries.public_groups(airing_id) or {}
    return State(1, seq, "t", 500, states.encoded(each for group in found.values() for each in group))


@pytest.mark.django_db
@example([["ask", "approve"], ["support", "queue"], ["show", "answer", "withdraw"]], 0)
@given(
    st.lists(st.lists(st.sampled_from(ACTS), min_size=1, max_size=4), min_size=1, max_size=10), st.integers(0, 9_999)
)
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_every_audience_converges(rounds: list[list[str]], seed: int) -> None:
    room = Room(random.Random(seed))
    shown = composed(room.show.id, 1)
    viewer, left = states.loaded(shown.snapshot()), queries.left_the_public(room.show.id, None)[1]
    staff = {view: Staff(room, view) for view in StaffView}
    for acts in rounds:
        for name in acts:
            room.act(name)
        fresh = composed(room.show.id, shown.seq + 1)
        put, remove, supports = states.difference(shown.objects, fresh.objects)
        gone, left = queries.left_the_public(room.show.id, left)
        remove += [key for key in gone if key not in fresh.objects and key not in remove]
        assert viewer.apply(states.tick(fresh, put, remove, supports))
        shown = fresh
        assert viewer.snapshot() == fresh.snapshot()
        for each in staff.values():
            each.follow()
            each.assert_true()


class Staff:
    """A desk or a host: a snapshot, then what changed since its number."""

    def __init__(self, room: Room, view: StaffView) -> None:
        self.room, self.view = room, view
        first = self._snapshot()
        self.seq = first.seq
        self.items = {(each.kind, each.id): each for each in first.items}
        self.polls = {each.id: each for each in first.polls}

    def _snapshot(self) -> protocol.StaffSnapshot:
        return queries.staff_snapshot(self.room.producer, self.room.show.id, self.view)

    def follow(self) -> None:
        change = queries.staff_change(self.room.show.id, self.seq, self.view)
        self.seq = change.seq
        self.items |= {(each.kind, each.id): each for each in change.items}
        self.polls |= {each.id: each for each in change.polls}
        # Counts have no number: the lane compares them at each look.
        for poll in queries.staff.open_polls(self.room.show.id) if self.view.has_polls else ():
            self.polls[poll.id] = poll
        # As the lane: the call desk works with no items.
        for item in queries.staff.supported(self.room.show.id) if self.view is not StaffView.CALLS else ():
            self.items["question", item.id] = item

    def assert_true(self) -> None:
        fresh = self._snapshot()
        wanted = {(each.kind, each.id): each for each in fresh.items}
        held = self.items
        if self.view is StaffView.HOST:
            held = {key: each for key, each in held.items() if each.state in Question.PUBLIC}
        assert without_supports(held) == without_supports(wanted)
        assert self.polls == {each.id: each for each in fresh.polls}
        assert fresh.seq == self.seq


def without_supports(items: dict[Any, protocol.StaffItem]) -> dict[Any, Any]:
    """Of what is not public any more nobody counts the supports."""
    return {key: (each.state, each.version, each.text, each.reason, each.decided_by) for key, each in items.items()}


class Bus:
    def __init__(self) -> None:
        self.snapshot: bytes | None = None
        self.window: deque[bytes] = deque(maxlen=30)

    async def load(self, airing_id: UUID) -> Loaded:
        return self.snapshot, list(self.window)

    async def compute(self, airing_id: UUID) -> State | None:
        return State(0, 0, "t", 500)


class Browser:
    """Takes frames as a page does; a gap would be a jump of the number."""

    def __init__(self) -> None:
        self.state: State | None = None
        self.gaps = 0

    async def send(self, message: dict[str, Any]) -> None:
        raw = message.get("text", message.get("bytes", b""))
        raw = raw.encode() if isinstance(raw, str) else bytes(raw)
        frame = json.loads(raw)
        if frame["type"] == "snapshot":
            fresh = states.loaded(raw)
            if self.state is None or fresh.position >= self.state.position:
                self.state = fresh
        elif self.state is not None and (frame["epoch"], frame["seq"]) > self.state.position:
            self.gaps += not self.state.apply(raw)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
async def test_messages_doubled_lost_late_and_out_of_order(seed: int) -> None:
    chance, bus, airing = random.Random(seed), Bus(), uuid4()
    state = State(1, 1, "t", 500, states.encoded([counts(0)]))
    bus.snapshot = state.snapshot()
    hub = Hub(bus.load, bus.compute)
    audience = await hub.ready(airing)
    assert audience is not None
    browsers = [Browser() for _each in range(3)]
    for each in browsers:
        audience.enter(Seat(each.send), 0, 0)
    on_the_way: list[tuple[Header, bytes]] = []
    for number in range(1, 40):
        dies = chance.random() < 0.1
        epoch, seq = (state.epoch + 1, 1) if dies else (state.epoch, state.seq + 1)
        state = State(epoch, seq, "t", 500, states.encoded([counts(number)]))
        frame = states.tick(state, [each.body for each in state.objects.values()], [])
        bus.snapshot = state.snapshot()
        if dies:
            bus.window.clear()
        bus.window.append(frame)
        message = (Header(lane="public", epoch=epoch, seq=seq), frame)
        on_the_way += [message] * chance.choice([0, 1, 1, 1, 2])
        chance.shuffle(on_the_way)
        while on_the_way and chance.random() < 0.6:
            hub.heard(airing, *on_the_way.pop())
            await settle()
    for message in on_the_way:
        hub.heard(airing, *message)
    state = State(state.epoch, state.seq + 1, "t", 500, states.encoded([counts(99)]))
    frame = states.tick(state, [each.body for each in state.objects.values()], [])
    bus.snapshot = state.snapshot()
    bus.window.append(frame)
    hub.heard(airing, Header(lane="public", epoch=state.epoch, seq=state.seq), frame)
    await settle(60)
    for each in browsers:
        assert each.gaps == 0
        assert each.state is not None
        assert each.state.snapshot() == state.snapshot()


def counts(viewers: int) -> protocol.CountsObject:
    return protocol.CountsObject(key="counts", viewers=viewers, likes=0, comments=0, questions=0)


async def settle(turns: int = 12) -> None:
    import asyncio

    for _each in range(turns):
        await asyncio.sleep(0)


@pytest.mark.browser
async def test_the_browsers_reducer_is_the_servers() -> None:
    """Snapshot, ticks, a tick twice, one out of order, a new epoch: the same judgement and the same objects."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("chromium is not installed: apt-get install chromium")
    from broadcast.house.places import ROOT

    source = (ROOT / "live/static/live/reducer.js").read_text(encoding="utf-8")
    asked = [
        protocol.QuestionObject(f"question:{n}", n, "停哪儿？", "甲", "", "approved", n, "t", None, None)
        for n in (3, 4)
    ]
    replay = Replay(asked)
    frames = [replay.state.snapshot().decode(), *(replay.tick().decode() for _each in range(220))]
    frames.insert(50, frames[49])
    frames.insert(80, frames[60])
    async with browsing() as playwright:
        running = await playwright.chromium.launch(executable_path=program, args=FLAGS)
        page = await running.new_page()
        await page.goto("about:blank")
        await page.add_script_tag(
            content=f"{source}\nwindow.reducer = {{ begin, applySnapshot, judge, applyTick }};", type="module"
        )
        await page.wait_for_function("() => window.reducer")
        held = await page.evaluate(
            """(frames) => {
              const { begin, applySnapshot, judge, applyTick } = window.reducer;
              let state = begin([], {});
              const verdicts = {};
              for (const text of frames) {
                const frame = JSON.parse(text);
                if (frame.type === "snapshot") { state = applySnapshot(state, frame); continue; }
                const verdict = judge(state, frame);
                verdicts[verdict] = (verdicts[verdict] || 0) + 1;
                if (verdict === "apply") state = applyTick(state, frame);
              }
              const ahead = { ...JSON.parse(frames[frames.length - 1]), seq: state.seq + 2 };
              const newer = { ...ahead, epoch: state.epoch + 1 };
              return { objects: Object.fromEntries(state.objects), verdicts, ahead: judge(state, ahead), newer: judge(state, newer) };
            }""",
            frames,
        )
        await running.close()
    wanted = {key: json.loads(each.body) for key, each in replay.state.objects.items()}
    assert held["objects"] == wanted
    assert held["verdicts"] == {"apply": 220, "drop": 2}
    assert (held["ahead"], held["newer"]) == ("gap", "gap")
