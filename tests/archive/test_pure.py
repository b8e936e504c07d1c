"""The pure rooms: arguments, RTMP and AMF under garbage, playlists as ffmpeg writes them, redaction, storage keys."""

from __future__ import annotations

import contextlib
import hashlib
import struct
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive import amf, ffmpeg, playlists, rtmp, runner
from archive.rtmp import BadRtmp, ChunkReader, Message
from archive.storage import LocalStorage


def test_ingest_copies_forces_the_demuxer_and_ends_no_list() -> None:
    words = ffmpeg.ingest_srt("ffmpeg", ffmpeg.Srt("127.0.0.1", 9000, "a" * 24), Path("/p/001"))
    assert words[0] == "ffmpeg"
    assert words[words.index("-i") + 1].startswith("srt://127.0.0.1:9000?mode=listener&passphrase=")
    before = words[: words.index("-i")]
    assert before[before.index("-f") + 1] == "mpegts"
    assert before[before.index("-protocol_whitelist") + 1] == "srt"
    assert words[words.index("-c") + 1] == "copy"
    flags = words[words.index("-hls_flags") + 1].split("+")
    assert {"temp_file", "omit_endlist", "program_date_time", "independent_segments"} <= set(flags)
    assert "append_list" not in flags
    assert "-nostdin" in words


def test_rtmp_media_come_by_standard_input_only() -> None:
    words = ffmpeg.ingest_pipe("ffmpeg", Path("/p/001"), "flv")
    assert words[words.index("-i") + 1] == "pipe:0"
    assert words[words.index("-protocol_whitelist") + 1] == "pipe"


@pytest.mark.parametrize(
    "said",
    [
        "srt://h:1?mode=listener&passphrase=topsecret&pbkeylen=16: Input/output error",
        "rtmp://h:19350/live/topsecret: Connection refused",
        "opening 'rtmps://h/live/topsecret'",
    ],
)
def test_no_secret_is_logged(said: str) -> None:
    assert "topsecret" not in runner.redact(said)
    assert "topsecret" not in runner.redact("plain topsecret words", ["topsecret"])


def feed_all(reader: ChunkReader, data: bytes, cuts: list[int]) -> list[Message]:
    found: list[Message] = []
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    for start, end in pairwise(edges):
        found += reader.feed(data[start:end])
    return found


@settings(max_examples=100, deadline=None)
@given(st.binary(min_size=0, max_size=12_000), st.lists(st.integers(0, 20_000), max_size=20))
def test_messages_survive_any_cutting(payload: bytes, cuts: list[int]) -> None:
    announce = rtmp.chunks(1, struct.pack(">I", rtmp.CHUNK_OUT), channel=2)
    data = announce + rtmp.chunks(rtmp.COMMAND, payload) + rtmp.chunks(rtmp.VIDEO, payload[::-1], stream=1, channel=6)
    found = feed_all(ChunkReader(), data, cuts)
    assert [(each.kind, each.payload) for each in found] == [(rtmp.COMMAND, payload), (rtmp.VIDEO, payload[::-1])]


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=4_000))
def test_garbage_is_refused_and_nothing_else_happens(data: bytes) -> None:
    reader = ChunkReader()
    with contextlib.suppress(BadRtmp):
        for message in reader.feed(data):
            assert len(message.payload) <= rtmp.MOST_BEFORE_PUBLISH
            rtmp.flv_tags(message)
    with contextlib.suppress(amf.BadAmf):
        amf.decode_all(data)


plain = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.dictionaries(st.text(min_size=1, max_size=8), inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None)
@given(st.lists(plain, max_size=5))
def test_amf_comes_back_as_it_went(values: list[object]) -> None:
    with contextlib.suppress(amf.BadAmf):
        assert amf.decode_all(amf.encode_all(*values)) == values


def test_nested_amf_is_bounded() -> None:
    with pytest.raises(amf.BadAmf):
        amf.decode_all(b"\x03\x00\x01a" * 10_000)


def test_a_time_delta_and_a_long_time_are_read() -> None:
    head = (
        bytes([0x06]) + (1000).to_bytes(3, "big") + (1).to_bytes(3, "big") + b"\x09" + (1).to_bytes(4, "little") + b"x"
    )
    delta = bytes([0x86]) + (40).to_bytes(3, "big") + b"y"
    again = bytes([0xC6]) + b"z"
    late = bytes([0x06]) + b"\xff\xff\xff" + (1).to_bytes(3, "big") + b"\x09" + (1).to_bytes(4, "little")
    late += (20_000_000).to_bytes(4, "big") + b"w"
    found = list(ChunkReader().feed(head + delta + again + late))
    assert [each.timestamp for each in found] == [1000, 1040, 1080, 20_000_000]


def test_torn_playlists_are_read_as_far_as_they_go() -> None:
    whole = (
        "#EXTM3U\n#EXTINF:2.000000,\n#EXT-X-PROGRAM-DATE-TIME:2026-11-22T01:02:57.032+0000\n000000.ts\n"
        "#EXTINF:1.960000,\n#EXT-X-PROGRAM-DATE-TIME:2026-11-22T01:02:59.032+0000\n000001.ts\n"
    )
    assert [each.duration for each in playlists.parse_part(whole)] == [2.0, 1.96]
    for length in range(len(whole)):
        found = playlists.parse_part(whole[:length])
        assert len(found) <= 2
        assert all("/" not in each.file for each in found)
    assert playlists.parse_part("#EXTINF:x,\na.ts\n#EXTINF:-1,\nb.ts\n#EXTINF:2,\n../../c.ts\n") == []


def test_storage_keeps_bytes_once_and_refuses_to_leave_its_folder(tmp_path: Path) -> None:
    source = tmp_path / "a.ts"
    source.write_bytes(b"media")
    storage = LocalStorage(tmp_path / "s")
    stored = storage.put("airings/x/public/a.ts", source)
    assert stored.digest == hashlib.sha256(b"media").hexdigest()
    assert storage.put("airings/x/public/a.ts", source) == stored
    assert list(storage.list("airings")) == ["airings/x/public/a.ts"]
    with storage.open("airings/x/public/a.ts") as stream:
        assert stream.read() == b"media"
    for key in ("../a", "a/../../b", "/etc/passwd", "", "a//b", "a\\b", "a/./b", "a\0b"):
        with pytest.raises(ValueError, match="not a key"):
            storage.path(key)
    storage.delete("airings/x/public/a.ts")
    storage.delete("airings/x/public/a.ts")
    assert list(storage.list("airings")) == []
