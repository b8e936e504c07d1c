"""A storm: every socket is cut at once; how long until all are back, what it asks of the database, and the same without windows."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from benchmarks.crowd import Counted, Crowd, percentile
from benchmarks.report import Report
from benchmarks.servers import NO_LIMITS, Process, Seeded, Servers

SOCKETS, QUICK_SOCKETS = 10_000, 2_000
PROCESSES = 2
PATIENCE_SECONDS = 90.0


@dataclass
class Storm:
    """What one storm took."""

    seen: Counted
    queries: float
    counted: float
    cpu: float
    seconds: float


def run(report: Report, *, quick: bool) -> None:
    """The window that the server tells its sockets, against all at once."""
    sockets = QUICK_SOCKETS if quick else SOCKETS
    report.conditions |= {
        "sockets": sockets,
        "processes": f"{PROCESSES} uvicorn",
        "queries": "transactions that PostgreSQL counted, less what the processes ask anyway in the same time",
        "addresses": "1,000 sockets each",
    }
    with Servers() as servers:
        seeded = servers.seed(300)
        report.heading("ours: joins limited to the default, window told by the server")
        joins = ",".join("joins=500" if each.startswith("joins=") else each for each in NO_LIMITS.split(","))
        ours = _storm(report, servers, seeded, sockets, "", joins)
        report.heading("baseline: everybody at once, nobody refused")
        theirs = _storm(report, servers, seeded, sockets, "baseline_", NO_LIMITS)
        report.ratio("cpu_to_baseline", ours.cpu, theirs.cpu)


def _storm(report: Report, servers: Servers, seeded: Seeded, sockets: int, prefix: str, limits: str) -> Storm:
    webs = servers.start("uvicorn", PROCESSES, environ={"YISHI_LIMITS": limits})
    # As many joins a second as the process allows: the crowd comes in as one does before a show.
    rate = 800.0
    window = 0.05 if prefix else _window(limits, sockets)
    with Crowd(1) as crowd:
        ports = [each.port for each in webs]
        opened = crowd.open(
            ports, seeded.socket, sockets, cookies=seeded.cookies, rate=rate, stay_seconds=window, seconds=60
        )
        report.add(f"{prefix}sockets", opened)
        report.add(f"{prefix}window_ms", 1_000 * window, "what the server tells its sockets" if not prefix else "none")
        time.sleep(3)
        storm = _cut(crowd, webs, opened, *_idle(webs))
    servers.stop_web()
    away = storm.seen.away_ms
    back = len(away)
    report.add(f"{prefix}back_percent", 100 * back / opened)
    last = percentile([*away, *[float("inf")] * (opened - back)], 0.999)
    report.add(f"{prefix}back_p999_ms", last if last != float("inf") else None, "99.9 % of all were back")
    report.add(f"{prefix}back_p50_ms", percentile(away, 0.5))
    report.add(f"{prefix}queries_per_reconnect", storm.queries / max(1, back))
    report.add(
        f"{prefix}refused_percent", 100 * storm.seen.closed.get("4013", 0) / opened, "sent away once more (4013)"
    )
    report.add(f"{prefix}transactions", storm.counted, f"counted in {storm.seconds:.1f} s, idle ones included")
    report.add(f"{prefix}gaps", storm.seen.gaps, "ticks that a socket missed and was not told of")
    report.add(
        f"{prefix}snapshots_percent",
        100 * storm.seen.kinds.get("snapshot", 0) / opened,
        "who was not resumed from the window",
    )
    report.add(
        f"{prefix}cpu_us_per_reconnect",
        1e6 * storm.cpu / max(1, back),
        "server processes alone, less what they use when nobody comes",
    )
    return storm


def _window(limits: str, sockets: int) -> float:
    """What a process tells each of its sockets (live.admission), in seconds."""
    from live.admission import Admission
    from live.limits import Limits

    numbers = {name: int(value) for name, _equals, value in (each.partition("=") for each in limits.split(","))}
    return Admission(Limits(**numbers), lambda: sockets // PROCESSES).return_ms() / 1_000


def _cut(crowd: Crowd, webs: list[Process], opened: int, idle_queries: float, idle_cpu: float) -> Storm:
    crowd.reset()
    cpu, asked, began = sum(each.cpu() for each in webs), _asked(), time.monotonic()
    crowd.cut(back=True)
    while True:
        time.sleep(0.5)
        seen = crowd.count()
        if len(seen.away_ms) >= opened or time.monotonic() - began > PATIENCE_SECONDS:
            break
    took = time.monotonic() - began
    used = sum(each.cpu() for each in webs) - cpu - idle_cpu * took
    # PostgreSQL tells what a connection did about a second later.
    time.sleep(1.5)
    counted = _asked() - asked
    queries = counted - idle_queries * (time.monotonic() - began)
    return Storm(seen, max(0.0, queries), counted, max(0.0, used), took)


def _idle(webs: list[Process]) -> tuple[float, float]:
    """Transactions, and seconds of processor, a second while nobody comes or goes."""
    before, cpu, began = _asked(), sum(each.cpu() for each in webs), time.monotonic()
    time.sleep(4)
    took = time.monotonic() - began
    return (_asked() - before) / took, (sum(each.cpu() for each in webs) - cpu) / took


def _asked() -> float:
    """Transactions of the database so far, from a connection of its own thread, so that its own are few."""
    found: list[float] = []

    def look() -> None:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(
                "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()"
            )
            found.append(float(cursor.fetchone()[0]))
        connection.close()

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    return found[0]
