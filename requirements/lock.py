"""Writes the lock files of this folder from pyproject.toml with `uv`; it installs nothing.

    python3 requirements/lock.py [path of uv]

All extras are resolved together, so that no two lock files disagree. `base.lock` is what every command needs; each
other file holds only what its extra adds to it. Pins carry the SHA-256 of every file of the release, for any
processor, and no address: where packages come from is the business of the machine that installs them.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXTRAS = ("embedded", "edge", "node", "similar", "asr", "dev", "audit", "bootstrap")
OPTIONS = (
    "--universal", "--python-version=3.11", "--generate-hashes", "--no-header", "--no-annotate",
    "--no-emit-index-url", "--no-emit-find-links", "--quiet",
)  # fmt: skip
PINS = re.compile(r"^[A-Za-z0-9].*(?:\n[ \t].*)*", re.MULTILINE)


def compile_lock(uv: str, *arguments: str) -> list[str]:
    """Return one text per pinned release, hashes included."""
    command = [uv, "pip", "compile", "pyproject.toml", *OPTIONS, *arguments]
    return PINS.findall(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    uv = sys.argv[1] if len(sys.argv) > 1 else "uv"
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as together:
        together.write("\n".join(compile_lock(uv, "--all-extras")))
        together.flush()
        agreed = f"--constraint={together.name}"
        base = compile_lock(uv, agreed)
        write("base", base)
        for extra in EXTRAS:
            pins = compile_lock(uv, agreed, f"--extra={extra}")
            write(extra, [pin for pin in pins if pin not in base])


def write(name: str, pins: list[str]) -> None:
    (ROOT / "requirements" / f"{name}.lock").write_text("\n".join(pins) + "\n")


if __name__ == "__main__":
    main()
