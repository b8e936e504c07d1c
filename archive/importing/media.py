"""Makes a part of a file from the past: looked at and encoded anew in the sandbox, then laid down as a finished part; it writes no row."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

from django.conf import settings

from archive import playlists, sandbox, tools, untrusted
from archive.ffmpeg import PLAYLIST, SEGMENT_PATTERN, SEGMENT_SECONDS
from archive.importing import riff
from archive.sandbox import Bounds
from archive.storage import write_atomically
from archive.storage.base import digest_of
from archive.untrusted import CODECS, FORMATS, LIMITS, Found, refuse

# What old files come in beside what is uploaded nowadays; a decoder that is not named here does not run.
OLD = replace(
    LIMITS,
    bytes=64 << 30,
    seconds=6 * 3_600,
    formats=f"{FORMATS},asf,avi,mpeg,mpegvideo",
    codecs=f"{CODECS},wmav1,wmav2,wmapro,wmv1,wmv2,wmv3,vc1,msmpeg4v1,msmpeg4v2,msmpeg4,h263,flv,vp6f,mp1,mp1float,"
    "adpcm_ms,adpcm_ima_wav,pcm_alaw,pcm_mulaw",
)
_MOST_HEIGHT = 1080
_MOST_WIDTH = 1920
# A copied segment begins at the source's own key frames; rarer ones make seeking slow and segments large.
_LONGEST_COPIED = 6.5
_LONGEST = 12.0
# So much of what the file says of its length may be missing: tails without a picture, lengths that were estimated.
_MAY_LACK = (0.03, 0.1, 2.0)
_SEGMENT_BYTES = 256 << 20


@dataclass(frozen=True)
class Made:
    """2 s segments in a folder of the box. `notes` are codes of what was done otherwise than asked."""

    folder: Path
    durations: tuple[float, ...]
    picture: bool
    copied: bool
    notes: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        """How long they last."""
        return sum(self.durations)


def check_whole(box: Path) -> None:
    """Refuse an upload that lacks what its container promises where decoders make do with less. Raises Refused."""
    file = box / "upload"
    with file.open("rb") as stream:
        lacks = riff.missing(stream, file.stat().st_size)
    if lacks:
        raise refuse("media_truncated", f"-{lacks} B")


def make(box: Path, found: Found, *, sound_only: bool) -> Made:
    """Segments of the upload in the box: the same picture and sound where players take them as they are, else new ones. Raises Refused.

    Of a file whose picture ends long before its sound the sound alone is taken.
    """
    if sound_only and not found.sound:
        raise refuse("media_no_streams")
    wanted = replace(found, picture=found.picture and not sound_only)
    if may_copy(wanted):
        made = _made(box, wanted, copied=True)
        if made is not None and max(made.durations) <= _LONGEST_COPIED and _is_whole(made, found):
            return made
    made = _made(box, wanted, copied=False)
    if made is not None and wanted.picture and found.sound and max(made.durations) > _LONGEST:
        made = _made(box, replace(found, picture=False), copied=False)
        made = made and replace(made, notes=("picture_left_out",))
    if made is None:
        raise refuse("media_unreadable")
    if not _is_whole(made, found):
        raise refuse("media_truncated", f"{made.seconds:.1f} s / {found.seconds:.1f} s")
    return made


def may_copy(found: Found) -> bool:
    """Whether players take the file's picture and sound as they are: H.264 of the common kind, AAC."""
    if found.sound_codec != "aac":
        return False
    if not found.picture:
        return True
    fits = found.height <= _MOST_HEIGHT and found.width <= _MOST_WIDTH
    return found.picture_codec == "h264" and found.points in {"yuv420p", "yuvj420p"} and fits


def _is_whole(made: Made, found: Found) -> bool:
    share, most_share, seconds = _MAY_LACK
    return made.seconds >= found.seconds * (1 - share) - min(seconds, found.seconds * most_share)


def _made(box: Path, found: Found, *, copied: bool) -> Made | None:
    """One run; None when a copy came to nothing. Raises Refused when encoding did."""
    folder = box / "out"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    longest = OLD.seconds if not found.seconds else min(OLD.seconds, found.seconds + 5)
    # Ten times as slow as it plays is an attack, not a file.
    bounds = Bounds(
        memory=3 << 30, file=_SEGMENT_BYTES, cpu_seconds=int(60 + 20 * longest), wall_seconds=60 + 10 * longest
    )
    result = sandbox.run(_words(box, found, longest, copied=copied), box, bounds)
    if copied and (result.code or result.stopped):
        return None
    untrusted.check_end(result)
    durations = _durations(folder)
    if not durations:
        if copied:
            return None
        raise refuse("media_unreadable", result.words)
    return Made(folder, durations, found.picture, copied)


def _durations(folder: Path) -> tuple[float, ...]:
    """Lengths of the segments in order. Raises Refused when the folder holds anything else."""
    try:
        text = (folder / PLAYLIST).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ()
    lengths = [float(line[8:].split(",")[0]) for line in text.splitlines() if line.startswith("#EXTINF:")]
    names = {SEGMENT_PATTERN % number for number in range(len(lengths))} | {PLAYLIST}
    for file in folder.iterdir():
        # What ran in the box may have put anything there.
        if file.name not in names or file.is_symlink() or not file.is_file():
            raise refuse("media_output", file.name)
    return tuple(lengths) if len(list(folder.iterdir())) == len(names) else ()


def _words(box: Path, found: Found, longest: float, *, copied: bool) -> list[str]:
    words = [tools.path(), "-hide_banner", "-nostdin", "-loglevel", "error", "-filter_threads", "2", "-threads", "2"]
    words += [*untrusted.opening(found.demuxer, OLD), "-i", f"file:{box / 'upload'}"]
    # One picture that stands still for the whole show is taken as it comes: players need sound beside it, so silence is put there.
    silent = found.picture and not found.sound
    if silent:
        words += ["-f", "lavfi", "-i", "anullsrc=r=48000:cl=stereo"]
    if found.picture:
        words += ["-map", "0:V:0", *(_copied_picture() if copied else _picture())]
    words += ["-map", "1:a:0" if silent else "0:a:0", *(["-c:a", "copy"] if copied else _sound())]
    words += ["-shortest"] if silent else []
    words += ["-map_metadata", "-1", "-map_chapters", "-1", "-dn", "-sn", "-t", f"{longest:.3f}", "-threads", "2"]
    words += ["-f", "hls", "-hls_time", str(SEGMENT_SECONDS), "-hls_list_size", "0", "-hls_playlist_type", "vod"]
    return [*words, "-hls_segment_filename", f"out/{SEGMENT_PATTERN}", "-y", f"out/{PLAYLIST}"]


def _copied_picture() -> list[str]:
    """As it is, but for what its encoder wrote beside the picture (SEI)."""
    return ["-c:v", "copy", "-bsf:v", "h264_mp4toannexb,filter_units=remove_types=6"]


def _picture() -> list[str]:
    """Interlaced fields made whole, points made square, never larger than it was."""
    every = str(25 * SEGMENT_SECONDS)
    fit = f"w='min({_MOST_WIDTH},iw)':h='min({_MOST_HEIGHT},ih)':force_original_aspect_ratio=decrease:force_divisible_by=2"
    shape = f"yadif=deint=interlaced,scale=w='max(16,trunc(iw*sar/2)*2)':h='max(16,trunc(ih/2)*2)',scale={fit},setsar=1"
    words = ["-vf", f"{shape},fps=25,format=yuv420p", "-c:v", "libx264", "-preset", "veryfast", "-profile:v", "main"]
    words += ["-crf", "21", "-maxrate", "4M", "-bufsize", "8M", "-bf", "0", "-sc_threshold", "0"]
    return [*words, "-g", every, "-keyint_min", every]


def _sound() -> list[str]:
    return ["-c:a", "aac", "-b:a", "128k", "-ac", "2", "-ar", "48000"]


def lay_down(made: Made, airing_id: UUID, start_ms: int) -> int:
    """Put the segments where the recorder looks for an airing's first part, finished and dated from `start_ms`. Returns its end, ms.

    The folder appears whole or not at all; what lay there under the same name goes.
    """
    target = airing_folder(airing_id) / "parts" / "001"
    fresh = target.with_name(".001")
    for folder in (fresh, target):
        shutil.rmtree(folder, ignore_errors=True)
    fresh.mkdir(parents=True)
    lines, at = ["#EXTM3U", "#EXT-X-VERSION:6"], start_ms
    for number, seconds in enumerate(made.durations):
        name = SEGMENT_PATTERN % number
        _copy(made.folder / name, fresh / name)
        lines += [f"#EXTINF:{seconds:.6f},", f"#EXT-X-PROGRAM-DATE-TIME:{playlists.format_time(at)}", name]
        at += round(seconds * 1000)
        # A segment may be public from when its file was closed on; these were there when their time had passed.
        os.utime(fresh / name, ns=(at * 1_000_000, at * 1_000_000))
    write_atomically(fresh / PLAYLIST, ("\n".join([*lines, "#EXT-X-ENDLIST"]) + "\n").encode())
    note = {"source": "file", "lane": "main", "opened_ms": start_ms, "closed_ms": at, "end_code": "file", "shift_ms": 0}
    write_atomically(fresh / "part.json", json.dumps(note).encode())
    fresh.rename(target)
    return at


def keep_original(box: Path, airing_id: UUID, name: str, digest: str) -> str:
    """Move the upload out of the box to lie beside what was made of it, as it came. Returns its key. Raises Refused.

    What ran in the box might have changed it, so its digest is taken again.
    """
    key = original_key(airing_id, name)
    target = Path(settings.MEDIA_ROOT) / key
    target.parent.mkdir(parents=True, exist_ok=True)
    (box / "upload").replace(target)
    with target.open("rb") as stream:
        if digest_of(stream)[1] != digest:
            raise refuse("media_output", name)
        os.fsync(stream.fileno())
    return key


def original_key(airing_id: UUID, name: str) -> str:
    """Where the original lies: nothing of its own name but a plain ending."""
    ending = Path(name).suffix.lower()
    ending = ending if re.fullmatch(r"\.[a-z0-9]{1,5}", ending) else ""
    return f"airings/{airing_id}/derived/original/original{ending}"


def _copy(source: Path, target: Path) -> None:
    with source.open("rb") as stream, target.open("wb") as out:
        shutil.copyfileobj(stream, out, 1 << 20)
        out.flush()
        os.fsync(out.fileno())


def airing_folder(airing_id: UUID) -> Path:
    """Where the media of an airing lie."""
    return Path(settings.MEDIA_ROOT) / "airings" / str(airing_id)


def work_folder() -> Path:
    """Where boxes stand: on the disk of the media, since old files are larger than a temporary folder may be."""
    folder = Path(settings.MEDIA_ROOT) / "work" / "imports"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def clear(folders: Sequence[UUID]) -> None:
    """Remove what tries that came to nothing laid down."""
    for airing_id in folders:
        shutil.rmtree(airing_folder(airing_id), ignore_errors=True)
