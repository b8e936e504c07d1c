"""The rows of steps: each is done once whoever races, dies or comes too late; what came too late is not published."""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from django.db import connection

from archive import tasks
from archive.models import Derivative, Recording, Step
from archive.steps import engine, gate, hints, plan, work
from archive.steps.engine import Claim, FencedOut
from archive.steps.run import StepFailed
from archive.steps.work import Outcome, Work
from archive.storage import media
from broadcast import clock

from .making import make_airing

KINDS = plan.kinds()


def finished() -> Recording:
    now = clock.now()
    airing = make_airing(state="ended", actual_start=now, actual_end=now)
    return Recording.objects.create(airing=airing, state="finished", replay_ready_at=now, received_seconds=9)


def later(seconds: float) -> dt.datetime:
    return clock.now() + dt.timedelta(seconds=seconds)


def output_of(held: Claim, words: bytes = b"made") -> engine.Output:
    held.scratch.mkdir(parents=True, exist_ok=True)
    (held.scratch / "sound.m4a").write_bytes(words)
    return engine.Output("sound", held.scratch / "sound.m4a", "audio/mp4", "0" * 64, "sha256", True)


@pytest.mark.django_db
class TestRows:
    """Who may take what up."""

    def test_a_finished_recording_gets_each_step_once_however_often_one_looks(self) -> None:
        finished()
        assert engine.ensure_all() == 1
        assert engine.ensure_all() == 0
        assert sorted(Step.objects.values_list("kind", flat=True)) == sorted(KINDS)

    @pytest.mark.parametrize("facts", [{"state": "receiving"}, {"state": "finishing"}, {"replay_ready_at": None}])
    def test_no_steps_before_the_replays_are_written(self, facts: dict[str, object]) -> None:
        recording = finished()
        Recording.objects.filter(pk=recording.pk).update(**facts)
        assert engine.ensure_all() == 0
        assert not Step.objects.exists()

    def test_a_step_waits_for_what_it_needs(self) -> None:
        finished()
        engine.ensure_all()
        taken = []
        while claim := engine.claim("a"):
            taken.append(claim.kind)
        assert set(taken) == {kind for kind in KINDS if not set(plan.NEEDS[kind]) & set(KINDS)}
        first = Step.objects.get(kind="master")
        Step.objects.filter(pk=first.pk).update(state="done")
        assert {claim.kind for claim in iter(lambda: engine.claim("a"), None)} >= {"loudness", "images"}

    def test_a_lapsed_lease_is_taken_up_again_and_the_first_holder_is_fenced_out(self, media_root: Path) -> None:
        finished()
        engine.ensure_all()
        slow = engine.claim("slow")
        assert slow
        with clock.frozen(later(engine.LEASE_SECONDS + 1)):
            quick = engine.claim("quick")
            assert quick
            assert (quick.step_id, quick.attempt) == (slow.step_id, slow.attempt + 1)
            assert not engine.beat(slow, 0.5)
            engine.finish(quick, {"by": "quick"}, [output_of(quick, b"quick")])
        late = output_of(slow, b"slow")
        with pytest.raises(FencedOut):
            engine.finish(slow, {"by": "slow"}, [late])
        with pytest.raises(FencedOut):
            engine.fail(slow, "error", "")
        step = Step.objects.get(pk=slow.step_id)
        assert (step.state, step.result["by"]) == ("done", "quick")
        derivative = Derivative.objects.get()
        assert media().path(derivative.key).read_bytes() == b"quick"
        assert engine.sweep() == 2
        assert not late.file.exists()

    def test_a_heartbeat_keeps_the_lease(self) -> None:
        finished()
        engine.ensure_all()
        held = engine.claim("a")
        assert held
        with clock.frozen(later(engine.LEASE_SECONDS - 1)):
            assert engine.beat(held, 0.25)
        with clock.frozen(later(engine.LEASE_SECONDS + 1)):
            assert held.step_id not in set(engine.ready(clock.now()).values_list("pk", flat=True))
        assert Step.objects.get(pk=held.step_id).progress == 0.25

    def test_what_fails_waits_longer_each_time_and_ends_as_failed(self) -> None:
        recording = finished()
        engine.ensure_all()
        Step.objects.exclude(kind="master").delete()
        pauses, at = [], clock.now()
        for _ in range(engine.MOST_TRIES):
            with clock.frozen(at):
                held = engine.claim("a")
                assert held
                engine.fail(held, "ffmpeg_failed", "no moov")
                assert engine.claim("a") is None
            step = Step.objects.get(recording=recording)
            pauses.append(step.not_before)
            at = (step.not_before or at) + dt.timedelta(seconds=1)
        assert (step.state, step.problem, step.reason) == ("failed", "ffmpeg_failed", "no moov")
        with clock.frozen(later(1e6)):
            assert engine.claim("a") is None
        gaps = [right - left for left, right in pairwise(pauses[:-1]) if left and right]
        assert gaps == sorted(gaps)

    def test_a_step_whose_workers_die_again_and_again_is_given_up_not_tried_for_ever(self) -> None:
        finished()
        engine.ensure_all()
        Step.objects.exclude(kind="master").delete()
        at = clock.now()
        for _ in range(engine.MOST_TRIES):
            with clock.frozen(at):
                assert engine.claim("a")
            at += dt.timedelta(seconds=engine.LEASE_SECONDS + 1)
        with clock.frozen(at):
            assert engine.claim("a") is None
        assert Step.objects.get().problem == "worker_lost"

    def test_a_replay_written_anew_has_its_steps_done_anew_and_its_public_files_gone(
        self, media_root: Path, django_capture_on_commit_callbacks
    ) -> None:
        recording = finished()
        engine.ensure_all()
        Step.objects.exclude(kind="master").delete()
        held = engine.claim("a")
        assert held
        engine.finish(held, {}, [output_of(held)])
        old = Derivative.objects.get().key
        Recording.objects.filter(pk=recording.pk).update(replay_ready_at=later(5))
        with django_capture_on_commit_callbacks(execute=True), clock.frozen(later(6)):
            assert engine.ensure_all() == 1
        assert not Derivative.objects.exists()
        assert not media().path(old).exists()
        assert set(Step.objects.values_list("state", flat=True)) == {"waiting"}
        with pytest.raises(FencedOut):
            engine.finish(held, {}, [])

    def test_a_result_for_a_replay_that_was_written_anew_meanwhile_is_dropped(self, media_root: Path) -> None:
        recording = finished()
        engine.ensure_all()
        held = engine.claim("a")
        assert held
        Recording.objects.filter(pk=recording.pk).update(replay_ready_at=later(5))
        with pytest.raises(FencedOut):
            engine.finish(held, {}, [output_of(held)])
        assert not Derivative.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_many_workers_race_and_each_step_is_taken_once(media_root: Path) -> None:
    for _ in range(6):
        finished()
    engine.ensure_all()
    taken: list[int] = []
    start = threading.Barrier(6)

    def worker(number: int) -> None:
        start.wait()
        try:
            while (claim := engine.claim(f"w{number}")) or Step.objects.exclude(state="done").exists():
                if claim:
                    taken.append(claim.step_id)
                    engine.finish(claim, {}, [])
        finally:
            connection.close()

    threads = [threading.Thread(target=worker, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert Counter(taken) == dict.fromkeys(Step.objects.values_list("pk", flat=True), 1)
    assert set(Step.objects.values_list("attempt", flat=True)) == {1}


@pytest.mark.django_db(transaction=True)
class TestWork:
    """One attempt around a handler."""

    @pytest.fixture(autouse=True)
    def waiting(self, media_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """One step waits; the lease is looked at often."""
        finished()
        engine.ensure_all()
        Step.objects.exclude(kind="master").delete()
        monkeypatch.setattr(engine, "BEAT_SECONDS", 0.05)

    def handle(self, monkeypatch: pytest.MonkeyPatch, handler: work.Handler) -> Step:
        monkeypatch.setattr(work, "handlers", lambda: {"master": handler})
        assert work.once("test")
        assert not any(engine.work_folder().iterdir()), "nothing is left of the attempt"
        return Step.objects.get()

    def test_its_progress_is_seen_while_it_works(self, monkeypatch: pytest.MonkeyPatch) -> None:
        seen = []

        def handler(each: Work) -> Outcome:
            each.tell(0.5)
            for _ in range(200):
                seen.append(Step.objects.get().progress)
                if seen[-1] == 0.5:
                    break
                threading.Event().wait(0.05)
            return Outcome({"answer": 42})

        step = self.handle(monkeypatch, handler)
        assert seen[-1] == 0.5
        assert (step.state, step.progress, step.result["answer"]) == ("done", 1.0, 42)

    def test_who_lost_the_step_learns_it_in_the_middle_and_publishes_nothing(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def handler(each: Work) -> Outcome:
            Step.objects.update(attempt=7)
            with pytest.raises(FencedOut):
                for _ in range(200):
                    each.check()
                    threading.Event().wait(0.05)
            (each.folder / "sound.m4a").write_bytes(b"late")
            return Outcome({}, [each.output("sound", "sound.m4a", "audio/mp4", public=True)])

        step = self.handle(monkeypatch, handler)
        assert (step.state, step.attempt) == ("running", 7)
        assert not Derivative.objects.exists()

    @pytest.mark.parametrize(
        ("error", "state", "problem"),
        [
            (StepFailed("media_missing", "000001.ts"), "waiting", "media_missing"),
            (StepFailed("nothing_recorded", for_good=True), "failed", "nothing_recorded"),
            (OSError(28, "No space left"), "waiting", "disk"),
            (ZeroDivisionError(), "waiting", "error"),
        ],
    )
    def test_a_failure_is_told_with_a_stable_code(
        self, monkeypatch: pytest.MonkeyPatch, error: Exception, state: str, problem: str
    ) -> None:
        def handler(each: Work) -> Outcome:
            raise error

        step = self.handle(monkeypatch, handler)
        assert (step.state, step.problem) == (state, problem)


@pytest.mark.django_db
class TestHints:
    """Who is told, and when a machine works at all."""

    def test_the_reconciler_hints_at_what_waits_and_at_what_lapsed_but_not_every_second(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        told: list[int] = []
        monkeypatch.setattr(hints, "hint", lambda: told.append(1))
        monkeypatch.setattr(tasks, "_hinted", -tasks.HINT_SECONDS)
        assert tasks.reconcile() == 0
        assert told == []
        finished()
        tasks.reconcile()
        tasks.reconcile()
        assert told == [1]
        Step.objects.update(state="running", lease_until=later(-1))
        monkeypatch.setattr(tasks, "_hinted", -tasks.HINT_SECONDS)
        tasks.reconcile()
        assert told == [1, 1]

    def test_while_a_show_is_on_air_here_steps_wait_unless_the_machine_is_idle(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(gate, "recording_here", lambda: True)
        assert gate.open_now(), "nothing is on air"
        make_airing(state="on_air", actual_start=clock.now())
        for idle in (True, False):
            monkeypatch.setattr(gate, "is_idle", lambda idle=idle: idle)
            assert gate.open_now() is idle
        monkeypatch.setenv("YISHI_STEPS_ON_AIR", "always")
        assert gate.open_now()

    def test_a_machine_has_so_many_places(self, media_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with gate.place() as first, gate.place() as second:
            assert (first, second) == (True, False)
        monkeypatch.setenv("YISHI_STEPS_AT_ONCE", "2")
        with gate.place() as first, gate.place() as second, gate.place() as third:
            assert (first, second, third) == (True, True, False)
        with gate.place() as again:
            assert again


@pytest.mark.django_db
def test_old_recordings_are_looked_at_seldom_and_new_ones_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hints, "hint", lambda: None)
    monkeypatch.setattr(tasks, "_whole", -tasks.WHOLE_SECONDS)
    old = finished()
    Recording.objects.filter(pk=old.pk).update(replay_ready_at=clock.now() - dt.timedelta(days=3))
    assert tasks.reconcile() == 1
    assert tasks.reconcile() == 0
    Step.objects.filter(recording=old, kind="peaks").delete()
    assert tasks.reconcile() == 0, "whatever the archive holds, a look is as short"
    new = finished()
    assert tasks.reconcile() == 1
    assert Step.objects.filter(recording=new).count() == len(KINDS)
    monkeypatch.setattr(tasks, "_whole", -tasks.WHOLE_SECONDS)
    assert tasks.reconcile() == 1
    assert Step.objects.filter(recording=old).count() == len(KINDS)
