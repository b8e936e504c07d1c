"""Argument lists for ffmpeg, composed with ffmpeg-python: pure; it starts nothing, reads no setting, knows no framework."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import ffmpeg

SEGMENT_SECONDS = 2
PLAYLIST = "i.m3u8"
SEGMENT_PATTERN = "%06d.ts"
# What an ingest may wait for its peer before it gives the connection up, in microseconds.
PEER_SILENT_US = 5_000_000
_HLS_FLAGS = "independent_segments+program_date_time+temp_file+omit_endlist"


@dataclass(frozen=True)
class Srt:
    """One end of an SRT connection. The passphrase has 16 to 79 letters and digits; latency is in milliseconds."""

    host: str
    port: int
    passphrase: str
    latency_ms: int = 300

    def url(self, mode: str) -> str:
        """ffmpeg's address for it; `mode` is listener or caller. It holds the passphrase: never log it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        options = {
            "mode": mode,
            "passphrase": self.passphrase,
            "pbkeylen": 16,
            "latency": self.latency_ms * 1000,
            "timeout": PEER_SILENT_US,
        }
        return f"srt://{host}:{self.port}?{urlencode(options)}"


def _finish(program: str, stream: Any, *, progress: bool = True, level: str = "warning") -> list[str]:
    """The whole argument list. ffmpeg-python puts options in alphabetical order, which is right for all we use."""
    words = ["-progress", "pipe:1", "-stats_period", "0.5"] if progress else []
    return [program, "-hide_banner", "-nostdin", "-loglevel", level, "-nostats", *words, *stream.get_args(), "-y"]


def _part(source: Any, folder: Path, *, sound_only: bool = False) -> Any:
    """Copy first picture and first sound of `source` into 2 s HLS segments: what is closed survives any crash.

    Segments begin at key frames, so where the picture stands still none would ever be closed: with `sound_only` the picture is
    left out, and only counted in the progress.
    """
    if sound_only:
        counted = ffmpeg.output(source["v:0?"], "-", c="copy", f="null")
        return ffmpeg.merge_outputs(_segments([source["a:0"]], folder), counted)
    return _segments([source["v:0?"], source["a:0?"]], folder)


def _segments(streams: Sequence[Any], folder: Path) -> Any:
    return ffmpeg.output(
        *streams,
        str(folder / PLAYLIST),
        c="copy",
        map_metadata=-1,
        f="hls",
        hls_time=SEGMENT_SECONDS,
        hls_list_size=0,
        hls_playlist_type="event",
        hls_flags=_HLS_FLAGS,
        hls_segment_filename=str(folder / SEGMENT_PATTERN),
    )


def ingest_srt(program: str, listener: Srt, folder: Path, *, sound_only: bool = False) -> list[str]:
    """Wait for one SRT caller and record it into `folder`. Ends when the caller goes, exit code 0 even then.

    The demuxer is forced, so that a caller cannot make ffmpeg follow a playlist of his.
    """
    source = ffmpeg.input(
        listener.url("listener"), f="mpegts", analyzeduration=1_000_000, protocol_whitelist="srt", fflags="+genpts"
    )
    # Only "verbose" tells that a caller is in; with levels named, so that the rest of it can be left out.
    return _finish(program, _part(source, folder, sound_only=sound_only), level="level+verbose")


def ingest_pipe(program: str, folder: Path, container: str, *, sound_only: bool = False) -> list[str]:
    """Record what we write to standard input (`container` is flv or mpegts) into `folder`."""
    source = ffmpeg.input("pipe:0", f=container, analyzeduration=1_000_000, protocol_whitelist="pipe", fflags="+genpts")
    return _finish(program, _part(source, folder, sound_only=sound_only))


def fetch_rtmp(program: str, url: str, app_url: str, folder: Path, authorities: str = "") -> list[str]:
    """Fetch an RTMP stream into `folder`; `app_url` is its address up to the application, as the other side knows it.

    Over TLS the other side must prove its name to the authorities in that file.
    """
    protocols = "rtmps,rtmp,tls,tcp" if url.startswith("rtmps:") else "rtmp,tcp"
    secure = {"tls_verify": 1, "ca_file": authorities} if url.startswith("rtmps:") else {}
    source = ffmpeg.input(
        url,
        f="flv",
        rtmp_live="live",
        rtmp_tcurl=app_url,
        rw_timeout=PEER_SILENT_US,
        analyzeduration=1_000_000,
        protocol_whitelist=protocols,
        **secure,
    )
    return _finish(program, _part(source, folder))


def srt_call(where: str, options: Mapping[str, str]) -> str:
    """The address of an SRT source at host:port; only the options given are passed on."""
    chosen = {"latency": "300000", **options, "mode": "caller", "timeout": str(PEER_SILENT_US)}
    return f"srt://{where}?{urlencode(chosen)}"


def fetch_srt(program: str, url: str, folder: Path, *, sound_only: bool = False) -> list[str]:
    """Fetch MPEG-TS over SRT as a caller into `folder`; `url` is whole."""
    source = ffmpeg.input(url, f="mpegts", analyzeduration=1_000_000, protocol_whitelist="srt", fflags="+genpts")
    return _finish(program, _part(source, folder, sound_only=sound_only))


def publish_srt(program: str, loop: Path, caller: Srt) -> list[str]:
    """Send a pre-encoded MP4 file for ever, at its own speed, without encoding.

    Not MPEG-TS: looping that loses the key frame at the seam, which makes a 4 s segment there.
    """
    source = ffmpeg.input(str(loop), f="mp4", re=None, stream_loop=-1, protocol_whitelist="file")
    return _finish(program, ffmpeg.output(source, caller.url("caller"), c="copy", f="mpegts", muxdelay=0.1))


def publish_rtmp(program: str, loop: Path, url: str) -> list[str]:
    """The same over RTMP; `url` holds the stream key: never log it."""
    source = ffmpeg.input(str(loop), f="mp4", re=None, stream_loop=-1, protocol_whitelist="file")
    return _finish(program, ffmpeg.output(source, url, c="copy", f="flv"))


@dataclass(frozen=True)
class Encode:
    """How our own clips are encoded: one key frame every 2 s, so that segments are cut exactly."""

    seconds: int
    rate: int = 25
    video_bitrate: str = "500k"
    audio_bitrate: str = "96k"

    def options(self) -> dict[str, Any]:
        """Options of the output."""
        every = self.rate * SEGMENT_SECONDS
        return {
            "c:v": "libx264",
            "preset": "veryfast",
            "profile:v": "main",
            "pix_fmt": "yuv420p",
            "g": every,
            "keyint_min": every,
            "sc_threshold": 0,
            "b:v": self.video_bitrate,
            "maxrate:v": self.video_bitrate,
            "bufsize:v": "1000k",
            "c:a": "aac",
            "b:a": self.audio_bitrate,
            "ac": 2,
            "ar": 48_000,
            "t": self.seconds,
        }


def encode_clip(
    program: str, graph: str, sound: str, encode: Encode, target: Path, *, container: str = "mpegts"
) -> list[str]:
    """Encode one lavfi picture graph and one lavfi sound graph into a file."""
    picture, audio = ffmpeg.input(graph, f="lavfi"), ffmpeg.input(sound, f="lavfi")
    return _finish(
        program, ffmpeg.output(picture["v"], audio["a"], str(target), f=container, **encode.options()), progress=False
    )


def cut_into_segments(program: str, clip: Path, folder: Path, *, sound_only: bool = False) -> list[str]:
    """Cut a clip of ours into numbered 2 s segments with a playlist, without encoding."""
    source = ffmpeg.input(str(clip), f="mpegts", protocol_whitelist="file")
    streams: Sequence[Any] = (source["a:0"],) if sound_only else (source["v:0"], source["a:0"])
    output = ffmpeg.output(
        *streams,
        str(folder / PLAYLIST),
        c="copy",
        f="hls",
        hls_time=SEGMENT_SECONDS,
        hls_list_size=0,
        hls_segment_filename=str(folder / SEGMENT_PATTERN),
    )
    return _finish(program, output, progress=False)


def still(program: str, clip: Path, at_seconds: float, target: Path) -> list[str]:
    """One picture of a clip as PNG."""
    source = ffmpeg.input(str(clip), ss=at_seconds, protocol_whitelist="file")
    return _finish(program, ffmpeg.output(source["v:0"], str(target), **{"frames:v": 1}), progress=False)


# -- rungs and measures of one closed segment --------------------------------------------------------------------------

LOUDNESS, BLACK = "loudness.txt", "black.txt"
# Every picture whose share of dark points is at least this is black.
BLACK_PERCENT = 98
# Level and profile that all rungs keep to, so that a playlist may name them before one is made.
RUNG_CODEC = "avc1.4d401f"
_RUNG_LEVEL = "3.1"
MOST_RUNG_FPS = 31


@dataclass(frozen=True)
class Source:
    """What must be known of a segment to make its rungs."""

    file: Path
    has_picture: bool
    has_sound: bool
    fps: float = 0.0
    interlaced: bool = False


def rung_name(height: int) -> str:
    """Name of a rung: of its folder, its files and its playlist."""
    return f"{height}p"


def rung_bitrate(height: int) -> int:
    """The most that a rung of that height takes for its picture, in bits a second."""
    return max(250, round(height * height * 0.0052)) * 1000


def segment_job(program: str, source: Source, heights: Sequence[int], *, threads: int = 2) -> list[str]:
    """Make the rungs of one segment (`<height>p.ts`) and its measures, all into the working directory.

    Times stay those of the source, its sound is copied, each rung begins with a key frame. Without heights only key frames are
    decoded, which is enough to see whether the picture is black.
    """
    few = {"skip_frame:v": "nokey"} if source.has_picture and not heights else {}
    # Probing further than the first pictures would read all of the file once more.
    opened = ffmpeg.input(str(source.file), f="mpegts", protocol_whitelist="file", threads=threads, **few)
    outputs: list[Any] = []
    if source.has_picture:
        outputs += _pictures(opened, source, sorted(heights, reverse=True), threads)
    if source.has_sound:
        heard = opened["a:0"].filter("ebur128", peak="sample", metadata=1, framelog="verbose")
        outputs.append(ffmpeg.output(heard.filter("ametadata", mode="print", file=LOUDNESS), "-", f="null"))
    words = ffmpeg.merge_outputs(*outputs).get_args()
    return [program, "-hide_banner", "-nostdin", "-loglevel", "error", "-nostats", "-copyts", *words, "-y"]


def _pictures(opened: Any, source: Source, heights: Sequence[int], threads: int) -> list[Any]:
    """Each rung out of the next higher one, and the black look at the lowest."""
    picture = opened["v:0"]
    if source.interlaced:
        picture = picture.filter("yadif", mode="send_frame", deint="interlaced")
    if heights and source.fps > MOST_RUNG_FPS:
        picture = picture.filter("select", "not(mod(n,2))")
    outputs = []
    for height in heights:
        scaled = picture.filter("scale", -2, height).filter("format", "yuv420p").split()
        picture = scaled[0]
        streams = [scaled[1], *([opened["a:0"]] if source.has_sound else [])]
        outputs.append(ffmpeg.output(*streams, f"{rung_name(height)}.ts", **_rung_options(height, threads)))
    if not heights:
        picture = picture.filter("scale", -2, 90).filter("format", "yuv420p")
    seen = picture.filter("blackframe", amount=0, threshold=32).filter("metadata", mode="print", file=BLACK)
    return [*outputs, ffmpeg.output(seen, "-", f="null", fps_mode="passthrough")]


def _rung_options(height: int, threads: int) -> dict[str, Any]:
    """A quality with a ceiling instead of a mean rate: each segment is encoded without knowing the one before.

    No B-frames: then the decoding times of segments encoded apart follow one another without overlap.
    """
    most = rung_bitrate(height)
    return {
        "c:v": "libx264",
        "preset": "veryfast",
        "profile:v": "main",
        "level:v": _RUNG_LEVEL,
        "crf": 23,
        "bf": 0,
        "g": 9999,
        "sc_threshold": 0,
        "maxrate:v": most,
        "bufsize:v": most,
        "threads": threads,
        "fps_mode": "passthrough",
        # Else the encoder counts in pictures and moves each time to the nearest.
        "enc_time_base": "1:90000",
        "c:a": "copy",
        "map_metadata": -1,
        "f": "mpegts",
        "mpegts_copyts": 1,
    }
