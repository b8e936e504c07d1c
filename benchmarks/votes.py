"""Durable acknowledged votes a second over sockets, beside one transaction a vote through the same stack; every run is recounted."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.crowd import Crowd, Said
    from benchmarks.report import Report
    from benchmarks.servers import Process, Seeded, Servers

P99_MOST_MS = 250.0
# Of what was reached with all that the crowd could press in: where the waits are measured; the first whose p99 holds.
SHARES_OF_MOST = (0.85, 0.65, 0.5)
IN_FLIGHT = 600
_FLUSHES = "SELECT coalesce(sum(fsyncs), 0) FROM pg_stat_io WHERE object = 'wal'"


@dataclass
class Run:
    """One way of serving, measured."""

    most: float
    rate: float
    p50_ms: float
    p99_ms: float
    acked: int
    lost: int
    flushes: float
    web_us: float
    database_us: float
    crowd_us: float
    is_equal: bool


def run(report: Report, *, quick: bool) -> None:
    """Measure one and two web processes, and the baseline."""
    from benchmarks.crowd import Crowd
    from benchmarks.servers import Servers

    people, seconds = (1_500, 4.0) if quick else (5_000, 12.0)
    report.conditions |= {
        "people": people,
        "sockets": people,
        "votes": "every participant votes again and again: appended, chained, the ballot replaced",
        "server": "uvicorn (`edge`), PostgreSQL with fsync and synchronous_commit, both beside the crowd on the same cores",
        "waits": f"from when a vote was due, at the first of {SHARES_OF_MOST} of the most that was reached with {IN_FLIGHT} in "
        f"flight, whose p99 is at most {P99_MOST_MS:.0f} ms",
        "disk_fsync_ms": None,
    }
    with Servers(durable=True) as servers, Crowd(workers=1) as crowd:
        disk = disk_fsync_ms(servers.folder)
        report.conditions["disk_fsync_ms"] = round(disk, 3)
        report.add("disk_fsyncs_per_second", 1000 / disk, "one writer, 8 KiB, fdatasync: what the disk does")
        seeded = servers.seed(people)
        ours = {count: _measure(servers, crowd, seeded, count, seconds) for count in (1, 2)}
        baseline = _measure(servers, crowd, seeded, 1, seconds / 2, command=("benchmarks.vote_singly", "--port", "%d"))
    for count, found in ours.items():
        _tell(report, found, f"_{count}_web")
    best = max((found for found in ours.values()), key=lambda each: (each.p99_ms <= P99_MOST_MS, each.rate))
    report.heading("beside one transaction a vote")
    report.add("votes_per_second", best.rate, "acknowledged after the commit, the better of one and two processes")
    report.add("ack_p99_ms", best.p99_ms)
    report.add("baseline_votes_per_second", baseline.rate, "the same code, batches of one, 16 threads")
    report.add("baseline_ack_p99_ms", baseline.p99_ms)
    report.ratio("votes_to_baseline_ratio", best.rate, baseline.rate)
    report.add("fsyncs_per_second", best.flushes, "flushes of the write-ahead log while that was measured")
    report.add(
        "lost_votes", float(sum(each.lost for each in (*ours.values(), baseline))), "neither acknowledged nor refused"
    )
    equal = all(each.is_equal for each in (*ours.values(), baseline))
    report.add("recount_equal", float(equal), "tally = recount = chain, every acknowledged vote is in it, in every run")


def _tell(report: Report, found: Run, name: str) -> None:
    report.heading(f"{name.strip('_').replace('_', ' ')} process(es)")
    report.add(f"votes_per_second{name}", found.rate)
    report.add(f"most_votes_per_second{name}", found.most, f"{IN_FLIGHT} in flight, as fast as they are answered")
    report.add(f"ack_p50_ms{name}", found.p50_ms)
    report.add(f"ack_p99_ms{name}", found.p99_ms)
    report.add(f"web_us_per_vote{name}", found.web_us, "processor time of the web processes")
    report.add(f"database_us_per_vote{name}", found.database_us)
    report.add(f"crowd_us_per_vote{name}", found.crowd_us, "the load generator's, on the same cores")


def _measure(
    servers: Servers, crowd: Crowd, seeded: Seeded, count: int, seconds: float, command: Sequence[str] = ()
) -> Run:
    from benchmarks.crowd import percentile
    from tests.live import making

    poll, options = making.make_poll(seeded.show, ("赞成", "反对", "弃权"))  # type: ignore[arg-type]
    texts = [json.dumps({"type": "poll.vote", "id": "{id}", "poll": poll, "options": [each]}) for each in options]
    webs = servers.start("uvicorn", count, command=command)
    many = len(seeded.cookies)
    opened = crowd.open([each.port for each in webs], seeded.socket, many, cookies=seeded.cookies, rate=1_500)
    crowd.say(texts, many // 2, in_flight=IN_FLIGHT, prefix=f"warm-{poll}")
    pressed = _press(crowd, texts, poll, seconds)
    most = len(pressed.acked) / pressed.seconds
    acked, lost = {*pressed.acked}, pressed.unanswered + many - opened
    for share in SHARES_OF_MOST:
        began, cpu, flushes = time.monotonic(), _cpu(webs, servers, crowd), _flushes()
        rate = most * share
        said = crowd.say(texts, int(rate * seconds), rate=rate, prefix=f"paced-{share * 100:.0f}-{poll}")
        took, used = time.monotonic() - began, [b - a for a, b in zip(cpu, _cpu(webs, servers, crowd), strict=True)]
        flushed = (_flushes() - flushes) / took
        if set(said.codes) - {"ack"}:
            raise RuntimeError(f"votes were refused: {dict(said.codes)}")
        acked, lost = acked | {*said.acked}, lost + said.unanswered
        p99 = percentile(said.waits_ms, 0.99) or 0.0
        if p99 <= P99_MOST_MS:
            break
    votes = max(1, len(said.acked))
    found = Run(
        most=most,
        rate=len(said.acked) / said.seconds,
        p50_ms=percentile(said.waits_ms, 0.5) or 0.0,
        p99_ms=p99,
        acked=len(said.acked),
        lost=lost,
        flushes=flushed,
        web_us=used[0] / votes * 1e6,
        database_us=used[1] / votes * 1e6,
        crowd_us=used[2] / votes * 1e6,
        is_equal=recount_equal(poll, acked),
    )
    crowd.cut()
    servers.stop_web()
    return found


def _press(crowd: Crowd, texts: Sequence[str], poll: int, seconds: float) -> Said:
    """As many as go through: first a few to learn how many fill the time."""
    first = crowd.say(texts, IN_FLIGHT * 2, in_flight=IN_FLIGHT, prefix=f"first-{poll}")
    reached = len(first.acked) / max(first.seconds, 0.001)
    return crowd.say(texts, max(IN_FLIGHT * 2, int(reached * seconds)), in_flight=IN_FLIGHT, prefix=f"press-{poll}")


def _cpu(webs: Sequence[Process], servers: Servers, crowd: Crowd) -> tuple[float, float, float]:
    return sum(each.cpu() for each in webs), servers.postgres.cpu(), crowd.count().cpu


def _flushes() -> float:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(_FLUSHES)
        return float(cursor.fetchone()[0])


def recount_equal(poll: int, acked: set[str]) -> bool:
    """Whether every acknowledged vote is among the casts, the tally is the recount, and the chain holds."""
    from live import queries
    from live.models import BallotCast
    from live.queries.polls import tally
    from live.queries.verify import verify
    from live.services import chain

    chain.place_all()
    kept = set(BallotCast.objects.filter(poll=poll).values_list("command_id", flat=True))
    return acked <= kept and queries.recount(poll) == tally(poll) and verify(poll).wrong == []


def disk_fsync_ms(folder: Path, seconds: float = 0.5) -> float:
    """Milliseconds that one fdatasync of 8 KiB takes where the database's files are."""
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        block, many = bytes(8_192), 0
        os.write(file.fileno(), block)
        os.fdatasync(file.fileno())
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            os.pwrite(file.fileno(), block, 0)
            os.fdatasync(file.fileno())
            many += 1
        return (time.monotonic() - began) * 1000 / many
