"""The recorder beside a bare ffmpeg that makes the same outputs, steps beside the naive commands, and end to replay."""

from __future__ import annotations

import datetime as dt
import os
import resource
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import step_costs

if TYPE_CHECKING:
    from benchmarks.report import Report
    from broadcast.models import Airing
    from tests.archive.making import Publisher

HEIGHTS = (480, 240)
_TICKS = os.sysconf("SC_CLK_TCK")
_SHOW_SEGMENTS = 900


@dataclass(frozen=True)
class Sizes:
    """How long things are, in seconds: what is measured live, and the file that steps work on."""

    live: float
    file: int
    ends: int


def run(report: Report, *, quick: bool) -> None:
    """All of it, on private servers; about 45 s with `quick`."""
    sizes = Sizes(10, 40, 1) if quick else Sizes(60, 600, 5)
    with tempfile.TemporaryDirectory(prefix="yishi-bench-") as name, _house() as said:
        folder = Path(name)
        report.conditions |= said | {
            "source": "1280x720, 30 pictures a second, key frame every 2 s, 2 Mb/s, AAC 48 kHz, sent by SRT",
            "outputs": f"copy, {', '.join(f'{each}p' for each in HEIGHTS)} (libx264 veryfast), sound alone; ours measures too",
            "live_seconds": sizes.live,
            "file_seconds": sizes.file,
        }
        clip = _clip(folder, sizes)
        _live(report, sizes, clip, folder)
        step_costs.add(report, sizes.file, clip, folder)


@contextmanager
def _house() -> Iterator[dict[str, Any]]:
    """PostgreSQL and Valkey of our own, migrated; yields what versions run."""
    from broadcast.house import private

    private.sweep()
    servers = private.PrivateServers()
    os.environ.update(servers.environ() | {"DJANGO_SETTINGS_MODULE": "broadcast.settings"})
    servers.start()
    try:
        import django

        django.setup()
        from django.core.management import call_command

        from archive import tools

        call_command("migrate", verbosity=0)
        os.environ["YISHI_FFMPEG"] = tools.path()
        yield {"ffmpeg": tools.find().version[:60]}
    finally:
        from django.db import connections

        connections.close_all()
        servers.stop()


def _clip(folder: Path, sizes: Sizes) -> Path:
    """What the encoder sends and the steps work on: moving picture, changing sound."""
    from archive import tools

    short, clip = folder / "short.mp4", folder / "clip.mp4"
    length = 20
    words = [
        *(tools.path(), "-hide_banner", "-loglevel", "error", "-nostdin"),
        *("-f", "lavfi", "-i", "testsrc2=s=1280x720:r=30,noise=alls=8:allf=t"),
        *("-f", "lavfi", "-i", "sine=f=330:r=48000,tremolo=f=0.5:d=0.8", "-t", str(length)),
        *("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-b:v", "2M", "-maxrate", "2M"),
        *("-bufsize", "4M", "-g", "60", "-keyint_min", "60", "-sc_threshold", "0", "-bf", "0"),
        *("-c:a", "aac", "-b:a", "128k", "-ac", "2", str(short)),
    ]
    subprocess.run(words, check=True)
    loops = max(0, -(-sizes.file // length) - 1)
    words = [tools.path(), "-loglevel", "error", "-nostdin", "-stream_loop", str(loops), "-i", str(short)]
    subprocess.run([*words, "-c", "copy", "-movflags", "+faststart", str(clip)], check=True)
    return clip


def _live(report: Report, sizes: Sizes, clip: Path, folder: Path) -> None:
    report.heading("receiving, with rungs (CPU seconds a second of media)")
    ours, ends = _ours(sizes, clip, folder)
    bare = _bare(sizes, clip, folder)
    report.add("recorder_cpu", ours, "recorder, its ffmpeg children and the writing of rows")
    report.add("bare_ffmpeg_cpu", bare, "one ffmpeg, same outputs, no measures, no rows, no delay")
    report.ratio("recorder_to_bare_ratio", ours, bare)
    report.heading(f"end of a show of {_SHOW_SEGMENTS * 2 // 60} minutes")
    report.add("end_to_staff_replay_s", statistics.median(ends), f"median of {len(ends)}; must be 5 s or less")
    report.add("end_to_staff_replay_max_s", max(ends))


def _ours(sizes: Sizes, clip: Path, folder: Path) -> tuple[float, list[float]]:
    """CPU a second of media of the recorder's whole tree, and the seconds from each show's end to its replay."""
    from archive import clips, ffmpeg
    from tests.archive.making import Publisher, RecorderProcess

    recorder = RecorderProcess(folder)
    # The database is the one that `migrate` made, not a test's.
    recorder.environ["YISHI_DATABASE_URL"] = os.environ["YISHI_DATABASE_URL"]
    airing = _airing()
    _old_part(airing, clip)
    recorder.start()
    publishers = []
    try:
        recorder.wait_ready()
        assert recorder.process is not None
        # A new recorder makes its filler first, which is no cost of receiving.
        _wait((clips.filler_folder() / "sound" / ffmpeg.PLAYLIST).exists, 120, "the filler")
        time.sleep(1)
        cpu = _received(airing, clip, folder, recorder.process.pid, sizes.live)
        publishers.append(Publisher(clip, folder / "publisher.log").srt(airing))
        _wait(lambda: _segments(airing, 3) >= 2, 60, "segments of the feed")
        ends = [_end(airing, publishers[0])]
        for _ in range(sizes.ends - 1):
            airing = _airing()
            _old_part(airing, clip)
            publishers.append(Publisher(clip, folder / "publisher.log").srt(airing))
            _wait(lambda each=airing: _segments(each, 2) >= 2, 60, "segments of the feed")  # type: ignore[misc]
            ends.append(_end(airing, publishers[-1]))
        return cpu, ends
    finally:
        for publisher in publishers:
            publisher.stop()
        recorder.stop()


def _airing() -> Airing:
    """On air for half an hour, with both rungs."""
    from archive.models import PlayoutRule
    from archive.services import ensure_recording
    from tests.archive import making

    programme = making.make_programme()
    PlayoutRule.objects.create(programme=programme, rungs=list(HEIGHTS))
    began = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=2 * _SHOW_SEGMENTS + 150)
    # A long delay: on a busy machine rungs come late, and none is given up.
    airing = making.make_airing(programme, delay=60, state="on_air", actual_start=began)
    ensure_recording(airing.pk)
    return airing


def _folder(airing: Airing) -> Path:
    from django.conf import settings

    return Path(settings.MEDIA_ROOT) / "airings" / str(airing.pk)


def _old_part(airing: Airing, clip: Path) -> None:
    """A closed part of half an hour before the one that is received, so that the end has a whole show to write."""
    import json

    from archive import tools

    part = _folder(airing) / "parts" / "001"
    part.mkdir(parents=True)
    words = [tools.path(), "-loglevel", "error", "-nostdin", "-i", str(clip), "-t", "2", "-c", "copy", "-f", "mpegts"]
    subprocess.run([*words, str(part / "one.ts")], check=True)
    began = int((time.time() - 2 * _SHOW_SEGMENTS - 120) * 1000)
    lines = ["#EXTM3U", "#EXT-X-VERSION:6", "#EXT-X-TARGETDURATION:2", "#EXT-X-PLAYLIST-TYPE:EVENT"]
    for number in range(_SHOW_SEGMENTS):
        file = part / f"{number:06d}.ts"
        file.hardlink_to(part / "one.ts")
        at = dt.datetime.fromtimestamp((began + 2000 * number) / 1000, dt.UTC).isoformat(timespec="milliseconds")
        lines += ["#EXTINF:2.000000,", f"#EXT-X-PROGRAM-DATE-TIME:{at}", file.name]
    # One file under nine hundred names has one time; as of now the ladder would take all for fresh.
    os.utime(part / "one.ts", (began / 1000, began / 1000))
    (part / "one.ts").unlink()
    (part / "i.m3u8").write_text("\n".join(lines) + "\n")
    closed = began + 2000 * _SHOW_SEGMENTS
    note = {
        "source": "srt",
        "lane": "main",
        "opened_ms": began,
        "shift_ms": 0,
        "closed_ms": closed,
        "end_code": "ended",
    }
    (part / "part.json").write_text(json.dumps(note))


def _segments(airing: Airing, part: int) -> int:
    return len(list((_folder(airing) / "parts" / f"{part:03d}").glob("*.ts")))


def _end(airing: Airing, publisher: Publisher) -> float:
    """End the show as the control room does; seconds until the staff's replay is whole."""
    from broadcast.models import Airing

    ended = time.time()
    Airing.objects.filter(pk=airing.pk).update(state="ended", actual_end=dt.datetime.now(dt.UTC))
    staff = _folder(airing) / "staff.m3u8"
    _wait(lambda: staff.exists() and "#EXT-X-ENDLIST" in staff.read_text(), 60, "the replay", 0.02)
    publisher.stop()
    return time.time() - ended


def _bare(sizes: Sizes, clip: Path, folder: Path) -> float:
    """One ffmpeg that receives the same SRT and makes the same outputs; CPU a second of media."""
    import socket

    from archive import ffmpeg, tools
    from broadcast.house.places import free_port
    from tests.archive.making import Publisher

    target = folder / "bare"
    for name in ("top", *(f"{each}p" for each in HEIGHTS), "sound"):
        (target / name).mkdir(parents=True)
    listener = ffmpeg.Srt("127.0.0.1", free_port(socket.SOCK_DGRAM), "bench-passphrase-0001")
    hls = ["-f", "hls", "-hls_time", "2", "-hls_list_size", "0", "-hls_flags", "independent_segments+temp_file"]
    words = [
        *(tools.path(), "-hide_banner", "-loglevel", "error", "-nostdin"),
        *("-f", "mpegts", "-i", listener.url("listener")),
        *("-filter_complex", f"[0:v]scale=-2:{HEIGHTS[0]},split[a][b];[b]scale=-2:{HEIGHTS[1]}[c]"),
        *("-map", "0:v", "-map", "0:a", "-c", "copy", *hls, str(target / "top" / "i.m3u8")),
    ]
    for label, height in zip("ac", HEIGHTS, strict=True):
        # The rungs' own options, with a key frame wherever the source has one.
        options = ffmpeg._rung_options(height, 2) | {"force_key_frames": "source"}
        for name in ("f", "mpegts_copyts", "enc_time_base", "fps_mode", "map_metadata"):
            options.pop(name)
        words += ["-map", f"[{label}]", "-map", "0:a"]
        words += [word for name, value in options.items() for word in (f"-{name}", str(value))]
        words += [*hls, str(target / f"{height}p" / "i.m3u8")]
    words += ["-map", "0:a", "-c", "copy", *hls, str(target / "sound" / "i.m3u8"), "-y"]
    before = _children()
    process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    time.sleep(1)
    publisher = Publisher(clip, folder / "bare.log").send_srt(listener.port, listener.passphrase)
    others = 0.0
    try:
        _wait(lambda: _seconds(target / "top" / "i.m3u8") >= sizes.live, sizes.live + 60, "the bare ffmpeg")
    finally:
        assert publisher.process is not None
        others = _tree(publisher.process.pid)
        publisher.stop()
        # Its input has ended, and it finishes what it has.
        process.wait(60)
    return (_children() - before - others) / _seconds(target / f"{HEIGHTS[-1]}p" / "i.m3u8")


def _children() -> float:
    """CPU seconds of all children that we have waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _received(airing: Airing, clip: Path, folder: Path, pid: int, seconds: float) -> float:
    """CPU a second of media of the recorder and its children, from before the encoder comes until its last rung is made.

    A second of media, not of the clock: on a busy machine the work comes later, not less.
    """
    from tests.archive.making import Publisher

    part = _folder(airing) / "parts" / "002"
    before = _tree(pid)
    publisher = Publisher(clip, folder / "publisher.log").srt(airing)
    _wait(lambda: _seconds(part / "i.m3u8") >= seconds, seconds + 60, "the feed")
    publisher.stop()
    _wait(lambda: '"closed_ms"' in (part / "part.json").read_text(), 60, "the end of the part")
    lowest, count = part / f"{HEIGHTS[-1]}p", len(list(part.glob("*.ts")))
    _wait(lambda: len(list(lowest.glob("*.ts"))) == count, 60, "the last rung")
    return (_tree(pid) - before) / _seconds(part / "i.m3u8")


def _seconds(playlist: Path) -> float:
    """Media in a playlist of ffmpeg's."""
    lines = playlist.read_text().splitlines() if playlist.exists() else []
    return sum(float(line[8:].rstrip(",")) for line in lines if line.startswith("#EXTINF:"))


def _tree(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        own = sum(int(fields[each]) for each in (11, 12, 13, 14)) / _TICKS
        tasks = list(Path(f"/proc/{pid}/task").glob("*/children"))
        children = [int(each) for task in tasks for each in task.read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return own + sum(_tree(child) for child in children)


def _wait(condition: Callable[[], Any], seconds: float, what: str, every: float = 0.1) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds} s: {what}")
        time.sleep(every)
