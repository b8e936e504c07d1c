"""An evening on the simulated clock: a labelled stream of comments, and scripted moderators who work as people at the desk do.

They see what the desk's queries show them, and act through the commands' table alone: claim, read for as long as reading takes, decide
by the label; in bulk when much waits; now and then without a claim, by a command sent twice, or by mistake and undone. One leaves in
the middle with a claim in hand. They split the queue as the desk lets people: it tells where the others are, and each goes on past that.
"""

from __future__ import annotations

import datetime as dt
import heapq
import itertools
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from broadcast import clock
from broadcast.access import Actor
from broadcast.errors import BroadcastError, Conflict
from broadcast.models import Consent, Participant, User
from live import commands, protocol
from live.models import Comment
from live.queries import desk as desk_queries
from live.queries import queues, visible
from live.services import audience
from tests.live import making
from tests.live.rules.test_sample import lines

PLACES = ("南山", "福田", "罗湖", "盐田", "龙岗", "宝安", "坪山", "光明")
THINGS = ("公交站", "停车场", "绿道", "图书馆", "菜市场", "充电桩", "社区食堂", "健身步道", "公共厕所", "口袋公园")
WISHES = (
    "能不能再多一些",
    "晚上灯太暗",
    "希望周末也开",
    "什么时候修好",
    "比去年好多了",
    "指路牌找不到",
    "老人走着不方便",
    "支持，快点办",
)
# Bad, and nothing that a list of words could find: only whoever reads it knows.
SLY = (
    "听说{place}那个{thing}塌了死了好多人，都不让报",
    "{place}的人就是素质低，{thing}给他们也是浪费",
    "负责{thing}那位家住{place}哪一栋我都知道，大家去堵他",
)
PEOPLE = 1_500
BULK_FROM = 10
BULK = 12
# What somebody else seems to read is left to them no longer than this, in seconds of waiting.
LEFT_TO_OTHERS = 25


@dataclass(frozen=True)
class Said:
    """What somebody will say, and what it is: good, bad or unclear."""

    at: dt.datetime
    who: int
    text: str
    label: str


@dataclass
class Outcome:
    """What came of the evening, for the test to hold and to print."""

    labels: dict[int, str] = field(default_factory=dict)
    refused_writes: int = 0
    conflicts: Counter[str] = field(default_factory=Counter)
    acts: Counter[str] = field(default_factory=Counter)
    repeats_that_differ: int = 0
    bad_seen_public: set[int] = field(default_factory=set)
    ended: dt.datetime | None = None


def stream(many: int, minutes: float, start: dt.datetime, seed: int) -> list[Said]:
    """Labelled comments over so many minutes, three times as dense in two stretches. Of a hundred some 8 are bad, 2 unclear."""
    lot = random.Random(seed)
    sample = lines()
    bad = [each.text for each in sample if each.kind]
    good = [each.text for each in sample if not each.kind]
    moments = lot.choices(
        range(1_000), weights=[3 if 250 <= n < 300 or 700 <= n < 740 else 1 for n in range(1_000)], k=many
    )
    found = []
    for moment in sorted(n + lot.random() for n in moments):
        label = lot.choices(("good", "bad", "unclear"), (90, 8, 2))[0]
        own = {"place": lot.choice(PLACES), "thing": lot.choice(THINGS)}
        if label == "bad":
            text = lot.choice(SLY).format(**own) if lot.random() < 0.3 else lot.choice(bad)
        elif label == "good" and lot.random() < 0.2:
            text = lot.choice(good)
        else:
            text = f"{own['place']}{lot.choice(('', '这边', '东边', '老区'))}的{own['thing']}{lot.choice(WISHES)}（{lot.randrange(90)}）"
        at = start + dt.timedelta(minutes=minutes * moment / 1_000)
        found.append(Said(at, lot.randrange(PEOPLE), text, label))
    return found


def make_people() -> list[Actor]:
    now = clock.now()
    rows = Participant.objects.bulk_create(
        Participant(assurance=20, display_name=f"市民{number}", created_at=now) for number in range(PEOPLE)
    )
    Consent.objects.bulk_create(
        Consent(participant=row, document=document, version=version, at=now)
        for row in rows
        for document, version in settings.CONSENT_VERSIONS.items()
    )
    return [Actor(participant_id=row.pk, assurance=20, name=row.display_name, address="192.0.2.1") for row in rows]


class Evening:
    """The show, its clock and all that is to happen, in the order of simulated time."""

    def __init__(self, show: making.Show, said: list[Said], users: list[User], leader: User, seed: int) -> None:
        self.show, self.said, self.seed = show, said, seed
        self.now = said[0].at
        self.over = False
        self.outcome = Outcome()
        self._heap: list[tuple[dt.datetime, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self.moderators = [Moderator(self, user, user == leader, seed + n) for n, user in enumerate(users)]

    def later(self, seconds: float, what: Callable[[], None]) -> None:
        at = self.now + dt.timedelta(seconds=seconds)
        heapq.heappush(self._heap, (at, next(self._numbers), what))

    def run(self) -> Outcome:
        """Until everything said is decided."""
        people = make_people()
        for each in self.moderators:
            self.later(1, each.look)
        self.later(30, self._see_public)
        self._arrive(people, 0)
        while self._heap:
            self.now, _number, what = heapq.heappop(self._heap)
            with clock.frozen(self.now):
                what()
        self.outcome.ended = self.now
        return self.outcome

    def _arrive(self, people: list[Actor], first: int) -> None:
        """All that is said within this second, as one batch, and then the next."""
        end = first
        while end < len(self.said) and self.said[end].at < self.now + dt.timedelta(seconds=1):
            end += 1
        now = self.said[first:end]
        orders = [(people[each.who], self.show.id, making.comment(each.text)) for each in now]
        for each, answer in zip(now, audience.commit_batch(orders), strict=True):
            if isinstance(answer, BroadcastError):
                self.outcome.refused_writes += 1
            else:
                self.outcome.labels[answer.result["item"]] = each.label
        if end < len(self.said):
            self.later((self.said[end].at - self.now).total_seconds(), lambda: self._arrive(people, end))
        else:
            self.over = True

    def _see_public(self) -> None:
        public = visible.public_items(Comment, self.show.id).values_list("pk", flat=True)
        self.outcome.bad_seen_public |= {pk for pk in public if self.outcome.labels[pk] == "bad"}
        if not self.is_done:
            self.later(30, self._see_public)

    @property
    def is_done(self) -> bool:
        return self.over and not Comment.objects.filter(room=self.show.id, state__in=Comment.WAITING).exists()


class Moderator:
    """One person at the desk."""

    def __init__(self, evening: Evening, user: User, leads: bool, seed: int) -> None:
        self.evening, self.user, self.leads = evening, user, leads
        self.lot = random.Random(seed)
        self.away_until: dt.datetime | None = None
        self.set_aside: set[int] = set()

    def look(self) -> None:
        """Take the oldest that nobody has or seems to read; many at once when much waits."""
        evening = self.evening
        if self.away_until is not None and evening.now < self.away_until:
            evening.later((self.away_until - evening.now).total_seconds(), self.look)
            return
        waiting = self._waiting()
        free, stretch = self._mine(waiting)
        careless = self.lot.random() < 0.1
        rows = waiting if careless else free or self._left_too_long(waiting)
        if not rows:
            if waiting or not evening.is_done:
                evening.later(1.0, self.look)
            return
        own = [row for row in free if row.id in self.set_aside]
        if not own and len(waiting) > BULK_FROM and len(stretch) > BULK // 2 and self.lot.random() < 0.7:
            self._go_to(stretch[0])
            evening.later(sum(0.4 + len(row.text) / 25 for row in stretch), lambda: self._decide_many(stretch))
            return
        row = rows[0] if careless else (own or rows)[0]
        self._go_to(row)
        if careless or self._claim(row):
            evening.later(self._reading(row), lambda: self._decide(row))
        else:
            evening.later(0.5, self.look)

    def _waiting(self) -> list[protocol.StaffItem]:
        """What the page lists, without what others have claimed."""
        now = clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        first: list[protocol.StaffItem] = []
        for queue in (["escalated"] if self.leads else []) + ["todo"]:
            first += queues.page(self.evening.show.id, queues.Asked(queue=queue), self.user.pk)[0]
        return [
            each for each in first if each.claim is None or each.claim.user == self.user.pk or each.claim.until <= now
        ]

    def _mine(self, waiting: list[protocol.StaffItem]) -> tuple[list[protocol.StaffItem], list[protocol.StaffItem]]:
        """What none of the others who are present seems to read, and the first stretch of it that can be read in one go.

        The desk says where each looks: from there on as many as one takes in bulk are left to them. (Whoever claimed what they look
        at reads that one alone; it is not among these.) Who went away is not present for long.
        """
        if not waiting:
            return [], []
        present = desk_queries.present(self.evening.show.id)
        begun = {each["item"] for each in present if each["user"] != self.user.pk}
        free: list[protocol.StaffItem] = []
        stretch: list[protocol.StaffItem] = []
        theirs, ended = 0, False
        for row in waiting:
            plain = not row.hits
            theirs = BULK if row.id in begun else theirs
            if row.id in begun or (plain and theirs):
                theirs -= plain
                ended = bool(stretch)
                continue
            free.append(row)
            if plain and not ended and len(stretch) < BULK:
                stretch.append(row)
        return free, stretch

    def _left_too_long(self, waiting: list[protocol.StaffItem]) -> list[protocol.StaffItem]:
        """What seems to be somebody else's and nobody decides."""
        late = clock.now() - dt.timedelta(seconds=LEFT_TO_OTHERS)
        return [row for row in waiting if dt.datetime.fromisoformat(row.since) < late]

    def _go_to(self, row: protocol.StaffItem) -> None:
        """The page tells where it looks."""
        look = protocol.LookAt(id=making.command_id(), kind="comment", item=row.id)
        commands.perform(making.staff_actor(self.user), self.evening.show.id, look)

    def _reading(self, row: protocol.StaffItem) -> float:
        return (0.8 + len(row.text) / 10 + (1.5 if row.hits else 0)) * self.lot.lognormvariate(0, 0.35)

    def _claim(self, row: protocol.StaffItem) -> bool:
        return self._send(protocol.ClaimItem(id=making.command_id(), kind="comment", item=row.id)) is not None

    def _decide(self, row: protocol.StaffItem) -> None:
        label = self.evening.outcome.labels[row.id]
        seen: dict[str, Any] = {"id": making.command_id(), "kind": "comment", "item": row.id, "version": row.version}
        if label == "unclear" and not self.leads and row.state != "escalated":
            command: Any = protocol.EscalateItem(**seen)
        elif label == "good" and row.state == "pending" and self.lot.random() < 0.01:
            command = protocol.RejectItem(**seen, reason="off_topic")
            self.evening.later(2.0, lambda: self._take_back(command))
        elif label == "bad":
            command = protocol.RejectItem(**seen, reason="advertising")
        else:
            command = protocol.ApproveItem(**seen)
        self._send(command)
        self.evening.later(0.2, self.look)

    def _decide_many(self, rows: list[protocol.StaffItem]) -> None:
        """Those that are plainly good at once; the others are next, each for a look of its own."""
        good = [row for row in rows if self.evening.outcome.labels[row.id] == "good"]
        self.set_aside = {row.id for row in rows if row not in good}
        items = tuple(protocol.ItemRef("comment", row.id, row.version) for row in good)
        if items:
            self._send(protocol.DecideItems(id=making.command_id(), act="approve", items=items))
        self.evening.later(0.5, self.look)

    def _take_back(self, command: Any) -> None:
        self._send(protocol.UndoAct(id=making.command_id(), act=command.id))

    def _send(self, command: Any) -> dict[str, Any] | None:
        actor, outcome = making.staff_actor(self.user), self.evening.outcome
        tag = str(type(command).__struct_config__.tag)
        try:
            answer = commands.perform(actor, self.evening.show.id, command)
        except Conflict as refusal:
            outcome.conflicts[refusal.code] += 1
            return None
        except BroadcastError as refusal:
            outcome.conflicts[f"{tag} {refusal.code}"] += 1
            return None
        outcome.acts[tag] += 1
        for each in answer.get("moved", ()):
            outcome.conflicts[each["code"]] += 1
        if self.lot.random() < 0.03 and tag != "item.claim":
            self.evening.later(self.lot.uniform(0.5, 20), lambda: self._again(command, answer))
        return answer

    def _again(self, command: Any, answer: dict[str, Any]) -> None:
        """The page never heard the answer and sends it once more, perhaps late."""
        try:
            again = commands.perform(making.staff_actor(self.user), self.evening.show.id, command)
        except BroadcastError as refusal:
            self.evening.outcome.conflicts[f"late {refusal.code}"] += 1
        else:
            done = {each["item"] for each in answer.get("done", [answer])}
            self.evening.outcome.repeats_that_differ += {
                each["item"] for each in again.get("done", [again])
            } - done != set()
