"""Transcripts: machine text stays as it was, corrections are versions, nothing is public before sign-off, withdrawn is gone at once."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from archive import playlists, replay_media, views
from archive.models import Recording, Transcript
from archive.queries import milliseconds
from archive.transcripts import drafts, public, queries, services
from archive.transcripts.queries import Timed
from broadcast import clock
from broadcast.access import Actor
from broadcast.errors import IllegalTransition, NotAllowed
from broadcast.models import Airing, AuditEntry, Episode, Programme, User
from live.models import CaptionLine, Room

from .making import make_airing, make_staff


@pytest.fixture
def airing(media_root: Path, transactional_db: None) -> Airing:
    """A released replay: ten seconds, a cut of five, ten more."""
    start = dt.datetime(2026, 5, 1, 3, tzinfo=dt.UTC)
    airing = make_airing(state="ended", actual_start=start, actual_end=start + dt.timedelta(seconds=25), delay=0)
    Episode.objects.filter(pk=airing.episode_id).update(signed_off_at=start)
    Recording.objects.create(airing=airing, state="finished", replay_ready_at=clock.now())
    first = milliseconds(start)
    spans = [
        {"at": playlists.format_time(first), "offset": 0.0, "duration": 10.0},
        {"at": playlists.format_time(first + 15_000), "offset": 10.0, "duration": 10.0},
    ]
    folder = media_root / "airings" / str(airing.pk)
    folder.mkdir(parents=True)
    (folder / "replay-spans.json").write_text(json.dumps({"spans": spans}))
    views.forget_rights()
    return Airing.objects.select_related("episode__programme").get(pk=airing.pk)


def said(airing: Airing, start: float, end: float, text: str, speaker: str = "") -> Timed:
    assert airing.actual_start is not None
    return Timed(
        airing.actual_start + dt.timedelta(seconds=start),
        airing.actual_start + dt.timedelta(seconds=end),
        speaker,
        text,
    )


def machine(airing: Airing) -> Transcript:
    lines = [said(airing, 1, 3, "大家好"), said(airing, 11, 14, "这句被切断"), said(airing, 16, 18, "停车收非")]
    made = drafts.keep_machine(airing.pk, "whisper-base", lines)
    assert made is not None
    return made


def actor_of(airing: Airing, role: str = "producer") -> tuple[User, Actor]:
    user = make_staff(airing.episode.programme, role)
    return user, Actor(user_id=user.pk, name=user.username)


def captions(airing: Airing, client: Client | None = None) -> tuple[int, str]:
    response = (client or Client()).get(f"/media/airings/{airing.pk}/replay/captions.vtt")
    return response.status_code, response.content.decode()


def test_nothing_is_public_before_a_person_signs_and_nothing_after_it_is_withdrawn(airing: Airing) -> None:
    draft = machine(airing)
    assert captions(airing)[0] == 404
    assert public.lines(airing) == []
    _user, producer = actor_of(airing)
    services.sign(producer, airing.pk, draft.pk, 1, "核对过")
    status, text = captions(airing)
    assert status == 200
    assert "大家好" in text
    assert "00:00:11.000 --> 00:00:13.000\n停车收非" in text
    assert "切断" not in text
    rows = Client().get(f"/media/airings/{airing.pk}/replay/transcript.json").json()["lines"]
    assert [each["start"] for each in rows] == [1.0, 11.0]
    services.withdraw(producer, airing.pk, draft.pk, "有误")
    assert captions(airing)[0] == 404
    acts = AuditEntry.objects.filter(act__startswith="transcript.").order_by("id")
    assert [(each.act, each.reason) for each in acts] == [
        ("transcript.sign", "核对过"),
        ("transcript.withdraw", "有误"),
    ]


def test_signed_words_are_read_and_taken_along_in_each_form(airing: Airing) -> None:
    address = f"/media/airings/{airing.pk}/replay/words."
    draft = machine(airing)
    assert Client().get(f"{address}txt").status_code == 404, "nothing before a person signs"
    assert "words" not in replay_media.found(airing, False)
    services.sign(actor_of(airing)[1], airing.pk, draft.pk, 1)
    read = Client().get(f"{address}txt")
    assert "大家好" in read.content.decode()
    assert "切断" not in read.content.decode()
    assert "attachment" not in read.headers.get("Content-Disposition", ""), "it opens in the browser"
    taken = Client().get(f"{address}srt?download")
    assert "00:00:11,000 --> 00:00:13,000\n停车收非" in taken.content.decode()
    named = unquote(taken.headers["Content-Disposition"])
    assert named.startswith("attachment")
    day = (airing.actual_start or airing.planned_start).astimezone(clock.ZONE)
    assert f"{airing.episode.programme.name_zh} {airing.episode.number} {day:%Y-%m-%d}.srt" in named, named
    assert Client().get(f"{address}exe").status_code == 404
    assert replay_media.found(airing, False)["words"]["txt"] == f"{address}txt"


def test_signed_words_are_only_for_those_who_may_have_the_replay(airing: Airing) -> None:
    services.sign(actor_of(airing)[1], airing.pk, machine(airing).pk, 1)
    Episode.objects.filter(pk=airing.episode_id).update(publication="withdrawn")
    views.forget_rights()
    assert captions(airing)[0] == 404
    Episode.objects.filter(pk=airing.episode_id).update(publication="published", signed_off_at=None)
    views.forget_rights()
    assert captions(airing)[0] == 404


def test_a_correction_is_a_version_of_its_own_and_the_machines_stays_as_it_was(airing: Airing) -> None:
    draft = machine(airing)
    before = queries.timed(draft)
    _user, producer = actor_of(airing)
    mended = services.save(producer, airing.pk, draft.pk, 1, [*before[:2], said(airing, 16, 18, "停车收费", "王委员")])
    assert mended.pk != draft.pk
    assert mended.based_on_id == draft.pk
    assert queries.timed(draft) == before
    again = services.save(producer, airing.pk, mended.pk, 1, before[:1])
    assert (again.pk, again.version) == (mended.pk, 2)


def test_of_two_who_save_the_second_is_told_who_and_what(airing: Airing) -> None:
    draft = machine(airing)
    first, one = actor_of(airing)
    _second, two = actor_of(airing, "captioner")
    mended = services.save(one, airing.pk, draft.pk, 1, queries.timed(draft))
    services.save(one, airing.pk, mended.pk, 1, [said(airing, 1, 3, "大家晚上好"), *queries.timed(draft)[1:]])
    with pytest.raises(services.Changed, match=re.escape(str(first))) as caught:
        services.save(two, airing.pk, mended.pk, 1, [*queries.timed(draft)[:2], said(airing, 16, 18, "停车")])
    assert caught.value.data["lines"] == [1, 3]
    mended.refresh_from_db()
    assert queries.timed(mended)[0].text == "大家晚上好"


def test_where_the_programme_asks_for_two_whoever_changed_it_does_not_sign(airing: Airing) -> None:
    Programme.objects.filter(pk=airing.episode.programme_id).update(review_steps=2)
    _user, one = actor_of(airing)
    draft = machine(airing)
    mended = services.save(one, airing.pk, draft.pk, 1, queries.timed(draft))
    with pytest.raises(NotAllowed):
        services.sign(one, airing.pk, mended.pk, 1)
    services.sign(actor_of(airing)[1], airing.pk, mended.pk, 1)
    with pytest.raises(NotAllowed):
        services.withdraw(actor_of(airing, "captioner")[1], airing.pk, mended.pk, "不让")


def test_a_new_signed_version_takes_the_place_of_the_old(airing: Airing) -> None:
    _user, producer = actor_of(airing)
    draft = machine(airing)
    services.sign(producer, airing.pk, draft.pk, 1)
    mended = services.save(producer, airing.pk, draft.pk, 1, [said(airing, 1, 3, "各位好")])
    assert "大家好" in captions(airing)[1]
    services.sign(producer, airing.pk, mended.pk, 1)
    draft.refresh_from_db()
    assert draft.state == "withdrawn"
    assert [line.text for line in public.lines(airing)] == ["各位好"]
    with pytest.raises(IllegalTransition):
        services.withdraw(producer, airing.pk, draft.pk, "再撤")


def test_what_was_typed_live_becomes_a_draft_once(airing: Airing) -> None:
    room = Room.objects.create(airing=airing, created_at=clock.now())
    assert airing.actual_start is not None
    for number, text in enumerate(["现场第一句", "现场第二句", "撤掉的"]):
        at = airing.actual_start + dt.timedelta(seconds=1 + number)
        gone = clock.now() if text == "撤掉的" else None
        CaptionLine.objects.create(room=room, at=at, text=text, command_id=str(number), created_at=at, removed_at=gone)
    drafts._looked = -drafts.LOOK_SECONDS
    drafts._asked.clear()
    assert drafts.reconcile() == 1
    drafts._looked = -drafts.LOOK_SECONDS
    assert drafts.reconcile() == 0
    made = Transcript.objects.get(airing=airing)
    assert (made.kind, made.state) == ("live", "draft")
    lines = queries.timed(made)
    assert [line.text for line in lines] == ["现场第一句", "现场第二句"]
    assert lines[0].ends_at == lines[1].starts_at
    assert captions(airing)[0] == 404


def test_the_page_works_as_a_plain_form(airing: Airing) -> None:
    draft = machine(airing)
    user, _actor = actor_of(airing)
    client = Client()
    client.force_login(user)
    page = f"/staff/airings/{airing.pk}/transcript"
    html = client.get(page).content.decode()
    assert "[00:00:11.000 - 00:00:13.000] 停车收非" in html
    assert "这句被切断" in html
    text = "[00:00:01.000 - 00:00:03.000] 主持人：大家好\n[00:00:11.000 - 00:00:12.500] 停车收费"
    sent = {"transcript": draft.pk, "version": 1, "lines": text}
    bad = client.post(f"{page}/save", {**sent, "lines": text + "\n[00:00:9x - 00:00:99.000] 坏"})
    assert bad.status_code == 422
    assert "第 3 行" in bad.content.decode()
    assert client.post(f"{page}/save", sent).status_code == 302
    mended = Transcript.objects.get(kind="corrected")
    # What the public does not hear was on no line of the form, and stays.
    assert [(line.speaker, line.text) for line in queries.timed(mended)] == [
        ("主持人", "大家好"),
        ("", "这句被切断"),
        ("", "停车收费"),
    ]
    assert queries.timed(mended)[2].ends_at == said(airing, 16, 17.5, "").ends_at
    rows = {"transcript": mended.pk, "version": 1, "rows": json.dumps([[1, 3, "", "大家晚上好"]])}
    assert client.post(f"{page}/save", rows).status_code == 302
    late = client.post(f"{page}/save", {**rows, "rows": json.dumps([[1, 3, "", "我的句子"]])})
    assert late.status_code == 409
    assert "大家晚上好" in late.content.decode()
    assert "我的句子" in late.content.decode()


def test_files_come_in_as_versions_and_go_out_again(airing: Airing) -> None:
    user, _actor = actor_of(airing)
    client = Client()
    client.force_login(user)
    page = f"/staff/airings/{airing.pk}/transcript"
    srt = "1\n00:00:09,000 --> 00:00:11,000\n跨过切断\n"
    assert client.post(f"{page}/import", {"file": SimpleUploadedFile("a.srt", srt.encode())}).status_code == 302
    made = Transcript.objects.get()
    assert (made.kind, made.source, made.state) == ("corrected", "a.srt", "draft")
    assert client.get(f"{page}/file.srt").content.decode() == srt
    wrong = client.post(f"{page}/import", {"file": SimpleUploadedFile("a.vtt", srt.encode())})
    assert wrong.status_code == 422
    assert "第 1 行" in wrong.content.decode()
    assert client.post(f"{page}/import", {"file": SimpleUploadedFile("a.exe", b"MZ")}).status_code == 422
