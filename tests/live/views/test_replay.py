"""The page of a released replay: contents at their second, without scripts; who gets it, and what is not on it any more."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from archive.models import Recording
from broadcast import clock
from broadcast.models import Airing, Episode, Moment
from live import commands, protocol, queries
from live.models import Question
from live.services import replies
from live.views.replay import asked_second
from tests.live import making

pytestmark = pytest.mark.django_db
# Ten minutes recorded, five lost, ten more: programme minute 16 is replay minute 11.
LONG, LOST = 600, 300


@pytest.fixture
def show(settings: Any, tmp_path: Path) -> making.Show:
    """An ended show with a gap; question 甲 was shown before it and answered behind it, 乙 was promised."""
    settings.MEDIA_ROOT = str(tmp_path)
    show = making.make_show(comments="post", questions="post")
    author, host = making.make_viewer(name="陈女士"), making.staff_actor(show.host)
    asked = [
        commands.perform(author, show.id, making.question(words))["item"] for words in ("公交何时修好？", "乙路灯？")
    ]
    for question in asked:
        commands.perform(host, show.id, protocol.ShowQuestion(id=making.command_id(), question=question))
        commands.perform(host, show.id, protocol.AnswerQuestion(id=making.command_id(), question=question))
    commands.perform(author, show.id, making.comment("说得好"))
    poll, options = making.make_poll(show, ("赞成", "反对"), results="always")
    commands.perform(author, show.id, making.vote(poll, options[0]))
    commands.perform(making.staff_actor(show.producer), show.id, protocol.ClosePoll(id=making.command_id(), poll=poll))
    start = clock.now() - dt.timedelta(hours=2)
    end = start + dt.timedelta(seconds=2 * LONG + LOST)
    for question, kind, second in ((asked[0], "question.show", 960), (asked[0], "question.answer", 1_000)):
        Moment.objects.filter(airing=show.id, kind=kind, data__question=question).update(
            at=start + dt.timedelta(seconds=second)
        )
    # In the gap: it is seen where the picture goes on.
    Moment.objects.filter(airing=show.id, data__question=asked[1]).update(at=start + dt.timedelta(seconds=700))
    Airing.objects.filter(pk=show.id).update(state="ended", actual_start=start, actual_end=end)
    Episode.objects.filter(pk=show.episode.pk).update(signed_off_at=end)
    Recording.objects.create(airing_id=show.id, state="finished", replay_ready_at=end, public_until=end)
    write_spans(tmp_path, show, start)
    show.extra.update(asked=asked, poll=poll, start=start)
    queries.doors.forget(show.id)
    return show


def write_spans(root: Path, show: making.Show, start: dt.datetime) -> None:
    folder = root / "airings" / str(show.id)
    folder.mkdir(parents=True)
    rows = [
        {"at": start.isoformat(), "offset": 0.0, "duration": LONG},
        {"at": (start + dt.timedelta(seconds=LONG + LOST)).isoformat(), "offset": LONG, "duration": LONG},
    ]
    for name in ("replay", "staff"):
        (folder / f"{name}-spans.json").write_text(json.dumps({"spans": rows}))


def address(show: making.Show) -> str:
    return f"/programmes/{show.programme.slug}/{show.episode.number}/"


def boot_of(page: str) -> dict[str, Any]:
    found = re.search(r'<script id="boot" type="application/json">(.*?)</script>', page, re.DOTALL)
    assert found
    return dict(json.loads(found[1]))


def test_the_contents_stand_at_their_second_behind_the_gap(client: Client, show: making.Show) -> None:
    page = client.get(address(show)).content.decode()
    asked, other = show.extra["asked"]
    for heading in ("问了什么", "答了什么", "承诺了什么"):
        assert heading in page
    assert re.search(rf'id="question-{asked}"><a[^>]*href="{address(show)}\?t=660"', page), (
        "16:00 of the show, less the gap"
    )
    assert re.search(rf'id="question-{other}"><a[^>]*href="{address(show)}\?t=600"', page), (
        "in the gap: where it goes on"
    )
    assert re.search(rf'id="answer-{asked}"><a[^>]*href="{address(show)}\?t=700"', page)
    assert "公交何时修好？" in page
    assert "陈女士" in page
    assert "1 票" in page, "the published result stands beside the poll"
    assert [each["second"] for each in boot_of(page)["chapters"]] == [600.0, 660.0]


def test_it_plays_without_scripts_from_the_second_of_the_address(client: Client, show: making.Show) -> None:
    page = client.get(f"{address(show)}?t=90").content.decode()
    assert f'<source src="/media/airings/{show.id}/replay/master.m3u8#t=90"' in page
    assert '<video id="video" controls' in page
    assert client.get(f"{address(show)}?t=90").headers["Cache-Control"] == "private, no-cache"
    assert " style=" not in page
    assert "<style" not in page
    assert "onclick" not in page


def test_a_show_of_sound_alone_is_heard(client: Client, show: making.Show) -> None:
    type(show.programme).objects.filter(pk=show.programme.pk).update(kind="radio")
    page = client.get(address(show)).content.decode()
    assert '<audio id="video" controls' in page
    assert "<video" not in page
    assert "回听" in page


def test_who_takes_part_is_in_the_room_at_the_same_address(client: Client, show: making.Show) -> None:
    assert "watch replayed" not in client.get(f"{address(show)}?tab=ask").content.decode()
    assert "watch replayed" in client.get(address(show)).content.decode()


def test_until_it_is_released_the_room_answers(client: Client, show: making.Show) -> None:
    Episode.objects.filter(pk=show.episode.pk).update(signed_off_at=None)
    type(show.programme).objects.filter(pk=show.programme.pk).update(replay_release="sign_off")
    page = client.get(address(show)).content.decode()
    assert "watch replayed" not in page
    assert "回看审核后在本页发布" in page
    client.force_login(show.producer)
    assert "watch replayed" not in client.get(address(show)).content.decode(), (
        "staff's own replay is played in the room"
    )


def test_until_it_is_written_the_room_answers(client: Client, show: making.Show) -> None:
    Recording.objects.filter(pk=show.id).update(replay_ready_at=None)
    assert "watch replayed" not in client.get(address(show)).content.decode()


def test_while_a_show_runs_the_room_answers(client: Client, show: making.Show) -> None:
    Airing.objects.filter(pk=show.id).update(state="on_air", actual_end=None)
    assert "watch replayed" not in client.get(address(show)).content.decode()


def test_withdrawn_or_for_members_it_is_closed(client: Client, show: making.Show) -> None:
    type(show.programme).objects.filter(pk=show.programme.pk).update(audience="members")
    assert client.get(address(show)).status_code == 403
    type(show.programme).objects.filter(pk=show.programme.pk).update(audience="public")
    Episode.objects.filter(pk=show.episode.pk).update(publication="withdrawn")
    answer = client.get(address(show))
    assert answer.status_code == 410
    assert "公交何时修好" not in answer.content.decode()


def test_a_withdrawn_question_is_gone_from_contents_chapters_and_marks(client: Client, show: making.Show) -> None:
    asked, _other = show.extra["asked"]
    withdraw = protocol.WithdrawItem(id=making.command_id(), kind="question", item=asked, version=3, reason="other")
    commands.perform(making.staff_actor(show.moderator), show.id, withdraw)
    assert "公交何时修好" not in client.get(address(show)).content.decode()
    assert "公交何时修好" not in client.get(f"/live/airings/{show.id}/timeline?limit=500").content.decode()


def test_what_was_only_asked_on_air_has_its_later_answer_where_it_was_asked(client: Client, show: making.Show) -> None:
    asked, other = show.extra["asked"]
    Moment.objects.filter(airing=show.id, kind="question.answer", data__question=other).delete()
    Question.objects.filter(pk__in=[asked, other]).update(state="approved", answered_at=None)
    for question in asked, other:
        draft = replies.Draft("市城管局", f"路灯{question}已经换了。")
        reply = replies.write(making.staff_actor(show.producer), question, draft, submit=True)
        replies.decide(making.staff_actor(show.moderator), reply.pk, reply.version, "release")
    page = client.get(address(show)).content.decode()
    assert page.count(f"路灯{other}已经换了。") == 1
    assert f"路灯{other}已经换了。" in page[page.index(f'id="question-{other}"') : page.index('id="part-answered"')]
    assert page.count(f"路灯{asked}已经换了。") == 1, "once, where the answer stands"
    assert f"路灯{asked}已经换了。" in page[page.index(f'id="answer-{asked}"') :]


def test_marks_come_in_pages(client: Client, show: making.Show) -> None:
    base = f"/live/airings/{show.id}/timeline"
    whole = client.get(base).json()["marks"]
    found: list[Any] = []
    following: int | None = 0
    while following is not None:
        answer = client.get(f"{base}?limit=2&from={following}").json()
        assert len(answer["marks"]) <= 2
        found += answer["marks"]
        following = answer["next"]
    assert found == whole
    assert len(whole) > 4
    assert client.get(f"{base}?limit=x&from=-1").json()["marks"] == whole[:1], "what is no number does no harm"


def test_in_english_and_for_elders(client: Client, show: making.Show) -> None:
    assert 'class="elder' in client.get(f"{address(show)}?elder=1").content.decode()
    assert 'lang="en"' in client.get(f"{address(show)}?language=en").content.decode()


def test_another_outing_keeps_its_address(client: Client, show: making.Show) -> None:
    page = client.get(f"{address(show)}?airing={show.id}").content.decode()
    assert f'href="{address(show)}?airing={show.id}&amp;t=660"' in page


@pytest.mark.parametrize(
    ("words", "second"),
    [
        ("90", 90),
        ("1:30", 90),
        ("1m30s", 90),
        ("1:00:05", 3_605),
        ("", 0),
        ("-5", 0),
        ("x", 0),
        ("9" * 40, 100_000),
        ("²", 0),
    ],
)
def test_seconds_of_an_address(words: str, second: int) -> None:
    assert asked_second(words) == second
