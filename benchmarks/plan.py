"""The plan for four million at once: takes measured coefficients, computes machines, bandwidth, memory and cost, writes docs/scale.md.

What the other benchmarks found is given as files (`--results FILE`, the JSON that `--json` prints); without a file for one, the plan
runs it, and with `quick` it measures for itself, small. nginx in front, which none of them looks at, it always measures itself.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import plan_measure, plan_page
from benchmarks.plan_model import COEFFICIENTS, Known
from benchmarks.servers import ROOT

if TYPE_CHECKING:
    from benchmarks.report import Report

OTHERS = ("fanout", "votes", "storm")
# Machines for all on sockets if a delivered frame cost what it costs elsewhere.
BASELINES = ("stock", "nchan")
_RUN_SECONDS = 120
Figures = dict[str, float | None]


def run(report: Report, *, quick: bool, results: Sequence[str] = (), write: bool = False) -> None:
    """The whole plan; about 50 s with `quick`. The page is written without `quick`, or when told to (`write`)."""
    found, conditions = _given(results)
    if not quick:
        for name in OTHERS:
            if name not in found and (ROOT / "benchmarks" / f"{name}.py").exists():
                report.heading(f"{name}:")
                found |= _run(name)
    report.heading("nginx as shipped before one edge:")
    sizes = plan_measure.QUICK if quick else plan_measure.LONG
    measured = _chosen(found, plan_measure.measure(sizes), sizes.sockets)
    report.conditions |= {f"{name}_of": each for name, each in conditions.items()}
    for each in COEFFICIENTS:
        if each.name in measured:
            value, origin = measured[each.name]
            report.add(each.name, value, f"{each.unit} ({origin})")
    on = plan_page.stated(measured)
    _tell(report, on, found.get("fanout", {}))
    if write or not quick:
        page = plan_page.PAGE
        page.write_text(plan_page.put(page.read_text(encoding="utf-8"), plan_page.render(on)), encoding="utf-8")
        report.heading(f"written: {page.relative_to(ROOT)}")


def _tell(report: Report, on: plan_page.Stated, fanout: Mapping[str, float | None]) -> None:
    """The main figures of the plan, and the baselines in the same arithmetic."""
    report.conditions["extrapolated"] = "everything below: from one machine of two cores to four million viewers"
    report.heading("four million at once, one tick a second (extrapolated):")
    for share in plan_page.SHARES:
        plan, percent = on.plan(share, 1.0), f"{share * 100:.0f}"
        report.add(
            f"machines_{percent}", plan.edge_machines + plan.cache_machines, "edges and caches, spare ones included"
        )
        report.add(f"gbit_{percent}", plan.socket_gbit + plan.poll_gbit, "to viewers")
        report.add(f"yuan_per_hour_{percent}", plan.own_cost, "own machines, traffic by volume")
    everybody = on.plan(1.0, 1.0)
    report.add("storm_seconds_100", everybody.storm_seconds, f"all cut, all back; by {everybody.storm_bound}")
    report.add("database_connections_100", everybody.database_connections, "without a pooler between")
    ours = everybody.edge_cores
    report.add("edge_cores_100", ours, "busy cores of edges and bus")
    for name in BASELINES:
        theirs = fanout.get(f"cpu_us_per_frame_{name}")
        if theirs is None:
            report.missing(f"edge_cores_100_{name}", "give fanout's figures: --results FILE")
            continue
        idle = everybody.sockets * on.known["idle_us_per_second"]
        cores = (everybody.frames_per_second * theirs + idle) / 1e6
        report.add(f"edge_cores_100_{name}", cores, "the same frames at that one's cost")
        report.ratio(f"edge_cores_ours_to_{name}", ours, cores)


def _chosen(found: Mapping[str, Figures], own: Mapping[str, float], sockets: int) -> dict[str, tuple[float, str]]:
    """For each coefficient the best there is, and where it is from; `sockets`: how many the own measurement had."""
    chosen: dict[str, tuple[float, str]] = {}
    for each in COEFFICIENTS:
        benchmark, figure, value = _figure(each, found)
        if value is not None:
            chosen[each.name] = value, f"`{benchmark}`: {figure}"
        elif each.name in own:
            chosen[each.name] = own[each.name], f"`plan` itself, {sockets} sockets"
    return chosen


def _figure(each: Known, found: Mapping[str, Figures]) -> tuple[str, str, float | None]:
    """The figure that brings this coefficient: of that name, or, where it comes in sizes, of the largest size."""
    benchmark, _dot, name = each.figure.partition(".")
    figures = {key: value for key, value in found.get(benchmark, {}).items() if value is not None}
    sizes = {
        key: int(key.rpartition("_")[2])
        for key in figures
        if key.startswith(f"{name}_") and key.rpartition("_")[2].isdigit()
    }
    figure = name if name in figures else max(sizes, key=lambda key: sizes[key], default="")
    return benchmark, figure, figures.get(figure)


def _given(paths: Sequence[str]) -> tuple[dict[str, Figures], dict[str, str]]:
    """Figures by benchmark from files, and what machine each was measured on. Raises ValueError for a file without any."""
    found: dict[str, Figures] = {}
    conditions = {}
    for path in paths:
        name, figures, where = _last_line(Path(path).read_text(encoding="utf-8"), path)
        found[name] = figures
        conditions[name] = f"{Path(path).name}: {where}"
    return found, conditions


def _run(name: str) -> dict[str, Figures]:
    """Run another benchmark, quickly; nothing when it fails, which it says itself."""
    words = [sys.executable, "-m", "benchmarks", name, "--quick", "--json"]
    done = subprocess.run(words, cwd=ROOT, stdout=subprocess.PIPE, text=True, timeout=_RUN_SECONDS, check=False)
    if done.returncode != 0:
        return {}
    return {name: _last_line(done.stdout, name)[1]}


def _last_line(text: str, where: str) -> tuple[str, Figures, str]:
    for line in reversed(text.splitlines()):
        if line.startswith("{"):
            found: dict[str, Any] = json.loads(line)
            conditions = found.get("conditions", {})
            return (
                str(found["name"]),
                dict(found["figures"]),
                f"{conditions.get('cores')} cores, {conditions.get('processor')}",
            )
    raise ValueError(f"{where} holds no line of JSON as `./yishi bench NAME --json` prints it")
