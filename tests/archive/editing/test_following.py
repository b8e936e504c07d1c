"""What follows an applied edit outside the replay's lists: nobody gets the replay before it is rid of it, nor the stores, nor reruns."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from archive import views
from archive.editing import following, reruns, writing
from archive.models import AsRunEntry, EditedReplay, Step
from archive.parts import AiringFolder
from archive.rung_names import tape_name
from archive.steps import engine
from archive.uploader import Uploader
from broadcast import clock
from broadcast.models import Episode
from tests.archive.making import RecorderProcess, make_airing, until
from tests.archive.steps_making import Made

from .showing import edit, lift, listed, media_of, show, steps

pytestmark = [pytest.mark.ffmpeg, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def made(media_root: Path) -> Made:
    made = show(12)
    Episode.objects.filter(pk=made.airing.episode_id).update(signed_off_at=timezone.now())
    return made


def status(made: Made, name: str) -> int:
    views.forget_rights()
    return Client().get(f"/media/airings/{made.airing.pk}/replay/{name}").status_code


def test_from_the_commit_on_nobody_gets_the_replay_until_it_is_rid_of_what_was_taken_away(made: Made) -> None:
    old = listed(made)
    assert status(made, "index.m3u8") == 200
    edit(made, "cut", 4.8, 5.2)
    assert status(made, "index.m3u8") == 404
    assert status(made, old[2]) == 404
    assert following.follow(made.airing.pk, lambda _airing: True)
    assert following.behind() == []
    assert status(made, "index.m3u8") == 200
    assert [status(made, name) for name in old] == [200, 200, 404, 200, 200, 200]


def test_what_a_store_does_not_give_up_keeps_the_replay_shut(made: Made) -> None:
    edit(made, "cut", 4.8, 5.2)
    assert not following.follow(made.airing.pk, lambda _airing: False)
    assert status(made, "index.m3u8") == 404
    assert EditedReplay.objects.get().problem == "storage_down"
    assert following.follow(made.airing.pk, lambda _airing: True)
    assert EditedReplay.objects.get().problem == ""


def test_no_store_keeps_a_name_that_is_withheld_and_a_lifted_one_comes_back(
    made: Made, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("STORE", "STORE_COPY"):
        monkeypatch.setenv(f"YISHI_{name}", str(tmp_path / name))
    stores = [tmp_path / name / "airings" / str(made.airing.pk) / "public" for name in ("STORE", "STORE_COPY")]
    uploader = Uploader()

    def send() -> None:
        for lane in uploader.lanes.values():
            lane.due.clear()
            uploader._work_resting(lane)

    def there() -> list[set[str]]:
        return [{each.name for each in store.iterdir()} for store in stores]

    send()
    everything, third = set(listed(made)), listed(made)[2]
    assert there() == [everything, everything]
    one = edit(made, "bleep", 4.8, 5.2)
    assert following.follow(made.airing.pk, uploader.take_back)
    assert [store & everything for store in there()] == [everything - {third}] * 2
    steps("edit")
    assert following.follow(made.airing.pk, uploader.take_back)
    send()
    assert all(set(listed(made)) <= store for store in there())
    lift(made, one)
    assert following.follow(made.airing.pk, uploader.take_back)
    send()
    assert all(everything <= store for store in there())
    assert set(listed(made)) == everything


def test_airings_that_played_it_again_lose_it_too(made: Made) -> None:
    other = make_airing(made.airing.episode.programme, state="ended")
    now = clock.now()
    times = {"started_at": now, "ended_at": now}
    AsRunEntry.objects.create(airing=other, first_sequence=0, kind="rerun", subject=str(made.airing.pk), **times)
    folder = AiringFolder(other.pk)
    folder["public"].mkdir(parents=True)
    played = {}
    for name in listed(made):
        file = f"airings/{made.airing.pk}/public/{name}"
        played[name] = folder["public"] / tape_name(other.pk, f"rerun:{made.airing.pk}", file)
        played[name].hardlink_to(made.folder.path / "public" / name)
    before = listed(made)
    edit(made, "blur", 4.8, 5.2)
    writing.write(made.airing.pk)
    assert reruns.airings(made.airing.pk) == [other.pk]
    assert [played[name].exists() for name in before] == [True, True, False, True, True, True]


@pytest.mark.long
def test_a_worker_killed_in_the_middle_goes_on_where_it_was(made: Made, tmp_path: Path) -> None:
    edit(made, "blur", 0, 12)
    writing.write(made.airing.pk)
    assert listed(made) == []
    engine.ensure_all()
    environ = RecorderProcess(tmp_path).environ
    code = "import django; django.setup(); from archive.steps import work; work.once('victim')"
    folder = made.folder["edits"]
    victim = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", code],
        env={**environ, "DJANGO_SETTINGS_MODULE": os.environ["DJANGO_SETTINGS_MODULE"]},
    )
    until(lambda: folder.is_dir() and len(list(folder.iterdir())) >= 2, 120)
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    kept = {each.name: each.stat().st_ino for each in folder.iterdir()}
    assert Step.objects.get(kind="edit").state == "running"
    Step.objects.filter(kind="edit").update(lease_until=clock.now())
    steps("edit")
    assert len(media_of(made)) == 6
    assert {name: (folder / name).stat().st_ino for name in kept} == kept, "what was made is not made again"
    assert EditedReplay.objects.get().missing == 0
