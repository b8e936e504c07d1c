"""The public line while the database does not answer: it goes on when nobody can cut, and stands still when somebody might."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import socket
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import m3u8
import psycopg
import pytest
from django.db import connections

from archive import cuts, orders, outage, parts, recorder, services
from archive.models import IngestSecret, OutputCut, Recording
from archive.orders import Orders, Wanted
from archive.output import Show
from broadcast import lifecycle
from broadcast.access import HOUSE
from broadcast.house.places import free_port
from broadcast.house.private import PrivateServers

from .making import Publisher, RecorderProcess, make_airing, until


class Answering:
    """A listener that gives everybody the same words, or (None) keeps silent."""

    def __init__(self, words: bytes | None) -> None:
        self.words, self.held = words, []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                peer, _ = self.socket.accept()
            except OSError:
                return
            self.held.append(peer)
            if self.words is not None:
                peer.recv(1000)
                peer.sendall(self.words)
                peer.close()

    def close(self) -> None:
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        for peer in self.held:
            peer.close()


def refusal(code: str, words: str) -> bytes:
    fields = b"".join(f"{kind}{text}\0".encode() for kind, text in (("S", "FATAL"), ("C", code), ("M", words))) + b"\0"
    return b"E" + (len(fields) + 4).to_bytes(4, "big") + fields


@pytest.mark.parametrize(
    ("words", "down"),
    [
        (None, False),
        (refusal("57P03", "the database system is starting up"), True),
        (refusal("57P03", "the database system is in recovery mode"), True),
        (refusal("57P03", "the database system is shutting down"), False),
        (refusal("53300", "sorry, too many clients already"), False),
        (b"R\0\0\0\x08\0\0\0\0", False),
        (b"", False),
    ],
)
def test_only_the_servers_own_word_that_nobody_is_in_is_proof(words: bytes | None, down: bool) -> None:
    server = Answering(words)
    try:
        assert outage.down_at("127.0.0.1", server.port) is down
    finally:
        server.close()


def test_a_port_nobody_listens_on_is_proof_and_an_unknown_name_is_none(tmp_path: Path) -> None:
    assert outage.down_at("127.0.0.1", free_port())
    assert not outage.down_at("nowhere.invalid", 5432)
    assert not outage.down_at("", 5432)
    assert not outage.down_at("127.0.0.1,127.0.0.2", free_port())
    assert outage.down_at(str(tmp_path), 5432), "a clean stop takes the socket away"
    assert not outage.down_at(str(tmp_path / "gone"), 5432)


def test_a_real_server_is_down_when_killed_and_not_when_it_hangs() -> None:
    servers = PrivateServers()
    try:
        servers.start()
        port = servers.postgres.port
        assert not outage.down_at("127.0.0.1", port)
        os.kill(servers._running[0].pid, signal.SIGSTOP)
        assert not outage.down_at("127.0.0.1", port)
        os.kill(servers._running[0].pid, signal.SIGCONT)
        assert not outage.down_at("127.0.0.1", port)
        os.kill(servers._running[0].pid, signal.SIGKILL)
        servers._running[0].wait(10)
        assert outage.down_at("127.0.0.1", port)
    finally:
        servers.stop()


@pytest.fixture
def silent() -> Iterator[Answering]:
    """A database that takes connections and never answers, as behind a dead network."""
    server = Answering(None)
    yield server
    server.close()


@pytest.mark.ffmpeg
@pytest.mark.timeout(120)
async def test_a_show_outlives_its_database_and_stands_still_when_only_we_are_cut_off(
    transactional_db, media_root: Path, publisher: Publisher, monkeypatch: pytest.MonkeyPatch, silent: Answering
) -> None:
    airing_id, port, passphrase = uuid.uuid4(), free_port(), secrets.token_hex(12)
    wanted = Wanted(airing_id, True, port, passphrase, "0" * 64, False, Show(parts.now_ms(), None, 2_000))
    answers = [Orders(parts.now_ms(), (wanted,))]
    ask = orders.wanted
    monkeypatch.setattr(orders, "wanted", lambda: answers.pop() if answers else ask())
    database = connections.settings["default"]
    before = {name: database[name] for name in ("HOST", "PORT")}
    monkeypatch.setitem(database, "HOST", "127.0.0.1")
    monkeypatch.setitem(database, "PORT", str(free_port()))
    working = recorder.Recorder()
    working.gate.port = 0
    task = asyncio.create_task(working.run())
    playlist = media_root / "airings" / str(airing_id) / "live.m3u8"

    def count() -> int:
        return playlist.read_text().count("#EXTINF") if playlist.exists() else 0

    try:
        await asyncio.sleep(1.5)
        publisher.send_srt(port, passphrase)
        for _ in range(300):
            await asyncio.sleep(0.1)
            if count() >= 3:
                break
        assert count() >= 3, "refused by the database, the show goes on"
        monkeypatch.setitem(database, "PORT", str(silent.port))
        await asyncio.sleep(1)
        stood = count()
        for _ in range(150):
            await asyncio.sleep(0.1)
            if working.sessions[airing_id].problem:
                break
        assert working.sessions[airing_id].problem == "line_frozen"
        assert count() <= stood + 1, "silence of the database proves nothing"
        assert working.sessions[airing_id].intake.receiving, "recording goes on"
        monkeypatch.setitem(database, "PORT", str(free_port()))
        stood = count()
        await asyncio.sleep(7)
        assert count() == stood, "a cut may have been made while we were cut off"
    finally:
        publisher.stop()
        working._stop.set()
        await asyncio.wait_for(task, 30)
        # The tables are emptied after the test, maybe before monkeypatch has put these back.
        database.update(before)


@pytest.mark.ffmpeg
@pytest.mark.timeout(400)
@pytest.mark.django_db(transaction=True)
def test_the_line_waits_for_a_lock_and_a_cut_holds_beside_an_airing_that_cannot_be_read(
    recorder: RecorderProcess, publisher: Publisher, media_root: Path
) -> None:
    airing, other = make_airing(delay=4), make_airing(delay=4)
    for each in (airing, other):
        services.ensure_recording(each.pk)
        lifecycle.open_feed(HOUSE, each.pk)
    until(lambda: Recording.objects.get(airing=airing).state == "listening")
    publisher.srt(airing)
    until(lambda: Recording.objects.get(airing=airing).state == "receiving", what=recorder.words)
    lifecycle.start(HOUSE, airing.pk)
    file = media_root / "airings" / str(airing.pk) / "live.m3u8"

    def live() -> m3u8.M3U8:
        return m3u8.loads(file.read_text() if file.exists() else "")

    until(lambda: len(live().segments) >= 2, what="public media")
    with psycopg.connect(recorder.environ["YISHI_DATABASE_URL"]) as holder:
        holder.execute("SELECT pg_advisory_lock(%s)", [cuts._CUT_LOCK])
        until(lambda: Recording.objects.get(airing=airing).problem == "line_frozen", 60, "the standstill is told")
        stood = len(live().segments)
        assert "cuts are unknown" in recorder.words()
        holder.execute("SELECT pg_sleep(4)")
        assert len(live().segments) == stood
    until(lambda: len(live().segments) > stood, what="the line goes on")
    until(lambda: Recording.objects.get(airing=airing).problem == "")
    IngestSecret.objects.filter(airing=other).update(sealed=b"not sealed by us")
    cuts.cut_output(HOUSE, airing.pk, "test")
    until(lambda: any("filler" in each.uri for each in live().segments), what="filler")
    until(lambda: Recording.objects.get(airing=other).problem == "secret_unreadable")
    cut = OutputCut.objects.get()
    real = [each for each in live().segments if "filler" not in each.uri]
    assert real[-1].current_program_date_time < cut.from_media_time
    assert "filler" in live().segments[-1].uri
