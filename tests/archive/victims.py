"""Who runs for a storm, read from the kernel: the recorder's children by what they do, a worker's pool, and whoever was left over."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from broadcast.house import processes

_WRITTEN = re.compile(rb"/parts/(\d+)/i\.m3u8")


@dataclass(frozen=True)
class Victim:
    """A process that can be killed, with the part that it writes."""

    pid: int
    part: int | None = None


def below(parent: int) -> list[int]:
    """Living children of a process, whatever their environment or session."""
    return [pid for pid, fields in _stats() if int(fields[1]) == parent and fields[0] != "Z"]


def children_of_recorder(pid: int, push_port: int) -> dict[str, list[Victim]]:
    """Its ffmpeg children: who writes a part, works on a segment, or sends to `push_port`."""
    found: dict[str, list[Victim]] = {"ingest": [], "ladder": [], "push": []}
    for child in below(pid):
        try:
            words, folder = Path(f"/proc/{child}/cmdline").read_bytes(), Path(f"/proc/{child}/cwd").readlink()
        except OSError:
            continue
        if folder.name.startswith(".job-"):
            found["ladder"].append(Victim(child))
        elif b"hls_segment_filename" in words and (written := _WRITTEN.search(words)):
            found["ingest"].append(Victim(child, int(written[1])))
        elif b":%d" % push_port in words:
            found["push"].append(Victim(child))
    return found


def living(mark: str, logs: Iterable[Path], sessions: Iterable[int]) -> set[int]:
    """Whoever carries the mark, writes to one of the logs, or is of one of the sessions: each alone would betray an orphan."""
    names, own = {str(log) for log in logs}, set(sessions)
    found = {each.pid for each in processes.marked(mark)}
    for pid, fields in _stats():
        if pid != os.getpid() and fields[0] != "Z" and (int(fields[3]) in own or names & _outputs(pid)):
            found.add(pid)
    return found


def _outputs(pid: int) -> set[str]:
    found = set()
    for number in (1, 2):
        try:
            found.add(os.readlink(f"/proc/{pid}/fd/{number}"))  # noqa: PTH115 - a name, often of no file
        except OSError:
            continue
    return found


def _stats() -> Iterator[tuple[int, list[str]]]:
    """Number and fields of every process from its state on: parent is [1], session [3]."""
    for name in os.listdir("/proc"):  # noqa: PTH208 - names are enough, and asked for many times a second
        if name.isdigit():
            try:
                content = Path(f"/proc/{name}/stat").read_text(encoding="utf-8", errors="replace")
            except OSError:
                continue
            yield int(name), content.rpartition(")")[2].split()
