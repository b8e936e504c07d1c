"""One tick to many sockets: ours on both servers, ready-made and plain, beside stock Channels and nginx with nchan, in one run."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks import nchan
from benchmarks.crowd import Counted, Crowd, percentile
from benchmarks.servers import Process, Seeded, Servers, wait_http

if TYPE_CHECKING:
    from benchmarks.report import Report

SIZE = 500
_CORE = "channels_redis.core.RedisChannelLayer"
_PUBSUB = "channels_redis.pubsub.RedisPubSubChannelLayer"
# As fast as they are taken, stock Channels loses connections to its Redis.
_SLOW_JOINS = 400.0
Publish = Callable[[int, float], None]
Begin = Callable[[Servers], Process | None]


@dataclass(frozen=True)
class Plan:
    """How many sockets, and ticks at what pace: no faster than the slow ones can follow."""

    sockets: int
    ticks: int
    every: float
    slow_ticks: int
    slow_every: float
    suffix: str = ""


@dataclass
class Subject:
    """One server under measurement. `paid`: all whose processor time counts; `publish` sends ticks at a pace."""

    name: str
    web: Process
    paid: list[Process]
    path: str
    cookies: list[str]
    publish: Publish
    first_frame: bool
    publisher: Callable[[], float] = lambda: 0.0
    is_slow: bool = False


Offer = Callable[[Servers, Process], Iterator[Subject]]


def run(report: Report, *, quick: bool, only: Sequence[str] = ()) -> None:
    """All of it on private servers; about 50 s with `quick`, some minutes without: `only` measures these servers (SUBJECTS) alone."""
    if unknown := set(only) - SUBJECTS.keys():
        raise SystemExit(f"no such server: {', '.join(sorted(unknown))}; there are {', '.join(SUBJECTS)}")
    subjects = {name: each for name, each in SUBJECTS.items() if not only or name in only}
    plans = (
        [Plan(1_200, 12, 0.15, 3, 0.8)]
        if quick
        else [Plan(2_000, 20, 0.5, 8, 2.5, "_2000"), Plan(10_000, 20, 1, 4, 12)]
    )
    with Servers() as servers, Crowd(1) as crowd:
        report.conditions |= {
            "tick_bytes": SIZE,
            "sockets": [plan.sockets for plan in plans],
            "paid": "user and system time of the web process and of Valkey, chores meanwhile included; who publishes is told apart",
            "kib_per_socket": "PSS of the web process; the kernel's buffers are in none of them",
            "joins": "handshake with cookie and admission, and the snapshot; stock: group_add; nchan: handshake alone",
            "limits": "lifted (YISHI_LIMITS); stock: capacity and connections of its Redis pool too",
        }
        # Starting takes longest: with `quick` all at once, and they idle beside the one that is measured.
        started = {name: begin(servers) for name, (begin, _offer) in subjects.items()} if quick else {}
        for name, (begin, offer) in subjects.items():
            for plan in plans:
                try:
                    web = started.pop(name, None) or begin(servers)
                    _measure(report, offer, plan, f"{name}{plan.suffix}", (servers, web), crowd)
                except nchan.Missing as error:
                    for figure in ("cpu_us_per_frame", "kib_per_socket", "joins_per_cpu_second", "last_socket_p99_ms"):
                        report.missing(f"{figure}_{name}{plan.suffix}", str(error))
        for plan in plans:
            _compare(report, plan.suffix)


def _measure(
    report: Report, offer: Offer, plan: Plan, suffix: str, served: tuple[Servers, Process | None], crowd: Crowd
) -> None:
    servers, web = served
    if web is None:
        raise nchan.Missing(nchan.WHY)
    try:
        wait_http(web)
        with contextmanager(offer)(servers, web) as subject:
            _figures(report, subject, plan, suffix, crowd)
    except Exception as error:
        # Ours must not break; a baseline may, and that is a finding.
        if not suffix.startswith("stock"):
            raise
        for figure in ("cpu_us_per_frame", "last_socket_p99_ms"):
            report.missing(
                f"{figure}_{suffix}", f"broke with {plan.sockets:,} sockets: {type(error).__name__}: {error}"
            )
    finally:
        crowd.cut()
        web.stop()


def _figures(report: Report, subject: Subject, plan: Plan, suffix: str, crowd: Crowd) -> None:
    report.heading(f"{subject.name}, {plan.sockets:,} sockets")
    web, first = subject.web, subject.first_frame
    # A few before, so that nothing is loaded for the first time while it is measured.
    crowd.open([web.port], subject.path, 20, cookies=subject.cookies, first_frame=first)
    subject.publish(1, 0.5)
    _settled(crowd, 20)
    held, spent = web.pss_kib(), sum(each.cpu() for each in subject.paid)
    crowd.open(
        [web.port],
        subject.path,
        plan.sockets,
        cookies=subject.cookies,
        first_frame=first,
        rate=_SLOW_JOINS if subject.is_slow else 0,
        seconds=60,
    )
    joined = sum(each.cpu() for each in subject.paid) - spent
    opened = crowd.count().open
    report.add(f"refused_{suffix}", 20 + plan.sockets - opened, str(crowd.count().refused or ""))
    if subject.is_slow:
        # What its joins left to do is not counted with the ticks.
        subject.publish(1, 1)
        _settled(crowd, 20 + opened)
    report.add(f"joins_per_cpu_second_{suffix}", plan.sockets / joined)
    report.add(f"kib_per_socket_{suffix}", (web.pss_kib() - held) / plan.sockets)
    report.add(f"idle_cpu_ms_per_second_{suffix}", _idle(subject) * 1000, "with all these sockets and no tick")
    ticks, every = (plan.slow_ticks, plan.slow_every) if subject.is_slow else (plan.ticks, plan.every)
    crowd.reset()
    before, clients = sum(each.cpu() for each in subject.paid), crowd.count().cpu
    beside = subject.publisher()
    subject.publish(ticks, every)
    seen = _settled(crowd, opened * ticks)
    paid = sum(each.cpu() for each in subject.paid) - before
    report.add(f"cpu_us_per_frame_{suffix}", paid / max(1, seen.kinds.get("tick", 0)) * 1e6, f"{seen.frames:,} frames")
    report.add(
        f"last_socket_p99_ms_{suffix}", percentile(seen.last_socket_ms(), 0.99), "until the last socket has a tick"
    )
    report.add(f"client_cpu_us_per_frame_{suffix}", (seen.cpu - clients) / max(1, seen.frames) * 1e6, "the crowd's own")
    if beside:
        report.add(
            f"publisher_cpu_ms_per_tick_{suffix}", (subject.publisher() - beside) / ticks * 1000, "the composer's"
        )
    missed = opened * ticks - seen.kinds.get("tick", 0)
    report.add(f"frames_not_delivered_{suffix}", missed, f"of {opened * ticks:,}; sequence gaps seen: {seen.gaps}")


def _idle(subject: Subject) -> float:
    before = sum(each.cpu() for each in subject.paid)
    time.sleep(1)
    return sum(each.cpu() for each in subject.paid) - before


def _settled(crowd: Crowd, frames: int) -> Counted:
    """What was counted when so many ticks have come, or when none come any more."""
    seen = crowd.count()
    while seen.kinds.get("tick", 0) < frames:
        before = seen.frames
        time.sleep(0.25 if before else 2)
        seen = crowd.count()
        if seen.frames == before:
            time.sleep(3)
            seen = crowd.count()
            if seen.frames == before:
                break
    return seen


def _compare(report: Report, suffix: str) -> None:
    known = report.figures
    for figure, ours, theirs in (
        ("uvicorn_to_nchan", "uvicorn", "nchan"),
        ("uvicorn_plain_to_nchan", "uvicorn_plain", "nchan"),
        ("daphne_to_stock", "daphne", "stock"),
    ):
        mine, other = (known.get(f"cpu_us_per_frame_{each}{suffix}") for each in (ours, theirs))
        report.ratio(f"cpu_{figure}_ratio{suffix}", mine, other)


def _ours(kind: str, straight: str) -> tuple[Begin, Offer]:
    def offer(servers: Servers, web: Process) -> Iterator[Subject]:
        from benchmarks.pace import Pacer

        seeded = _seeded(servers)
        name = f"ours on {kind}, {'ready-made frames' if straight == '1' else 'plain ASGI'}"
        with Pacer(seeded.airing_id, SIZE) as pacer:
            paid = [web, servers.valkey]
            yield Subject(name, web, paid, seeded.socket, seeded.cookies, pacer.run, True, lambda: pacer.cpu)

    return lambda servers: servers.begin(kind, {"YISHI_STRAIGHT": straight}), offer


def _seeded(servers: Servers) -> Seeded:
    """One airing on air for all of our servers in turn."""
    known: Seeded | None = getattr(servers, "_fanout", None)
    if known is None:
        known = servers.seed(participants=1_500)
        servers._fanout = known  # type: ignore[attr-defined]
    return known


def _stock(layer: str) -> tuple[Begin, Offer]:
    def begin(servers: Servers) -> Process:
        environ = {"DJANGO_SETTINGS_MODULE": "benchmarks.stock.settings", "STOCK_LAYER": layer}
        environ["STOCK_REDIS"] = servers.environ["YISHI_BUS_URL"].rsplit("/", 1)[0] + "/5"
        words = ("daphne", "-v", "0", "-b", "127.0.0.1", "-p", "%d", "benchmarks.stock.asgi:application")
        return servers.begin("stock", environ, words)

    def offer(servers: Servers, web: Process) -> Iterator[Subject]:
        from websockets.sync.client import connect

        path = "/ws/chat/hall/"
        with connect(f"ws://127.0.0.1:{web.port}{path}", compression=None, max_queue=None, proxy=None) as speaker:

            def publish(ticks: int, every: float) -> None:
                for _each in range(ticks):
                    mark = f"ns={time.monotonic_ns()} "
                    bare = len(json.dumps({"message": mark}))
                    speaker.send(json.dumps({"message": mark + "x" * (SIZE - bare)}))
                    time.sleep(every)

            name = f"the tutorial's consumer on Daphne, {layer}"
            yield Subject(name, web, [web, servers.valkey], path, [], publish, False, is_slow=True)

    return begin, offer


def _nchan(_servers: Servers, web: Process) -> Iterator[Subject]:
    asked = http.client.HTTPConnection("127.0.0.1", web.port, timeout=30)

    def publish(ticks: int, every: float) -> None:
        for _each in range(ticks):
            asked.request("POST", nchan.PUBLISH, f"ns={time.monotonic_ns()} ".ljust(SIZE, "x"))
            asked.getresponse().read()
            time.sleep(every)

    yield Subject("nginx with nchan", web, [web], nchan.SUBSCRIBE, [], publish, False)


SUBJECTS: dict[str, tuple[Begin, Offer]] = {
    "nchan": (nchan.begin, _nchan),
    "uvicorn": _ours("uvicorn", "1"),
    "uvicorn_plain": _ours("uvicorn", "0"),
    "daphne": _ours("daphne", "1"),
    "daphne_plain": _ours("daphne", "0"),
    "stock": _stock(_CORE),
    "stock_pubsub": _stock(_PUBSUB),
}
