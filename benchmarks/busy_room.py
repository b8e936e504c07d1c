"""A busy room: ten thousand viewers, a thousand events a second; how long from when an event was due until a viewer sees it.

One observer reads what each tick says, the crowd tells when each socket got it. An event counts as shown to a viewer with the first
tick that says it: a comment by its words, an approval by its question, votes, supports and likes by the count that includes them.
"""

from __future__ import annotations

import random
import time
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from benchmarks.busy_watch import STAFF_ACTS, Seen, Watcher
from benchmarks.pressing import Pressing

if TYPE_CHECKING:
    from benchmarks.crowd import Counted, Crowd, Said
    from benchmarks.report import Report
    from benchmarks.servers import Process, Seeded, Servers

# Design section 8; a second.
MIX = {"likes": 600, "votes": 250, "supports": 100, "comments": 40}
QUESTIONS = 40
SEEN_P99_MOST_MS = 1_500.0


def run(report: Report, *, quick: bool, hogs: int = 0) -> None:
    """Two web processes (`edge`), durable PostgreSQL, the crowd beside them on the same cores, and `hogs` that only take time."""
    from benchmarks.crowd import Crowd
    from benchmarks.servers import Servers

    viewers, people, seconds = (2_000, 2_000, 8) if quick else (10_000, 8_000, 25)
    report.conditions |= {
        "viewers": viewers,
        "participants": people,
        "events_per_second": {**MIX, "staff_acts": STAFF_ACTS},
        "seconds": seconds,
        "hogs": hogs,
        "server": "two web processes (uvicorn `edge`), PostgreSQL with fsync, Valkey; crowd and observer on the same cores",
        "delay": "from when the event was due at its sender until the socket had the tick that says it; every socket counts",
        "polls": "one, results shown to all; each vote of a new participant is followed, changed votes are only cast",
    }
    with Servers(durable=True) as servers, Crowd(workers=1) as crowd:
        seeded = servers.seed(participants=people, comments="post")
        room = _furnish(seeded, STAFF_ACTS * (seconds + 5))
        webs = servers.start("uvicorn", 2)
        watcher = Watcher(webs[0].port, seeded, room.cookie, room.pending)
        began = time.monotonic()
        if hogs:
            report.conditions["crowd_first"] = crowd.prefer()
        opened = crowd.open([web.port for web in webs], seeded.socket, viewers, cookies=seeded.cookies, rate=1_200)
        report.add("sockets_open", opened, f"opened within {time.monotonic() - began:.0f} s")
        _calm(watcher, 20.0 if not quick else 6.0)
        with Pressing(seeded.airing_id, hogs) as pressing:
            _measure(report, servers, webs, crowd, watcher, room, seconds, people)
        _tell_pressure(report, pressing)
        watcher.stop()


@dataclass
class Room:
    """What stands in the room before it gets busy."""

    poll: int
    options: list[int]
    questions: list[int]
    pending: list[int]
    cookie: str
    texts: list[tuple[str, str]] = field(default_factory=list)


def _furnish(seeded: Seeded, pending: int) -> Room:
    from django.test import Client

    from broadcast import clock
    from live.models import Poll, Question
    from live.models import Room as Rooms
    from tests.live import making

    show: Any = seeded.show
    poll, options = making.make_poll(show, ("很好", "一般", "不好"), results="always")
    Poll.objects.filter(pk=poll).update(grace_seconds=0)
    Rooms.objects.filter(pk=show.id).update(comments_per_minute=30_000)
    author, now = making.make_viewer(), clock.now()

    def made(number: int, state: str) -> Question:
        return Question(
            room_id=show.id,
            author_id=str(author.participant_id),
            author_name="市民",
            assurance=20,
            text=f"第{number}个问题：小区地库不让进、楼下没有桩，车到底停哪儿？",
            state=state,
            public_at=now if state == "approved" else None,
            created_at=now,
            command_id=f"seed-{number:06}",
        )

    rows = [made(n, "approved") for n in range(QUESTIONS)] + [made(QUESTIONS + n, "pending") for n in range(pending)]
    ids = [row.pk for row in Question.objects.bulk_create(rows)]
    client = Client()
    client.force_login(show.moderator)
    cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
    return Room(poll, options, ids[:QUESTIONS], ids[QUESTIONS:], cookie)


def _mixed(room: Room, count: int) -> list[tuple[str, str]]:
    """(kind, text) of each command in the order of sending; the same at every run."""
    chance = random.Random(20260101)
    second = [kind for kind, many in MIX.items() for _each in range(many)]
    found: list[tuple[str, str]] = []
    while len(found) < count:
        chance.shuffle(second)
        for kind in second:
            number = len(found)
            question, option = chance.choice(room.questions), chance.choice(room.options)
            text = {
                "likes": '{"type":"like.add","id":"{id}","count":1}',
                "votes": f'{{"type":"poll.vote","id":"{{id}}","poll":{room.poll},"options":[{option}]}}',
                "supports": f'{{"type":"question.support","id":"{{id}}","question":{question}}}',
                "comments": f'{{"type":"comment.post","id":"{{id}}","text":"希望尽快修好 no={number} due={{ns}}"}}',
            }[kind]
            found.append((kind, text))
    return found[:count]


def _calm(watcher: Watcher, seconds: float) -> None:
    """Joining presses too; wait until the room thins nothing any more."""
    deadline = time.monotonic() + seconds
    time.sleep(3)
    while watcher.level and time.monotonic() < deadline:
        time.sleep(0.2)


def _measure(
    report: Report,
    servers: Servers,
    webs: list[Process],
    crowd: Crowd,
    watcher: Watcher,
    room: Room,
    seconds: int,
    people: int,
) -> None:
    rate = sum(MIX.values())
    sent = _mixed(room, rate * seconds)
    parts = {"web": webs, "postgres": [servers.postgres], "valkey": [servers.valkey]}
    crowd.reset()
    first = len(watcher.seen)
    before = {name: sum(each.cpu() for each in found) for name, found in parts.items()}
    crowd_before, began = crowd.count().cpu, time.monotonic()
    watcher.act(on=True)
    said = crowd.say([text for _kind, text in sent], len(sent), rate=rate, prefix="busy", patience=15.0)
    watcher.act(on=False)
    took = time.monotonic() - began
    used = {name: sum(each.cpu() for each in found) - before[name] for name, found in parts.items()}
    time.sleep(3)
    counted = crowd.count()
    ticks = watcher.seen[first:]
    _tell_answers(report, said, sent)
    due = _due(sent, ticks, rate)
    delays = _delays(sent, due, counted, ticks, watcher, people, counted.open)
    _tell_delays(report, delays)
    _tell_gaps(report, counted, watcher)
    report.add("level_reached", max((each.level for each in ticks), default=0), "of the ladder; likes give way first")
    for name, seconds_used in used.items():
        report.add(f"cpu_cores_{name}", seconds_used / took)
    report.add("cpu_cores_crowd", (counted.cpu - crowd_before) / (took + 3), "the load generator")
    report.add("memory_mib_web", sum(web.pss_kib() for web in webs) / 1024, "both web processes, PSS")
    report.add("tick_bytes_mean", counted.octets / max(1, counted.frames))
    report.add("frames_per_second", counted.frames / (took + 3))


def _tell_answers(report: Report, said: Said, sent: Sequence[tuple[str, str]]) -> None:
    from benchmarks.crowd import percentile

    report.add("events_per_second", len(sent) / max(said.seconds, 1e-9), "sent by the crowd and answered")
    report.add("acknowledged_share", len(said.acked) / max(1, said.sent), str(said.codes))
    report.add("ack_p50_ms", percentile(said.waits_ms, 0.5))
    report.add("ack_p99_ms", percentile(said.waits_ms, 0.99))


def _due(sent: Sequence[tuple[str, str]], ticks: Sequence[Seen], rate: float) -> list[int]:
    """When each command was due (CLOCK_MONOTONIC ns): the crowd keeps to its plan, and any comment seen tells where it began."""
    for tick in ticks:
        for number, ns in tick.comments.items():
            began = ns - int(number / rate * 1e9)
            return [began + int(each / rate * 1e9) for each in range(len(sent))]
    return []


def _first_times(sent: Sequence[tuple[str, str]], people: int, sockets: int) -> dict[str, list[int]]:
    """Which commands raise a count: every like, the first vote of each participant, its first support of each question."""
    found: dict[str, list[int]] = {"likes": [], "votes": [], "supports": []}
    known: set[tuple[str, int, str]] = set()
    for number, (kind, text) in enumerate(sent):
        if kind not in found:
            continue
        who = (number % sockets) % people
        what = text if kind == "supports" else ""
        if kind != "likes" and (kind, who, what) in known:
            continue
        known.add((kind, who, what))
        found[kind].append(number)
    return found


def _delays(
    sent: Sequence[tuple[str, str]],
    due: Sequence[int],
    counted: Counted,
    ticks: Sequence[Seen],
    watcher: Watcher,
    people: int,
    sockets: int,
) -> dict[str, list[float]]:
    """Milliseconds until shown, by kind: of each event a few sockets drawn at random from all that got its tick."""
    chance = random.Random(1)
    arrivals = {(tick.epoch, tick.seq): tick.arrivals for tick in counted.ticks}
    found: dict[str, list[float]] = {name: [] for name in (*MIX, "staff_acts")}

    def shown(kind: str, position: tuple[int, int], since: int) -> None:
        got = arrivals.get(position)
        if got:
            found[kind] += [(at - since) / 1e6 for at in chance.choices(got, k=20)]

    for tick in ticks:
        for ns in tick.comments.values():
            shown("comments", tick.position, ns)
    for item, ns in watcher.approved_ns.items():
        position = next((tick.position for tick in ticks if item in tick.approved), None)
        if position is not None:
            shown("staff_acts", position, ns)
    for kind, numbers in _first_times(sent, people, sockets).items():
        # The room was empty before: a count of n includes the first n that raise it.
        known = [(tick.counts[kind], tick.position) for tick in ticks if kind in tick.counts]
        totals = [total for total, _position in known]
        for rank, number in enumerate(numbers):
            place = bisect_left(totals, rank + 1)
            if due and place < len(known):
                shown(kind, known[place][1], due[number])
    return found


def _tell_delays(report: Report, delays: dict[str, list[float]]) -> None:
    from benchmarks.crowd import percentile

    # Each kind by its share of the events, so that what is followed more closely weighs no more.
    chance, all_of_them = random.Random(2), list[float]()
    for kind, many in {**MIX, "staff_acts": STAFF_ACTS}.items():
        if delays[kind]:
            all_of_them += chance.choices(delays[kind], k=many * 100)
    report.add("shown_p50_ms", percentile(all_of_them, 0.5), "accepted to shown, all kinds by their share")
    report.add("shown_p99_ms", percentile(all_of_them, 0.99), f"must: at most {SEEN_P99_MOST_MS:.0f}")
    for kind, found in delays.items():
        report.add(f"shown_p50_ms_{kind}", percentile(found, 0.5), f"{len(found) // 20} followed")
        report.add(f"shown_p99_ms_{kind}", percentile(found, 0.99))


def _tell_pressure(report: Report, pressing: Pressing) -> None:
    from live import ladder

    strengths = [ladder.worst(found)[1] for _at, found in pressing.measured]
    report.add(
        "pressed_share", sum(each >= 1 for each in strengths) / max(1, len(strengths)), "of the time, full pressure"
    )
    for name, value in pressing.worst().items():
        report.add(f"pressure_{name}", value / ladder.LIMITS[name], f"the worst, 1 is full; measured {value:g}")


def _tell_gaps(report: Report, counted: Counted, watcher: Watcher) -> None:
    """A tick that some socket lacks is a gap; detected where the socket saw the next number jump, or got a snapshot instead."""
    whole = [tick for tick in counted.ticks if tick.epoch][1:-1]
    missing = sum(max(0, counted.open - len(tick.arrivals)) for tick in whole)
    detected = counted.gaps + counted.kinds.get("snapshot", 0) + sum(counted.closed.values())
    report.add("ticks", len(whole))
    report.add("frames_missing", missing, "of all ticks at all sockets")
    report.add("gaps_detected", counted.gaps + watcher.gaps, "jumps of the number, seen by the browser's rule")
    report.add("snapshots_instead", counted.kinds.get("snapshot", 0))
    report.add("gaps_undetected", missing if missing and not detected else 0)
    report.add("sockets_closed", sum(counted.closed.values()), str(counted.closed))
