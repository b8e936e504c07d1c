"""Labels that may mean the person are shown before the order, taken when ticked, exactly, and come back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from archive.models import (
    Edit,
    SearchDocument,
    Transcript,
)
from broadcast import clock
from broadcast.access import HOUSE
from broadcast.models import (
    Appearance,
    Person,
)
from broadcast.services import withdrawal, withdrawal_episodes, withdrawal_proof
from tests.archive.making import make_airing, make_programme
from tests.broadcast.services.withdrawing import (
    NAME,
    actor,
    called,
    clip,
    furnished,
    labelled,
    order,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def house(settings: Any, tmp_path: Path) -> dict[str, Any]:
    settings.MEDIA_ROOT = str(tmp_path)
    return furnished(tmp_path)


def test_labels_that_may_mean_them_are_shown_and_never_taken_by_themselves(house: dict[str, Any]) -> None:
    second = house["airings"][1]
    called(second, "欧阳委员", "欧杨明德", "小欧阳委员长", "司马主持人")
    elsewhere = make_airing(make_programme(), state="ended")
    Transcript.objects.create(
        airing=elsewhere,
        kind="corrected",
        state="signed",
        made_at=clock.now(),
        changed_at=clock.now(),
        signed_at=clock.now(),
    )
    elsewhere.actual_start = elsewhere.planned_start
    called(elsewhere, "欧阳委员", "歐陽明德")
    found = labelled(house)
    # A surname says something only where they appear.
    assert {(each.called, each.episode) for each in found.values()} == {
        ("欧阳委员", second.episode_id),
        ("欧杨明德", second.episode_id),
        ("小欧阳委员长", second.episode_id),
        ("歐陽明德", elsewhere.episode_id),
    }
    assert {each.chosen for each in found.values()} == {"keep"}
    row = withdrawal.apply(actor(), house["person"].pk, order(house))
    assert not row.items.filter(kind="label").exists()
    said = Client().get(f"/media/airings/{second.pk}/replay/transcript.json").json()
    assert [line["speaker"] for line in said["lines"]][2:] == ["欧阳委员", "欧杨明德", "小欧阳委员长", "司马主持人"]


def test_a_label_tells_whom_else_of_the_show_it_may_mean(house: dict[str, Any]) -> None:
    second = house["airings"][1]
    other = Person.objects.create(name="欧阳靖")
    Appearance.objects.create(episode=second.episode, person=other, role="member")
    called(second, "欧阳委员")
    assert "欧阳靖" in labelled(house)["欧阳委员"].detail
    assert "司马文" not in labelled(house)["欧阳委员"].detail


def test_what_was_ticked_goes_exactly_and_comes_back(house: dict[str, Any]) -> None:
    second = house["airings"][1]
    called(second, "欧阳委员", "小欧阳委员", "歐陽明德")
    found = labelled(house)
    chosen = {f"label__{found['欧阳委员'].key}": "take", f"label__{found['歐陽明德'].key}": "name"}
    chosen[f"episode__{house['coming'].episode_id}"] = "name"
    row = withdrawal.apply(actor(), house["person"].pk, order(house, **chosen))
    assert row.finished_at is not None

    def said() -> list[tuple[str, str]]:
        told = Client().get(f"/media/airings/{second.pk}/replay/transcript.json").json()
        return [(line["speaker"], line["text"]) for line in told["lines"]][2:]

    assert said() == [("小欧阳委员", "第1句"), ("", "第2句")]
    stored = SearchDocument.objects.filter(episode=second.episode_id, kind="line").values_list("speaker", flat=True)
    assert "歐陽明德" not in stored
    proof = withdrawal_proof.prove(actor(), house["person"], "testserver", secure=False)
    assert proof.bad == 0
    assert set(labelled(house)) == {"小欧阳委员"}, "what is taken is not found again"
    for item in row.items.filter(kind="label"):
        withdrawal.restore(actor(), item.pk, "认错了人")
    assert said() == [("欧阳委员", "第0句"), ("小欧阳委员", "第1句"), ("歐陽明德", "第2句")]


def test_the_proof_tells_of_a_label_that_is_still_there(house: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    second = house["airings"][1]
    called(second, "欧阳委员")
    taken = {f"label__{labelled(house)['欧阳委员'].key}": "take"}
    withdrawal.apply(actor(), house["person"].pk, order(house, **taken))
    monkeypatch.setattr(
        "broadcast.shown_people.Names.means", lambda self, label: any(name in label for name in self.held)
    )
    proof = withdrawal_proof.prove(actor(), house["person"], "testserver", secure=False)
    shown = {each.path.rpartition("/")[2] for each in proof.shown}
    assert {"captions.vtt", "transcript.json", "words.srt", "words.txt"} <= shown


def test_a_ticked_label_is_bleeped_and_its_clips_are_offered(house: dict[str, Any]) -> None:
    second = house["airings"][1]
    called(second, "欧阳委员")
    theirs = clip(second, Path(settings.MEDIA_ROOT), 10, "十分钟时")
    offered = {each.key: each for each in withdrawal.preview(HOUSE, house["person"].pk) if each.kind == "clip"}
    assert (offered[str(theirs.pk)].chosen, offered[str(theirs.pk)].maybe) == ("keep", True)
    chosen = {f"label__{labelled(house)['欧阳委员'].key}": "bleep", f"clip__{theirs.pk}": "take"}
    row = withdrawal.apply(actor(), house["person"].pk, order(house, **chosen))
    assert Client().get(f"/clips/{theirs.pk}").status_code == 404
    [edit] = Edit.objects.filter(airing=second)
    assert (edit.kind, edit.state) == ("bleep", "applied")
    withdrawal.restore(actor(), row.items.get(kind="label").pk, "复查")
    edit.refresh_from_db()
    assert edit.state == "lifted"


def test_people_who_may_be_the_same_are_named_beside(house: dict[str, Any]) -> None:
    twice = Person.objects.create(name="歐陽明德", organisation="甲单位")
    same = Person.objects.create(name=NAME, organisation="乙单位")
    Person.objects.create(name="欧阳文德")
    found = withdrawal_episodes.alike(house["person"])
    assert {each.pk for each, _why in found} == {twice.pk, same.pk}
