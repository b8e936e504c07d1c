"""Real Celery workers over real steps: one is killed in the middle, two go on beside each other, nothing is lost or done twice."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from archive import tasks
from archive.models import Derivative, Step
from archive.steps import engine, plan
from broadcast import clock
from broadcast.house import processes
from broadcast.house.places import ROOT

from .making import RecorderProcess, until
from .steps_making import Source, finished

pytestmark = [pytest.mark.ffmpeg, pytest.mark.django_db(transaction=True)]


class Worker:
    """`celery -A broadcast worker` on the test database, with all that it starts in a session of its own."""

    def __init__(self, folder: Path, name: str) -> None:
        self.log = folder / f"{name}.log"
        environ = {**RecorderProcess(folder).environ, "YISHI_STEPS_AT_ONCE": "2", "YISHI_STEPS_ON_AIR": "always"}
        # A queue of the run's own broker; the pool's processes belong to this worker's group and die with it.
        words = [sys.executable, "-W", "ignore", "-m", "celery", "-A", "broadcast", "worker", "-c", "1", "-l", "info"]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*words, "-n", f"{name}@test", "--without-gossip", "--without-mingle"],
                cwd=ROOT,
                env=environ,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=processes._die_with(os.getpid(), signal.SIGKILL),
            )

    def kill(self) -> None:
        """Everything of it at once, without a last word."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def words(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")


@pytest.fixture
def workers(media_root: Path) -> Iterator[list[Worker]]:
    """All end with the test."""
    made: list[Worker] = []
    yield made
    for each in made:
        each.kill()


def children_in(folder: Path) -> list[int]:
    """Processes that have a file of the folder among their words."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if str(folder).encode() in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
    return found


@pytest.mark.timeout(400)
def test_a_worker_killed_in_the_middle_loses_no_step_and_none_is_done_twice(
    media_root: Path, tmp_path: Path, workers: list[Worker]
) -> None:
    # Long enough to be caught encoding the odd part.
    made = finished(Source(4), Source(24, size="640x360"), Source(26), programme=None)
    engine.ensure_all()
    workers.append(Worker(tmp_path, "first"))
    until(lambda: "ready" in workers[0].words(), 60, workers[0].words())
    tasks.hints.hint()
    master = Step.objects.get(kind="master")
    until(lambda: list(engine.work_folder().glob(f"{master.pk}-1/*.mp4")), 60, workers[0].words())
    workers[0].kill()
    assert Step.objects.get(pk=master.pk).state == "running"
    assert not Derivative.objects.exists()
    until(lambda: not children_in(engine.work_folder()), 60, "ffmpeg dies with its worker")
    assert (engine.work_folder() / f"{master.pk}-1").exists()

    Step.objects.filter(pk=master.pk).update(lease_until=clock.now())
    workers += [Worker(tmp_path, "second"), Worker(tmp_path, "third")]

    def all_done() -> bool:
        tasks.reconcile()
        return not Step.objects.exclude(state="done").exists()

    until(all_done, 150, str(list(Step.objects.values_list("kind", "state", "problem", "reason"))))
    attempts = dict(Step.objects.values_list("kind", "attempt"))
    assert attempts == {**dict.fromkeys(plan.kinds(), 1), "master": 2}
    names = Counter(key.rsplit("/", 1)[-1] for key in Derivative.objects.values_list("key", flat=True))
    assert names == dict.fromkeys(
        [
            "sealed.mp4",
            "master.mp4",
            "sound.m4a",
            "poster.jpg",
            "sprite-001.jpg",
            "sprite.vtt",
            "peaks.bin",
            "manifest.json",
        ],
        1,
    )
    folder = Path(settings.MEDIA_ROOT) / f"airings/{made.airing.pk}/derived"
    files = {file.relative_to(settings.MEDIA_ROOT).as_posix() for file in folder.rglob("*") if file.is_file()}
    made_by_steps = Derivative.objects.exclude(kind="manifest")
    assert files == set(made_by_steps.values_list("key", flat=True)), "no file without a row, none missing"
    until(lambda: not list(engine.work_folder().iterdir()), 60, "no temporary file is left")
