"""Captions: a line comes with its picture and never before, a correction takes its place, and what was cut off is never read."""

from __future__ import annotations

import datetime as dt
import io
import json
from typing import Any
from urllib.parse import unquote

import pytest
from django.core.management import call_command
from django.test import Client

from archive.models import OutputCut, SourceChoice
from broadcast import clock
from broadcast.access import HOUSE, Actor
from broadcast.errors import IllegalTransition, InvalidInput, NotAllowed
from broadcast.models import Airing, AuditEntry, Episode
from live import commands, protocol
from live.captions import Line, vtt
from live.models import CaptionLine
from live.queries import public_groups
from live.services import captions
from live.services.captions import Heard, LineChanged
from tests.live import making

pytestmark = pytest.mark.django_db


@pytest.fixture
def show() -> making.Show:
    """On air for ten minutes, the public twenty seconds behind."""
    made = making.make_show(delay_seconds=20)
    Airing.objects.filter(pk=made.id).update(actual_start=clock.now() - dt.timedelta(minutes=10))
    return made


@pytest.fixture
def captioner(show: making.Show) -> Actor:
    return making.staff_actor(making.make_staff(show.programme, "captioner"))


def say(actor: Actor, show: making.Show, text: str, ago: float = 0.0, **more: Any) -> dict[str, Any]:
    """A typed line, said so many seconds ago."""
    command = protocol.AddCaption(id=more.pop("id", making.command_id()), text=text, ago_ms=int(ago * 1000))
    return commands.perform(actor, show.id, command)


def read(show: making.Show) -> list[str]:
    """What the public state has."""
    found = public_groups(show.id, ["captions"]) or {}
    return [each.text for each in found["captions"]]


def fetched(show: making.Show) -> list[str]:
    """What anybody may fetch."""
    answer = Client().get(f"/live/airings/{show.id}/captions")
    return [each["text"] for each in answer.json()["lines"]] if answer.status_code == 200 else []


def at(seconds: float) -> dt.datetime:
    return clock.now() + dt.timedelta(seconds=seconds)


def test_a_line_is_read_when_its_picture_comes_and_never_before(show: making.Show, captioner: Actor) -> None:
    say(captioner, show, "刚刚说的", ago=1)
    say(captioner, show, "早些说的", ago=25)
    assert read(show) == fetched(show) == ["早些说的"]
    with clock.shifted(dt.timedelta(seconds=20)):
        assert read(show) == fetched(show) == ["早些说的", "刚刚说的"]


def test_a_correction_takes_the_place_of_the_words_and_the_key_stays(show: making.Show, captioner: Actor) -> None:
    made = say(captioner, show, "十二月三日开同", ago=30)
    key = public_groups(show.id, ["captions"])["captions"][0].key  # type: ignore[index]
    better = protocol.CorrectCaption(
        id=making.command_id(), line=made["line"], version=made["version"], text="十二月三日开通"
    )
    commands.perform(captioner, show.id, better)
    (line,) = public_groups(show.id, ["captions"])["captions"]  # type: ignore[index]
    assert (line.key, line.text) == (key, "十二月三日开通")
    assert fetched(show) == ["十二月三日开通"]
    entry = AuditEntry.objects.get(act="caption.correct")
    assert (entry.before, entry.after) == ({"words": "十二月三日开同"}, {"words": "十二月三日开通"})


def test_the_second_of_two_who_correct_is_told_what_the_first_wrote(show: making.Show, captioner: Actor) -> None:
    made = say(captioner, show, "原句", ago=30)
    wish = {"line": made["line"], "version": made["version"]}
    commands.perform(captioner, show.id, protocol.CorrectCaption(id=making.command_id(), text="第一个人改的", **wish))
    with pytest.raises(LineChanged) as refused:
        producer = making.staff_actor(show.producer)
        commands.perform(producer, show.id, protocol.CorrectCaption(id=making.command_id(), text="第二个", **wish))
    assert refused.value.data["text"] == "第一个人改的"
    assert read(show) == ["第一个人改的"]


def test_a_line_taken_out_in_time_is_never_read_and_a_public_one_leaves(show: making.Show, captioner: Actor) -> None:
    waiting, out = say(captioner, show, "说错了", ago=1), say(captioner, show, "已经公开", ago=40)
    for each in (waiting, out, out):
        commands.perform(captioner, show.id, protocol.RemoveCaption(id=making.command_id(), line=each["line"]))
    with clock.shifted(dt.timedelta(minutes=1)):
        assert read(show) == fetched(show) == []
    assert AuditEntry.objects.filter(act="caption.remove").count() == 2


def test_lines_that_did_not_change_are_not_sent_again_and_nothing_is_kept_unasked(
    show: making.Show, captioner: Actor
) -> None:
    made, address, browser = say(captioner, show, "已经公开", ago=40), f"/live/airings/{show.id}/captions", Client()
    first = browser.get(address)
    assert first["Cache-Control"] == "private, no-cache"
    again = browser.get(address, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content, again["Cache-Control"]) == (304, b"", "private, no-cache")
    commands.perform(captioner, show.id, protocol.RemoveCaption(id=making.command_id(), line=made["line"]))
    assert browser.get(address, headers={"If-None-Match": first["ETag"]}).json() == {"lines": []}


def test_what_was_cut_off_is_never_read_whatever_happens_next(show: making.Show, captioner: Actor) -> None:
    say(captioner, show, "切断前已播出", ago=45)
    say(captioner, show, "还在延时里，被切断", ago=8)
    cut = OutputCut.objects.create(
        airing=show.airing, state="active", requested_at=clock.now(), cut_at=clock.now(), from_media_time=at(-20)
    )
    say(captioner, show, "切断期间说的")
    with clock.shifted(dt.timedelta(seconds=60)):
        assert read(show) == ["切断前已播出"]
        cut.state, cut.until_media_time = "resumed", clock.now()
        cut.save()
    with clock.shifted(dt.timedelta(seconds=65)):
        say(captioner, show, "恢复后说的")
    with clock.shifted(dt.timedelta(seconds=100)):
        assert read(show) == fetched(show) == ["切断前已播出", "恢复后说的"]


@pytest.mark.parametrize(("before", "text"), [(1, "短短一句"), (7, "很长的一句" * 8)])
def test_words_that_reach_into_a_cut_go_with_its_picture(
    show: making.Show, captioner: Actor, before: float, text: str
) -> None:
    OutputCut.objects.create(
        airing=show.airing,
        state="resumed",
        requested_at=at(-60),
        cut_at=at(-60),
        from_media_time=at(-60),
        until_media_time=at(-40),
    )
    say(captioner, show, text, ago=60 + before)
    say(captioner, show, "片段里还没完", ago=39)
    assert read(show) == fetched(show) == []
    assert text not in Client().get(f"/live/airings/{show.id}/captions.vtt").content.decode()


def test_while_a_filler_covers_the_studio_what_is_said_there_stays_there(show: making.Show, captioner: Actor) -> None:
    SourceChoice.objects.create(airing=show.airing, source="fallback", from_media_time=at(-60), chosen_at=at(-60))
    SourceChoice.objects.create(airing=show.airing, source="main", from_media_time=at(-30), chosen_at=at(-30))
    say(captioner, show, "垫播时说的", ago=40)
    say(captioner, show, "回到现场", ago=25)
    assert read(show) == fetched(show) == ["回到现场"]


def test_no_line_comes_where_nobody_knows_what_was_cut(
    show: making.Show, captioner: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(captioner, show, "早些说的", ago=30)
    monkeypatch.setattr(OutputCut, "objects", None)
    assert read(show) == []


def test_what_is_said_before_the_start_and_after_the_end_is_not_for_the_public(
    show: making.Show, captioner: Actor
) -> None:
    Airing.objects.filter(pk=show.id).update(state="waiting", actual_start=None)
    say(captioner, show, "试一试字幕", ago=1)
    Airing.objects.filter(pk=show.id).update(state="on_air", actual_start=at(5))
    with clock.shifted(dt.timedelta(minutes=1)):
        say(captioner, show, "节目里说的", ago=5)
        say(captioner, show, "收工后说的")
        Airing.objects.filter(pk=show.id).update(state="ended", actual_end=clock.now() - dt.timedelta(seconds=2))
    with clock.shifted(dt.timedelta(seconds=75)):
        assert read(show) == ["节目里说的"]
    with pytest.raises(IllegalTransition):
        say(captioner, show, "太晚了")


def test_after_the_show_the_lines_come_with_the_replay_and_not_before(show: making.Show, captioner: Actor) -> None:
    say(captioner, show, "会上说的", ago=30)
    end = clock.now() - dt.timedelta(seconds=25)
    Airing.objects.filter(pk=show.id).update(state="ended", actual_end=end)
    assert read(show) == fetched(show) == []
    Episode.objects.filter(pk=show.episode.pk).update(signed_off_at=end)
    assert fetched(show) == ["会上说的"]
    answer = Client().get(f"/live/airings/{show.id}/captions.vtt")
    assert f"{show.programme.name_zh} {show.episode.number} " in unquote(answer["Content-Disposition"])
    told = answer.content.decode()
    assert told.startswith("WEBVTT\n\n1\n00:09:30.")
    assert "会上说的" in told
    Episode.objects.filter(pk=show.episode.pk).update(publication="withdrawn")
    assert Client().get(f"/live/airings/{show.id}/captions").status_code == 404
    assert Client().get(f"/live/airings/{show.id}/captions.vtt").status_code == 404


def test_a_line_that_is_sent_twice_is_one_line(show: making.Show, captioner: Actor) -> None:
    name = making.command_id()
    first = say(captioner, show, "同一句", ago=30, id=name)
    assert say(captioner, show, "同一句", ago=33, id=name) == first
    assert read(show) == ["同一句"]


def test_who_writes_captions_is_asked_for_it_and_sees_nothing_of_the_desk(show: making.Show, captioner: Actor) -> None:
    for stranger in (making.staff_actor(show.host), making.staff_actor(show.moderator), making.make_viewer()):
        with pytest.raises(NotAllowed):
            say(stranger, show, "不该能写")
    browser = Client()
    browser.force_login(making.make_staff(show.programme, "captioner"))
    assert browser.get(f"/staff/airings/{show.id}/captions").status_code == 200
    listed = browser.get(f"/live/airings/{show.id}/staff/captions").json()
    assert (listed["lines"], listed["state"]) == ([], "on_air")
    for page in ("desk", "control", "host"):
        assert browser.get(f"/staff/airings/{show.id}/{page}").status_code == 403
    assert browser.get(f"/live/airings/{show.id}/staff/snapshot").status_code == 403


def test_the_captioner_sees_of_each_line_where_it_stands(show: making.Show, captioner: Actor) -> None:
    say(captioner, show, "已公开", ago=40)
    gone = say(captioner, show, "撤下的", ago=35)
    commands.perform(captioner, show.id, protocol.RemoveCaption(id=making.command_id(), line=gone["line"]))
    say(captioner, show, "等画面", ago=2)
    browser = Client()
    browser.force_login(show.producer)
    listed = browser.get(f"/live/airings/{show.id}/staff/captions").json()
    assert [(each["text"], each["stands"]) for each in listed["lines"]] == [
        ("已公开", "public"),
        ("撤下的", "removed"),
        ("等画面", "waiting"),
    ]


# -- recognisers ------------------------------------------------------------------------------------------------------


def test_a_recogniser_understands_better_until_a_person_has_decided(show: making.Show, captioner: Actor) -> None:
    def hear(text: str) -> dict[str, Any]:
        return captions.hear(HOUSE, show.id, Heard("asr", "7", text, at(-30)))

    made = hear("明年开")
    assert hear("明年开通三条")["line"] == made["line"]
    assert read(show) == ["明年开通三条"]
    version = hear("明年开通三条线")["version"]
    correction = protocol.CorrectCaption(
        id=making.command_id(), line=made["line"], version=version, text="今年底开通三条线"
    )
    commands.perform(captioner, show.id, correction)
    hear("明年开通三条线。")
    assert read(show) == ["今年底开通三条线"]


def test_a_recogniser_may_neither_reach_back_nor_into_the_future(show: making.Show) -> None:
    with pytest.raises(InvalidInput):
        captions.hear(HOUSE, show.id, Heard("asr", "1", "很久以前", at(-700)))
    captions.hear(HOUSE, show.id, Heard("asr", "2", "钟走快了", at(60)))
    assert CaptionLine.objects.get().at <= clock.now()
    with clock.shifted(dt.timedelta(seconds=21)):
        assert read(show) == ["钟走快了"]


def test_the_program_takes_lines_answers_each_and_passes_over_bad_ones(
    show: making.Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [
        "大家晚上好",
        json.dumps({"id": "a", "text": "今天谈三件", "ago": 40}),
        json.dumps({"id": "a", "text": "今天谈三件事", "ago": 39}),
        '{"text": "坏行"',
        json.dumps({"text": "没有时区", "at": "2026-11-26T12:00:00"}),
        json.dumps({"text": "x" * 500}),
        "",
        json.dumps({"text": "最后一句", "ago": 30}),
    ]
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(lines)))
    out = io.StringIO()
    call_command("captions", airing=str(show.id), source="听写", stdout=out)
    answers = [json.loads(each) for each in out.getvalue().splitlines()]
    assert [each.get("error", "") for each in answers] == ["", "", "", "bad_line", "bad_line", "invalid_input", ""]
    assert answers[1]["line"] == answers[2]["line"]
    assert read(show) == ["今天谈三件事", "最后一句"]
    assert set(CaptionLine.objects.values_list("source", flat=True)) == {"听写"}


# -- WebVTT -----------------------------------------------------------------------------------------------------------


def test_webvtt_counts_from_the_start_ends_a_line_with_the_next_and_escapes_words() -> None:
    start = dt.datetime(2026, 11, 26, 12, tzinfo=dt.UTC)

    def after(seconds: float) -> dt.datetime:
        return start + dt.timedelta(seconds=seconds)

    said = [
        Line(after(-5), "试音"),
        Line(after(1), "三条 <快线>"),
        Line(after(3), "短", after(3.5)),
        Line(after(3_661.25), "一" * 60),
    ]
    assert vtt(said, start).split("\n\n") == [
        "WEBVTT",
        "1\n00:00:01.000 --> 00:00:03.000\n三条 &lt;快线&gt;",
        "2\n00:00:03.000 --> 00:00:03.500\n短",
        f"3\n01:01:01.250 --> 01:01:09.250\n{'一' * 60}",
        "",
    ]
