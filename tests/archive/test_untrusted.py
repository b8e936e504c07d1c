"""Uploaded media reads nothing, fetches nothing, uses little, and is refused by a stable code or encoded anew."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from archive import sandbox, tools, untrusted
from archive.sandbox import Bounds
from archive.untrusted import LIMITS, Refused, box_of, look, segments

from . import hostile

pytestmark = [pytest.mark.ffmpeg, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hostile.make(tmp_path_factory.mktemp("good") / "a.mp4", *hostile.GOOD["a.mp4"])


def problem(upload: Path) -> str:
    """The code that the file is refused with; "" when it may be used, encoded and all."""
    try:
        with box_of(upload) as box:
            segments(box, look(box))
    except Refused as refused:
        known = untrusted.words_of(refused.data["problem"]) != untrusted.words_of("?")
        return str(refused.data["problem"]) if known else "a code without words"
    return ""


@pytest.mark.parametrize("name", hostile.GOOD)
def test_good_files_are_taken(tmp_path: Path, name: str) -> None:
    upload = hostile.make(tmp_path / name, *hostile.GOOD[name])
    with box_of(upload) as box:
        found = look(box)
        folder = segments(box, found)
        assert found.sound
        assert found.picture == (name[0] in "abcdi")
        made = sorted(each.name for each in folder.iterdir())
        assert made == ["000000.ts", "000001.ts", "i.m3u8"]
    assert not box.exists()
    assert upload.exists()


@pytest.mark.parametrize("name", hostile.lists(Path("/x/secret.ts")))
def test_lists_and_strangers_in_disguise_are_no_media(tmp_path: Path, name: str) -> None:
    secret = hostile.make(tmp_path / "secret.ts", *hostile.GOOD["d.ts"], seconds=1)
    upload = tmp_path / name
    upload.write_bytes(hostile.lists(secret)[name])
    assert problem(upload) == "media_format"


@pytest.mark.parametrize("name", ["hls-file.mp4", "hls-relative.mp4", "ffconcat.mp4"])
def test_ffmpeg_itself_opens_no_list_even_if_the_beginning_were_right(tmp_path: Path, name: str) -> None:
    """The white lists hold alone, without our look at the first bytes."""
    secret = hostile.make(tmp_path / "secret.ts", *hostile.GOOD["d.ts"], seconds=1)
    upload = tmp_path / name
    upload.write_bytes(hostile.lists(secret)[name])
    words = untrusted.opening("mov")
    words = words[: words.index("-f")]
    for guarded, expected in ((words, False), ([], True)):
        done = subprocess.run(
            [tools.path(), "-v", "error", "-nostdin", *guarded, "-i", f"file:{upload}", "-f", "null", "-"],
            capture_output=True,
            cwd=tmp_path,
            timeout=30,
            check=False,
        )
        if not guarded and name != "ffconcat.mp4":
            continue
        assert (done.returncode == 0) == expected, done.stderr


Builder = Callable[[Path, Path], bytes]
ATTACKS: dict[str, tuple[Builder, set[str]]] = {
    "compressed index": (lambda good, tmp: hostile.cmov_bomb(), {"media_unreadable", "media_memory"}),
    "table of two thousand million": (
        lambda good, tmp: hostile.atom_bomb(),
        {"media_unreadable", "media_memory", "media_no_streams"},
    ),
    "boxes in boxes": (lambda good, tmp: hostile.nested_bomb(), {"media_unreadable", "media_no_streams"}),
    "half an mp4": (lambda good, tmp: hostile.truncated(good), {"media_unreadable"}),
    "years long": (lambda good, tmp: hostile.absurd_duration(good), {"media_duration"}),
    "90 000 frames a second": (lambda good, tmp: hostile.absurd_rate(good), {"media_frame_rate"}),
    "30 000 pixels wide": (lambda good, tmp: hostile.huge_picture(tmp), {"media_dimensions"}),
    "ten thousand tracks": (lambda good, tmp: hostile.many_streams(), {"media_streams"}),
    "a hundred tracks": (lambda good, tmp: hostile.many_streams(100), {"media_streams"}),
    "transport for ever": (lambda good, tmp: hostile.endless_ts(), {"media_unreadable", "media_no_streams"}),
    "a tag of 200 MB": (lambda good, tmp: hostile.huge_tag(), {"media_unreadable", "media_no_streams"}),
    "nothing": (lambda good, tmp: b"", {"media_empty"}),
    "only a beginning": (lambda good, tmp: hostile.FTYP, {"media_unreadable"}),
    "only noise": (lambda good, tmp: b"\x1aE\xdf\xa3" + os.urandom(100_000), {"media_unreadable", "media_no_streams"}),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_attacks_are_refused_by_their_code_within_limits(tmp_path: Path, good: Path, name: str) -> None:
    build, codes = ATTACKS[name]
    upload = tmp_path / "upload.mp4"
    upload.write_bytes(build(good, tmp_path))
    assert problem(upload) in codes


def test_only_plain_files_within_the_size_are_opened(tmp_path: Path, good: Path) -> None:
    link = tmp_path / "link.mp4"
    link.symlink_to(good)
    assert problem(link) == "media_not_a_file"
    os.mkfifo(tmp_path / "pipe.mp4")
    assert problem(tmp_path / "pipe.mp4") == "media_not_a_file"
    assert problem(Path("/dev/zero")) == "media_not_a_file"
    assert problem(tmp_path) == "media_not_a_file"
    assert problem(tmp_path / "none.mp4") == "media_not_a_file"
    sparse = tmp_path / "sparse.mp4"
    with sparse.open("wb") as stream:
        stream.write(hostile.FTYP)
        stream.truncate(LIMITS.bytes + 1)
    assert problem(sparse) == "media_too_large"


@pytest.mark.parametrize("name", ["-i", "-filter_complex.mp4", "$(id).mp4", "名 %d 字.mp4", "http:x.mp4"])
def test_a_name_is_only_a_name(tmp_path: Path, good: Path, name: str) -> None:
    upload = tmp_path / name
    upload.write_bytes(good.read_bytes())
    with box_of(upload) as box:
        assert look(box).picture


def test_what_hangs_on_a_good_file_does_not_come_through(tmp_path: Path) -> None:
    marked = hostile.make(
        tmp_path / "marked.mp4",
        *hostile.GOOD["a.mp4"],
        "-metadata",
        "title=GEHEIM-TITEL",
        "-metadata:s:v",
        "handler_name=GEHEIM-SPUR",
    )
    upload = tmp_path / "both.mp4"
    upload.write_bytes(marked.read_bytes() + b"PK\x03\x04GEHEIM-ARCHIV")
    with box_of(upload) as box:
        folder = segments(box, look(box))
        content = b"".join(each.read_bytes() for each in folder.iterdir())
    assert b"GEHEIM" not in content
    assert b"PK\x03\x04" not in content


def test_a_lie_about_its_length_does_not_get_more_than_its_share(tmp_path: Path, good: Path) -> None:
    short = replace(LIMITS, seconds=2.0)
    upload = tmp_path / "long.ts"
    hostile.make(upload, *hostile.GOOD["d.ts"], seconds=6)
    with box_of(upload) as box, pytest.raises(Refused) as refused:
        look(box, short)
    assert refused.value.data["problem"] == "media_duration"
    with box_of(upload) as box:
        found = replace(look(box), seconds=0.0)
        folder = segments(box, found, short)
        assert len(list(folder.glob("*.ts"))) == 1


# -- the sandbox itself ------------------------------------------------------------------------------------------------

SMALL = Bounds(memory=256 << 20, file=1 << 20, cpu_seconds=2, wall_seconds=10, output=10_000)


def python(tmp_path: Path, code: str, **facts) -> sandbox.Result:
    box = tmp_path / "box"
    box.mkdir()
    return sandbox.run(["/usr/bin/python3", "-I", "-c", code], box, replace(SMALL, **facts))


def test_memory_time_size_and_output_are_bounded(tmp_path: Path) -> None:
    for index, (code, facts, stopped) in enumerate(
        (
            ("while True: pass", {"cpu_seconds": 1}, "time"),
            ("import time; time.sleep(60)", {"wall_seconds": 0.5}, "time"),
            ("open('x', 'wb').write(bytes(2 << 20))", {}, "size"),
            ("import sys\nwhile True: sys.stdout.write('x' * 9999)", {}, "output"),
        )
    ):
        folder = tmp_path / str(index)
        folder.mkdir()
        started = time.monotonic()
        assert python(folder, code, **facts).stopped == stopped
        assert time.monotonic() - started < 30
    (tmp_path / "m").mkdir()
    assert "MemoryError" in python(tmp_path / "m", "bytearray(1 << 30)").words


def test_children_do_not_outlive_the_run(tmp_path: Path) -> None:
    code = "import os, time\nif os.fork() == 0:\n  time.sleep(300)\nprint('parent')"
    result = python(tmp_path, code, wall_seconds=5.0)
    assert result.output == b"parent\n"
    mine = subprocess.run(["pgrep", "-f", "time.sleep(300)"], capture_output=True, check=False, text=True)
    assert str(tmp_path) not in mine.stdout
    assert not mine.stdout.strip()


@pytest.mark.skipif(not sandbox.isolation(), reason="this machine lets nobody take the network away")
def test_there_is_no_network_and_no_right_of_root(tmp_path: Path) -> None:
    code = "import socket\ntry:\n  socket.create_connection(('127.0.0.1', PORT), 2)\nexcept OSError as e:\n  print('no', e.errno)"
    with socket.create_server(("127.0.0.1", 0)) as server:
        result = python(tmp_path, code.replace("PORT", str(server.getsockname()[1])))
    assert result.output.startswith(b"no"), result


def test_the_program_is_nobody_and_knows_nothing(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YISHI_SECRET_KEY", "geheim")
    with box_of(good) as box:
        code = "import os\nprint(os.environ, os.getuid(), os.listdir('.'))\nopen('out', 'w').write('mine')"
        result = sandbox.run(["/usr/bin/python3", "-I", "-c", code], box, SMALL)
        assert (box / "out").read_text() == "mine"
    said = result.output.decode()
    assert "geheim" not in said
    assert "['upload']" in said
    assert (" 0 " in said) == (os.geteuid() == 0 and shutil.which("setpriv") is None)
