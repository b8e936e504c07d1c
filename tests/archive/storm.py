"""A show under kill -9: its recorder, encoders, store and worker, who dies when, and what must be true of it afterwards."""

from __future__ import annotations

import hashlib
import json
import os
import random
import secrets
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import m3u8

from archive import playlists, services, simulcast, tasks
from archive.ffmpeg import Srt
from archive.models import Derivative, IngestSecret, Part, PlayoutRule, Recording, Step
from archive.storage.s3 import S3Storage
from broadcast import lifecycle
from broadcast.access import HOUSE
from broadcast.house import processes
from broadcast.house.places import ROOT, free_port
from broadcast.models import Airing, Feed

from .making import RecorderProcess, make_airing, until
from .numbered import GOP, RATE, Connection, NumberedEncoder, Sink, read_numbers
from .s3_servers import KEY, SECRET, Server
from .victims import below, children_of_recorder, living

# Seconds of pictures that an encoder has sent and its receiver cannot have yet: SRT's latency, what the muxers hold back.
UNDERWAY = 2.0
# A busy machine adds what it was late with segments around that time.
AROUND = 15.0
# Nobody to be killed appears for so long: then there never will be one.
PATIENCE = 90.0
# A step may be struck so often; it is given up at its fifth failure.
STRUCK = 2


@dataclass
class Kill:
    """One kill: of the recorder, of the child that wrote a part, or of another; and what each connection lost that it broke."""

    at: float
    kind: str
    part: int | None = None
    lost: list[float] = field(default_factory=list)


class Storm:
    """One show under kills."""

    def __init__(self, folder: Path, media_root: Path, clip: Path, *, seed: int, whole: bool = False) -> None:
        self.random, self.root, self.log = random.Random(seed), media_root, folder / "worker.log"
        self.mark = f"storm-{secrets.token_hex(6)}"
        self.recorder = RecorderProcess(folder)
        self.recorder.environ[processes.MARK] = self.mark
        self.kills: list[Kill] = []
        self.lags: list[tuple[float, float]] = []
        self.struck: Counter[str] = Counter()
        self.sessions: list[int] = []
        self.most_living = 0
        self.starts = 0
        self.seen: dict[int, str] = {}
        self.airing = self._airing()
        self.sink = Sink(free_port(socket.SOCK_DGRAM))
        self.store: Server | None = None
        self.kept: S3Storage | None = None
        self.worker: subprocess.Popen[bytes] | None = None
        PlayoutRule.objects.create(programme=self.airing.episode.programme, rungs=[90])
        if whole:
            self._add_store(folder)
            simulcast.add_target(HOUSE, self.airing.episode.programme_id, "mirror", f"srt://127.0.0.1:{self.sink.port}")
            self.sink.start()
        self.folder = media_root / "airings" / str(self.airing.pk)
        began = time.monotonic()
        ingest = services.addresses_of(self.airing, IngestSecret.objects.get(airing=self.airing))
        assert ingest.backup is not None
        rtmp = f"rtmp://127.0.0.1:{self.recorder.rtmp_port}/live/{ingest.stream_key}"
        srt = Srt("127.0.0.1", ingest.backup.srt_port, ingest.passphrase).url("caller")
        self.encoders = {
            "main": NumberedEncoder(clip, lambda: rtmp, "flv", began),
            "backup": NumberedEncoder(clip, lambda: srt, "mpegts", began),
        }

    def _add_store(self, folder: Path) -> None:
        """A store that is a process of its own, with its objects on disk."""
        self.store = Server("nanio", folder).start()
        bucket = self.store.bucket()
        self.kept = S3Storage(bucket, "storm", self.store.account())
        self.recorder.environ |= {
            "YISHI_STORE": f"s3://{bucket}/storm",
            "YISHI_S3_ENDPOINT": f"http://127.0.0.1:{self.store.port}",
            "YISHI_S3_KEY": KEY,
            "YISHI_S3_SECRET": SECRET,
        }

    @staticmethod
    def _airing() -> Airing:
        airing = make_airing(delay=4)
        airing.backup_feed = Feed.objects.create(
            name=f"spare {secrets.token_hex(4)}", srt_port=free_port(socket.SOCK_DGRAM)
        )
        airing.save(update_fields=["backup_feed"])
        services.ensure_recording(airing.pk)
        lifecycle.open_feed(HOUSE, airing.pk)
        return airing

    def begin(self) -> None:
        """Recorder and encoders up, the show on air, both lanes on disk."""
        self.start_recorder()
        for each in self.encoders.values():
            each.start()
        until(lambda: len(self.lanes_on_disk()) == 2, 60, self.recorder.words)
        lifecycle.start(HOUSE, self.airing.pk)

    def start_recorder(self) -> None:
        self.starts += 1
        self.recorder.start()
        self.most_living = max(self.most_living, len(self.living()))
        self.recorder.wait_ready(self.starts)

    def lanes_on_disk(self) -> set[str]:
        notes = [json.loads(file.read_text()) for file in self.folder.glob("parts/*/part.json")]
        return {
            note["lane"]
            for note, part in zip(notes, self.folder.glob("parts/*/part.json"), strict=True)
            if any(part.parent.glob("*.ts"))
        }

    def living(self) -> set[int]:
        """Everybody who runs for recorder and worker."""
        return living(self.mark, (self.recorder.log, self.log), self.sessions)

    def kill_one(self, kind: str) -> None:
        """Kill somebody of that kind; waits until there is one."""
        self.read_line()
        kill = Kill(time.monotonic(), kind)
        if kind == "recorder":
            assert self.recorder.process is not None
            self.recorder.process.kill()
            kill.at = time.monotonic()
            self.recorder.process.wait()
            until(lambda: not self.living(), 30, "its children die with it")
            self.start_recorder()
        elif kind == "store":
            assert self.store is not None
            self.store.stop()
            time.sleep(self.random.uniform(0, 2))
            self.store.start()
        else:
            self._kill_child(kind, kill)
        self.kills.append(kill)

    def _kill_child(self, kind: str, kill: Kill) -> None:
        assert self.recorder.process is not None
        pid, deadline = self.recorder.process.pid, time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            found = children_of_recorder(pid, self.sink.port)[kind]
            if not found:
                # One that works on a segment lives for a tenth of a second.
                time.sleep(0.005)
                continue
            victim, before = self.random.choice(found), self.jobs_killed()
            if kind == "ladder":
                time.sleep(self.random.uniform(0, 0.05))
            kill.at, kill.part = time.monotonic(), victim.part
            processes.send(victim.pid, signal.SIGKILL)
            if kind != "ladder" or self._was_killed(before):
                return
        raise AssertionError(f"no {kind} to be killed: {self.recorder.words()[-3000:]}")

    def jobs_killed(self) -> int:
        return self.recorder.words().count("segment job was killed")

    def _was_killed(self, before: int) -> bool:
        """Whether the recorder saw its child killed: one that had just ended does not count."""
        deadline = time.monotonic() + 2
        while time.monotonic() < deadline and self.jobs_killed() == before:
            time.sleep(0.02)
        return self.jobs_killed() > before

    def read_line(self) -> None:
        """Look at the public playlist as a player does: no number ever stands for something else."""
        file = self.folder / "live.m3u8"
        if not file.exists():
            return
        playlist = m3u8.loads(file.read_text())
        for number, segment in enumerate(playlist.segments, start=playlist.media_sequence or 0):
            assert self.seen.setdefault(number, segment.uri) == segment.uri

    def end(self) -> None:
        """End the show, and wait until its recording is finished."""
        lifecycle.end(HOUSE, self.airing.pk)
        until(
            lambda: Recording.objects.get(airing=self.airing).state == "finished",
            90,
            self.recorder.words,
        )
        for each in self.encoders.values():
            each.stop()
        if self.kept is not None:
            until(self.all_is_kept, 120, "all is in the store")
        assert self.recorder.stop() == 0

    def all_is_kept(self) -> bool:
        assert self.kept is not None
        files = [*self.folder.glob("public/*.ts"), *self.folder.glob("parts/*/*.ts"), self.folder / "live.m3u8"]
        keys = set(self.kept.list(f"airings/{self.airing.pk}"))
        return all(str(file.relative_to(self.root)) in keys for file in files)

    # -- steps afterwards --------------------------------------------------------------------------------------------

    def work(self, deck: Sequence[str]) -> None:
        """Let a worker do the steps, and kill it, its pool's process or that one's ffmpeg while a step is done, as the deck says."""
        until(lambda: tasks.reconcile() or Step.objects.exists(), 60, "steps")
        left, hint = list(deck), 0.0
        deadline = time.monotonic() + 900
        while Step.objects.exclude(state="done").exists():
            now = time.monotonic()
            assert now < deadline, list(Step.objects.values_list("kind", "state", "attempt", "problem"))
            if self.worker is None or self.worker.poll() is not None:
                self.start_worker()
            if now > hint:
                tasks.reconcile()
                hint = now + 0.5
            if left and self.kill_worker(left[-1]):
                left.pop()
            time.sleep(0.01 if left else 0.2)
        assert not left, "nobody to be killed at work"
        self.end_worker()

    def start_worker(self) -> None:
        words = ["celery", "-A", "broadcast", "worker", "-c", "1", "-l", "info", "--without-gossip", "--without-mingle"]
        environ = {**self.recorder.environ, "YISHI_STEPS_ON_AIR": "always"}
        self.worker = processes.start([sys.executable, "-m", *words], log=self.log, environ=environ, folder=ROOT)
        self.sessions.append(self.worker.pid)

    def kill_worker(self, kind: str) -> bool:
        """Kill who does a step now: Celery's main process, the one of its pool, or the ffmpeg below that. Returns whether it could."""
        assert self.worker is not None
        pool = below(self.worker.pid)
        names = [f"{os.uname().nodename}:{pid}" for pid in pool]
        busy = Step.objects.filter(state="running", worker__in=names).first()
        if busy is None or self.struck[busy.kind] >= STRUCK:
            return False
        working = [child for pid in pool for child in below(pid)]
        victims = {"worker": [self.worker.pid], "worker's pool": pool, "worker's ffmpeg": working}[kind]
        if not victims:
            return False
        # Whoever will be looked for as an orphan is seen while it lives.
        assert {self.worker.pid, *pool} <= self.living()
        below_it = [each for pid in working if (each := processes.identify(pid))]
        self.struck[busy.kind] += 1
        self.kills.append(Kill(time.monotonic(), kind))
        processes.send(self.random.choice(victims), signal.SIGKILL)
        until(lambda: not any(each.alive for each in below_it), 60, "no ffmpeg outlives who started it")
        if kind == "worker":
            self.end_worker()
            until(lambda: not self.living(), 60, "nobody is left of the worker")
        return True

    def end_worker(self) -> None:
        """What the house does when a service of its is gone: the rest of its session goes too."""
        if self.worker is not None:
            processes.signal_group(self.worker.pid, signal.SIGKILL)
            self.worker.kill()
            self.worker.wait()
            self.worker = None

    def steps_are_true(self) -> None:
        """Each step done once, and what they made is what lies there."""
        until(lambda: not self.living(), 60, "no orphan of the worker")
        rows = list(Step.objects.values_list("kind", "state"))
        assert sorted(rows) == sorted({(kind, "done") for kind, _state in rows})
        made = list(Derivative.objects.all())
        assert {each.kind for each in made} >= {"master", "sound", "sprite", "peaks"}
        for each in made:
            content = (self.root / each.key).read_bytes()
            assert each.algorithm == "sha256"
            assert hashlib.sha256(content).hexdigest() == each.digest

    # -- what must be true afterwards --------------------------------------------------------------------------------

    def check(self) -> None:
        # That they are found while they live is seen at each start of the recorder.
        assert self.most_living >= 1
        until(lambda: not self.living(), 60, "no orphan")
        assert not list((self.root / "run").glob("*.json"))
        parts = self.parts_agree()
        received = {number: read_numbers(files) for number, (_lane, files) in parts.items()}
        for number, numbers in received.items():
            expected = list(range(numbers[0], numbers[0] + len(numbers))) if numbers else []
            assert numbers == expected, f"part {number} has a hole inside"
        self.measure_lags(parts, received)
        self.count_losses(parts, received)
        self.line_is_true()

    def parts_agree(self) -> dict[int, tuple[str, list[Path]]]:
        """Rows and disk say the same; lane and files in order, by number of the part."""
        rows = {row.number: row for row in Part.objects.filter(recording_id=self.airing.pk)}
        found = {}
        for folder in sorted(self.folder.glob("parts/*")):
            closed = sorted(folder.glob("*.ts"))
            if not closed:
                continue
            row = rows.pop(int(folder.name))
            texts = [(folder / name).read_text() for name in ("i.m3u8", "kept.m3u8") if (folder / name).exists()]
            listed = max((playlists.parse_part(text) for text in texts), key=len)
            files = [folder / each.file for each in listed]
            assert [each.name for each in files] == [f"{number:06d}.ts" for number in range(len(files))]
            # A file closed in the instant of the kill may be in no playlist: that one is the segment lost.
            assert len(closed) - len(files) in {0, 1}
            note = json.loads((folder / "part.json").read_text())
            assert (row.lane, row.segments) == (note["lane"], len(files))
            assert row.size_bytes == sum(each.stat().st_size for each in files)
            assert row.ended_at is not None
            found[row.number] = (row.lane, files)
        assert not rows, "a row without media"
        return found

    def measure_lags(self, parts: dict[int, tuple[str, list[Path]]], received: dict[int, list[int]]) -> None:
        """How long after the picture that ends it was sent each segment was closed: what the machine was late with, and when."""
        offset = time.time() - time.monotonic()
        for lane, encoder in self.encoders.items():
            for connection in encoder.connections:
                files = [
                    files
                    for number, (each, files) in parts.items()
                    if each == lane and received[number][:1] == [connection.first]
                ]
                for number, file in enumerate(files[0] if files else []):
                    closed = file.stat().st_mtime - offset
                    sent = connection.sent_at((number + 1) * GOP + 1)
                    if sent is not None:
                        self.lags.append((closed, closed - sent))

    def late_around(self, at: float) -> float:
        return max((lag for closed, lag in self.lags if abs(closed - at) < AROUND), default=0.0)

    def count_losses(self, parts: dict[int, tuple[str, list[Path]]], received: dict[int, list[int]]) -> None:
        """For every connection: nothing missing at its beginning, and at its end no more than the segment that was open."""
        for lane, encoder in self.encoders.items():
            kept = {number: received[number] for number, (each, _files) in parts.items() if each == lane}
            for connection in encoder.connections:
                mine = next((each for each in kept.items() if each[1] and each[1][0] == connection.first), None)
                kill = self.breaking(connection, mine[0] if mine else None, set(parts))
                if kill is None:
                    continue
                missing = connection.sent_by(kill.at) - (len(mine[1]) if mine else 0)
                kill.lost.append(max(0, missing) / RATE)
                underway = max(UNDERWAY, 1 + self.late_around(kill.at))
                assert missing <= GOP + underway * RATE, f"{lane}: {missing / RATE} s lost by {kill.kind}, {underway=}"
            heads = {connection.first for connection in encoder.connections}
            for numbers in filter(None, kept.values()):
                assert numbers[0] in heads, f"{lane}: the beginning of a connection is missing before {numbers[0]}"

    def breaking(self, connection: Connection, part: int | None, kept: set[int]) -> Kill | None:
        """The first kill that ended a connection; one that left no part was ended by that of a child whose part was empty."""
        while_open = [each for each in self.kills if connection.began < each.at < (connection.ended or 1e12)]
        for each in while_open:
            if each.kind == "recorder":
                return each
            if each.kind == "ingest" and (each.part == part if part else each.part not in kept):
                return each
        return None

    def line_is_true(self) -> None:
        """The public line: numbered without a gap, nothing twice, in order, with the digests of what lies there."""
        items = [json.loads(line) for line in (self.folder / "released.jsonl").read_text().splitlines()]
        assert [item["sequence"] for item in items] == list(range(len(items)))
        own = [item for item in items if item["part"]]
        keys = [(item["part"], item["number"]) for item in own]
        assert len(keys) == len(set(keys)), "nothing goes out twice"
        starts = [item["start_ms"] for item in items]
        assert starts == sorted(starts), "nothing goes out before what was made earlier"
        last: dict[int, int] = {}
        for part, number in keys:
            assert number > last.get(part, -1)
            last[part] = number
        digests = {hashlib.sha256(file.read_bytes()).hexdigest() for file in (self.folder / "public").glob("*.ts")}
        for item in own:
            media = self.folder / self.name_of(item)
            assert item["algorithm"].lower().replace("-", "") == "sha256"
            assert item["digest"] == hashlib.sha256(media.read_bytes()).hexdigest()
            assert item["digest"] in digests
            kept = self.kept.head(f"airings/{self.airing.pk}/{self.name_of(item)}") if self.kept else None
            assert self.kept is None or (kept is not None and kept.digest == item["digest"])
        self.pictures_follow(own)
        self.read_line()
        assert sorted(self.seen) == list(range(max(self.seen) + 1))

    def pictures_follow(self, own: list[dict[str, object]]) -> None:
        """What the public sees never jumps back, not even from one lane to the other: half a second is clocks and latency."""
        before, slack = -1, RATE * max(0.5, *(lag - 1 for _closed, lag in self.lags))
        for item in own:
            numbers = read_numbers([self.folder / self.name_of(item)])
            assert numbers[0] > before - slack, f"item {item['sequence']} shows again what was out"
            before = numbers[-1]

    def name_of(self, item: dict[str, object]) -> str:
        return f"parts/{item['part']:03d}/{item['number']:06d}.ts"

    def summary(self) -> str:
        losses = sorted(loss for kill in self.kills for loss in kill.lost)
        kinds = {
            kind: sum(kill.kind == kind for kill in self.kills) for kind in sorted({each.kind for each in self.kills})
        }
        late = sorted(lag for _closed, lag in self.lags)
        text = f"kills={len(self.kills)} {kinds} connections broken={len(losses)}"
        text += f" segments late median={statistics.median(late):.1f} max={late[-1]:.1f}"
        if losses:
            text += f" lost seconds min={losses[0]:.1f} median={statistics.median(losses):.1f} max={losses[-1]:.1f}"
        return text
