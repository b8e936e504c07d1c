"""The repository speaks of the project alone, in one vocabulary."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NOT_OURS = re.compile(r"pypi\.org|pythonhosted|registry\.npmjs|deb\.debian\.org|/root/|/home/\w")


def tracked(*suffixes: str) -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split(
        "\n"
    )
    return [ROOT / name for name in listed if name.endswith(suffixes) and (ROOT / name).is_file()]


def test_no_registry_host_or_machine_path_is_committed() -> None:
    here = Path(__file__)
    texts = tracked(".py", ".md", ".lock", ".json", ".toml", ".html", ".js", ".css", ".yaml", ".yml", "yishi", "run")
    found = [str(path) for path in texts if path != here and NOT_OURS.search(path.read_text(errors="replace"))]
    assert found == []


def test_no_drawer_modules() -> None:
    drawers = {"utils.py", "util.py", "common.py", "helpers.py", "helper.py", "misc.py"}
    assert [path for path in tracked(".py") if path.name in drawers] == []


def test_only_the_clock_reads_the_time() -> None:
    reading = re.compile(r"datetime\.now\(|timezone\.now\(|utcnow\(|dt\.datetime\.now\(")
    packages = ("broadcast", "live", "scheduling", "archive")
    found = [
        str(path.relative_to(ROOT))
        for path in tracked(".py")
        if path.relative_to(ROOT).parts[0] in packages
        and path.name != "clock.py"
        and "house" not in path.parts
        and "migrations" not in path.parts
        and reading.search(path.read_text())
    ]
    assert found == []
