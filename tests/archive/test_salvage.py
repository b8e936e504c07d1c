"""What a killed child had closed is kept, named or not; what it had not closed is neither shown nor thrown away."""

from __future__ import annotations

import subprocess
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from archive import tools
from archive.parts import AiringFolder, PartFolder

pytestmark = pytest.mark.ffmpeg


@pytest.fixture(scope="module", params=["picture", "sound"])
def recorded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three segments and their list, by the real program."""
    folder = tmp_path_factory.mktemp("part")
    picture = ["-f", "lavfi", "-i", "testsrc2=s=160x120:r=25:d=6", "-c:v", "libx264", "-g", "50", "-bf", "2"]
    sound = ["-f", "lavfi", "-i", "sine=440:r=48000:d=6", "-c:a", "aac"]
    inputs = [*picture[:4], *sound[:4]] if request.param == "picture" else sound[:4]
    coded = [*picture[4:], *sound[4:]] if request.param == "picture" else sound[4:]
    form = ["-f", "hls", "-hls_time", "2", "-hls_list_size", "0", "-hls_flags", "program_date_time+temp_file"]
    words = [tools.path(), "-v", "error", *inputs, *coded, *form, "-hls_segment_filename", str(folder / "%06d.ts")]
    subprocess.run([*words, str(folder / "i.m3u8")], check=True, timeout=60)
    return folder


def killed(recorded: Path, tmp_path: Path, *, listed: int, tail: str = "", cut: int | None = None) -> AiringFolder:
    """A part as a kill leaves it: so many segments listed, one more on the disk under this name, whole or cut."""
    folder = AiringFolder(uuid4(), tmp_path)
    part = folder.new_part("srt")
    entries = (recorded / "i.m3u8").read_text().split("#EXTINF")
    (part.path / "i.m3u8").write_text("#EXTINF".join(entries[: listed + 1]).replace("#EXT-X-ENDLIST\n", ""))
    for number in range(listed):
        (part.path / f"{number:06d}.ts").write_bytes((recorded / f"{number:06d}.ts").read_bytes())
    if tail:
        whole = (recorded / f"{listed:06d}.ts").read_bytes()
        (part.path / f"{listed:06d}{tail}").write_bytes(whole[:cut])
    return AiringFolder(folder.airing_id, tmp_path)


def only(folder: AiringFolder, **given: object) -> PartFolder:
    folder.load(**given)  # type: ignore[arg-type]
    (part,) = folder._parts.values()
    return part


@pytest.mark.parametrize("tail", [".ts", ".ts.tmp"])
def test_a_whole_segment_that_no_list_names_is_taken_up(recorded: Path, tmp_path: Path, tail: str) -> None:
    part = only(killed(recorded, tmp_path, listed=1, tail=tail))
    first, second = part.segments
    assert second.file == "000001.ts"
    assert abs(second.start_ms - first.end_ms) <= 1
    assert abs(second.duration - first.duration) < 0.1
    assert (part.path / second.file).read_bytes() == (recorded / "000001.ts").read_bytes()
    assert part.note["end_code"] == "recorder_died"
    again = only(AiringFolder(airing_of(part), tmp_path))
    assert again.segments == part.segments


def airing_of(part: PartFolder) -> UUID:
    return UUID(part.path.parents[1].name)


def test_even_the_very_first(recorded: Path, tmp_path: Path) -> None:
    part = only(killed(recorded, tmp_path, listed=0, tail=".ts"))
    (segment,) = part.segments
    assert abs(segment.end_ms - segment.received_ms) < 100


@pytest.mark.parametrize(("tail", "cut"), [(".ts.tmp", 188 * 20), (".ts.tmp", 1_000), (".ts", 1_000), (".ts", 0)])
def test_what_is_not_whole_stays_as_it_lies(recorded: Path, tmp_path: Path, tail: str, cut: int) -> None:
    part = only(killed(recorded, tmp_path, listed=2, tail=tail, cut=cut))
    assert len(part.segments) == 2
    assert (part.path / f"000002{tail}").stat().st_size == cut


def test_nothing_is_touched_where_a_child_still_writes_or_the_part_was_closed(recorded: Path, tmp_path: Path) -> None:
    alive = only(killed(recorded, tmp_path, listed=1, tail=".ts"), alive=[1])
    assert len(alive.segments) == 1
    alive.close("ended")
    later = only(AiringFolder(airing_of(alive), tmp_path))
    assert len(later.segments) == 1
    assert not (alive.path / "000001.ts.tmp").exists()
