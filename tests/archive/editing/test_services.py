"""Edits as rows: drafts change nothing public, applying withholds the words at once, lifting gives them back, each act is audited."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from archive.editing import public, services
from archive.editing.services import EditChanged, Wish
from archive.models import Edit, EditedReplay, Recording, SearchEpisode
from archive.search import lines as found_lines
from archive.steps import engine
from archive.transcripts import public as texts
from archive.transcripts import services as transcripts
from broadcast.access import Actor
from broadcast.errors import IllegalTransition, InvalidInput, NotAllowed, NotFound
from broadcast.models import Airing, AuditEntry
from live.queries import captions
from tests.archive.making import make_staff
from tests.archive.test_transcripts import actor_of, airing, machine, said

__all__ = ["airing"]


def wish(airing: Airing, kind: str, since: float, until: float, **facts: Any) -> Wish:
    line = said(airing, since, until, "")
    return Wish(kind, line.starts_at, line.ends_at, **facts)


@pytest.fixture
def producer(airing: Airing) -> Actor:
    return actor_of(airing)[1]


def ready(airing: Airing) -> dt.datetime:
    at = Recording.objects.get(pk=airing.pk).replay_ready_at
    assert at is not None
    return at


def test_drafts_change_nothing_public(airing: Airing, producer: Actor) -> None:
    before = ready(airing)
    made = services.propose(producer, airing.pk, wish(airing, "bleep", 1, 2, reason="名字"))
    services.change(producer, airing.pk, made.pk, 1, wish(airing, "cut", 1, 4))
    assert public.withheld_words(airing) == []
    assert ready(airing) == before
    assert not EditedReplay.objects.exists()
    with pytest.raises(EditChanged):
        services.change(producer, airing.pk, made.pk, 1, wish(airing, "cut", 1, 3))
    services.discard(producer, airing.pk, made.pk, 2)
    assert not Edit.objects.exists()
    acts = AuditEntry.objects.filter(act__startswith="edit.").order_by("pk").values_list("act", flat=True)
    assert list(acts) == ["edit.draft", "edit.change", "edit.discard"]


def test_what_is_applied_takes_its_words_everywhere_and_what_is_lifted_gives_them_back(
    airing: Airing, producer: Actor, media_root: Path
) -> None:
    first = machine(airing)
    transcripts.sign(producer, airing.pk, first.pk, first.version)
    keys = [each.key for each in found_lines.documents(airing.episode)]
    assert [line.text for line in texts.lines(airing)] == ["大家好", "停车收非"]
    before = ready(airing)

    services.propose(producer, airing.pk, wish(airing, "bleep", 2.5, 5))
    applied = services.apply(producer, airing.pk)[0]
    assert ready(airing) > before, "what was made of the replay so far counts no more"
    assert [line.text for line in texts.lines(airing)] == ["停车收非"], "a line that the bleep touches is gone whole"
    assert sorted(found_lines.current(keys).values()) == ["停车收非"]
    assert (applied.starts_at, applied.ends_at) in captions.withheld(airing)
    assert SearchEpisode.objects.get(pk=airing.episode_id).wanted > 0
    state = EditedReplay.objects.get(pk=airing.pk)
    assert (state.wanted, state.hidden, state.written) == (1, 1, 0)

    services.lift(producer, airing.pk, applied.pk, applied.version)
    assert [line.text for line in texts.lines(airing)] == ["大家好", "停车收非"]
    state.refresh_from_db()
    assert (state.wanted, state.hidden) == (2, 1), "nothing is hidden by giving back"
    with pytest.raises(IllegalTransition):
        services.lift(producer, airing.pk, applied.pk, applied.version + 1)


def test_a_trim_withholds_what_is_outside_and_the_next_one_takes_its_place(airing: Airing, producer: Actor) -> None:
    services.propose(producer, airing.pk, wish(airing, "trim", 2, 20))
    services.apply(producer, airing.pk)
    second = services.propose(producer, airing.pk, wish(airing, "trim", 4, 18))
    services.apply(producer, airing.pk, [(second.pk, second.version)])
    assert Edit.objects.filter(state="applied").get().pk == second.pk
    line = said(airing, 4, 18, "")
    assert public.cut_out(airing) == [(public.BEGINNING, line.starts_at), (line.ends_at, public.END)]
    assert public.withheld_words(airing) == public.cut_out(airing)


def test_a_blur_withholds_no_words(airing: Airing, producer: Actor) -> None:
    services.propose(producer, airing.pk, wish(airing, "blur", 2, 4, region=(10, 10, 30, 30)))
    services.apply(producer, airing.pk)
    assert public.withheld_words(airing) == []


@pytest.mark.parametrize(
    ("kind", "since", "until", "facts"),
    [
        ("cut", 3, 3.05, {}),
        ("cut", 26, 30, {}),
        ("trim", 3, 3.5, {}),
        ("paint", 3, 5, {}),
        ("blur", 3, 5, {"region": (90, 0, 20, 20)}),
        ("blur", 3, 5, {"region": (0, 0, 0, 20)}),
    ],
)
def test_what_makes_no_sense_is_refused(
    airing: Airing, producer: Actor, kind: str, since: float, until: float, facts: dict[str, Any]
) -> None:
    with pytest.raises(InvalidInput):
        services.propose(producer, airing.pk, wish(airing, kind, since, until, **facts))


def test_rights_are_those_of_production_and_of_sign_off(airing: Airing, producer: Actor) -> None:
    other = Actor(user_id=make_staff(airing.episode.programme, "moderator").pk)
    with pytest.raises(NotAllowed):
        services.propose(other, airing.pk, wish(airing, "cut", 1, 2))
    made = services.propose(producer, airing.pk, wish(airing, "cut", 1, 2))
    with pytest.raises(NotAllowed):
        services.apply(other, airing.pk)
    services.apply(producer, airing.pk)
    with pytest.raises(NotAllowed):
        services.lift(other, airing.pk, made.pk, 2)
    with pytest.raises(NotFound):
        services.apply(producer, airing.pk)


def test_nothing_is_applied_before_the_replay_is_written(airing: Airing, producer: Actor) -> None:
    services.propose(producer, airing.pk, wish(airing, "cut", 1, 2))
    Recording.objects.filter(pk=airing.pk).update(state="finishing")
    with pytest.raises(IllegalTransition):
        services.apply(producer, airing.pk)


def test_what_an_edit_needs_rendered_comes_before_all_other_steps(airing: Airing, producer: Actor) -> None:
    engine.ensure(airing.pk)
    services.propose(producer, airing.pk, wish(airing, "bleep", 1, 2))
    services.apply(producer, airing.pk)
    engine.ensure(airing.pk)
    claim = engine.claim("test")
    assert claim is not None
    assert claim.kind == "edit"
