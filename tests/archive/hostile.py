"""Hostile uploads, built by code: what is written here is all that they are."""

from __future__ import annotations

import struct
import subprocess
import zlib
from pathlib import Path

from archive import tools


def make(target: Path, *words: str, seconds: float = 3) -> Path:
    """A good file, made by ffmpeg from its own test picture and a tone."""
    subprocess.run(
        [
            *(tools.path(), "-v", "error", "-nostdin", "-y"),
            *("-f", "lavfi", "-i", f"testsrc2=s=320x240:r=25:d={seconds}"),
            *("-f", "lavfi", "-i", f"sine=440:r=48000:d={seconds}"),
            *words,
            f"file:{target}",
        ],
        check=True,
        timeout=60,
    )
    return target


GOOD = {
    "a.mp4": ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac"),
    "b.mkv": ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "flac"),
    "c.webm": ("-c:v", "libvpx", "-c:a", "libopus"),
    "d.ts": ("-c:v", "mpeg2video", "-c:a", "mp2"),
    "e.mp3": ("-vn", "-c:a", "libmp3lame", "-metadata", "title=t"),
    "f.wav": ("-vn", "-c:a", "pcm_s16le"),
    "g.flac": ("-vn", "-c:a", "flac"),
    "h.ogg": ("-vn", "-c:a", "libvorbis"),
    "i.flv": ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac"),
    "j.aac": ("-vn", "-c:a", "aac"),
}


def box(kind: bytes, *content: bytes) -> bytes:
    """An MP4 box."""
    body = b"".join(content)
    return struct.pack(">I", 8 + len(body)) + kind + body


FTYP = box(b"ftyp", b"isom\0\0\2\0isomiso2mp41")


def lists(secret: Path) -> dict[str, bytes]:
    """Playlists and lists that would make a careless ffmpeg read other files or fetch addresses."""
    hls = "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:10,\n{}\n#EXT-X-ENDLIST\n"
    return {
        "hls-file.mp4": hls.format(f"file://{secret}").encode(),
        "hls-relative.mp4": hls.format("../secret.ts").encode(),
        "hls-concat.mp4": hls.format(f"concat:http://127.0.0.1:1/x|file://{secret}").encode(),
        "hls-http.mp4": hls.format("http://169.254.169.254/latest/meta-data/").encode(),
        "ffconcat.mp4": f"ffconcat version 1.0\nfile {secret.name}\n".encode(),
        "ffconcat-absolute.mp4": f"ffconcat version 1.0\nfile '{secret}'\n".encode(),
        "dash.mp4": b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static">'
        b"<BaseURL>http://127.0.0.1:1/</BaseURL></MPD>",
        "sdp.mp4": b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n",
        "sub.mp4": b"1\n00:00:00,000 --> 00:00:02,000\n<img src=http://127.0.0.1/>\n",
        "svg.mp4": b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
        "zip.mp4": b"PK\x03\x04" + zlib.compress(bytes(1 << 20)),
        "html.mp4": b"<html><script>alert(1)</script></html>",
        "gif-with-mp4-behind.mp4": b"GIF89a" + bytes(40) + FTYP,
        "html-with-mp3-behind.mp3": b"<html></html>" + b"\xff\xfb\x90\x00" * 200,
        "text-with-ts-far-off.ts": b"#EXTM3U\n" + b"G" + bytes(187),
    }


def cmov_bomb() -> bytes:
    """An MP4 whose index is compressed: 64 MB of nothing, said to be 4 GB."""
    packed = zlib.compress(bytes(64 << 20), 9)
    inner = box(b"dcom", b"zlib") + box(b"cmvd", struct.pack(">I", 0xFFFFFFF0), packed)
    return FTYP + box(b"moov", box(b"cmov", inner))


def atom_bomb() -> bytes:
    """An MP4 whose sample table promises two thousand million entries."""
    table = box(b"stsz", struct.pack(">III", 0, 0, 0x7FFFFFFF))
    stbl = box(b"stbl", box(b"stsd", struct.pack(">II", 0, 0)), table)
    trak = box(b"trak", box(b"mdia", box(b"minf", stbl)))
    return FTYP + box(b"moov", trak)


def nested_bomb() -> bytes:
    """Boxes in boxes in boxes."""
    content = b""
    for _ in range(3_000):
        content = box(b"udta", content)
    return FTYP + box(b"moov", content)


def truncated(good: Path) -> bytes:
    """The first half of an MP4 whose index stands at its end."""
    content = good.read_bytes()
    return content[: len(content) // 2]


def absurd_duration(good: Path) -> bytes:
    """An MP4 that says it lasts for years."""
    content = bytearray(good.read_bytes())
    for kind, at in ((b"mvhd", 20), (b"mdhd", 20), (b"tkhd", 24)):
        place = content.find(kind)
        while place >= 0:
            content[place + at : place + at + 4] = b"\x7f\xff\xff\xf0"
            place = content.find(kind, place + 4)
    return bytes(content)


def absurd_rate(good: Path) -> bytes:
    """An MP4 whose picture ticks at 90 000 a second, a tick a frame."""
    content = bytearray(good.read_bytes())
    place = content.find(b"stts")
    count = struct.unpack(">I", content[place + 12 : place + 16])[0]
    content[place + 12 : place + 20] = struct.pack(">II", count, 1)
    return bytes(content)


def huge_picture(folder: Path) -> bytes:
    """A motion JPEG in Matroska whose track and frames say 30 000 × 30 000."""
    small = make(folder / "small.mkv", "-an", "-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-frames:v", "3", seconds=1)
    content = small.read_bytes()
    big = (30_000).to_bytes(2, "big")
    content = content.replace(b"\xb0\x82" + (320).to_bytes(2, "big"), b"\xb0\x82" + big)
    # The height needs a byte more than 240 does, so it stays; width alone is absurd in the track.
    return content.replace((240).to_bytes(2, "big") + (320).to_bytes(2, "big") + b"\x03", big + big + b"\x03")


def many_streams(count: int = 10_000) -> bytes:
    """A Matroska file of ten thousand tracks and nothing else."""

    def size(length: int) -> bytes:
        return (0x0100000000000000 | length).to_bytes(8, "big")

    def element(name: str, content: bytes) -> bytes:
        return bytes.fromhex(name) + size(len(content)) + content

    tracks = b"".join(
        element(
            "ae",
            element("d7", struct.pack(">H", number))
            + element("73c5", struct.pack(">H", number))
            + element("83", b"\x02")
            + element("86", b"A_PCM/INT/LIT")
            + element("e1", element("b5", struct.pack(">d", 8000.0)) + element("9f", b"\x01")),
        )
        for number in range(1, count + 1)
    )
    head = element("1a45dfa3", element("4282", b"matroska"))
    scale = element("1549a966", element("2ad7b1", b"\x0f\x42\x40"))
    cluster = element("1f43b675", element("e7", b"\0") + element("a3", b"\x81\0\0\x80" + bytes(64)))
    return head + element("18538067", scale + element("1654ae6b", tracks) + cluster)


def endless_ts() -> bytes:
    """Transport packets with a table of programmes that never gives a stream, for ever the same."""
    packet = b"G\x1f\xff\x10" + b"\xff" * 184
    return packet * 30_000


def huge_tag() -> bytes:
    """An MP3 that begins with a tag of 200 MB in its own words, 8 MB in truth."""
    length = 200 << 20
    sized = bytes((length >> shift) & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x04\0\0" + sized + b"TIT2" + bytes(6) + b"A" * (8 << 20)
