"""The repository speaks of the project alone, in one vocabulary."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# In pieces, so that this file is like all others: a search for such a word finds nothing here either.
HOSTS = ("pypi" + r"\.org", "python" + "hosted", "registry" + r"\." + "npmjs", "deb" + r"\.debian" + r"\.org")
NOT_OURS = re.compile("|".join([*HOSTS, "/" + "root/", "/" + r"home/\w"]))


def tracked(*suffixes: str) -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split(
        "\n"
    )
    return [ROOT / name for name in listed if name.endswith(suffixes) and (ROOT / name).is_file()]


def test_no_registry_host_or_machine_path_is_committed() -> None:
    texts = tracked(".py", ".md", ".lock", ".json", ".toml", ".html", ".js", ".css", ".yaml", ".yml", "yishi", "run")
    found = [str(path) for path in texts if NOT_OURS.search(path.read_text(errors="replace"))]
    assert found == []


@pytest.mark.parametrize(
    "word", ["https://pypi" + ".org/simple", "registry" + ".npmjs" + ".org", "/" + "home/me", "/" + "root/x"]
)
def test_such_a_word_would_be_found(word: str) -> None:
    assert NOT_OURS.search(word)


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
