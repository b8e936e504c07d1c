"""Chromium 86, the floor of the browsers, driven by its own protocol: today's Playwright no longer speaks to it."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import platform
import signal
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from broadcast.house import processes, vendor
from broadcast.house.places import ROOT, Places, free_port

# A package of the npm registry (MIT) that carries a headless Chromium 86.0.4240 with H.264 for x86-64 Linux.
_PACKAGE = "chrome-aws-lambda@5.3.1"
_INTEGRITY = "KklZTy2p2U/86cCh1hKL3PGDqoirQCAg7uejvNIn0rDBkWj4Su4GOjYMRVB3kthLwmnWhh3x63RDBTCAaQ9Q3Q=="
_UNPACK = """
const zlib = require("zlib"), fs = require("fs"), path = require("path");
const [from, to] = process.argv.slice(1);
for (const name of fs.readdirSync(from).filter((each) => each.endsWith(".br")))
  fs.writeFileSync(path.join(to, name.slice(0, -3)), zlib.brotliDecompressSync(fs.readFileSync(path.join(from, name))));
"""


def program() -> Path:
    """The program, fetched once into `var/cache`. Skips the test, saying why, where it cannot be had."""
    if platform.machine() != "x86_64":
        pytest.skip(f"Chromium 86 is packaged for x86-64 alone, this is {platform.machine()}")
    folder = Places(ROOT / "var").var / "cache" / "chromium-86"
    if not (folder / "ready").exists():
        folder.mkdir(parents=True, exist_ok=True)
        _fetch(folder)
        (folder / "ready").touch()
    return folder / "chromium"


def _fetch(folder: Path) -> None:
    errors = []
    for npm, search in vendor.npms():
        environ = dict(os.environ, PATH=search, npm_config_cache=str(ROOT / "var" / "cache" / "npm"))
        command = [*npm, "pack", _PACKAGE, "--loglevel=error", "--pack-destination", str(folder)]
        done = subprocess.run(
            command, cwd=folder, env=environ, capture_output=True, text=True, timeout=300, check=False
        )
        if done.returncode:
            errors.append(done.stderr.strip()[-300:])
            continue
        package = folder / done.stdout.strip().splitlines()[-1]
        found = base64.b64encode(hashlib.sha512(package.read_bytes()).digest()).decode()
        assert found == _INTEGRITY, f"{_PACKAGE} is not what it was: sha512 {found}"
        subprocess.run(["tar", "-xzf", package.name], cwd=folder, check=True)
        subprocess.run(["node", "-e", _UNPACK, "package/bin", "."], cwd=folder, env=environ, check=True)
        for archive, place in (("aws.tar", "."), ("swiftshader.tar", "swiftshader")):
            (folder / place).mkdir(exist_ok=True)
            subprocess.run(["tar", "-xf", archive, "-C", place], cwd=folder, check=True)
        (folder / "chromium").chmod(0o755)
        return
    pytest.skip(f"Chromium 86 cannot be fetched from the npm registry: {'; '.join(errors) or 'no npm'}")


class OldChromium:
    """One running browser with one page of a phone's size."""

    def __init__(self, profile: Path) -> None:
        self.port = free_port()
        self._process = processes.start(
            [
                str(program()),
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                f"--remote-debugging-port={self.port}",
                f"--user-data-dir={profile}",
                "--autoplay-policy=no-user-gesture-required",
                "about:blank",
            ],
            log=profile / "log",
            environ=dict(os.environ),
            death_signal=signal.SIGKILL,
            folder=profile,
        )
        self._open = contextlib.ExitStack()
        self._page = self._connect()
        self._asked = 0
        self.events: list[dict[str, Any]] = []
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")
        self.call("Emulation.setDeviceMetricsOverride", width=390, height=844, deviceScaleFactor=2, mobile=True)

    def _connect(self) -> ClientConnection:
        deadline = time.monotonic() + 60
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/json/list", timeout=2) as answer:
                    page = next(each for each in json.load(answer) if each["type"] == "page")
                return self._open.enter_context(
                    connect(page["webSocketDebuggerUrl"], max_size=None, ping_interval=None)
                )
            except (OSError, StopIteration):
                assert time.monotonic() < deadline, "Chromium 86 did not start"
                time.sleep(0.1)

    @property
    def version(self) -> str:
        """Such as HeadlessChrome/86.0.4240.0."""
        return str(self.call("Browser.getVersion")["product"])

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Ask the browser; what it tells meanwhile is kept in `events`."""
        self._asked += 1
        self._page.send(json.dumps({"id": self._asked, "method": method, "params": parameters}))
        while True:
            said = json.loads(self._page.recv(timeout=60))
            if said.get("id") == self._asked:
                assert "error" not in said, said
                return dict(said["result"])
            self.events.append(said)

    def value(self, expression: str) -> Any:
        """What an expression is in the page."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def wait(self, expression: str, seconds: float = 60) -> Any:
        """Wait until the expression is true."""
        deadline = time.monotonic() + seconds
        while not (found := self.value(expression)):
            assert time.monotonic() < deadline, f"{expression} did not come true; errors: {self.errors()}"
            time.sleep(0.2)
        return found

    def open(self, address: str) -> None:
        """Go there and wait for the document."""
        self.call("Page.navigate", url=address)
        self.wait(f"location.href.startsWith({json.dumps(address)}) && document.readyState === 'complete'")

    def press(self, words: str) -> None:
        """Click the visible button, link or label with these words, as a finger would: it must really lie on top there."""
        find = f"""(() => {{
            const all = ["button", "a, label, summary"].flatMap((kind) => [...document.querySelectorAll(kind)]);
            const found = all.find((e) => e.textContent.trim().startsWith({json.dumps(words)}) && e.getClientRects().length);
            if (!found) return null;
            found.scrollIntoView({{ block: "center" }});
            const box = found.getBoundingClientRect();
            const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
            const top = document.elementFromPoint(x, y);
            return top && (found.contains(top) || top.contains(found)) ? [x, y] : null;
        }})()"""
        x, y = self.wait(find)
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def shot(self, file: Path) -> None:
        """A picture of the screen."""
        file.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))

    def errors(self) -> list[str]:
        """What scripts, policy and network complained of."""
        found = []
        for event in self.events:
            told = event["params"]
            if event["method"] == "Runtime.exceptionThrown":
                details = told["exceptionDetails"]
                found.append(str(details.get("exception", {}).get("description") or details["text"]))
            elif event["method"] == "Log.entryAdded" and told["entry"]["level"] == "error":
                found.append(f"{told['entry']['text']} {told['entry'].get('url', '')}")
        return found

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()
        with contextlib.suppress(ConnectionClosed):
            self._open.close()
