"""The only way to open media that people upload: looked at and encoded anew inside a sandbox; it decides nothing about their use."""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar

from django.utils.translation import gettext as _

from archive import sandbox, tools
from archive.ffmpeg import PLAYLIST, SEGMENT_PATTERN, SEGMENT_SECONDS
from archive.sandbox import Bounds, Result
from broadcast.errors import InvalidInput, Unavailable

PROTOCOLS = "file"
FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mpegts,flv,mp3,wav,aac,ogg,flac"
# What may be decoded at all; a decoder that nobody needs is one less to break.
CODECS = (
    "h264,hevc,av1,libdav1d,libaom-av1,vp8,vp9,libvpx,libvpx-vp9,mpeg1video,mpeg2video,mpeg4,mjpeg,png,theora,"
    "aac,mp3,mp3float,mp2,mp2float,opus,libopus,vorbis,flac,alac,ac3,eac3,pcm_s16le,pcm_s16be,pcm_s24le,pcm_s32le,pcm_f32le,pcm_u8"
)
# Known when seen, and taken only where the limits name them.
_OLD = ((bytes.fromhex("3026b2758e66cf11"), "asf"), (b"\x00\x00\x01\xba", "mpeg"), (b"\x00\x00\x01\xb3", "mpegvideo"))
_LARGEST_ALLOCATION = 512 << 20
_PROBE = Bounds(memory=1 << 30, file=1 << 20, cpu_seconds=20, wall_seconds=30)


class Refused(InvalidInput):
    """The file cannot be used; data: problem, a stable code of `PROBLEMS`."""

    code = "media_refused"
    problem: ClassVar[str] = ""


def words_of(problem: str) -> str:
    """What a refusal means, for people."""
    return {
        "media_not_a_file": _("这不是普通文件。"),
        "media_empty": _("文件是空的。"),
        "media_too_large": _("文件太大。"),
        "media_format": _("不支持这种文件格式；请用 MP4、MKV、WebM、TS、FLV、MP3、WAV、FLAC、OGG 或 AAC。"),
        "media_unreadable": _("文件已损坏或不完整，无法读取。"),
        "media_codec": _("不支持文件里的编码。"),
        "media_truncated": _("文件不完整：实际内容比文件自己说的短。"),
        "media_no_streams": _("文件里没有画面也没有声音。"),
        "media_streams": _("文件里的轨道太多。"),
        "media_dimensions": _("画面尺寸太大。"),
        "media_frame_rate": _("帧率不合理。"),
        "media_duration": _("时长不合理，或超过上限。"),
        "media_sound": _("声音的采样率或声道数不合理。"),
        "media_time": _("处理这个文件用时太久，已停止。"),
        "media_memory": _("处理这个文件需要的内存太多，已停止。"),
        "media_output": _("文件展开后太大，已停止。"),
    }.get(problem, _("文件不能使用。"))


def refuse(problem: str, detail: str = "") -> Refused:
    """The refusal with that code, in words."""
    return Refused(words_of(problem), problem=problem, detail=detail[-300:])


@dataclass(frozen=True)
class Limits:
    """What an upload may be, at most."""

    bytes: int = 2 << 30
    seconds: float = 3_600
    streams: int = 16
    side: int = 8_192
    pixels: int = 8_192 * 4_320
    frame_rate: float = 121
    sample_rate: int = 192_000
    channels: int = 16
    probe: Bounds = _PROBE
    # Demuxers and decoders that may run.
    formats: str = FORMATS
    codecs: str = CODECS


LIMITS = Limits()


@dataclass(frozen=True)
class Found:
    """What the probe says of a file that may be used. `seconds` is 0 when the file does not say."""

    demuxer: str
    seconds: float
    picture: bool
    sound: bool
    width: int
    height: int
    # Of the first picture and the first sound, "" without: the codec, and how a picture's points are kept.
    picture_codec: str = ""
    sound_codec: str = ""
    points: str = ""


@contextlib.contextmanager
def box_of(upload: Path, limits: Limits = LIMITS, parent: Path | None = None) -> Iterator[Path]:
    """An empty folder with the upload alone in it, called `upload`; gone afterwards. Raises Refused for what is no plain file.

    The upload keeps its own place: the copy in the box is another file, whatever happens to it.
    """
    try:
        handle = os.open(upload, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise refuse("media_not_a_file", str(error)) from error
    facts = os.fstat(handle)
    if not stat.S_ISREG(facts.st_mode):
        os.close(handle)
        raise refuse("media_not_a_file")
    with os.fdopen(handle, "rb") as source:
        if facts.st_size > limits.bytes:
            raise refuse("media_too_large")
        if not facts.st_size:
            raise refuse("media_empty")
        box = Path(tempfile.mkdtemp(prefix="yishi-box-", dir=parent))
        try:
            with (box / "upload").open("wb") as copy:
                shutil.copyfileobj(source, copy, 1 << 20)
            yield box
        finally:
            shutil.rmtree(box, ignore_errors=True)


def demuxer_of(head: bytes) -> str | None:
    """The one demuxer that a file with this beginning is opened with; None for what we do not take."""
    if head[4:8] in {b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide"}:
        return "mov"
    for begin, name in (
        (b"\x1aE\xdf\xa3", "matroska"),
        (b"FLV\x01", "flv"),
        (b"OggS", "ogg"),
        (b"fLaC", "flac"),
        *_OLD,
    ):
        if head.startswith(begin):
            return name
    if head[:4] in {b"RIFF", b"RF64"} and head[8:12] == b"WAVE":
        return "wav"
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "avi"
    if head[:1] == b"G" and head[188:189] == b"G" and head[376:377] in {b"G", b""}:
        return "mpegts"
    return _bare_sound(head)


def _bare_sound(head: bytes) -> str | None:
    """Sound without a container begins with a tag or at once with a frame."""
    if head.startswith(b"ID3"):
        return "mp3"
    if len(head) < 2 or head[0] != 0xFF:
        return None
    if head[1] & 0xF6 == 0xF0:
        return "aac"
    return "mp3" if head[1] & 0xE0 == 0xE0 and head[1] & 0x06 else None


def opening(demuxer: str, limits: Limits = LIMITS) -> list[str]:
    """Options before the upload's -i, for ffprobe and ffmpeg alike: whatever the file says, nothing else is opened."""
    return [
        *("-protocol_whitelist", PROTOCOLS, "-format_whitelist", limits.formats, "-codec_whitelist", limits.codecs),
        *("-max_alloc", f"{_LARGEST_ALLOCATION}", "-max_streams", f"{limits.streams}"),
        *("-max_pixels", f"{limits.pixels}"),
        *("-f", demuxer),
    ]


def look(box: Path, limits: Limits = LIMITS) -> Found:
    """Probe the upload in the box. Raises Refused with the first limit that it breaks, Unavailable without ffprobe."""
    with (box / "upload").open("rb") as stream:
        demuxer = demuxer_of(stream.read(512))
    if demuxer is None or demuxer not in limits.formats.split(","):
        raise refuse("media_format", demuxer or "")
    result = sandbox.run([*_probe_words(demuxer, limits), f"file:{box / 'upload'}"], box, limits.probe)
    check_end(result)
    try:
        facts = json.loads(result.output)
    except ValueError as error:
        raise refuse("media_unreadable", result.words) from error
    return judge(facts, demuxer, limits)


def _probe_words(demuxer: str, limits: Limits) -> list[str]:
    program = shutil.which("ffprobe")
    if program is None:
        raise Unavailable(_("这台机器没有 ffprobe，无法检查上传的文件。"))
    # Only what is asked for is printed: tags may be as large as the file.
    entries = (
        "format=duration:stream=index,codec_type,codec_name,pix_fmt,width,height,avg_frame_rate,r_frame_rate,duration,"
        "sample_rate,channels:stream_disposition=attached_pic"
    )
    fixed = ["-v", "error", "-hide_banner", "-threads", "2", "-of", "json=c=1", "-show_entries", entries]
    return [program, *fixed, *opening(demuxer, limits), "-probesize", "20M", "-analyzeduration", "10M", "-i"]


def check_end(result: Result) -> None:
    """Raises Refused with what the run says of the upload; nothing when it went well."""
    problem = {"time": "media_time", "memory": "media_memory", "size": "media_output", "output": "media_streams"}
    # ffmpeg calls that a want of memory, so it comes first.
    if "max_streams" in result.words:
        raise refuse("media_streams", result.words)
    if result.stopped:
        raise refuse(problem[result.stopped], result.words)
    if "not on whitelist" in result.words.lower():
        named = re.search(r"Codec \(([\w-]+)\)", result.words)
        raise refuse("media_codec", named.group(1)) if named else refuse("media_format", result.words)
    if result.code:
        raise refuse("media_unreadable", result.words)


def judge(facts: dict[str, Any], demuxer: str, limits: Limits = LIMITS) -> Found:
    """Whether what the probe said is within the limits; pure. Raises Refused."""
    streams = [each for each in facts.get("streams", ()) if isinstance(each, dict)]
    if len(streams) > limits.streams:
        raise refuse("media_streams")
    pictures = [
        each
        for each in streams
        if each.get("codec_type") == "video" and not each.get("disposition", {}).get("attached_pic")
    ]
    sounds = [each for each in streams if each.get("codec_type") == "audio"]
    if not pictures and not sounds:
        raise refuse("media_no_streams")
    for each in [each for each in streams if each.get("codec_type") == "video"]:
        _judge_picture(each, limits)
    for each in sounds:
        _judge_sound(each, limits)
    lengths = [facts.get("format", {}).get("duration"), *(each.get("duration") for each in [*pictures, *sounds])]
    seconds = [_number(each) for each in lengths if each not in {None, "N/A"}]
    if any(not math.isfinite(each) or each < 0 or each > limits.seconds for each in seconds):
        raise refuse("media_duration")
    width, height = (int(_number(pictures[0].get(name, 0))) if pictures else 0 for name in ("width", "height"))
    found = Found(demuxer, max(seconds, default=0.0), bool(pictures), bool(sounds), width, height)
    picture, sound = (
        {name: str(value) for name, value in each[0].items()} if each else {} for each in (pictures, sounds)
    )
    told = picture.get("codec_name", ""), sound.get("codec_name", ""), picture.get("pix_fmt", "")
    return replace(found, picture_codec=told[0], sound_codec=told[1], points=told[2])


def _judge_picture(stream: dict[str, Any], limits: Limits) -> None:
    width, height = _number(stream.get("width", 0)), _number(stream.get("height", 0))
    if not 0 < width <= limits.side or not 0 < height <= limits.side or width * height > limits.pixels:
        raise refuse("media_dimensions" if width or height else "media_unreadable")
    if stream.get("disposition", {}).get("attached_pic"):
        return
    rate = _number(stream.get("avg_frame_rate", "0/0"))
    rate = rate if math.isfinite(rate) and rate else _number(stream.get("r_frame_rate", "0/0"))
    if not math.isfinite(rate) or not 0.1 <= rate <= limits.frame_rate:
        raise refuse("media_frame_rate")


def _judge_sound(stream: dict[str, Any], limits: Limits) -> None:
    rate, channels = _number(stream.get("sample_rate", 0)), _number(stream.get("channels", 0))
    if not 4_000 <= rate <= limits.sample_rate or not 1 <= channels <= limits.channels:
        raise refuse("media_sound")


def _number(value: Any) -> float:
    try:
        return float(Fraction(str(value)))
    except ZeroDivisionError:
        return 0.0
    except (ValueError, OverflowError):
        return math.nan


def segments(box: Path, found: Found, limits: Limits = LIMITS) -> Path:
    """Encode the upload anew into 2 s segments with a playlist, in a new folder of the box. Raises Refused.

    Nothing of the upload but decoded picture and sound comes through: no metadata, no data, no attachments.
    """
    folder = box / "out"
    folder.mkdir()
    longest = limits.seconds if not found.seconds else min(limits.seconds, found.seconds + 5)
    # Ten times as slow as it plays is an attack, not a file.
    bounds = Bounds(memory=3 << 30, file=64 << 20, cpu_seconds=int(60 + 20 * longest), wall_seconds=60 + 10 * longest)
    result = sandbox.run(_encode_words(box, found, longest, limits), box, bounds)
    check_end(result)
    if not (folder / PLAYLIST).exists() or not any(folder.glob("*.ts")):
        raise refuse("media_unreadable", result.words)
    return folder


def _encode_words(box: Path, found: Found, longest: float, limits: Limits) -> list[str]:
    words = [tools.path(), "-hide_banner", "-nostdin", "-loglevel", "error", "-filter_threads", "2", "-threads", "2"]
    words += [*opening(found.demuxer, limits), "-i", f"file:{box / 'upload'}"]
    every = str(25 * SEGMENT_SECONDS)
    if found.picture:
        width, height = (1280, 720) if found.height >= 720 else (640, 360)
        if not found.sound:
            words += ["-f", "lavfi", "-i", "anullsrc=r=48000:cl=stereo"]
        shape = (
            f"scale={width}:{height}:force_original_aspect_ratio=decrease,pad={width}:{height}:-1:-1,"
            "setsar=1,fps=25,format=yuv420p"
        )
        words += ["-map", "0:V:0", "-map", "0:a:0" if found.sound else "1:a:0", "-vf", shape]
        words += ["-c:v", "libx264", "-preset", "veryfast", "-profile:v", "main", "-g", every, "-keyint_min", every]
        bitrate = "1800k" if height == 720 else "700k"
        words += ["-sc_threshold", "0", "-b:v", bitrate, "-maxrate", bitrate, "-bufsize", "2M"]
        words += [] if found.sound else ["-shortest"]
    else:
        words += ["-map", "0:a:0"]
    words += ["-c:a", "aac", "-b:a", "128k", "-ac", "2", "-ar", "48000", "-map_metadata", "-1", "-map_chapters", "-1"]
    words += ["-dn", "-sn", "-t", f"{longest:.3f}", "-threads", "2", "-f", "hls", "-hls_time", str(SEGMENT_SECONDS)]
    words += ["-hls_list_size", "0", "-hls_playlist_type", "vod"]
    return [*words, "-hls_segment_filename", f"out/{SEGMENT_PATTERN}", "-y", f"out/{PLAYLIST}"]
