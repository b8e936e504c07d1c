"""Who may choose what goes out, what a rule may say, and what the recorder is told of both."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from archive import fallback, orders, playout, services
from archive.models import Filler, PlayoutRule, Recording, SourceChoice
from broadcast import clock, lifecycle, registry
from broadcast.access import HOUSE, Actor
from broadcast.errors import IllegalTransition, InvalidInput, NotAllowed
from broadcast.models import Airing, AuditEntry

from .making import make_airing, make_programme, make_staff

pytestmark = pytest.mark.django_db


def told(airing: Airing) -> orders.Wanted | None:
    return next((each for each in orders.wanted().wanted if each.airing_id == airing.pk), None)


def on_air(**facts) -> Airing:
    airing = make_airing(**facts)
    services.ensure_recording(airing.pk)
    lifecycle.start(HOUSE, airing.pk)
    airing.refresh_from_db()
    return airing


def test_a_choice_holds_for_all_that_is_not_out_and_the_recorder_knows_it_at_once() -> None:
    airing = on_air(delay=4)
    at = clock.now() + dt.timedelta(seconds=30)
    with clock.frozen(at):
        assert playout.choose_source(HOUSE, airing.pk, "fallback", "画面不对")["source"] == "fallback"
        found = told(airing)
    assert found is not None
    assert found.show is not None
    (choice,) = found.show.choices
    assert (choice.since_ms, choice.source) == (int((at - dt.timedelta(seconds=4)).timestamp() * 1000), "fallback")
    assert AuditEntry.objects.filter(act="source.fallback").get().reason == "画面不对"
    registry.staff_acts.get("source.auto")(HOUSE, airing.pk, "")
    assert SourceChoice.objects.count() == 2


def test_only_who_may_cut_chooses_and_only_what_there_is() -> None:
    airing = on_air()
    moderator = Actor(user_id=make_staff(airing.episode.programme, "moderator").pk)
    for actor in (moderator, Actor()):
        with pytest.raises(NotAllowed):
            playout.choose_source(actor, airing.pk, "main")
    with pytest.raises(IllegalTransition):
        playout.choose_source(HOUSE, airing.pk, "backup")
    with pytest.raises(InvalidInput):
        playout.choose_source(HOUSE, airing.pk, "elsewhere")
    with pytest.raises(IllegalTransition):
        playout.choose_source(HOUSE, make_airing().pk, "main")
    assert not SourceChoice.objects.exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("missing_seconds", 1),
        ("missing_seconds", True),
        ("late_seconds", 6 * 3600 + 1),
        ("fallback", "anything"),
        ("return_by", ""),
        ("rungs", [481]),
        ("filler", 1),
        ("rerun_of", "x"),
        ("programme", 1),
    ],
)
def test_a_rule_refuses_what_it_cannot_mean(name: str, value: object) -> None:
    programme = make_programme()
    with pytest.raises(InvalidInput) as caught:
        playout.set_rule(HOUSE, programme.pk, **{name: value})
    assert caught.value.data["field"] == name
    assert not PlayoutRule.objects.exists()


def test_a_rule_is_for_producers_and_audited_with_before_and_after() -> None:
    programme = make_programme()
    with pytest.raises(NotAllowed):
        playout.set_rule(Actor(user_id=make_staff(programme, "moderator").pk), programme.pk, late_seconds=30)
    producer = Actor(user_id=make_staff(programme).pk)
    playout.set_rule(producer, programme.pk, late_seconds=30, rungs=[240, 480, 240])
    playout.set_rule(producer, programme.pk, late_seconds=30)
    entry = AuditEntry.objects.get(act="playout.set_rule")
    assert entry.after["late_seconds"] == 30
    assert entry.after["rungs"] == [480, 240]


# -- the window ------------------------------------------------------------------------------------------------------


def test_it_receives_for_a_while_after_the_end_and_before_it_was_opened() -> None:
    airing = on_air(delay=4)
    playout.set_rule(HOUSE, airing.episode.programme_id, late_seconds=60, early_seconds=300)
    ended = lifecycle.end(HOUSE, airing.pk).actual_end
    assert ended
    with clock.frozen(ended + dt.timedelta(seconds=59)):
        found = told(airing)
        assert found
        assert found.receives
        assert found.aside
    with clock.frozen(ended + dt.timedelta(seconds=61)):
        found = told(airing)
        assert found
        assert not found.receives
    Recording.objects.filter(airing=airing).update(state="finished")
    assert told(airing) is None

    begins = clock.now() + dt.timedelta(hours=1)
    planned = make_airing(airing.episode.programme, planned_start=begins, planned_end=begins + dt.timedelta(hours=1))
    for before, receives in ((301, False), (299, True)):
        with clock.frozen(begins - dt.timedelta(seconds=before)):
            found = told(planned)
            assert (found is not None and found.receives) == receives
    planned.refresh_from_db()
    assert planned.state == "planned", "the airing itself is as it was"
    with clock.frozen(begins + dt.timedelta(hours=2)):
        assert told(planned) is None, "one that nobody opened does not listen for ever"


def test_an_airing_that_needs_the_door_has_it() -> None:
    first = on_air()
    playout.set_rule(HOUSE, first.episode.programme_id, late_seconds=600)
    lifecycle.end(HOUSE, first.pk)
    second = make_airing(first.episode.programme)
    Airing.objects.filter(pk=second.pk).update(feed=first.feed)
    found = told(first)
    assert found
    assert found.receives
    lifecycle.open_feed(HOUSE, second.pk)
    one, other = told(first), told(second)
    assert one
    assert other
    assert (one.receives, other.receives) == (False, True)


# -- tapes -----------------------------------------------------------------------------------------------------------


def released(programme) -> Airing:
    """An earlier airing whose replay the public has."""
    airing = make_airing(programme)
    at = clock.now() - dt.timedelta(days=1)
    Airing.objects.filter(pk=airing.pk).update(state="ended", actual_start=at, actual_end=at + dt.timedelta(minutes=1))
    Recording.objects.create(airing=airing, state="finished", replay_ready_at=at)
    airing.episode.signed_off_at = at
    airing.episode.save()
    airing.refresh_from_db()
    return airing


def test_the_fallback_is_the_newest_released_episode_then_a_filler_then_the_house() -> None:
    programme = make_programme()
    earlier = released(programme)
    released(make_programme())
    filler = Filler.objects.create(
        programme=programme, title="片花", state="ready", directory="fillers/1", uploaded_at=clock.now()
    )
    playout.set_rule(HOUSE, programme.pk, fallback="rerun", filler=filler)
    airing = on_air(programme=programme)
    found = told(airing)
    assert found
    assert [each.source for each in found.tapes] == [f"rerun:{earlier.pk}", f"filler:{filler.pk}", "filler:house"]
    earlier.episode.publication = "withdrawn"
    earlier.episode.save()
    found = told(airing)
    assert found
    assert [each.source for each in found.tapes] == [f"filler:{filler.pk}", "filler:house"], "withdrawn is withdrawn"


def test_a_rerun_without_a_feed_is_told_to_the_recorder() -> None:
    programme = make_programme()
    earlier = released(programme)
    airing = make_airing(programme, kind="rerun", rerun_of=earlier, feed=None)
    Airing.objects.filter(pk=airing.pk).update(state="on_air", actual_start=clock.now())
    found = told(airing)
    assert found
    assert found.rerun
    assert found.rerun.source == f"rerun:{earlier.pk}"
    assert not found.receives
    other = make_airing(make_programme(), kind="rerun", rerun_of=earlier, feed=None)
    assert fallback.rerun(other, earlier) is None, "of the same programme only"


def test_a_tape_that_lacks_a_file_is_not_there(tmp_path: Path) -> None:
    ref = fallback.TapeRef("filler:9", "f/i.m3u8", "f")
    folder = tmp_path / "f"
    folder.mkdir()
    (folder / "i.m3u8").write_text(
        "#EXTM3U\n#EXTINF:2.0,\n000000.ts\n#EXT-X-DISCONTINUITY\n#EXTINF:1.5,\n000001.ts\n"
        "#EXTINF:2.0,\n../../secret.ts\n#EXTINF:2.0,\nhttp://elsewhere/x.ts\n#EXTINF:nan,\n000002.ts\n"
    )
    (folder / "000000.ts").write_bytes(b"x")
    assert fallback.Shelf(tmp_path).tape((ref,)) is None
    (folder / "000001.ts").write_bytes(b"x")
    tape = fallback.Shelf(tmp_path).tape((fallback.TapeRef("filler:8", "none/i.m3u8", "none"), ref))
    assert tape is not None
    assert [(each.file, each.duration, each.gap) for each in tape.segments] == [
        ("f/000000.ts", 2.0, False),
        ("f/000001.ts", 1.5, True),
    ]
