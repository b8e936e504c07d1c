"""What a child of ours does before it becomes ffmpeg: dies with us, gives way to others, keeps within bounds; it starts nothing."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
from collections.abc import Callable

from broadcast.house import processes

NICE = 10


def modest(*, memory: int, cpu_seconds: int | None = None) -> Callable[[], None]:
    """A `preexec_fn` for work that a show on air must not feel; `memory` in bytes. Call it in the process that starts the child."""
    die = processes._die_with(os.getpid(), signal.SIGKILL)
    bounds = [(resource.RLIMIT_AS, memory)] + ([(resource.RLIMIT_CPU, cpu_seconds)] if cpu_seconds else [])

    def prepare() -> None:
        die()
        os.nice(NICE)
        for what, most in bounds:
            with contextlib.suppress(ValueError, OSError):
                resource.setrlimit(what, (most, most))

    return prepare
