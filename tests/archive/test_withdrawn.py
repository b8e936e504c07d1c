"""A withdrawn episode that went out again elsewhere: no name of it stays, whatever rung, on air or long over, here or in a store."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from archive import fallback, orders, withdrawn
from archive.models import AsRunEntry, Recording
from archive.output import Show, Tape
from archive.parts import AiringFolder, now_ms
from archive.rung_names import tape_name
from archive.storage import LocalStorage
from broadcast import clock
from broadcast.access import HOUSE
from broadcast.models import Airing, Programme
from broadcast.services import episodes

from .making import RecorderProcess, make_airing, make_programme, until
from .test_rungs import DELAY, Line

RUNGS = ("", "-120p", "-90p", "-sound")


def ended(programme: Programme, **facts: Any) -> Airing:
    now = clock.now()
    times = {"actual_start": now - dt.timedelta(hours=1), "actual_end": now - dt.timedelta(minutes=30)}
    return make_airing(programme, state="ended", **times, **facts)


def ran(airing: Airing, earlier: Airing) -> None:
    """The record says that the earlier one went out there."""
    times = {"started_at": airing.actual_start, "ended_at": airing.actual_start}
    AsRunEntry.objects.create(airing=airing, first_sequence=0, kind="rerun", subject=str(earlier.pk), **times)


# -- while it is on air ----------------------------------------------------------------------------------------------


@pytest.fixture
def tape(media_root: Path) -> Tape:
    """The public replay of an earlier show, with its rungs."""
    began = now_ms() - 600_000
    line = Line(media_root)
    line.add(1, began, seconds=4)
    writer = line.open()
    line.climb()
    writer.write_public(line.folder.segments(), Show(began, began + 4_000, DELAY))
    key = line.folder.key
    segments = fallback.parse((line.folder.path / "replay.m3u8").read_text(), f"{key}/public")
    return Tape(f"rerun:{line.folder.airing_id}", segments)


@pytest.mark.ffmpeg
@pytest.mark.timeout(400)
@pytest.mark.parametrize("restarted", [False, True])
def test_no_rung_of_it_keeps_a_name_nor_gets_one_after_a_restart(media_root: Path, tape: Tape, restarted: bool) -> None:
    began = now_ms() - 60_000
    line = Line(media_root)
    writer = line.open()
    writer.advance([], Show(began, None, DELAY, rerun=tape), now_ms(), frozenset())
    named = {each.uri for rung in RUNGS for each in line.list(f"live{rung}.m3u8").segments}
    public = line.folder["public"]
    assert len(named) == len(RUNGS) * len(tape.segments)
    assert all((public / each).is_file() for each in named)
    if restarted:
        writer = line.open()
    line.rungs.refuse(frozenset({tape.source}))
    writer.forget(tape.source)
    assert not list(public.glob("*.ts"))
    writer.advance([], Show(began, began + 8_000, DELAY), now_ms(), frozenset())
    assert not list(public.glob("*.ts"))
    assert line.list("live.m3u8").is_endlist, "the line goes on"


# -- when it is over -------------------------------------------------------------------------------------------------


def show_that_ran(root: Path, airing: Airing, earlier: Airing) -> tuple[set[str], str]:
    """Its folder as a recorder leaves it: names of what was played again, with rungs, and one that is its own."""
    folder = AiringFolder(airing.pk, root)
    folder["public"].mkdir(parents=True)
    source, file = f"rerun:{earlier.pk}", f"airings/{earlier.pk}/public/{'0' * 20}.ts"
    entry = {"sequence": 0, "part": 0, "number": 0, "start_ms": 0, "duration": 2.0, "gap": False}
    lines = [{**entry, "source": source, "file": file}, {**entry, "sequence": 1, "part": 1}]
    folder["released.jsonl"].write_text("".join(json.dumps(each) + "\n" for each in lines) + '{"torn')
    # A height that no rule has any more.
    folder["live-414p.m3u8"].write_text("#EXTM3U\n")
    gone = {tape_name(airing.pk, source, file, rung) for rung in ("", "414p", "480p", "sound")}
    own = f"{'a' * 20}.ts"
    for name in (*gone, own):
        folder[f"public/{name}"].write_bytes(name.encode())
    return gone, own


@pytest.mark.django_db
def test_airings_that_are_over_owe_it_too_until_it_is_published_again() -> None:
    programme = make_programme()
    earlier, airing, other = ended(programme), ended(programme), ended(programme)
    Recording.objects.create(airing=airing, state="finished")
    ran(airing, earlier)
    ran(other, airing)
    assert withdrawn.owed() == set()
    episodes.withdraw(HOUSE, earlier.episode_id, "有误")
    owed = {(airing.pk, f"rerun:{earlier.pk}")}
    assert withdrawn.owed() == owed == withdrawn.owed([airing.pk, other.pk])
    assert withdrawn.owed([other.pk]) == set()
    episodes.publish(HOUSE, earlier.episode_id)
    assert withdrawn.owed() == set()


@pytest.mark.django_db
def test_on_air_the_recorder_is_told_and_has_it_no_more() -> None:
    programme = make_programme()
    earlier = ended(programme)
    earlier.episode.signed_off_at = clock.now()
    earlier.episode.save()
    airing = make_airing(programme, kind="rerun", rerun_of=earlier, feed=None, state="on_air", actual_start=clock.now())
    ran(airing, earlier)

    def told() -> orders.Wanted:
        return next(each for each in orders.wanted().wanted if each.airing_id == airing.pk)

    assert (told().rerun is not None, told().withdrawn) == (True, frozenset())
    episodes.withdraw(HOUSE, earlier.episode_id, "有误")
    assert (told().rerun, told().withdrawn) == (None, frozenset({f"rerun:{earlier.pk}"}))


@pytest.mark.django_db
def test_it_goes_from_disk_and_stores_and_what_is_the_shows_own_stays(
    media_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programme = make_programme()
    earlier, airing = ended(programme), ended(programme)
    gone, own = show_that_ran(media_root, airing, earlier)
    roots = [media_root, tmp_path / "store", tmp_path / "copy"]
    for name, root in zip(("YISHI_STORE", "YISHI_STORE_COPY"), roots[1:], strict=True):
        monkeypatch.setenv(name, str(root))
        store = LocalStorage(root, links=False)
        for file in (media_root / "airings" / str(airing.pk)).rglob("*.*"):
            store.put(file.relative_to(media_root).as_posix(), file)
    # The disk has been cleared: the store alone knows what went out.
    (media_root / "airings" / str(airing.pk) / "released.jsonl").unlink()
    assert withdrawn.forget(airing.pk, f"rerun:{earlier.pk}") == 3 * len(gone)
    for root in roots:
        assert [each.name for each in (root / "airings" / str(airing.pk) / "public").iterdir()] == [own]
    assert withdrawn.forget(airing.pk, f"rerun:{earlier.pk}") == 0


@pytest.mark.django_db
def test_a_store_that_is_away_keeps_no_other_place_waiting_and_is_asked_again(
    media_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programme = make_programme()
    earlier, airing = ended(programme), ended(programme)
    gone, own = show_that_ran(media_root, airing, earlier)
    away = media_root / "file"
    away.write_bytes(b"")
    monkeypatch.setenv("YISHI_STORE", str(away / "no-folder"))
    monkeypatch.setattr(LocalStorage, "list", _listing_refused_below(away))
    with pytest.raises(OSError, match="away"):
        withdrawn.forget(airing.pk, f"rerun:{earlier.pk}")
    assert [each.name for each in (media_root / "airings" / str(airing.pk) / "public").iterdir()] == [own]
    assert gone


def _listing_refused_below(away: Path):
    """A folder on another machine that does not answer; every other one is listed as it is."""
    really = LocalStorage.list

    def listing(self: LocalStorage, prefix: str):
        if self.root.is_relative_to(away):
            raise OSError("away")
        return really(self, prefix)

    return listing


@pytest.mark.ffmpeg
@pytest.mark.timeout(400)
@pytest.mark.django_db(transaction=True)
def test_the_recorder_takes_it_back_though_nothing_is_on_air(recorder: RecorderProcess, media_root: Path) -> None:
    programme = make_programme()
    earlier, airing = ended(programme), ended(programme)
    Recording.objects.create(airing=airing, state="finished")
    gone, own = show_that_ran(media_root, airing, earlier)
    ran(airing, earlier)
    episodes.withdraw(HOUSE, earlier.episode_id, "有误")
    public = media_root / "airings" / str(airing.pk) / "public"
    until(lambda: not any((public / each).exists() for each in gone), 60, recorder.words)
    assert (public / own).exists()
