"""Debian's icecast2 as a private process on loopback, with a configuration of its own; nothing of the machine's is touched."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from broadcast.house.places import free_port

PASSWORD = "sourcesecret"
_CONFIGURATION = """<icecast>
  <limits><clients>20</clients><sources>4</sources><burst-size>0</burst-size><source-timeout>5</source-timeout></limits>
  <authentication><source-password>{password}</source-password><admin-user>admin</admin-user>
    <admin-password>{password}</admin-password></authentication>
  <hostname>localhost</hostname>
  <listen-socket><port>{port}</port><bind-address>127.0.0.1</bind-address></listen-socket>
  <paths><basedir>{folder}</basedir><logdir>{folder}</logdir><webroot>{folder}</webroot><adminroot>{folder}</adminroot></paths>
  <logging><accesslog>access.log</accesslog><errorlog>error.log</errorlog><loglevel>3</loglevel></logging>
  <security><chroot>0</chroot></security>
</icecast>
"""


class Icecast:
    """A server; `stop` and `start` it as often as you like, on the same port."""

    def __init__(self, folder: Path) -> None:
        found = shutil.which("icecast2", path=f"{os.environ.get('PATH', os.defpath)}:/usr/bin:/usr/sbin")
        if found is None:
            pytest.skip("icecast2 is not installed: apt-get install icecast2")
        self.program, self.folder, self.port = found, folder / "icecast", free_port()
        self.folder.mkdir()
        self.file = self.folder / "icecast.xml"
        self.file.write_text(_CONFIGURATION.format(password=PASSWORD, port=self.port, folder=self.folder))
        self.user = self._unprivileged()
        self.process: subprocess.Popen[bytes] | None = None

    def _unprivileged(self) -> int | None:
        """Icecast does not run as root: then as nobody, who must reach the folder."""
        if os.geteuid() != 0:
            return None
        nobody = pwd.getpwnam("nobody")
        for each in (self.folder, self.file):
            os.chown(each, nobody.pw_uid, nobody.pw_gid)
        for parent in self.folder.parents:
            if parent.stat().st_uid == 0 and parent.name.startswith(("pytest-", "popen-")):
                parent.chmod(parent.stat().st_mode | 0o011)
        self.folder.parent.chmod(0o711)
        return nobody.pw_uid

    def start(self) -> Icecast:
        self.process = subprocess.Popen(
            [self.program, "-c", str(self.file)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=self.user,
            cwd=self.folder,
        )
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                time.sleep(0.1)
            else:
                return self
        raise AssertionError(f"icecast does not start: {self.process.poll()}")

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(10)

    def source(self, mount: str, password: str = PASSWORD) -> str:
        """Address for a sender."""
        return f"icecast://source:{password}@127.0.0.1:{self.port}/{mount}"

    def listener(self, mount: str) -> str:
        """Address for a listener."""
        return f"http://127.0.0.1:{self.port}/{mount}"

    def content_type(self, mount: str) -> str:
        """What the mount says it is; "" while nobody sends to it."""
        try:
            with urllib.request.urlopen(self.listener(mount), timeout=5) as answer:
                return str(answer.headers["Content-Type"])
        except urllib.error.HTTPError:
            return ""
