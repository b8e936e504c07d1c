"""Uploaded media reads nothing, fetches nothing, uses little, and is refused by a stable code or encoded anew.

What is asked of untrusted media, line by line, and the test that holds it:

- HLS, DASH, SDP, concat lists in disguise are refused: test_lists_and_strangers_in_disguise_are_no_media
- protocol and format white lists before each -i, on their own: test_ffmpeg_itself_opens_no_list_even_if_the_beginning_were_right,
  test_every_input_is_opened_behind_the_white_lists; good files still open: test_good_files_are_taken
- the upload alone in an empty folder, absolute with `file:`: test_a_name_is_only_a_name, test_the_program_is_nobody_and_knows_nothing
- a user of its own, no rights: test_the_program_is_nobody_and_knows_nothing, test_nothing_gives_rights_back
- a read-only root, nothing of the house in it: test_nothing_outside_the_box_is_written_or_read; no other processes:
  test_there_are_no_other_processes; no network: test_there_is_no_network;
  the same for an ordinary user: test_an_ordinary_user_is_jailed_too
- memory, processor, file size, processes, wall time: test_memory_time_size_and_output_are_bounded, test_children_do_not_outlive_the_run,
  test_a_flood_of_processes_ends; -max_alloc and -threads: test_every_input_is_opened_behind_the_white_lists
- too many streams, absurd dimensions, rates and durations from the probe: test_attacks_are_refused_by_their_code_within_limits
- metadata, data and attachments left behind: test_what_hangs_on_a_good_file_does_not_come_through
- the original is never served, since it is not kept: tests/archive/test_fillers.py,
  test_a_good_file_becomes_a_tape_that_can_go_out

Not asked there and not done: a filter of system calls (seccomp), which needs a library that we do not have.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
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


def test_the_program_is_nobody_and_knows_nothing(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YISHI_SECRET_KEY", "geheim")
    with box_of(good) as box:
        code = "import os\nprint(os.environ, os.listdir('.'))\nopen('out', 'w').write('mine')"
        result = sandbox.run(["/usr/bin/python3", "-I", "-c", code], box, SMALL)
        assert (box / "out").read_text() == "mine"
        owner = (box / "out").stat().st_uid
    said = result.output.decode()
    assert "geheim" not in said
    assert "['upload']" in said
    # Root's files would be root's.
    assert owner == (65534 if os.geteuid() == 0 else os.geteuid())


jailed = pytest.mark.skipif(not sandbox.way().jailed, reason="this machine allows no root and no processes of its own")


@pytest.mark.skipif(not sandbox.way().words, reason="this machine lets nobody take the network away")
def test_there_is_no_network(tmp_path: Path) -> None:
    code = "import socket\ntry:\n  socket.create_connection(('127.0.0.1', PORT), 2)\nexcept OSError as e:\n  print('no', e.errno)"
    with socket.create_server(("127.0.0.1", 0)) as server:
        result = python(tmp_path, code.replace("PORT", str(server.getsockname()[1])))
    assert result.output.startswith(b"no"), result


WRITES = """
import os, pathlib
for each in FOLDERS + ["/", "/usr/bin", "/usr/lib", "/etc", "/dev", "/tmp", "/var", "/root", "/home"]:
    try:
        pathlib.Path(each, "mine").write_text("x")
        print("wrote", each)
    except OSError:
        pass
for each in FILES + ["/etc/shadow", "/etc/passwd", "/proc/1/environ", "/proc/self/root", "/sys/kernel", "/.old/etc"]:
    try:
        os.stat(each)
        print("saw", each)
    except OSError:
        pass
pathlib.Path("mine").write_text("x")
print("done")
"""


@jailed
def test_nothing_outside_the_box_is_written_or_read(tmp_path: Path, settings) -> None:
    """Even where the rights of the files would allow it to anybody."""
    media, secrets = tmp_path / "media", tmp_path / "var" / "secrets.json"
    for folder in (media, secrets.parent):
        folder.mkdir(mode=0o777)
        folder.chmod(0o777)
    (media / "show.ts").write_bytes(b"x")
    secrets.write_text("{}")
    house = [str(settings.BASE_DIR), str(settings.VAR), str(settings.MEDIA_ROOT)]
    code = WRITES.replace("FOLDERS", repr([str(media), str(tmp_path), *house]))
    result = python(tmp_path, code.replace("FILES", repr([str(secrets), str(media / "show.ts"), *house])))
    assert result.output == b"done\n", result
    assert (tmp_path / "box" / "mine").read_text() == "x"
    assert not (media / "mine").exists()


@jailed
def test_there_are_no_other_processes(tmp_path: Path) -> None:
    code = (
        "import os\nfound = []\nfor pid in range(1, 5000):\n  try:\n    os.kill(pid, 0)\n  except ProcessLookupError:\n    continue\n"
        "  except PermissionError:\n    pass\n  found.append(pid)\nprint(os.getpid() < 10, len(found), os.path.exists('/proc'))"
    )
    assert python(tmp_path, code).output == b"True 2 False\n"


@jailed
def test_nothing_gives_rights_back(tmp_path: Path) -> None:
    """No set-user-id program, no mount, no new root; and what it may still call stays without effect outside."""
    code = (
        "import ctypes, os\nlibc = ctypes.CDLL(None)\n"
        "print(libc.mount(b'none', b'/tmp', b'tmpfs', 0, None), libc.mount(None, b'/usr/bin', None, 32 | 4096, None),"
        " libc.umount2(b'/usr/bin', 2), libc.chroot(b'.'), libc.prctl(39, 0, 0, 0, 0), libc.prctl(23, 21, 0, 0, 0))\n"
        "print(libc.unshare(0x10020000) == 0 and libc.mount(None, b'/', None, 32 | 4096, None) == 0)"
    )
    # Refused five times; no new privileges: yes; CAP_SYS_ADMIN within reach: no.
    assert python(tmp_path, code).output.split(b"\n")[:2] == [b"-1 -1 -1 -1 1 0", b"False"]


@jailed
def test_a_flood_of_processes_ends(tmp_path: Path) -> None:
    """Whatever they do, sessions of their own included: all are gone with the run."""
    code = "import os, time\nfor _ in range(50):\n  if os.fork() == 0:\n    os.setsid()\n    time.sleep(987)\nprint('made')"
    assert python(tmp_path, code).output == b"made\n"
    assert not [each for each in Path("/proc").glob("[0-9]*/cmdline") if b"time.sleep(987)" in _read(each)]


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_an_ordinary_user_is_jailed_too(tmp_path: Path) -> None:
    """Or is told that it is not: the same answer as `doctor` gives."""
    box = Path(tempfile.mkdtemp(prefix="yishi-test-"))
    (box / "inner").mkdir()
    for each in (box, box / "inner"):
        os.chown(each, 1000, 1000)
    code = (
        "from pathlib import Path\nfrom archive import sandbox\nfrom archive.sandbox import Bounds\n"
        'code = \'import os; open("mine", "w"); print(os.path.exists("/proc"), os.path.exists("/etc/hostname"))\'\n'
        "bounds = Bounds(memory=256 << 20, file=1 << 20, cpu_seconds=5, wall_seconds=20)\n"
        "result = sandbox.run(['/usr/bin/python3', '-I', '-c', code], Path('inner'), bounds)\n"
        "print(sandbox.way().jailed, result.output.decode().strip())"
    )
    source = Path(sandbox.__file__).parents[1]
    words = ["setpriv", "--reuid=1000", "--regid=1000", "--clear-groups", sys.executable, "-c", code]
    try:
        done = subprocess.run(
            words,
            cwd=box,
            env={"PYTHONPATH": str(source), "PATH": os.defpath},
            capture_output=True,
            check=False,
            timeout=60,
        )
        made = (box / "inner" / "mine").exists()
    finally:
        shutil.rmtree(box)
    if b"Permission denied" in done.stderr and not done.stdout:
        pytest.skip("nobody but root can read this checkout")
    assert done.stdout.strip() in {b"True False False", b"False True True"}, done
    assert made


def test_every_input_is_opened_behind_the_white_lists(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The very words that run, for probe and encoding: white lists and limits stand before the one -i of the upload."""
    ran: list[list[str]] = []
    real = sandbox.run
    monkeypatch.setattr(sandbox, "run", lambda words, *rest: (ran.append(list(words)), real(words, *rest))[1])
    with box_of(good) as box:
        segments(box, look(box))
        upload = f"file:{box / 'upload'}"
    assert len(ran) == 2
    for words in ran:
        before = words[: words.index(upload)]
        for option in ("-protocol_whitelist", "-format_whitelist", "-codec_whitelist", "-max_alloc", "-max_streams"):
            assert option in before
        assert before[before.index("-protocol_whitelist") + 1] == "file"
        assert "-threads" in before
        assert words.count("-i") == 1
