"""A show under kill -9: its recorder, encoders, store and worker, who dies when, and what must be true of it afterwards."""

from __future__ import annotations

import hashlib
import json
import random
import re
import secrets
import signal
import socket
import statistics
import subprocess
import sys
import time
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

# Pictures that an encoder has sent and its receiver cannot have yet: SRT's latency, what the muxers hold back, a busy machine.
UNDERWAY = 2 * RATE


@dataclass
class Kill:
    """One kill: of the recorder, of the child that wrote a part, or of another; and what each connection lost that it broke."""

    at: float
    kind: str
    part: int | None = None
    lost: list[float] = field(default_factory=list)


class Storm:
    """One show under kills."""

    def __init__(self, folder: Path, media_root: Path, clip: Path, *, seed: int, whole: bool) -> None:
        self.random, self.root, self.log = random.Random(seed), media_root, folder / "worker.log"
        self.mark = f"storm-{secrets.token_hex(6)}"
        self.recorder = RecorderProcess(folder)
        self.recorder.environ[processes.MARK] = self.mark
        self.kills: list[Kill] = []
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
        until(lambda: len(self.lanes_on_disk()) == 2, 60, f"both lanes: {self.recorder.words()[-3000:]}")
        lifecycle.start(HOUSE, self.airing.pk)

    def start_recorder(self) -> None:
        self.starts += 1
        self.recorder.start()
        self.recorder.wait_ready(self.starts)

    def lanes_on_disk(self) -> set[str]:
        notes = [json.loads(file.read_text()) for file in self.folder.glob("parts/*/part.json")]
        return {
            note["lane"]
            for note, part in zip(notes, self.folder.glob("parts/*/part.json"), strict=True)
            if any(part.parent.glob("*.ts"))
        }

    def children(self) -> dict[str, list[tuple[int, int | None]]]:
        """Our recorder's ffmpeg children by what they do, with the part that they write."""
        found: dict[str, list[tuple[int, int | None]]] = {"ingest": [], "ladder": [], "push": []}
        assert self.recorder.process is not None
        for each in processes.marked(self.mark):
            if each.pid == self.recorder.process.pid:
                continue
            try:
                words = Path(f"/proc/{each.pid}/cmdline").read_bytes()
            except OSError:
                continue
            written = re.search(rb"/parts/(\d+)/i\.m3u8", words)
            kind = "ladder"
            if b"hls_segment_filename" in words and written:
                kind = "ingest"
            elif b":%d" % self.sink.port in words:
                kind = "push"
            found[kind].append((each.pid, int(written[1]) if written else None))
        return found

    def kill_one(self) -> None:
        """Kill somebody at random: the recorder one time in three, else one of its children or the store."""
        self.read_line()
        children = self.children()
        kinds = [kind for kind, pids in children.items() if pids] + ["store"] * (self.store is not None)
        kind = "recorder" if not kinds or self.random.random() < 0.34 else self.random.choice(kinds)
        kill = Kill(time.monotonic(), kind)
        if kind == "recorder":
            assert self.recorder.process is not None
            self.recorder.process.kill()
            kill.at = time.monotonic()
            self.recorder.process.wait()
            self.kills.append(kill)
            self.start_recorder()
        elif kind == "store":
            assert self.store is not None
            self.store.stop()
            self.kills.append(kill)
            time.sleep(self.random.uniform(0, 3))
            self.store.start()
        else:
            victim, kill.part = self.random.choice(children[kind])
            processes.send(victim, signal.SIGKILL)
            self.kills.append(kill)

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
            f"finished: {self.recorder.words()[-3000:]}",
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

    def work(self, kills: int) -> None:
        """Let a worker do the steps, and kill it or its child while it does, so many times."""
        until(lambda: tasks.reconcile() or Step.objects.exists(), 20, "steps")
        left = kills
        deadline = time.monotonic() + 420
        while Step.objects.exclude(state="done").exists():
            assert time.monotonic() < deadline, list(Step.objects.values_list("kind", "state", "attempt", "problem"))
            if self.worker is None or self.worker.poll() is not None:
                self.start_worker()
            tasks.reconcile()
            if left and Step.objects.filter(state="running").exists():
                time.sleep(self.random.uniform(0, 0.6))
                self.kill_worker()
                left -= 1
            time.sleep(0.1)
        self.end_worker()

    def start_worker(self) -> None:
        words = ["celery", "-A", "broadcast", "worker", "-c", "1", "-l", "info", "--without-gossip", "--without-mingle"]
        environ = {**self.recorder.environ, "YISHI_STEPS_ON_AIR": "always"}
        with self.log.open("ab") as log:
            self.worker = subprocess.Popen(
                [sys.executable, "-m", *words], cwd=ROOT, env=environ, stdout=log, stderr=log, start_new_session=True
            )

    def kill_worker(self) -> None:
        assert self.worker is not None
        victims = [each.pid for each in processes.marked(self.mark)]
        victim = self.random.choice(victims or [self.worker.pid])
        self.kills.append(Kill(time.monotonic(), "worker" if victim == self.worker.pid else "worker's child"))
        processes.send(victim, signal.SIGKILL)
        if victim == self.worker.pid:
            self.end_worker()

    def end_worker(self) -> None:
        """What the house does when a service of its is gone: the rest of its session goes too."""
        if self.worker is not None:
            processes.signal_group(self.worker.pid, signal.SIGKILL)
            self.worker.kill()
            self.worker.wait()
            self.worker = None

    def steps_are_true(self) -> None:
        """Each step done once, and what they made is what lies there."""
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
        until(lambda: not processes.marked(self.mark), 20, "no orphan")
        assert not list((self.root / "run").glob("*.json"))
        parts = self.parts_agree()
        received = {number: read_numbers(files) for number, (_lane, files) in parts.items()}
        for number, numbers in received.items():
            expected = list(range(numbers[0], numbers[0] + len(numbers))) if numbers else []
            assert numbers == expected, f"part {number} has a hole inside"
        self.count_losses(parts, received)
        self.line_is_true(received)

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
                assert missing <= GOP + UNDERWAY, f"{lane}: {missing / RATE} s lost by {kill.kind}"
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

    def line_is_true(self, received: dict[int, list[int]]) -> None:
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
        before = -1
        for item in own:
            numbers = read_numbers([self.folder / self.name_of(item)])
            assert numbers[0] > before - RATE // 2, f"item {item['sequence']} shows again what was out"
            before = numbers[-1]

    def name_of(self, item: dict[str, object]) -> str:
        return f"parts/{item['part']:03d}/{item['number']:06d}.ts"

    def summary(self) -> str:
        losses = sorted(loss for kill in self.kills for loss in kill.lost)
        kinds = {
            kind: sum(kill.kind == kind for kill in self.kills) for kind in sorted({each.kind for each in self.kills})
        }
        text = f"kills={len(self.kills)} {kinds} connections broken={len(losses)}"
        if losses:
            text += f" lost seconds min={losses[0]:.1f} median={statistics.median(losses):.1f} max={losses[-1]:.1f}"
        return text
