"""Old episodes come in from files and a sheet: each once, unpublished, as a recording like any other, or with the reason why not."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from archive.importing import run, services
from archive.models import ImportBatch, ImportItem, Part, Recording
from broadcast.models import Airing, AuditEntry, Episode, Person, Programme

from . import hostile, importing_making
from .importing_making import OLD, ImportProcess, make, sheet
from .making import RecorderProcess, make_programme, until

pytestmark = [pytest.mark.ffmpeg, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def programme(media_root: Path) -> Programme:
    return make_programme()


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """The folder that is imported."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    return folder


def bring_in(folder: Path, programme: Programme, **words: object) -> tuple[int, str]:
    """The command's exit code, and what it said."""
    out = io.StringIO()
    try:
        call_command("import", str(folder), programme=programme.slug, stdout=out, **words)
    except CommandError as error:
        return error.returncode, out.getvalue() + str(error)
    return 0, out.getvalue()


def states(programme: Programme) -> dict[str, tuple[str, str]]:
    return {
        file: (state, problem)
        for file, state, problem in ImportItem.objects.filter(programme=programme).values_list(
            "file", "state", "problem"
        )
    }


def tree(folder: Path) -> dict[str, tuple[int, int]]:
    """All files below, with size and time."""
    found = [each for each in folder.rglob("*") if each.is_file()]
    return {str(each.relative_to(folder)): (each.stat().st_size, each.stat().st_mtime_ns) for each in found}


def rows_now() -> list[object]:
    models = (ImportBatch, ImportItem, Episode, Airing, Person, AuditEntry)
    return [list(model.objects.order_by("pk").values()) for model in models]


def test_every_old_format_becomes_a_finished_recording(
    programme: Programme, shelf: Path, media_root: Path, bare_recorder: RecorderProcess
) -> None:
    rows = []
    for number, ending in enumerate(OLD, start=1):
        make(shelf, f"{number:03d}.{ending}", ending)
        time = "11:00" if number % 2 else ""
        rows.append((f"第{number}期", f"2019年3月{number}日", time, f"第{number}讲", "李明（科技界委员）、王芳", ""))
    sheet(shelf, rows, encoding="gb18030")
    code, said = bring_in(shelf, programme)
    assert code == 0, said
    assert set(states(programme).values()) == {("done", "")}
    assert Episode.objects.filter(programme=programme, publication="draft", signed_off_at=None).count() == len(OLD)
    assert set(Person.objects.values_list("name", flat=True)) == {"李明", "王芳"}
    first, second = (Airing.objects.get(episode__number=number) for number in (1, 2))
    assert (first.kind, second.kind, first.state) == ("premiere", "recorded", "ended")
    assert first.actual_start.isoformat() == "2019-03-01T03:00:00+00:00"
    wanted = len(OLD)
    until(lambda: Recording.objects.filter(state="finished").count() == wanted, 120, bare_recorder.words)
    for airing in Airing.objects.all():
        folder = media_root / "airings" / str(airing.pk)
        assert "#EXT-X-ENDLIST" in (folder / "replay.m3u8").read_text()
        assert (folder / "replay.m3u8").read_text().count("#EXTINF") >= 1
        part = Part.objects.get(recording=airing.recording)
        assert (part.source, part.first_pdt) == ("file", airing.actual_start)
        assert 1.0 <= (airing.actual_end - airing.actual_start).total_seconds() <= 1.7
    assert Recording.objects.filter(replay_ready_at__isnull=False).count() == wanted


BROKEN = {
    "empty.mp4": ("media_empty", lambda shelf: b""),
    "text.mp4": ("media_format", lambda shelf: "会议纪要\n".encode() * 50),
    "list.mp3": ("media_format", lambda shelf: b"#EXTM3U\n#EXTINF:2,\nfile:///etc/passwd\n"),
    "half.mp4": ("media_unreadable", lambda shelf: hostile.truncated(shelf / "good.mp4")),
    "short.mp4": ("media_truncated", lambda shelf: hostile.truncated(shelf / "long.mp4")),
    "cut.wav": ("media_truncated", lambda shelf: hostile.truncated(shelf / "long.wav")),
    "cut.avi": ("media_truncated", lambda shelf: hostile.truncated(shelf / "long.avi")),
    "wide.mkv": ("media_dimensions", lambda shelf: hostile.huge_picture(shelf / "aside")),
    "years.mp4": ("media_duration", lambda shelf: hostile.absurd_duration(shelf / "good.mp4")),
    "codec.mkv": ("media_codec", lambda shelf: (shelf / "aside" / "codec.mkv").read_bytes()),
}


def test_each_broken_or_hostile_file_is_left_out_with_its_reason(
    programme: Programme, shelf: Path, media_root: Path
) -> None:
    aside = shelf / "aside"
    aside.mkdir()
    make(shelf, "good.mp4", "mp4")
    hostile.make(shelf / "long.mp4", *OLD["mp4"], "-movflags", "+faststart", seconds=12)
    for ending in ("wav", "avi"):
        make(shelf, f"long.{ending}", ending)
    hostile.make(aside / "codec.mkv", "-an", "-c:v", "ffv1", seconds=1)
    for name, (_problem, content) in BROKEN.items():
        (shelf / name).write_bytes(content(shelf))
    for long in shelf.glob("long.*"):
        long.unlink()
    shutil.rmtree(aside)
    (shelf / "link.mp4").symlink_to("/etc/passwd")
    shutil.copy(shelf / "good.mp4", shelf / "same.mp4")
    names = ["good.mp4", *BROKEN, "same.mp4", "link.mp4", "../../etc/passwd", "gone.wav"]
    sheet(shelf, [(number, "2018-05-01", "", f"题 {number}", "", name) for number, name in enumerate(names, start=1)])
    before = tree(shelf)
    code, said = bring_in(shelf, programme)
    assert code == 1
    found = states(programme)
    assert found.pop("good.mp4") == ("done", "")
    assert found.pop("same.mp4") == ("duplicate", "same_content")
    assert found == {name: ("refused", problem) for name, (problem, _content) in BROKEN.items()}
    left = {each["detail"]: each["problem"] for each in ImportBatch.objects.get().unmatched}
    assert left == {"link.mp4": "no_file", "../../etc/passwd": "no_file", "gone.wav": "no_file"}
    for name in [*BROKEN, "same.mp4", "gone.wav", "link.mp4"]:
        assert name in said
    assert "ffv1" in said, "what is not taken is named"
    assert tree(shelf) == before
    assert [each.name for each in (media_root / "airings").iterdir()] == [str(Airing.objects.get().pk)]
    assert not list((media_root / "work" / "imports").iterdir())


def test_a_dry_run_says_it_and_writes_nothing(programme: Programme, shelf: Path, media_root: Path) -> None:
    make(shelf, "2020-01-04 好.mp3", "mp3")
    shutil.copy(shelf / "2020-01-04 好.mp3", shelf / "b.mp3")
    (shelf / "bad.mp4").write_bytes(b"text")
    sheet(
        shelf,
        [
            (1, "2020/1/4", "", "有", "", ""),
            (2, "2020-02-30", "", "没有这一天", "", "b.mp3"),
            (3, "2020-01-06", "", "坏", "", "bad.mp4"),
        ],
        encoding="utf-8-sig",
    )
    before, media = rows_now(), tree(media_root)
    code, said = bring_in(shelf, programme, dry_run=True)
    assert code == 1
    assert "2020-01-04 好.mp3: " in said
    assert "日期读不懂。 [2020-02-30]" in said
    assert "不支持这种文件格式" in said
    assert (rows_now(), tree(media_root)) == (before, media)


def test_the_same_again_changes_nothing_and_a_mended_file_comes_in(
    programme: Programme, shelf: Path, media_root: Path
) -> None:
    make(shelf, "1.mp3", "mp3")
    (shelf / "2.mp3").write_bytes(b"\xff\xfb\x90\x00broken")
    sheet(shelf, [(1, "2017-01-01", "", "甲", "赵一", ""), (2, "2017-01-02", "", "乙", "", "")])
    assert bring_in(shelf, programme)[0] == 1
    before, media = rows_now(), tree(media_root)
    assert bring_in(shelf, programme)[0] == 1
    assert (rows_now(), tree(media_root)) == (before, media)
    acts = list(AuditEntry.objects.order_by("pk").values_list("act", flat=True))
    assert acts == ["import.start", "episode.import", "import.finish"]
    make(shelf, "2.mp3", "mp3", tone=2)
    assert bring_in(shelf, programme)[0] == 0
    assert set(states(programme).values()) == {("done", "")}
    assert Episode.objects.count() == 2
    # Moved elsewhere, the same bytes are known.
    other = shelf.with_name("other")
    shutil.copytree(shelf, other)
    (other / "sheet.csv").unlink()
    sheet(other, [(11, "2017-01-01", "", "甲", "", "1.mp3"), (12, "2017-01-02", "", "乙", "", "2.mp3")])
    assert bring_in(other, programme)[0] == 1
    assert Episode.objects.count() == 2


def test_killed_in_the_middle_it_goes_on_and_nothing_is_there_twice(
    programme: Programme, shelf: Path, media_root: Path, tmp_path: Path
) -> None:
    for number in range(1, 5):
        make(shelf, f"{number}.avi", "avi", seconds=20 if number == 2 else 1.2, tone=number)
    sheet(shelf, [(number, "2016-06-01", "", f"题 {number}", "", "") for number in range(1, 5)])
    words = ("--programme", programme.slug)
    first = ImportProcess(tmp_path, shelf, *words)
    until(lambda: ImportItem.objects.filter(file="2.avi", state="running").exists(), 60, first.words)
    first.kill()
    assert ImportItem.objects.get(file="2.avi").state == "running"
    second = ImportProcess(tmp_path, shelf, *words)
    assert second.process.wait(120) == 0, second.words()
    assert set(states(programme).values()) == {("done", "")}
    assert ImportItem.objects.get(file="2.avi").attempt == 2
    assert sorted(Episode.objects.values_list("number", flat=True)) == [1, 2, 3, 4]
    kept = {str(pk) for pk in Airing.objects.values_list("pk", flat=True)}
    assert {each.name for each in (media_root / "airings").iterdir()} == kept
    assert not list((media_root / "work" / "imports").iterdir())


def test_who_lost_the_lease_brings_nothing_in(programme: Programme, shelf: Path, media_root: Path) -> None:
    make(shelf, "1.wav", "wav")
    sheet(shelf, [(1, "2016-06-01", "", "题", "", "")])
    from archive.importing import reading
    from broadcast.access import HOUSE

    batch = services.adopt(HOUSE, reading.read(reading.find(shelf), programme))
    slow = services.claim(batch.pk, "elsewhere:1")
    assert slow is not None
    assert services.claim(batch.pk, "elsewhere:2") is None, "it is held"
    ImportItem.objects.update(lease_until="2016-01-01T00:00:00Z")
    assert run.work(HOUSE, batch.pk, lambda progress: None)
    with pytest.raises(services.FencedOut):
        services.finish(HOUSE, slow, "d", 1.0, ())
    assert Episode.objects.count() == 1


def test_only_producers_import(programme: Programme, shelf: Path) -> None:
    from archive.importing import reading
    from broadcast.access import Actor
    from broadcast.errors import NotAllowed

    make(shelf, "1.wav", "wav")
    sheet(shelf, [(1, "2016-06-01", "", "题", "", "")])
    with pytest.raises(NotAllowed):
        services.adopt(Actor(), reading.read(reading.find(shelf), programme))
    assert not ImportBatch.objects.exists()


@pytest.mark.long
@pytest.mark.timeout(3_600)
def test_three_hundred_old_episodes_killed_twice(
    programme: Programme, shelf: Path, media_root: Path, tmp_path: Path, bare_recorder: RecorderProcess
) -> None:
    rows, good, kinds = [], 0, list(OLD)
    made = {ending: make(tmp_path, f"made.{ending}", ending) for ending in kinds}
    for number in range(1, 301):
        ending = kinds[number % len(kinds)]
        target = shelf / f"第{number:03d}期.{ending}"
        if number % 15 == 0:
            target.write_bytes([b"", b"text " * 99, made[ending].read_bytes()[:200]][number // 15 % 3])
        else:
            # Other bytes each, the same show: what stands behind the end of these containers is not read.
            target.write_bytes(made[ending].read_bytes() + (b"\0" * 8 + number.to_bytes(4, "big")) * 4)
            good += 1
        rows.append(
            (number, f"{2000 + number // 28}-{number % 12 + 1:02d}-{number % 28 + 1:02d}", "", f"题 {number}", "", "")
        )
    importing_making.sheet(shelf, rows)
    words = ("--programme", programme.slug)
    for reached in (40, 160):
        process = ImportProcess(tmp_path, shelf, *words)
        until(lambda at=reached: ImportItem.objects.filter(state="done").count() >= at, 900, process.words)
        process.kill()
    assert ImportProcess(tmp_path, shelf, *words).process.wait(1_800) == 1
    found = states(programme)
    assert len(found) == 300
    assert sum(state == "done" for state, _problem in found.values()) == good
    assert all(problem for state, problem in found.values() if state != "done")
    until(lambda: Recording.objects.filter(state="finished").count() == good, 600, bare_recorder.words)
    before = rows_now()
    assert ImportProcess(tmp_path, shelf, *words).process.wait(600) == 1
    assert rows_now() == before
    assert len(list((media_root / "airings").iterdir())) == good
