"""`python -m benchmarks NAME [--quick] [--json]`: runs one benchmark; `./yishi bench` is the same."""

from __future__ import annotations

import argparse
import importlib
import inspect
import sys
from pathlib import Path

from benchmarks.report import Report

_NOT = {"__init__", "__main__", "report"}


def names() -> list[str]:
    """The benchmarks there are: modules here that have `run(report, quick)`."""
    here = Path(__file__).parent
    found = [each.stem for each in sorted(here.glob("*.py")) if each.stem not in _NOT]
    return [name for name in found if "def run(" in (here / f"{name}.py").read_text(encoding="utf-8")]


def main(arguments: list[str] | None = None) -> int:
    """Run one benchmark; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="yishi bench", description="测量 · measure against a baseline in the same run"
    )
    parser.add_argument("name", choices=names())
    parser.add_argument("--quick", action="store_true", help="smaller sizes, ends within 50 s")
    parser.add_argument("--json", action="store_true", help="last line of output: one JSON object")
    parser.add_argument(
        "--results", action="append", default=[], metavar="FILE", help="what other benchmarks found (plan)"
    )
    parser.add_argument("--write", action="store_true", help="write the page, even with --quick (plan)")
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="NAME",
        help="measure this server alone; may be repeated (fanout)",
    )
    parser.add_argument(
        "--hogs", type=int, default=0, metavar="N", help="processes that only take time away (busy_room)"
    )
    chosen = parser.parse_args(arguments)
    report = Report(chosen.name, conditions={"quick": chosen.quick})
    run = importlib.import_module(f"benchmarks.{chosen.name}").run
    more = {
        name: getattr(chosen, name)
        for name in ("results", "write", "hogs", "only")
        if name in inspect.signature(run).parameters
    }
    run(report, quick=chosen.quick, **more)
    report.close(as_json=chosen.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
