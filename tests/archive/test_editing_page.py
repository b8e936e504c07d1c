"""The editing page: times of the recording become programme time, nothing is applied unseen, and who may not is refused."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from django.test import Client

from archive import playlists
from archive.editing import services, timeline, view
from archive.models import Clip, Edit, EditedReplay, Recording, Transcript, TranscriptLine
from archive.queries import milliseconds
from broadcast import clock
from broadcast.access import Actor
from broadcast.models import Airing, AuditEntry, Episode
from broadcast.replay_times import Span

from .making import make_airing, make_staff

START = dt.datetime(2026, 5, 1, 3, tzinfo=dt.UTC)


@pytest.fixture
def airing(media_root: Path, transactional_db: None) -> Airing:
    """Ten seconds, a lost signal of five, ten more; twenty seconds of recording."""
    airing = make_airing(state="ended", actual_start=START, actual_end=START + dt.timedelta(seconds=25), delay=0)
    Recording.objects.create(airing=airing, state="finished", replay_ready_at=clock.now())
    first = milliseconds(START)
    rows = [
        {"at": playlists.format_time(first), "offset": 0.0, "duration": 10.0},
        {"at": playlists.format_time(first + 15_000), "offset": 10.0, "duration": 10.0},
    ]
    folder = media_root / "airings" / str(airing.pk)
    folder.mkdir(parents=True)
    for name in ("staff", "replay"):
        (folder / f"{name}-spans.json").write_text(json.dumps({"spans": rows}))
    return Airing.objects.select_related("episode__programme").get(pk=airing.pk)


def logged_in(airing: Airing, role: str = "producer") -> Client:
    client = Client()
    client.force_login(make_staff(airing.episode.programme, role))
    return client


def path(airing: Airing, rest: str = "") -> str:
    return f"/staff/recordings/{airing.pk}/edit{rest}"


def propose(client: Client, airing: Airing, **form: object) -> object:
    wanted = {"act": "propose", "kind": "cut", "from": "00:08", "until": "00:12", "reason": "含住址", **form}
    return client.post(path(airing, "/act"), wanted)


def test_seconds_of_the_recording_become_programme_time_and_come_back(airing: Airing) -> None:
    client = logged_in(airing)
    propose(client, airing)
    edit = Edit.objects.get()
    # Second 12 of the recording was, with the five lost, second 17 of the show.
    assert edit.starts_at == START + dt.timedelta(seconds=8)
    assert edit.ends_at == START + dt.timedelta(seconds=17)
    text = client.get(path(airing)).content.decode()
    assert "00:08.000 – 00:12.000" in text
    assert "含住址" in text
    # To the end of the first stretch is to where it was lost, not to where it went on.
    propose(client, airing, **{"from": "00:04", "until": "00:10"})
    assert Edit.objects.order_by("pk").last().ends_at == START + dt.timedelta(seconds=10)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"from": "abc"}, "请把时间写成"),
        ({"from": "00:12", "until": "00:08"}, "出点要在入点后面"),
        ({"kind": "blur", "left": "10"}, "四个数填全"),
        ({"kind": "blur", "left": "50", "top": "0", "width": "60", "height": "10"}, "不在画面里面"),
    ],
)
def test_what_is_refused_says_why_and_keeps_what_was_typed(airing: Airing, form: dict[str, str], told: str) -> None:
    response = propose(logged_in(airing), airing, **form)
    text = response.content.decode()  # type: ignore[attr-defined]
    assert response.status_code in {400, 409, 422}  # type: ignore[attr-defined]
    assert told in text
    assert 'value="含住址"' in text
    assert not Edit.objects.exists()


def test_nothing_is_applied_before_a_person_read_what_becomes_of_it(airing: Airing) -> None:
    transcript = Transcript.objects.create(airing=airing, kind="corrected", made_at=clock.now(), changed_at=clock.now())
    for number, (second, text) in enumerate(((2, "大家好"), (9, "我住在福田")), 1):
        at = START + dt.timedelta(seconds=second)
        TranscriptLine.objects.create(
            transcript=transcript, number=number, starts_at=at, ends_at=at + dt.timedelta(seconds=1), text=text
        )
    now = clock.now()
    for second in (3, 16):
        at = START + dt.timedelta(seconds=second)
        span = {"starts_at": at, "ends_at": at + dt.timedelta(seconds=3)}
        Clip.objects.create(airing=airing, kind="later", made_at=now, changed_at=now, **span)
    client = logged_in(airing)
    propose(client, airing)
    edit = Edit.objects.get()
    form = {"act": "apply", "edit": f"{edit.pk}:{edit.version}"}
    text = client.post(path(airing, "/act"), form).content.decode()
    assert Edit.objects.get().state == "draft"
    assert "公众的回看短 4.0 秒：00:20.000 → 00:16.000" in text
    assert "文稿 1 句不再公开" in text
    assert "片段 1 个重做" in text
    client.post(path(airing, "/act"), {**form, "sure": "1", "reason": "她要求"})
    assert Edit.objects.get().state == "applied"
    assert AuditEntry.objects.get(act="edit.apply").reason == "她要求"
    assert "公众看不到回看" in client.get(path(airing, "?part=progress")).content.decode()
    EditedReplay.objects.update(written=1)
    edit.refresh_from_db()
    client.post(path(airing, "/act"), {"act": "lift", "pk": edit.pk, "version": edit.version, "reason": "弄错了"})
    page = client.get(path(airing)).content.decode()
    assert "已撤销" in page
    assert "弄错了" in page


def test_a_draft_changed_since_it_was_read_is_not_applied(airing: Airing) -> None:
    client = logged_in(airing)
    propose(client, airing)
    edit = Edit.objects.get()
    services.change(
        Actor(user_id=make_staff(airing.episode.programme, "producer").pk, name="另一位"),
        airing.pk,
        edit.pk,
        edit.version,
        services.Wish("cut", edit.starts_at, edit.ends_at + dt.timedelta(seconds=1)),
    )
    form = {"act": "apply", "sure": "1", "edit": f"{edit.pk}:{edit.version}"}
    response = client.post(path(airing, "/act"), form)
    assert response.status_code == 409
    assert "刚被别人改过" in response.content.decode()
    assert Edit.objects.get().state == "draft"


def test_sign_off_publish_and_withdraw_are_at_hand(airing: Airing) -> None:
    client = logged_in(airing)
    for act, reason in (("sign_off", ""), ("withdraw", "有误")):
        assert client.post(path(airing, "/publication"), {"act": act, "reason": reason}).status_code == 302
    episode = Episode.objects.get(pk=airing.episode_id)
    assert (episode.publication, episode.signed_off_at) == ("withdrawn", None)
    assert client.post(path(airing, "/publication"), {"act": "publish"}).status_code == 302
    assert client.post(path(airing, "/publication"), {"act": "withdraw"}).status_code == 422
    page = client.get(path(airing)).content.decode()
    assert "签发了回看" in page
    assert "公开了页面" in page


def test_who_does_not_produce_sees_nothing_of_it(airing: Airing) -> None:
    client = logged_in(airing, "moderator")
    assert client.get(path(airing)).status_code == 403
    assert propose(client, airing).status_code == 403  # type: ignore[attr-defined]
    assert Client().get(path(airing)).status_code == 302


def test_what_is_left_is_counted_once_whatever_overlaps() -> None:
    spans = [Span(0, 0.0, 10.0), Span(15_000, 10.0, 10.0)]
    held = timeline.stretches(spans)
    assert timeline.length(held) == 20
    assert timeline.without(held, [(8_000, 17_000), (9_000, 16_000)]) == [(0, 8_000), (17_000, 25_000)]
    assert timeline.shared(spans, [Span(5_000, 0.0, 5.0), Span(20_000, 5.0, 5.0)]) == [
        (5.0, 10.0, 0.0),
        (15.0, 20.0, 5.0),
    ]
    assert [timeline.second(at, spans) for at in (-1, 4_000, 12_000, 16_000, 99_000)] == [0, 4, 10, 11, 20]


def test_a_trim_takes_what_is_before_and_behind(airing: Airing) -> None:
    services.propose(
        Actor(user_id=make_staff(airing.episode.programme, "producer").pk, name="制片"),
        airing.pk,
        services.Wish("trim", START + dt.timedelta(seconds=2), START + dt.timedelta(seconds=20)),
    )
    found = view.summary(airing, view.spans(airing.pk), list(Edit.objects.all()))
    assert (found["before"], found["after"], found["shorter"]) == ("00:20.000", "00:13.000", 7.0)
