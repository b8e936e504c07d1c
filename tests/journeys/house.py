"""A whole house for a journey: `up` with a `var` of its own and free ports; the tests see it only from outside."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from archive import clips
from broadcast.house.places import Places, free_port
from tests import migrated
from tests.archive import ready

# Does what each line of its input says, in one space of names, and answers with what that printed or how it failed.
_CONSOLE = """
import contextlib, io, json, sys, traceback
space, answers = {}, sys.stdout
for line in sys.stdin:
    printed, failed = io.StringIO(), ""
    with contextlib.redirect_stdout(printed):
        try:
            exec(json.loads(line), space)
        except Exception:
            failed = traceback.format_exc()
    print(json.dumps([printed.getvalue(), failed]), file=answers, flush=True)
"""
ROOT = Path(__file__).resolve().parents[2]
UP_SECONDS = 300


@dataclass
class House:
    """One running `up`. Passwords are the demo's; processes are found by the state file, as an operator would."""

    var: Path
    process: subprocess.Popen[bytes] | None = None
    port: int = field(default_factory=free_port)
    srt_port: int = field(default_factory=lambda: free_port())
    rtmp_port: int = field(default_factory=free_port)
    console: subprocess.Popen[str] | None = None

    @classmethod
    def attached(cls, var: Path) -> House:
        """A house that somebody else started."""
        address = json.loads((var / "run" / "up.json").read_text())["address"]
        return cls(var, port=int(address.rstrip("/").rpartition(":")[2]))

    @property
    def address(self) -> str:
        """Where the web is, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environ(self) -> dict[str, str]:
        """The variables of this house alone."""
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith("YISHI_") or name == "YISHI_FFMPEG"
        }
        return kept | {
            "YISHI_VAR": str(self.var),
            "YISHI_SRT_PORT_FIRST": str(self.srt_port),
            "YISHI_RTMP_PORT": str(self.rtmp_port),
            # On a busy machine too a journey sees every comment.
            "YISHI_LADDER": "0",
            "PYTHONPATH": str(ROOT),
        }

    def furnish(self) -> House:
        """Put there what a first `up` would encode and migrate for itself."""
        ready.demo_clip(self.var / "demo" / f"loop-{clips.VERSION}.mp4")
        ready.filler(self.var / "media")
        migrated.furnish(Places(self.var), self.environ)
        return self

    def start(self) -> House:
        """Run `up` and wait until the web answers. Raises with what it printed when it does not."""
        self.var.mkdir(parents=True, exist_ok=True)
        with self.output.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "broadcast", "up", "--port", str(self.port)],
                cwd=ROOT,
                env=self.environ,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + UP_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            if "up in" in self.output.read_text(errors="replace") and self.healthy():
                return self
            time.sleep(0.2)
        said = self.output.read_text(errors="replace")[-4000:]
        self.stop()
        raise RuntimeError(f"up did not come up:\n{said}")

    def stop(self) -> None:
        """Ctrl-C, and wait until all of it is gone."""
        if self.console:
            self.console.kill()
            self.console.wait()
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(60)

    @property
    def output(self) -> Path:
        """What `up` printed."""
        return self.var / "up.out"

    def healthy(self) -> bool:
        """Whether the web says that it and its database work."""
        try:
            return httpx.get(f"{self.address}/healthz", timeout=2).status_code == 200
        except httpx.HTTPError:
            return False

    def wait_healthy(self, seconds: float = 60) -> float:
        """Wait for it; returns how long it took."""
        began = time.monotonic()
        while not self.healthy():
            assert time.monotonic() - began < seconds, self.output.read_text(errors="replace")[-3000:]
            time.sleep(0.1)
        return time.monotonic() - began

    def accounts(self) -> dict[str, str]:
        """Name → password of the demo's accounts."""
        found = json.loads((self.var / "demo-accounts.json").read_text())
        return {str(name): str(word) for name, word in found.items()}

    def pid(self, name: str) -> int:
        """Process id of one part: web, worker, tick, recorder, publisher, postgres, valkey."""
        state = json.loads((self.var / "run" / "up.json").read_text())
        return int(state["children"][name]["pid"])

    def faults(self) -> str:
        """The web's last failures, with where they came from."""
        said = (self.var / "log" / "web.log").read_text(errors="replace")
        last = said[said.rfind("Traceback") :][:6000]
        return last[-2000:] if "Traceback" in said else said[-1000:]

    def does(self, words: str) -> str:
        """What these statements print when a process of this house runs them; one process for all of them."""
        if self.console is None:
            self.console = subprocess.Popen(
                [sys.executable, "-m", "broadcast", "shell", "--no-imports", "-c", _CONSOLE],
                cwd=ROOT,
                env=self.environ,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        assert self.console.stdin
        assert self.console.stdout
        self.console.stdin.write(json.dumps(words) + "\n")
        self.console.stdin.flush()
        printed, failed = json.loads(self.console.stdout.readline())
        assert not failed, failed
        return str(printed)
