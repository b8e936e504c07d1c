"""One house has one recorder: a second on another machine does not start while the first is seen, the first starts again at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from archive import machine, services
from archive.models import RecorderStatus
from broadcast import clock

pytestmark = pytest.mark.django_db(transaction=True)


def seen(**facts: object) -> None:
    services.note_recorder("main", 1, "ffmpeg", {}, {})
    RecorderStatus.objects.update(**facts)


def test_another_machine_s_recorder_is_refused_while_the_first_is_seen(media_root: Path) -> None:
    seen(machine="f" * 32, host="kitchen")
    with pytest.raises(CommandError, match="another recorder works on kitchen") as refused:
        call_command("record")
    assert refused.value.returncode == 3


def test_it_may_take_over_once_the_first_is_silent(media_root: Path) -> None:
    seen(machine="f" * 32, seen_at=clock.now() - machine.dt.timedelta(seconds=machine.FRESH_SECONDS))
    assert machine.elsewhere("main", media_root) is None


def test_the_first_starts_again_at_once(media_root: Path) -> None:
    seen()
    assert RecorderStatus.objects.get().machine == machine.here(media_root)
    assert RecorderStatus.objects.get().host
    assert machine.elsewhere("main", media_root) is None


def test_another_media_folder_of_the_same_machine_is_elsewhere(media_root: Path, tmp_path: Path) -> None:
    seen()
    (tmp_path / "other").mkdir()
    assert machine.elsewhere("main", tmp_path / "other") is not None


def test_one_of_an_older_version_says_nothing_of_its_machine(media_root: Path) -> None:
    seen(machine="")
    assert machine.elsewhere("main", media_root) is None
