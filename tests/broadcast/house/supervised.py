"""A supervisor over the shell commands given as name=command, for tests that watch it from outside."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from broadcast.house import processes
from broadcast.house.logs import Logs
from broadcast.house.supervisor import Child, Stopped, Supervisor


def main(folder: Path, commands: list[str]) -> None:
    def write() -> None:
        for child in supervisor.children:
            if child.process:
                fresh = folder / f"{child.name}.new"
                fresh.write_text(str(child.process.pid))
                fresh.replace(folder / f"{child.name}.pid")

    def say(text: str) -> None:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()

    supervisor = Supervisor(Logs(folder), say, write)
    for words in commands:
        name, _, script = words.partition("=")
        environ = {"PATH": os.defpath, processes.MARK: folder.name}
        tier = 0 if name.startswith("server") else 1
        child = Child(name, ["/bin/sh", "-c", script], environ, folder, patience_seconds=1.0, tier=tier)
        supervisor.start(child)
    say("running")
    try:
        supervisor.forever()
    except Stopped as stopped:
        say(f"asked by {stopped}")
    supervisor.stop()
    say("stopped")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
