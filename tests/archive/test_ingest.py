"""Ways in: SRT with its passphrase, RTMP behind the gate, refusals and drops; what kills leave is in test_kill_cycles.py."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from archive import queries, services
from archive.models import Part, RecorderStatus, Recording
from broadcast import lifecycle
from broadcast.access import HOUSE
from broadcast.models import Airing

from .making import Publisher, RecorderProcess, make_airing, until

pytestmark = [pytest.mark.ffmpeg, pytest.mark.django_db(transaction=True), pytest.mark.timeout(400)]


def waiting_airing(delay: int = 4) -> Airing:
    airing = make_airing(delay=delay)
    services.ensure_recording(airing.pk)
    lifecycle.open_feed(HOUSE, airing.pk)
    until(lambda: state(airing) == "listening", what="listening")
    return airing


def state(airing: Airing) -> str:
    recording = Recording.objects.filter(airing=airing).first()
    return recording.state if recording else ""


def refused(code: str) -> int:
    status = RecorderStatus.objects.filter(name="main").first()
    return status.refused.get(code, {}).get("count", 0) if status else 0


def segments(root: Path, airing: Airing) -> list[Path]:
    return sorted((root / "airings" / str(airing.pk) / "parts").glob("*/*.ts"))


def drained(peer: socket.socket) -> bool:
    """Read until the other side is gone."""
    try:
        while peer.recv(65536):
            continue
    except ConnectionError:
        return True
    return True


def test_rtmp_goes_through_a_gate(
    recorder: RecorderProcess, publisher: Publisher, publishers: list[Publisher], media_root: Path
) -> None:
    airing = waiting_airing()
    wrong = Publisher(publisher.clip, publisher.log).rtmp(
        airing, recorder.rtmp_port, key="0123456789abcdef0123456789abcdef"
    )
    publishers.append(wrong)
    assert wrong.process is not None
    assert wrong.process.wait(60) != 0
    until(lambda: refused("wrong_key"), what="counted")
    assert "code=wrong_key" in recorder.words()
    assert "0123456789abcdef0123456789abcdef" not in recorder.words()
    assert segments(media_root, airing) == []

    publisher.rtmp(airing, recorder.rtmp_port)
    until(lambda: state(airing) == "receiving", what=recorder.words)
    part = until(lambda: Part.objects.filter(recording_id=airing.pk).first(), what="a part")
    assert part.source == "rtmp"

    other = waiting_airing()
    publishers.append(Publisher(publisher.clip, publisher.log).srt(other))
    until(lambda: state(other) == "receiving", what=recorder.words)
    garbage_harms_nobody(recorder.rtmp_port)
    for each in (airing, other):
        assert state(each) == "receiving"
        assert Part.objects.filter(recording_id=each.pk).count() == 1

    publisher.stop()
    until(
        lambda: Part.objects.filter(recording_id=airing.pk, ended_at__isnull=False).exists(), what="the part is closed"
    )
    until(lambda: state(airing) == "lost", what="lost")
    key = services.addresses_of(airing, airing.ingest_secret).stream_key
    assert key not in recorder.words()


def garbage_harms_nobody(port: int) -> None:
    oversize = b"\x03" + bytes(3) + (15_000_000).to_bytes(3, "big") + b"\x14" + bytes(4)
    stranger = b"GET / HTTP/1.1\r\n\r\n" * 200
    noise = b"\x03" + os.urandom(3072) + b"\xc5" + bytes(20_000)
    for garbage in (stranger, noise, b"\x03" + bytes(3072) + oversize):
        with socket.create_connection(("127.0.0.1", port), timeout=15) as peer:
            peer.sendall(garbage)
            assert drained(peer), "the gate ends the connection"
    slow = [socket.create_connection(("127.0.0.1", port), timeout=5) for _ in range(10)]
    for peer in slow:
        peer.sendall(b"\x03")
    until(lambda: refused("bad_handshake") and refused("oversize") and refused("bad_chunk"), what="stable codes")
    until(lambda: refused("timeout") >= 10, what="the slow ones are dropped")
    for peer in slow:
        peer.close()


def test_srt_asks_for_its_passphrase_and_a_drop_makes_two_parts_and_a_gap(
    recorder: RecorderProcess, publisher: Publisher, publishers: list[Publisher], media_root: Path
) -> None:
    airing = waiting_airing(delay=2)
    wrong = Publisher(publisher.clip, publisher.log).srt(airing, passphrase="notTheRightPassphrase")
    publishers.append(wrong)
    assert wrong.process is not None
    assert wrong.process.wait(60) != 0
    until(lambda: "code=wrong_passphrase" in recorder.words(), what=recorder.words)
    until(lambda: Recording.objects.get(airing=airing).refused.get("wrong_passphrase"), what="counted")

    publisher.srt(airing)
    until(lambda: state(airing) == "receiving", what=recorder.words)
    lifecycle.start(HOUSE, airing.pk)
    until(lambda: len(segments(media_root, airing)) >= 4, what="segments")
    publisher.stop()
    until(lambda: state(airing) == "lost", what="lost")
    publisher.srt(airing)
    until(lambda: Part.objects.filter(recording_id=airing.pk).count() == 2, what=recorder.words)
    airing.refresh_from_db()
    until(lambda: queries.gap_map(airing), what="a gap")
    playlist = media_root / "airings" / str(airing.pk) / "live.m3u8"
    until(lambda: "#EXT-X-DISCONTINUITY\n" in playlist.read_text(), what="a discontinuity")
    passphrase = services.addresses_of(airing, airing.ingest_secret).passphrase
    assert passphrase not in recorder.words()
