"""What a benchmark found: flat figures, the conditions they hold under, a table for people and one JSON line for programs."""

from __future__ import annotations

import json
import os
import platform
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Report:
    """Figures by flat name. Names end with their unit; a figure that could not be had is None, and why stands in `conditions`."""

    name: str
    figures: dict[str, float | None] = field(default_factory=dict)
    conditions: dict[str, Any] = field(default_factory=dict)
    _lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.conditions = {**machine(), **self.conditions}

    def add(self, name: str, value: float | None, words: str = "") -> None:
        """Keep a figure and tell it at once, so that a run that is broken off has told what it knew."""
        self.figures[name] = None if value is None else round(value, 4)
        shown = "missing" if value is None else f"{value:,.3f}".rstrip("0").rstrip(".")
        self._say(f"  {name:<44} {shown:>12}   {words}")

    def ratio(self, name: str, ours: float | None, theirs: float | None, words: str = "") -> None:
        """Ours divided by the baseline of the same run; missing when either is."""
        self.add(name, ours / theirs if ours is not None and theirs else None, words)

    def missing(self, name: str, why: str) -> None:
        """Say that a figure could not be had, and why."""
        self.add(name, None, why)
        self.conditions[f"missing_{name}"] = why

    def heading(self, words: str) -> None:
        """A line between figures."""
        self._say(words)

    def _say(self, line: str) -> None:
        self._lines.append(line)
        sys.stderr.write(line + "\n")
        sys.stderr.flush()

    def close(self, *, as_json: bool) -> None:
        """Print the conditions; with `as_json` the last line of standard output is one JSON object."""
        for name, value in self.conditions.items():
            sys.stderr.write(f"  ({name}: {value})\n")
        if as_json:
            found = {"name": self.name, "figures": self.figures, "conditions": self.conditions}
            sys.stdout.write(json.dumps(found, ensure_ascii=False) + "\n")
            sys.stdout.flush()


def machine() -> dict[str, Any]:
    """What the figures depend on: cores, load before the run, versions."""
    model = ""
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    return {
        "cores": len(os.sched_getaffinity(0)),
        "processor": model or platform.machine(),
        "load_before": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
    }
