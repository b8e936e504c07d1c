"""Over TLS nobody gets the line, and no feed is taken, who does not prove the name in the address; run for real on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import ipaddress
import ssl
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from archive import fetching, tools
from archive.entrances import Entrance
from archive.intake import Intake
from archive.parts import AiringFolder
from broadcast.house.places import free_port

from .icecast import PASSWORD, Icecast
from .making import eventually
from .pushes import Pushes, Receiver, Reels, make_reel, seconds_of
from .test_pull import Source

pytestmark = [pytest.mark.ffmpeg, pytest.mark.timeout(120)]


def certificate(folder: Path, name: str) -> Path:
    """A self-signed certificate for a name, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    words = key.private_bytes(serialization.Encoding.PEM, *plain) + made.public_bytes(serialization.Encoding.PEM)
    file = folder / f"{name}-{ipaddress.IPv4Address(made.serial_number % 2**32)}.pem"
    file.write_bytes(words)
    return file


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Certificates of localhost and of another name that this machine believes, and one of localhost that it does not."""
    known = {"localhost": certificate(tmp_path, "localhost"), "other": certificate(tmp_path, "other.example")}
    authorities = tmp_path / "authorities.pem"
    texts = [file.read_text() for file in known.values()]
    authorities.write_text("".join(text[text.index("-----BEGIN CERT") :] for text in texts))
    monkeypatch.setenv("SSL_CERT_FILE", str(authorities))
    return {**known, "stranger": certificate(tmp_path, "localhost")}


@contextlib.asynccontextmanager
async def tls(target: int, file: Path) -> AsyncIterator[int]:
    """A port that speaks TLS in front of another one that does not."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            inner, out = await asyncio.open_connection("127.0.0.1", target)
        except OSError:
            writer.close()
            return
        await asyncio.gather(pump(reader, out), pump(inner, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def test_the_line_goes_over_rtmps_to_who_proves_the_name_and_to_nobody_else(
    tmp_path: Path, trusted: dict[str, Path]
) -> None:
    line = Reels(red=make_reel(tmp_path / "red", "red", 400))
    pushes = Pushes(line, tmp_path)
    receiver = Receiver(tmp_path, "rtmp").listen()
    try:
        async with (
            tls(receiver.port, trusted["localhost"]) as good,
            tls(1, trusted["stranger"]) as stranger,
            tls(1, trusted["other"]) as other,
        ):
            for name, port in (("good", good), ("stranger", stranger), ("other", other)):
                pushes.add(name, f"rtmps://localhost:{port}/live/secretkey")
            await line.play([("red", number) for number in range(4)])
            line.closed = True
            await pushes.finish()
    finally:
        receiver.end()
    report = pushes.all["good"].report()
    assert (report.state, report.problem, report.missed_seconds) == ("done", "", 0)
    assert seconds_of(receiver.file) == pytest.approx(8, abs=0.5)
    for name in ("stranger", "other"):
        report = pushes.all[name].report()
        assert (report.problem, report.sent_seconds) == ("untrusted", 0), name


async def test_radio_goes_over_tls_to_an_icecast_that_proves_its_name(tmp_path: Path, trusted: dict[str, Path]) -> None:
    line = Reels(low=make_reel(tmp_path / "low", "red", 400))
    pushes = Pushes(line, tmp_path)
    icecast = Icecast(tmp_path)
    icecast.start()
    try:
        async with (
            tls(icecast.port, trusted["localhost"]) as good,
            tls(icecast.port, trusted["stranger"]) as stranger,
        ):
            for name, port, mount in (("good", good, "live.mp3"), ("stranger", stranger, "other.mp3")):
                pushes.add(name, f"icecasts://source:{PASSWORD}@localhost:{port}/{mount}")
            playing = asyncio.create_task(line.play([("low", number) for number in range(4)]))
            async with asyncio.timeout(30):
                while (found := await asyncio.to_thread(icecast.content_type, "live.mp3")) == "":  # noqa: ASYNC110
                    await asyncio.sleep(0.2)
            assert found == "audio/mpeg"
            await playing
            line.closed = True
            await pushes.finish()
    finally:
        icecast.stop()
    report = pushes.all["good"].report()
    assert (report.state, report.problem, report.missed_seconds) == ("done", "", 0)
    report = pushes.all["stranger"].report()
    assert (report.problem, report.sent_seconds) == ("untrusted", 0)


@contextlib.asynccontextmanager
async def offered(scheme: str, clip: Path) -> AsyncIterator[int]:
    """A port where the clip is to be had by HTTP, or once by RTMP."""
    if scheme == "http":
        source = await Source(clip, "HTTP/1.1 200 OK", "mpegts").start()
        yield source.port
        source.server.close()
        return
    port = free_port()
    words = [tools.path(), "-loglevel", "error", "-nostdin", "-re", "-stream_loop", "-1", "-i", str(clip)]
    words += ["-c", "copy", "-f", "flv", "-listen", "1", f"rtmp://127.0.0.1:{port}/live/verysecretkey"]
    process = await asyncio.create_subprocess_exec(*words, stderr=subprocess.DEVNULL)
    try:
        yield port
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


@contextlib.asynccontextmanager
async def fetching_from(url: str, folder: Path) -> AsyncIterator[Intake]:
    """An intake that fetches one address."""
    intake = Intake(AiringFolder(uuid4(), folder), program=tools.path(), host="127.0.0.1", register=folder / "run")
    await intake.want([Entrance("main", 0, "0" * 64, url)], "unused-passphrase")
    try:
        yield intake
    finally:
        await intake.stop()


@pytest.mark.parametrize(("scheme", "path"), [("http", "x.ts"), ("rtmp", "live/verysecretkey")])
async def test_a_feed_is_fetched_over_tls_from_who_proves_the_name_and_from_nobody_else(
    scheme: str,
    path: str,
    tmp_path: Path,
    trusted: dict[str, Path],
    clip: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fetching.PullDoor, "least_pause", 0.1)
    monkeypatch.setenv("YISHI_PULL_ALLOW", "localhost")
    for wrong in ("stranger", "other"):
        async with (
            tls(1, trusted[wrong]) as door,
            fetching_from(f"{scheme}s://localhost:{door}/{path}", tmp_path) as intake,
        ):
            await eventually(lambda intake=intake: intake.problem == "source_untrusted", 30, wrong)
    async with (
        offered(scheme, clip) as port,
        tls(port, trusted["localhost"]) as door,
        fetching_from(f"{scheme}s://localhost:{door}/{path}", tmp_path) as intake,
    ):

        def arrives() -> bool:
            intake.folder.refresh()
            return any(len(part.segments) >= 2 and part.source == "pull" for part in intake.folder.parts)

        await eventually(arrives, 60, "segments")
        assert intake.problem == ""
