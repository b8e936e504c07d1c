"""A crowd of cheap viewers in processes of its own: opens sockets, counts what comes, sends commands, stalls, cuts. See `Crowd`."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any

from benchmarks import crowd_worker
from benchmarks.crowd_worker import Where

# Nobody sees more sockets than these from one address, unless asked.
PER_ADDRESS = 1_000
# Of the kernel's niceness, for a crowd that is preferred.
FIRST = -10


@dataclass(frozen=True)
class Tick:
    """One public tick as the whole crowd got it: when (CLOCK_MONOTONIC ns, any order), and the "ns=" marks in its words."""

    epoch: int
    seq: int
    at: str
    marks: tuple[int, ...]
    arrivals: list[int] = field(repr=False)


@dataclass(frozen=True)
class Counted:
    """What the crowd saw since `reset`. `cpu` is the crowd's own processor time since it began."""

    open: int
    frames: int
    octets: int
    gaps: int
    stale: int
    kinds: dict[str, int]
    closed: dict[str, int]
    refused: dict[str, int]
    ticks: list[Tick]
    joins_ms: list[float] = field(repr=False)
    away_ms: list[float] = field(repr=False)
    cpu: float = 0.0

    def delays_ms(self) -> list[float]:
        """Of every delivered tick: arrival less each of its marks."""
        return [(at - mark) / 1e6 for tick in self.ticks for mark in tick.marks for at in tick.arrivals]

    def last_socket_ms(self) -> list[float]:
        """Of every marked tick: until the last socket had it."""
        return [(max(tick.arrivals) - mark) / 1e6 for tick in self.ticks for mark in tick.marks[:1] if tick.arrivals]


@dataclass(frozen=True)
class Said:
    """Commands that were sent. `codes`: "ack" or the refusal's code, with how many; `acked`: ids, for a recount."""

    sent: int
    codes: dict[str, int]
    waits_ms: list[float] = field(repr=False)
    acked: list[str] = field(repr=False)
    seconds: float = 0.0

    @property
    def unanswered(self) -> int:
        """How many got neither ack nor refusal in time."""
        return self.sent - sum(self.codes.values())


class Crowd:
    """`with Crowd(2) as crowd:`; every method returns when all workers have done it. At most 19,000 sockets a worker.

    Time marks: a command's "{ns}" becomes the moment it was due, so what comes back in a tick's words tells its own delay.
    """

    def __init__(self, workers: int = 1) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._pipes: list[Connection] = []
        self._processes = []
        for number in range(workers):
            ours, theirs = spawn.Pipe()
            process = spawn.Process(target=crowd_worker.main, args=(number, theirs), daemon=True)
            process.start()
            theirs.close()
            self._pipes.append(ours)
            self._processes.append(process)
        self._opened = 0

    def __enter__(self) -> Crowd:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pipe in self._pipes:
            pipe.close()
        for process in self._processes:
            process.join(5)
            if process.is_alive():
                process.kill()

    def open(
        self,
        ports: Sequence[int],
        path: str,
        count: int,
        *,
        cookies: Sequence[str] = (),
        rate: float = 0.0,
        first_frame: bool = True,
        per_address: int = PER_ADDRESS,
        receive_buffer: int = 0,
        stay_seconds: float | None = None,
        seconds: float = 30.0,
    ) -> int:
        """Open `count` more sockets on 127.0.0.1, over `ports` in turn, `rate` a second in all (0: as fast as answered).

        Socket n has cookie n % len(cookies). `first_frame`: open means a first frame came, else that the handshake was done.
        `stay_seconds`: lost sockets come back, with (epoch, seq), with full jitter in that window or in the one that a close
        4012 or 4013 names. Returns how many are open; why others are not stands in `count().refused` and `.closed`.
        """
        addresses = tuple(f"127.0.{1 + each // 250}.{1 + each % 250}" for each in range(-(-count // per_address)))
        where = Where(tuple(ports), path, tuple(cookies), addresses, first_frame, receive_buffer, stay_seconds)
        shares = _shares(count, len(self._pipes))
        orders, first = [], self._opened
        for share in shares:
            orders.append((where, share, first, rate / len(shares), seconds))
            first += share
        self._opened += count
        return sum(int(each["open"]) for each in self._order("open", orders))

    def prefer(self) -> bool:
        """Have the crowd run before others of this machine, where we may: what is short of time are not the viewers' own devices."""
        try:
            for process in self._processes:
                os.setpriority(os.PRIO_PROCESS, process.pid or 0, FIRST)
            # Where the kernel shares out among sessions first.
            with contextlib.suppress(FileNotFoundError):
                Path("/proc/self/autogroup").write_text(str(FIRST), encoding="ascii")
        except PermissionError:
            return False
        return True

    def reset(self) -> None:
        """Count from zero."""
        self._order("reset", [()] * len(self._pipes))

    def count(self) -> Counted:
        """What was counted since the last `reset`; the sockets go on."""
        parts = self._order("count", [()] * len(self._pipes))
        tallies = [part["tally"] for part in parts]
        return Counted(
            open=sum(part["open"] for part in parts),
            frames=_sum(tallies, "frames"),
            octets=_sum(tallies, "octets"),
            gaps=_sum(tallies, "gaps"),
            stale=_sum(tallies, "stale"),
            kinds=_by_name(tallies, "kinds"),
            closed=_by_name(tallies, "closed"),
            refused=_by_name(tallies, "refused"),
            ticks=_ticks(parts),
            joins_ms=[each / 1e6 for tally in tallies for each in tally["joins_ns"]],
            away_ms=[each / 1e6 for tally in tallies for each in tally["away_ns"]],
            cpu=sum(part["cpu"] for part in parts),
        )

    def say(
        self,
        texts: Sequence[str],
        count: int,
        *,
        rate: float = 0.0,
        in_flight: int = 0,
        prefix: str = "crowd",
        patience: float = 10.0,
    ) -> Said:
        """Send `count` commands over the open sockets in turn and wait for their answers.

        Text n is texts[n % len(texts)] with "{id}" and "{ns}" filled in. `rate` a second in all keeps to its plan whatever the
        answers do, and a wait counts from when the command was due; `in_flight` (in all) holds back while so many wait.
        Ids are "<prefix>-<worker>-<number>": a new prefix makes new commands, the same one a retry.
        """
        workers = len(self._pipes)
        orders = [
            (tuple(texts), share, rate / workers, -(-in_flight // workers), prefix, patience)
            for share in _shares(count, workers)
        ]
        parts = self._order("say", orders)
        waits = [wait for part in parts for wait in part["waits"]]
        codes = Counter(code for _name, _wait, code in waits)
        return Said(
            sent=sum(part["sent"] for part in parts),
            codes=dict(codes),
            waits_ms=[wait / 1e6 for _name, wait, _code in waits],
            acked=[name for name, _wait, code in waits if code == "ack"],
            seconds=max(0, max(part["last_ns"] for part in parts) - min(part["began_ns"] for part in parts)) / 1e9,
        )

    def stall(self, share: float) -> int:
        """Let this share of the sockets stop reading (0: all read again); how many."""
        return sum(self._order("stall", [(share,)] * len(self._pipes)))

    def cut(self, *, back: bool = False) -> int:
        """Break every connection at once; how many. With `back`, those opened with `stay_seconds` come back."""
        if not back:
            self._opened = 0
        return sum(self._order("cut", [(back,)] * len(self._pipes)))

    def _order(self, name: str, arguments: Sequence[tuple[Any, ...]]) -> list[Any]:
        for pipe, each in zip(self._pipes, arguments, strict=True):
            pipe.send((name, each))
        answers = [pipe.recv() for pipe in self._pipes]
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        return answers


def percentile(values: Sequence[float], share: float) -> float | None:
    """The value that `share` (0 to 1) of the values do not exceed; None without values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None


def _sum(tallies: Sequence[dict[str, Any]], name: str) -> int:
    return sum(int(tally[name]) for tally in tallies)


def _by_name(tallies: Sequence[dict[str, Any]], name: str) -> dict[str, int]:
    found: Counter[str] = Counter()
    for tally in tallies:
        found.update(tally[name])
    return dict(found)


def _shares(count: int, workers: int) -> list[int]:
    return [count // workers + (each < count % workers) for each in range(workers)]


def _ticks(parts: Sequence[dict[str, Any]]) -> list[Tick]:
    found: dict[tuple[int, int], Tick] = {}
    for part in parts:
        for seen in part["seen"]:
            if seen.kind == "tick":
                tick = found.setdefault((seen.epoch, seen.seq), Tick(seen.epoch, seen.seq, seen.at, seen.marks, []))
                tick.arrivals.extend(array("q", seen.arrivals))
    return [found[key] for key in sorted(found)]
