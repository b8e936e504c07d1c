"""A bus of a test's own, which it may kill."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

from broadcast.house import processes
from broadcast.house.places import Places
from broadcast.house.valkey import Valkey


class OwnValkey:
    """A bus that a test may kill."""

    def __init__(self, folder: Path) -> None:
        folder.chmod(0o711)
        self._places = Places(folder)
        self.valkey = Valkey(self._places)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.valkey.prepare()
        log = self._places.logs / "valkey.log"
        self._process = processes.start(
            self.valkey.command(),
            log=log,
            environ={"PATH": os.defpath},
            account=self.valkey.account,
            death_signal=signal.SIGKILL,
            folder=self.valkey.data,
        )
        deadline = time.monotonic() + 15
        while not self.valkey.answers():
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.02)

    def kill(self, *, forget: bool = False) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        if forget:
            subprocess.run(["rm", "-rf", str(self.valkey.data / "appendonlydir")], check=True)
