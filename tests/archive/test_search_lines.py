"""What the search finds of transcripts: signed lines alone, to the second of the replay, nothing that lies in a gap, a cut or a bleep."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.conf import settings

from archive import playlists
from archive.editing import public
from archive.editing import services as editing
from archive.editing.services import Wish
from archive.models import SearchDocument
from archive.queries import milliseconds
from archive.search import replays, stale
from archive.transcripts import drafts, services
from broadcast.access import Actor
from broadcast.models import Airing, Episode
from live.models import Room
from tests.archive.finding_making import search
from tests.archive.test_transcripts import actor_of, airing, machine, said

__all__ = ["airing"]


@pytest.fixture
def producer(airing: Airing) -> Actor:
    replays.forget()
    Room.objects.get_or_create(airing=airing, defaults={"created_at": airing.created_at})
    return actor_of(airing)[1]


def lines(typed: str) -> dict[str, int | None]:
    """The lines that are found, each with its second."""
    replays.forget()
    hits = [hit for group in search(typed).groups for hit in group.hits if hit.kind == "line"]
    return {hit.text: hit.second for hit in hits}


def sign(airing: Airing, producer: Actor, *words: tuple[float, float, str]) -> int:
    """These words as the signed transcript, read by the search."""
    timed = [said(airing, since, until, text) for since, until, text in words]
    draft = drafts.keep_machine(airing.pk, f"whisper-{len(words)}", timed)
    assert draft is not None
    services.sign(producer, airing.pk, draft.pk, draft.version)
    stale.look(5)
    return draft.pk


def wish(airing: Airing, kind: str, since: float, until: float) -> Wish:
    span = said(airing, since, until, "")
    return Wish(kind, span.starts_at, span.ends_at)


def test_a_line_is_found_when_it_is_signed_and_no_more_when_it_is_withdrawn(airing: Airing, producer: Actor) -> None:
    draft = machine(airing)
    stale.look(5)
    assert lines("停车") == {}
    services.sign(producer, airing.pk, draft.pk, draft.version)
    stale.look(5)
    # Said 16 s into the show, after a cut of five.
    assert lines("停车") == {"停车收非": 11}
    assert lines("切断") == {}, "all of it lies in the cut, though its row stands"
    assert SearchDocument.objects.filter(text="这句被切断").exists()
    before = services.save(producer, airing.pk, draft.pk, draft.version, [said(airing, 16, 18, "停车收费")])
    stale.look(5)
    assert lines("停车") == {"停车收非": 11}, "a correction is a draft"
    services.sign(producer, airing.pk, before.pk, before.version)
    assert lines("停车") == {}, "what was signed before is gone at once"
    stale.look(5)
    assert lines("停车") == {"停车收费": 11}
    services.withdraw(producer, airing.pk, before.pk, "有误")
    assert lines("停车") == {}
    stale.look(5)
    assert not SearchDocument.objects.filter(kind="line").exists()


@pytest.mark.parametrize(
    ("kind", "since", "until"),
    [("bleep", 2.5, 2.8), ("cut", 2.5, 2.8), ("cut", 0, 4), ("trim", 3, 25)],
)
def test_what_an_edit_touches_is_never_found_and_comes_back_when_it_is_lifted(
    airing: Airing, producer: Actor, kind: str, since: float, until: float
) -> None:
    sign(airing, producer, (2, 3, "王五欠钱"), (6, 8, "王五不在场"))
    assert lines("王五") == {"王五欠钱": 2, "王五不在场": 6}
    made = editing.propose(producer, airing.pk, wish(airing, kind, since, until))
    assert lines("王五") == {"王五欠钱": 2, "王五不在场": 6}, "a draft takes nothing"
    (applied,) = editing.apply(producer, airing.pk)
    assert public.withheld_words(airing)
    assert lines("王五") == {"王五不在场": 6}
    assert search("欠钱").hits == 0
    assert not any(search("欠钱").facets.values())
    stale.look(5)
    assert lines("王五") == {"王五不在场": 6}
    editing.lift(producer, airing.pk, made.pk, applied.version)
    stale.look(5)
    assert set(lines("王五")) == {"王五欠钱", "王五不在场"}


def test_a_blurred_face_takes_no_words(airing: Airing, producer: Actor) -> None:
    sign(airing, producer, (2, 3, "王五欠钱"))
    editing.propose(producer, airing.pk, wish(airing, "blur", 1, 4))
    editing.apply(producer, airing.pk)
    assert lines("王五") == {"王五欠钱": 2}


def test_a_line_across_a_cut_is_found_where_it_begins_and_one_mostly_in_it_not(airing: Airing, producer: Actor) -> None:
    # The replay lacks the tenth to the fifteenth second.
    sign(airing, producer, (8, 11, "塔楼甲"), (9.5, 14, "塔楼乙"), (14, 18, "塔楼丙"), (8, 18, "塔楼丁"))
    assert lines("塔楼") == {"塔楼甲": 8, "塔楼丙": 10, "塔楼丁": 8}
    write_spans(airing, [(0, 0.0, 9.0), (15, 9.0, 10.0)])
    assert lines("塔楼")["塔楼丙"] == 9
    assert lines("塔楼").keys() == {"塔楼丙", "塔楼丁"}, "of the first a third is left"


def test_without_a_replay_no_line_is_found(airing: Airing, producer: Actor) -> None:
    sign(airing, producer, (2, 3, "塔楼"))
    (folder(airing) / "replay-spans.json").unlink()
    assert lines("塔楼") == {}


@pytest.mark.parametrize("change", [{"publication": "withdrawn"}, {"signed_off_at": None}])
def test_words_of_an_episode_that_is_withdrawn_are_not_found(
    airing: Airing, producer: Actor, change: dict[str, object]
) -> None:
    sign(airing, producer, (2, 3, "塔楼"))
    Episode.objects.filter(pk=airing.episode_id).update(**change)
    assert lines("塔楼") == {}
    stale.look(5)
    assert not SearchDocument.objects.filter(text="塔楼").exists(), "the next look takes its rows too"


def folder(airing: Airing) -> Path:
    return Path(settings.MEDIA_ROOT) / "airings" / str(airing.pk)


def write_spans(airing: Airing, runs: list[tuple[int, float, float]]) -> None:
    """The gap map: since (second of the show), offset, how long."""
    assert airing.actual_start is not None
    first = milliseconds(airing.actual_start)
    spans = [
        {"at": playlists.format_time(first + since * 1000), "offset": offset, "duration": long}
        for since, offset, long in runs
    ]
    (folder(airing) / "replay-spans.json").write_text(json.dumps({"spans": spans}))
