"""`alive`: tells a container's engine, or a person, whether a process still works; it loads nothing of Django and mends nothing."""

from __future__ import annotations

import argparse
import contextlib
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from broadcast.house.places import here

FRESH_SECONDS = 30.0
_WAIT_SECONDS = 4.0


def beat(name: str) -> None:
    """Say that the process of that name just did its work. A disk that refuses it stops nobody."""
    with contextlib.suppress(OSError):
        file = _file(name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()


def main(arguments: Sequence[str]) -> int:
    """Exit code 0 when it works, 1 when not, with the reason on standard output."""
    parser = argparse.ArgumentParser(prog="yishi alive", description="进程是否正常 · whether a process works")
    parser.add_argument("what", help="tick, recorder, or an address such as http://127.0.0.1:8000/healthz")
    what = parser.parse_args(arguments).what
    trouble = _asked(what) if "://" in what else _beats(what)
    sys.stdout.write(f"{what}: {trouble or 'works'}\n")
    return 1 if trouble else 0


def _beats(name: str) -> str:
    """What is wrong with a process that says when it worked; empty: nothing."""
    try:
        age = time.time() - _file(name).stat().st_mtime
    except OSError:
        return f"nothing was heard of it in {_file(name).parent}"
    return "" if age <= FRESH_SECONDS else f"it was last heard of {age:.0f} s ago"


def _asked(address: str) -> str:
    # As nginx would ask: a web behind TLS only points a plain request elsewhere.
    request = urllib.request.Request(address, headers={"Host": "localhost", "X-Forwarded-Proto": "https"})
    try:
        with urllib.request.urlopen(request, timeout=_WAIT_SECONDS):
            return ""
    except urllib.error.HTTPError as error:
        return f"it answers {error.code}"
    except OSError as error:
        return f"it does not answer: {error}"


def _file(name: str) -> Path:
    return here().run / f"{name}.beat"
