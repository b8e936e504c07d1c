"""`doctor`: runs every check and prints found, expected and how to mend; it mends nothing itself."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict

from broadcast import env
from broadcast.house import connections, diagnosis, production
from broadcast.house.diagnosis import BAD, OK, WARNING, Check, Finding, Situation
from broadcast.house.environment import completed
from broadcast.house.places import Places, here

_FIRST: tuple[Check, ...] = (diagnosis.python, diagnosis.packages, diagnosis.variables, diagnosis.disk)
_AFTER_SETTINGS: tuple[Check, ...] = (
    diagnosis.database,
    connections.room,
    diagnosis.redis_servers,
    diagnosis.registered,
    diagnosis.ports,
    diagnosis.static_files,
    production.switches,
    production.secret_key,
    production.footer,
    production.framework,
)
_SIGNS = {OK: "✓", WARNING: "!", BAD: "✗"}


def main(arguments: Sequence[str]) -> int:
    """Check everything; returns 1 when something is bad."""
    parser = argparse.ArgumentParser(prog="yishi doctor", description="检查各部分 · check each part")
    parser.add_argument("--json", action="store_true", help="机器可读 · for machines")
    options = parser.parse_args(arguments)
    findings = examine(here())
    if options.json:
        sys.stdout.write(json.dumps([asdict(each) for each in findings], ensure_ascii=False, indent=1) + "\n")
    else:
        for each in findings:
            sys.stdout.write(_line(each))
        sys.stdout.write(_summary(findings))
    return 1 if any(each.level == BAD for each in findings) else 0


def examine(places: Places) -> list[Finding]:
    """Every finding, in the order of the checks. A check that fails is itself a finding."""
    house = Situation(places, frozenset(name.removesuffix(env.FILE) for name, value in os.environ.items() if value))
    findings = [each for check in _FIRST for each in _run(check, house)]
    if any(each.level == BAD and each.name.startswith("YISHI_") for each in findings):
        return findings
    os.environ.update(completed(os.environ, places))
    import django

    try:
        django.setup()
    except Exception as error:
        return [*findings, Finding("settings", BAD, f"{type(error).__name__}: {error}", "an application that loads")]
    return findings + [each for check in _AFTER_SETTINGS for each in _run(check, house)]


def _run(check: Check, house: Situation) -> list[Finding]:
    try:
        return list(check(house))
    except Exception as error:
        return [Finding(check.__name__, BAD, f"{type(error).__name__}: {error}", "the check to run", "see the text")]


def _line(finding: Finding) -> str:
    text = f"{_SIGNS[finding.level]} {finding.name}: {finding.found}"
    if finding.level != OK:
        text += f"\n    应为 · expected: {finding.expected}" if finding.expected else ""
        text += f"\n    处理 · mend: {finding.mend}" if finding.mend else ""
    return text + "\n"


def _summary(findings: Sequence[Finding]) -> str:
    bad = sum(each.level == BAD for each in findings)
    warnings = sum(each.level == WARNING for each in findings)
    if bad:
        return f"\n{bad} 项须处理，{warnings} 项提醒 · {bad} to mend, {warnings} to know\n"
    return f"\n全部可用，{warnings} 项提醒 · everything works, {warnings} to know\n"
