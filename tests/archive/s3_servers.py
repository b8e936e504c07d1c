"""Real S3-compatible servers as processes of their own, and a proxy before them that fails as we tell it."""

from __future__ import annotations

import http.client
import os
import secrets
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from archive.storage.s3 import Account, S3Storage
from broadcast.house.places import free_port

KEY, SECRET = "tester", "not-a-real-secret-0123456789"


def answers(port: int) -> bool:
    """Whether somebody speaks HTTP there."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/")
        connection.getresponse().read()
    except OSError:
        return False
    finally:
        connection.close()
    return True


class Server:
    """One server process. `kind` is moto (nearly every call) or nanio (checks signatures)."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind, self.folder, self.port = kind, folder, free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> Server:
        program = str(Path(sys.executable).with_name("moto_server" if self.kind == "moto" else "nanio"))
        words = ["-H", "127.0.0.1", "-p", str(self.port)]
        if self.kind == "nanio":
            data = self.folder / "nanio"
            data.mkdir(exist_ok=True)
            words = [
                "serve",
                "--data-dir",
                str(data),
                "--host",
                "127.0.0.1",
                "--port",
                str(self.port),
                "--no-access-log",
            ]
        environ = {**os.environ, "NANIO_ACCESS_KEY": KEY, "NANIO_SECRET_KEY": SECRET}
        with (self.folder / f"{self.kind}.log").open("ab") as log:
            self.process = subprocess.Popen([program, *words], env=environ, stdout=log, stderr=log)
        deadline = time.monotonic() + 60
        while not answers(self.port):
            assert self.process.poll() is None, (self.folder / f"{self.kind}.log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.1)
        return self

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def account(self, port: int | None = None, **facts: Any) -> Account:
        # A time-out short enough for a test, and long enough for a busy machine.
        known = {"key": KEY, "secret": SECRET, "silent_seconds": 3.0, **facts}
        return Account(f"http://127.0.0.1:{port or self.port}", "us-east-1", **known)

    def bucket(self) -> str:
        """A new, empty bucket."""
        name = f"b{secrets.token_hex(6)}"
        S3Storage(name, "", self.account())._client.create_bucket(Bucket=name)
        return name

    def storage(self, **facts: Any) -> S3Storage:
        """A storage in a new bucket, below a prefix."""
        return S3Storage(self.bucket(), "台/archive", self.account(**facts))


@dataclass
class Fault:
    """What to do to the next `times` requests of a method whose address has `within`."""

    act: str
    method: str
    within: str = ""
    times: int = 1


@dataclass
class Proxy:
    """A proxy on its own port. Faults are used up in order; what no fault meets passes unchanged."""

    target: int
    storage: S3Storage
    faults: list[Fault] = field(default_factory=list)
    seen: list[tuple[str, str]] = field(default_factory=list)
    # Headers of answers to HEAD in place of the server's own.
    told: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        proxy = self

        class Handler(_Handler):
            owner = proxy

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.released = threading.Event()
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def fail(self, act: str, method: str, within: str = "", times: int = 1) -> None:
        self.faults.append(Fault(act, method, within, times))

    def count(self, method: str) -> int:
        return sum(each == method for each, _ in self.seen)

    def take(self, method: str, path: str) -> str:
        self.seen.append((method, path))
        for each in self.faults:
            if each.times and each.method in {method, "*"} and each.within in path:
                each.times -= 1
                return each.act
        return ""

    def stop(self) -> None:
        self.released.set()
        self.server.shutdown()
        self.server.server_close()


def _flipped(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner: Proxy

    def log_message(self, *words: Any) -> None:
        """Nothing."""

    def _pass(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.owner.take(self.command, self.path)
        before: dict[str, Callable[[], None]] = {
            "500": lambda: self._say(500, "InternalError"),
            "503": lambda: self._say(503, "SlowDown"),
            "silence": lambda: (self.owner.released.wait(60), self._reset())[1],
            "reset": self._reset,
        }
        if fault in before:
            before[fault]()
            return
        answer, content = self._forward(_flipped(body) if fault == "corrupt" and body else body)
        if fault == "lost":
            self._reset()
            return
        if fault == "corrupt" and content and not body:
            content = _flipped(content)
        self._answer(answer, content, torn=fault == "torn")

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _pass  # noqa: N815

    def _forward(self, body: bytes) -> tuple[http.client.HTTPResponse, bytes]:
        onward = http.client.HTTPConnection("127.0.0.1", self.owner.target, timeout=30)
        onward.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in {"expect", "connection"}:
                onward.putheader(name, value)
        onward.endheaders(body or None)
        answer = onward.getresponse()
        content = answer.read()
        onward.close()
        return answer, content

    def _answer(self, answer: http.client.HTTPResponse, content: bytes, *, torn: bool) -> None:
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            hidden = {"connection", "content-length", "transfer-encoding"}
            if name.lower() not in hidden and not (self.command == "HEAD" and name.lower() in self.owner.told):
                self.send_header(name, value)
        for name, value in self.owner.told.items() if self.command == "HEAD" else ():
            self.send_header(name, value)
        length = answer.getheader("Content-Length") if self.command == "HEAD" else str(len(content))
        if length is not None:
            self.send_header("Content-Length", length)
        self.end_headers()
        if torn:
            self.wfile.write(content[: len(content) // 2])
            self.wfile.flush()
            self._reset()
        else:
            self.wfile.write(content)

    def _say(self, status: int, code: str) -> None:
        content = f"<Error><Code>{code}</Code><Message>told to</Message></Error>".encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _reset(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
