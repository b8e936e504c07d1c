"""Whoever is taken from the public is gone from every public address at once, whatever dies meanwhile, and comes back as they were."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import translation

from archive.models import (
    Derivative,
    Edit,
    SearchEpisode,
    TranscriptLine,
)
from archive.search import stale
from broadcast import clock, registry
from broadcast.access import HOUSE
from broadcast.errors import Conflict, InvalidInput, NotAllowed
from broadcast.models import (
    Appearance,
    AuditEntry,
    Episode,
    PersonWithdrawalItem,
)
from broadcast.services import episodes, withdrawal, withdrawal_proof
from scheduling.models import Photo
from tests.archive.making import make_airing
from tests.broadcast.services.withdrawing import (
    NAME,
    WORDS,
    actor,
    by_kind,
    coming,
    furnished,
    order,
    seen,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def house(settings: Any, tmp_path: Path) -> dict[str, Any]:
    settings.MEDIA_ROOT = str(tmp_path)
    return furnished(tmp_path)


def test_the_preview_says_everything_that_is_public_of_them(house: dict[str, Any]) -> None:
    found = by_kind(withdrawal.preview(actor(), house["person"].pk))
    assert {kind: len(rows) for kind, rows in found.items()} == {
        "episode": 4,
        "words": 3,
        "clip": 1,
        "photo": 1,
        "written": 1,
    }
    alone, coming = house["airings"][0].episode, house["coming"].episode
    proposed = {each.key: (each.chosen, each.coming) for each in found["episode"]}
    assert proposed[str(alone.pk)] == ("whole", False), "nobody else is in it"
    assert proposed[str(house["airings"][1].episode_id)] == ("name", False)
    assert proposed[str(coming.pk)] == ("keep", True), "what is still to come is shown, and not changed by itself"


def test_after_the_act_no_public_address_holds_name_words_photo_or_media(house: dict[str, Any]) -> None:
    before = seen(house, NAME, WORDS)
    assert len(before) > 20, "the test sees them before"
    assert {Client().get(f"/clips/{each.pk}").status_code for each in house["clips"]} == {200}
    first, second, _third = house["airings"]
    episode = house["coming"].episode
    row = withdrawal.apply(actor(), house["person"].pk, order(house, **{f"episode__{episode.pk}": "name"}))
    assert row.finished_at is not None
    assert seen(house, NAME, WORDS, "Ouyang") == set()
    assert Client().get("/people/photos/photo-of-a-member.jpg").status_code == 404
    for name in ("replay/master.m3u8", "derived/sound.m4a", "replay/transcript.json"):
        assert Client().get(f"/media/airings/{first.pk}/{name}").status_code == 404, "the whole episode is gone"
    assert Client().get(f"/media/airings/{second.pk}/replay/master.m3u8").status_code == 200, "only the name is gone"
    said = Client().get(f"/media/airings/{second.pk}/replay/transcript.json").json()
    assert [line["text"] for line in said["lines"]] == ["请您谈谈过街设施", "谢谢"]
    his, other = house["clips"]
    for name, known in (("", 404), ("/clip.mp4", 404), ("/poster.jpg", 404)):
        assert Client().get(f"/clips/{his.pk}{name}").status_code == known
        assert Client().get(f"/clips/{other.pk}{name}").status_code == 200, "in which somebody else speaks"
    # Sealed, not deleted.
    assert TranscriptLine.objects.filter(text=WORDS).count() == 3
    assert Appearance.objects.filter(person=house["person"]).count() == 4
    assert Photo.objects.exists()
    assert Derivative.objects.count() == 3
    proof = withdrawal_proof.prove(actor(), house["person"], "testserver", secure=False)
    assert proof.bad == 0
    assert len(proof.answers) > 40


def test_the_proof_finds_what_an_order_left(house: dict[str, Any]) -> None:
    withdrawal.apply(actor(), house["person"].pk, order(house, words="keep"))
    proof = withdrawal_proof.prove(actor(), house["person"], "testserver", secure=False)
    page = reverse("episode", args=[house["programme"].slug, house["coming"].episode.key])
    assert page in {each.path for each in proof.answers if each.names}, "the coming episode still names them"
    assert not any(each.names for each in proof.answers if "transcript" in each.path), "lines stay, the label does not"


def test_the_proof_leaves_the_reader_their_language(house: dict[str, Any]) -> None:
    with translation.override("en"):
        withdrawal_proof.prove(actor(), house["person"], "testserver", secure=False)
        assert translation.get_language() == "en"


def test_the_proof_reads_pages_in_english_too(house: dict[str, Any]) -> None:
    proof = withdrawal_proof.prove(actor(), house["person"], "testserver", secure=False)
    page = reverse("episode", args=[house["programme"].slug, house["airings"][0].episode.key])
    assert {page, f"{page}?language=en"} <= {each.path for each in proof.shown}
    assert not any(
        "language=en" in each.path for each in proof.answers if each.path.endswith((".xml", ".vtt", ".json"))
    )


def test_an_edited_episode_names_them_no_more_than_before(house: dict[str, Any]) -> None:
    withdrawal.apply(actor(), house["person"].pk, order(house))
    episode = house["airings"][1].episode
    episode.appearances.all().delete()
    Appearance.objects.create(episode=episode, person=house["person"], role="expert")
    assert NAME not in Client().get(f"/live/airings/{house['airings'][1].pk}/state").content.decode()


def test_what_dies_in_the_middle_is_finished(house: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        """As if the process had ended."""

    done: list[int] = []
    real = episodes.withdraw

    def dies(*given: Any) -> Any:
        if done:
            raise Killed
        done.append(1)
        return real(*given)

    monkeypatch.setattr(episodes, "withdraw", dies)
    with pytest.raises(Killed):
        withdrawal.apply(actor(), house["person"].pk, order(house, episode="whole", **coming(house)))
    left = PersonWithdrawalItem.objects.filter(state="waiting")
    assert left.count() > 1
    # Names, words and photos are hidden by the commit itself; they wait for nothing.
    hidden = (house["airings"][0], house["airings"][2])
    assert not any(NAME in Client().get(f"/live/airings/{each.pk}/state").content.decode() for each in hidden)
    assert Client().get("/people/photos/photo-of-a-member.jpg").status_code == 404
    monkeypatch.setattr(episodes, "withdraw", real)
    assert withdrawal.reconcile() > 1
    assert not left.exists()
    assert withdrawal.reconcile() == 0
    assert set(Episode.objects.filter(airings__in=house["airings"]).values_list("publication", flat=True)) == {
        "withdrawn"
    }
    withdrawn = AuditEntry.objects.filter(act="episode.withdraw")
    assert withdrawn.count() == 3, "each once, in the name of who ordered it"
    assert None not in withdrawn.values_list("actor_id", flat=True)


def test_one_thing_that_fails_stops_no_other_and_is_tried_again(
    house: dict[str, Any], monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    def fails(*_given: Any) -> Any:
        raise OSError("disk")

    real = episodes.withdraw
    monkeypatch.setattr(episodes, "withdraw", fails)
    row = withdrawal.apply(actor(), house["person"].pk, order(house))
    [bad] = row.items.filter(state="waiting")
    assert (bad.kind, bad.problem) == ("episode", "OSError")
    assert row.finished_at is None
    monkeypatch.setattr(episodes, "withdraw", real)
    assert withdrawal.reconcile() == 0, "not at once again"
    row.items.filter(pk=bad.pk).update(tried_at=clock.now() - dt.timedelta(minutes=1))
    assert withdrawal.reconcile() == 1
    row.refresh_from_db()
    assert row.finished_at is not None


def test_everything_comes_back_item_by_item_as_it_was(house: dict[str, Any]) -> None:
    before = seen(house, NAME, WORDS)
    guests = {row.pk: row.guests for row in SearchEpisode.objects.all()}
    row = withdrawal.apply(actor(), house["person"].pk, order(house))
    secretary = actor()
    for item in row.items.all():
        withdrawal.restore(secretary, item.pk, "复查后恢复")
    stale.work()
    assert seen(house, NAME, WORDS) == before
    assert Client().get(f"/clips/{house['clips'][0].pk}").status_code == 200
    assert {row.pk: row.guests for row in SearchEpisode.objects.all()} == guests
    assert Client().get("/people/photos/photo-of-a-member.jpg").status_code == 200
    assert Episode.objects.filter(airings__in=house["airings"], signed_off_at=None).count() == 0
    assert AuditEntry.objects.filter(act="person.restore").count() == row.items.count()
    with pytest.raises(Conflict):
        withdrawal.restore(secretary, row.items.all()[0].pk, "再来一次")


def test_what_changed_since_the_preview_is_shown_again_and_nothing_is_written(house: dict[str, Any]) -> None:
    decided = order(house)
    fourth = make_airing(house["programme"], state="ended")
    Appearance.objects.create(episode=fourth.episode, person=house["person"], role="host")
    episodes.withdraw(HOUSE, house["airings"][2].episode_id, "另一个原因")
    with pytest.raises(Conflict) as caught:
        withdrawal.apply(actor(), house["person"].pk, decided)
    moved = set(caught.value.data["moved"])
    assert f"broadcast.episode.{fourth.episode_id}" in moved
    assert f"broadcast.episode.{house['airings'][2].episode_id}" in moved
    assert not PersonWithdrawalItem.objects.exists()
    assert withdrawal.apply(actor(), house["person"].pk, order(house)).finished_at


@pytest.mark.parametrize("facts", [{"reason": " "}, {"name": "欧阳明"}, {"choices": {}}])
def test_an_order_says_why_whom_and_what(house: dict[str, Any], facts: dict[str, Any]) -> None:
    whole = order(house)
    given = {"reason": whole.reason, "name": whole.name, "choices": whole.choices, "seen": whole.seen} | facts
    with pytest.raises(InvalidInput):
        withdrawal.apply(actor(), house["person"].pk, withdrawal.Order(**given))
    assert not PersonWithdrawalItem.objects.exists()


def test_only_the_secretariat_of_the_whole_house_may(house: dict[str, Any]) -> None:
    decided = order(house)
    for other in (actor("producer"), actor("duty_leader"), actor("secretariat", house["programme"])):
        for act in (
            lambda who: withdrawal.preview(who, house["person"].pk),
            lambda who: withdrawal.apply(who, house["person"].pk, decided),
            lambda who: withdrawal.restore(who, 1, "恢复"),
            lambda who: withdrawal_proof.prove(who, house["person"], "testserver", secure=False),
        ):
            with pytest.raises(NotAllowed):
                act(other)


def test_each_app_that_shows_people_has_a_part() -> None:
    assert {name for name, _part in registry.person_withdrawal} >= {"broadcast", "live", "scheduling", "archive"}
    assert connection.vendor == "postgresql"


def test_only_the_spans_in_which_they_speak_are_cut_or_bleeped_and_come_back(house: dict[str, Any]) -> None:
    _alone, second, third = house["airings"]
    chosen = {f"words__{second.pk}": "cut", f"words__{third.pk}": "bleep", **coming(house)}
    row = withdrawal.apply(actor(), house["person"].pk, order(house, **chosen))
    lines = {line.transcript.airing_id: line for line in TranscriptLine.objects.filter(text=WORDS)}
    for airing, kind in ((second, "cut"), (third, "bleep")):
        [edit] = Edit.objects.filter(airing=airing)
        assert (edit.kind, edit.state) == (kind, "applied")
        assert edit.starts_at < lines[airing.pk].starts_at < lines[airing.pk].ends_at < edit.ends_at
        assert edit.ends_at - edit.starts_at < dt.timedelta(seconds=10), "nothing of the others"
    assert not Edit.objects.filter(airing=house["airings"][0]).exists(), "that episode went as a whole"
    for item in row.items.filter(kind="words"):
        withdrawal.restore(actor(), item.pk, "复查")
    assert set(Edit.objects.values_list("state", flat=True)) == {"lifted"}
