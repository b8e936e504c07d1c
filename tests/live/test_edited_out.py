"""What a person edited out of a replay is not told with it: its marks, its chapters; staff, whose replay holds it, see them."""

from __future__ import annotations

import datetime as dt

import pytest

from archive.models import Edit
from broadcast import clock
from broadcast.models import Airing, Moment, Segment, SegmentRun
from live import commands, protocol, registered
from live.queries import contents
from tests.live import making

pytestmark = pytest.mark.django_db(transaction=True)


def applied(show: making.Show, kind: str, since: dt.datetime, until: dt.datetime) -> Edit:
    now = clock.now()
    facts = {"made_at": now, "changed_at": now, "applied_at": now, "state": "applied"}
    return Edit.objects.create(airing=show.airing, kind=kind, starts_at=since, ends_at=until, **facts)


def test_what_was_shown_in_a_cut_is_no_part_of_the_contents() -> None:
    show = making.make_show(comments="post", questions="post", replay_release="at_once")
    host = making.staff_actor(show.host)
    asked = commands.perform(making.make_viewer(name="陈女士"), show.id, making.question("公交何时修好？"))["item"]
    commands.perform(host, show.id, protocol.ShowQuestion(id=making.command_id(), question=asked))
    commands.perform(host, show.id, protocol.AnswerQuestion(id=making.command_id(), question=asked))
    start = clock.now() - dt.timedelta(minutes=20)
    times = {"actual_start": start, "actual_end": start + dt.timedelta(seconds=100)}
    Airing.objects.filter(pk=show.airing.pk).update(state="ended", **times)
    show.airing.refresh_from_db()
    at = lambda second: start + dt.timedelta(seconds=second)  # noqa: E731
    Moment.objects.filter(airing=show.airing, kind="question.show").update(at=at(30))
    Moment.objects.filter(airing=show.airing, kind="question.answer").update(at=at(50))
    for number, (since, until) in enumerate(((20, 40), (40, 60))):
        part = Segment.objects.create(episode=show.airing.episode, position=90 + number, title=f"第 {number} 段")
        SegmentRun.objects.create(airing=show.airing, segment=part, started_at=at(since), ended_at=at(until))
    spans = [{"at": start.isoformat(), "offset": 0.0, "duration": 100.0}]

    def told() -> list[list[str]]:
        found = contents.contents(show.airing, spans, {})
        return [[each.title for each in group] for group in (found.segments, found.asked, found.answered)]

    assert told() == [["第 0 段", "第 1 段"], ["公交何时修好？"], ["公交何时修好？"]]
    bleep = applied(show, "bleep", at(25), at(45))
    assert len(told()[1]) == 1, "a bleep takes words, not what was on the page"
    bleep.delete()
    applied(show, "cut", at(20), at(41))
    assert told() == [["第 1 段"], [], ["公交何时修好？"]]
    kinds = {mark["kind"] for mark in registered.timeline(show.airing, True)}
    assert "question.show" in kinds
    assert "question.show" not in {mark["kind"] for mark in registered.timeline(show.airing, False)}
