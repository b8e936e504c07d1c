"""Feeds that we fetch: from allowed hosts alone, never from inside the house by a public name, never by following anybody."""

from __future__ import annotations

import asyncio
import io
import logging
import socket
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from archive import fetching, orders, pull, services, tools
from archive.entrances import Entrance
from archive.intake import Intake
from archive.models import PullSource
from archive.parts import AiringFolder
from archive.pull import Forbidden
from broadcast import lifecycle
from broadcast.access import HOUSE, Actor
from broadcast.errors import InvalidInput, NotAllowed
from broadcast.house.places import free_port
from broadcast.models import AuditEntry

from .making import eventually, make_airing, make_staff

KEY = "verysecretkey"


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "concat:http://a.example/x|file:///etc/passwd",
        "udp://a.example:9000",
        "http://user:word@a.example/x.ts",
        "http:///x.ts",
        "srt://a.example",
        "srt://a.example:9000?mode=listener&localaddr=0.0.0.0",
        "rtmp://a.example/app",
        "http://a.example/x.ts#part",
        "http://a.example/x.ts\r\nHost: b.example",
        "http://a.example:notaport/x.ts",
        "http://a.example/" + "x" * 1000,
        "",
    ],
)
def test_what_is_no_address_to_fetch_from(url: str) -> None:
    with pytest.raises(Forbidden) as refusal:
        pull.parse(url)
    assert refusal.value.code == "address_invalid"


def test_the_list_names_hosts_and_ports() -> None:
    address = pull.parse(f"rtmp://Relay.Example.org/live/{KEY}")
    assert (address.host, address.port) == ("relay.example.org", 1935)
    assert KEY not in repr(address)
    assert KEY not in address.shown
    assert pull.allowed(address, ["relay.example.org"])
    assert pull.allowed(address, ["*.example.org"])
    assert pull.allowed(address, ["relay.example.org:1935"])
    assert not pull.allowed(address, ["relay.example.org:8080"])
    assert not pull.allowed(address, ["example.org", "*.example.com", "relay.example.org.evil.example"])
    assert not pull.allowed(address, [])
    six = pull.parse("srt://[2001:db8::1]:9000")
    assert pull.allowed(six, ["[2001:db8::1]:9000"])
    assert pull.allowed(six, ["2001:db8::1"])
    assert not pull.allowed(six, ["[2001:db8::1]:9001"])


@pytest.mark.parametrize(
    "number",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "::1",
        "fe80::1",
        "fd00::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
    ],
)
def test_a_public_name_does_not_lead_inside(number: str, monkeypatch: pytest.MonkeyPatch) -> None:
    family = socket.AF_INET6 if ":" in number else socket.AF_INET
    found = [(family, socket.SOCK_STREAM, 6, "", (each, 80)) for each in ("93.184.216.34", number)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_facts: found)
    address = pull.parse("http://cdn.example.org/x.ts")
    with pytest.raises(Forbidden) as refusal:
        pull.resolve(address, ["*.example.org"])
    assert refusal.value.code == "address_private"
    assert pull.resolve(address, ["cdn.example.org"]) == "93.184.216.34", (
        "the list may name a host of our own literally"
    )


def test_a_number_inside_is_only_taken_where_the_list_names_it() -> None:
    address = pull.parse("http://127.0.0.1:8000/x.ts")
    for patterns in ([], ["127.0.0.*"], ["*"], ["127.0.0.1:8001"]):
        with pytest.raises(Forbidden):
            pull.resolve(address, patterns)
    assert pull.resolve(address, ["127.0.0.1:8000"]) == "127.0.0.1"


@pytest.mark.django_db
def test_the_address_is_sealed_allowed_audited_and_for_administrators(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YISHI_PULL_ALLOW", "relay.example.org")
    airing = make_airing()
    feed = airing.feed
    assert feed is not None
    url = f"rtmp://relay.example.org/live/{KEY}"
    with pytest.raises(NotAllowed):
        pull.set_source(Actor(user_id=make_staff(airing.episode.programme).pk), feed.pk, url)
    for wrong in ("rtmp://other.example.org/live/x", "file:///etc/passwd"):
        with pytest.raises(InvalidInput) as refusal:
            pull.set_source(HOUSE, feed.pk, wrong)
        assert refusal.value.data["field"] == "url"
    pull.set_source(HOUSE, feed.pk, url)
    source = PullSource.objects.get()
    assert KEY.encode() not in bytes(source.sealed_url)
    assert source.shown_url == "rtmp://relay.example.org:1935"
    assert not any(KEY in str(vars(entry)) for entry in AuditEntry.objects.all())
    services.ensure_recording(airing.pk)
    lifecycle.open_feed(HOUSE, airing.pk)
    [wanted] = orders.wanted().wanted
    assert wanted.entrances[0].pull_url == url
    assert KEY not in repr(wanted)
    PullSource.objects.update(sealed_url=b"not sealed by us")
    assert orders.wanted().wanted[0].entrances[0].pull_url == ""
    pull.set_source(HOUSE, feed.pk, "")
    assert orders.wanted().wanted[0].entrances[0].pull_url is None


@pytest.mark.django_db
def test_the_command_takes_the_address_from_standard_input(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setenv("YISHI_PULL_ALLOW", "relay.example.org")
    feed = make_airing().feed
    assert feed is not None
    for said, shown in ((f"srt://relay.example.org:9000?streamid={KEY}\n", "srt://relay.example.org:9000"), ("\n", "")):
        monkeypatch.setattr("sys.stdin", io.StringIO(said))
        call_command("pull_feed", feed.name)
        assert list(PullSource.objects.values_list("shown_url", flat=True)) == [shown] * bool(shown)
    monkeypatch.setattr("sys.stdin", io.StringIO("http://elsewhere.example/x.ts\n"))
    with pytest.raises(CommandError, match=r"elsewhere\.example"):
        call_command("pull_feed", feed.name)
    with pytest.raises(CommandError, match="no feed"):
        call_command("pull_feed", "nothing of that name")
    assert KEY not in capsys.readouterr().out


class Source:
    """An HTTP server that says `head` and then what ffmpeg makes of the clip at the speed of the clock."""

    def __init__(self, clip: Path, head: str, container: str) -> None:
        self.clip, self.head, self.container, self.asked = clip, head, container, 0
        self.heads: list[str] = []

    async def start(self) -> Source:
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked += 1
        self.heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(f"{self.head}\r\n\r\n".encode())
        words = [tools.path(), "-loglevel", "error", "-nostdin", "-re", "-stream_loop", "-1", "-i", str(self.clip)]
        words += ["-c", "copy", "-f", self.container, "pipe:1"]
        process = await asyncio.create_subprocess_exec(*words, stdout=subprocess.PIPE)
        assert process.stdout is not None
        try:
            while data := await process.stdout.read(4096):
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            return
        finally:
            process.kill()
            await process.wait()
            writer.close()


@pytest.fixture
async def fetch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Callable[[str], Intake]]:
    """Fetch from an address into a folder of its own."""
    monkeypatch.setattr(fetching.PullDoor, "least_pause", 0.1)
    intakes: list[Intake] = []

    def begin(url: str) -> Intake:
        folder = AiringFolder(uuid4(), tmp_path)
        intakes.append(Intake(folder, program=tools.path(), host="127.0.0.1", register=tmp_path / "run"))
        return intakes[-1]

    yield begin
    for each in intakes:
        await each.stop()


async def receive(intake: Intake, url: str) -> None:
    await intake.want([Entrance("main", 0, "0" * 64, url)], "unused-passphrase")


def has_segments(intake: Intake) -> bool:
    intake.folder.refresh()
    return any(len(part.segments) >= 2 and part.source == "pull" for part in intake.folder.parts)


@pytest.mark.ffmpeg
@pytest.mark.timeout(120)
@pytest.mark.parametrize("container", ["mpegts", "flv"])
async def test_a_feed_is_fetched_over_http_and_again_when_it_ends(
    clip: Path, fetch: Callable[[str], Intake], container: str, monkeypatch: pytest.MonkeyPatch, caplog
) -> None:
    caplog.set_level(logging.DEBUG)
    source = await Source(clip, "HTTP/1.1 200 OK", container).start()
    monkeypatch.setenv("YISHI_PULL_ALLOW", f"127.0.0.1:{source.port}")
    url = f"http://127.0.0.1:{source.port}/{KEY}/x?token={KEY}"
    intake = fetch(url)
    await receive(intake, url)
    await eventually(lambda: has_segments(intake), 60, "segments")
    assert intake.problem == ""
    assert f"/{KEY}/x?token={KEY} HTTP/1.0" in source.heads[0]
    [child] = [each.run for each in intake._children.values()]
    await child.stop(hard=True)
    await eventually(lambda: source.asked >= 2, 60, "fetched again")
    await intake.stop()
    assert KEY not in caplog.text
    source.server.close()


@pytest.mark.timeout(60)
async def test_nobody_is_followed_and_nothing_else_is_recorded(
    clip: Path, fetch: Callable[[str], Intake], monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = await Source(clip, "HTTP/1.1 200 OK", "mpegts").start()
    cases = [
        (f"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{inside.port}/", "source_moved"),
        ("HTTP/1.1 403 Forbidden", "source_refuses"),
        ("HTTP/1.1 200 OK\r\n\r\n#EXTM3U\n#EXTINF:2,\nfile:///etc/passwd\n" + " " * 200, "bad_input"),
    ]
    for head, code in cases:
        source = await Source(clip, head, "mpegts").start()
        monkeypatch.setenv("YISHI_PULL_ALLOW", f"127.0.0.1:{source.port}")
        url = f"http://127.0.0.1:{source.port}/x"
        intake = fetch(url)
        await receive(intake, url)
        await eventually(lambda intake=intake, code=code: intake.problem == code, 60, code)
        await intake.stop()
        assert not list(intake.folder.path.glob("parts/*"))
        source.server.close()
    assert inside.asked == 0
    inside.server.close()


@pytest.fixture
def offering(clip: Path) -> Iterator[Callable[[str, str], None]]:
    """ffmpeg as the other side: it waits for us and sends the clip."""
    running: list[subprocess.Popen[bytes]] = []

    def offer(container: str, address: str) -> None:
        words = [tools.path(), "-loglevel", "error", "-nostdin", "-re", "-stream_loop", "-1", "-i", str(clip)]
        words += ["-c", "copy", "-f", container, *(["-listen", "1"] if container == "flv" else []), address]
        running.append(subprocess.Popen(words, stderr=subprocess.DEVNULL))

    yield offer
    for each in running:
        each.kill()
        each.wait()


@pytest.mark.ffmpeg
@pytest.mark.timeout(120)
async def test_a_feed_is_fetched_over_srt_with_its_passphrase(
    fetch: Callable[[str], Intake], offering: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch, caplog
) -> None:
    caplog.set_level(logging.DEBUG)
    port = free_port(socket.SOCK_DGRAM)
    monkeypatch.setenv("YISHI_PULL_ALLOW", "127.0.0.1")
    offering("mpegts", f"srt://127.0.0.1:{port}?mode=listener&passphrase={KEY}1234&pbkeylen=16")
    url = f"srt://127.0.0.1:{port}?passphrase={KEY}1234"
    intake = fetch(url)
    await receive(intake, url)
    await eventually(lambda: has_segments(intake), 60, "segments")
    await intake.stop()
    assert KEY not in caplog.text


@pytest.mark.ffmpeg
@pytest.mark.timeout(120)
async def test_a_feed_is_fetched_over_rtmp_with_its_key(
    fetch: Callable[[str], Intake], offering: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch, caplog
) -> None:
    caplog.set_level(logging.DEBUG)
    port = free_port()
    monkeypatch.setenv("YISHI_PULL_ALLOW", f"127.0.0.1:{port}")
    url = f"rtmp://127.0.0.1:{port}/live/{KEY}"
    offering("flv", url)
    intake = fetch(url)
    await receive(intake, url)
    await eventually(lambda: has_segments(intake), 60, "segments")
    await intake.stop()
    assert KEY not in caplog.text


@pytest.mark.ffmpeg
@pytest.mark.timeout(60)
async def test_a_source_that_is_not_there_is_tried_again_later_each_time(
    fetch: Callable[[str], Intake], monkeypatch: pytest.MonkeyPatch, caplog
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("YISHI_PULL_ALLOW", "127.0.0.1")
    url = f"rtmp://127.0.0.1:{free_port()}/live/{KEY}"
    intake = fetch(url)
    await receive(intake, url)
    await eventually(lambda: intake.problem == "source_unreachable", 60)
    await eventually(lambda: intake.refused["source_unreachable"]["count"] >= 3, 60)
    assert KEY not in caplog.text
    assert not [part for part in intake.folder.path.glob("parts/*") if int(part.name) > 1], "no folder is left behind"


@pytest.mark.timeout(60)
async def test_an_address_that_is_not_allowed_any_more_is_asked_for_nothing(
    clip: Path, fetch: Callable[[str], Intake], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = await Source(clip, "HTTP/1.1 200 OK", "mpegts").start()
    monkeypatch.setenv("YISHI_PULL_ALLOW", "relay.example.org")
    intake = fetch("")
    await receive(intake, f"http://127.0.0.1:{source.port}/x")
    await eventually(lambda: intake.problem == "address_not_allowed", 60)
    await receive(intake, "")
    await eventually(lambda: intake.problem == "address_unreadable", 60)
    assert source.asked == 0
    source.server.close()
