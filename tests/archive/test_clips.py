"""Clips as rows: who marks, makes, publishes and takes back; what the public gets of them, and never when it may not have the replay."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from archive import playlists, views
from archive.clipping import burning, picture, queries, rows, services, spans
from archive.clipping.services import Wish
from archive.models import Clip, Recording, Transcript
from archive.queries import milliseconds
from archive.transcripts import drafts
from archive.transcripts.lines import Line
from archive.transcripts.queries import Timed
from broadcast import clock, registry
from broadcast.access import Actor
from broadcast.errors import Conflict, IllegalTransition, InvalidInput, NotAllowed
from broadcast.models import Airing, AuditEntry, Episode, Programme
from broadcast.replay_times import Span
from live.models import Room

from .making import make_airing, make_staff

START = dt.datetime(2026, 5, 1, 3, tzinfo=dt.UTC)
CONTENT = bytes(range(256)) * 40


@pytest.fixture
def airing(media_root: Path, transactional_db: None) -> Airing:
    """A released replay: a hundred seconds, a cut of fifty, a hundred more."""
    airing = make_airing(state="ended", actual_start=START, actual_end=START + dt.timedelta(seconds=250), delay=0)
    Episode.objects.filter(pk=airing.episode_id).update(signed_off_at=START)
    Recording.objects.create(airing=airing, state="finished", replay_ready_at=clock.now())
    Room.objects.create(airing=airing, created_at=START)
    first = milliseconds(START)
    found = [
        {"at": playlists.format_time(first), "offset": 0.0, "duration": 100.0},
        {"at": playlists.format_time(first + 150_000), "offset": 100.0, "duration": 100.0},
    ]
    folder = media_root / "airings" / str(airing.pk)
    folder.mkdir(parents=True)
    (folder / "replay-spans.json").write_text(json.dumps({"spans": found}))
    (folder / "replay.m3u8").write_text("#EXTM3U\n")
    views.forget_rights()
    return Airing.objects.select_related("episode__programme").get(pk=airing.pk)


def at(seconds: float) -> dt.datetime:
    return START + dt.timedelta(seconds=seconds)


def actor_of(airing: Airing, role: str = "producer") -> Actor:
    user = make_staff(airing.episode.programme, role)
    return Actor(user_id=user.pk, name=user.username)


def client_of(airing: Airing, role: str = "producer") -> Client:
    client = Client()
    client.force_login(make_staff(airing.episode.programme, role))
    return client


def made(airing: Airing, since: float = 10, until: float = 40, **facts: Any) -> Clip:
    return services.make(actor_of(airing), airing.pk, Wish(at(since), at(until), **{"title": "谁来修路", **facts}))


def rendered(clip: Clip, media_root: Path) -> Clip:
    """As the worker leaves it, with other bytes."""
    files = {}
    for name, file, kind in (("video", "clip.mp4", "video/mp4"), ("poster", "poster.jpg", "image/jpeg")):
        key = f"airings/{clip.airing_id}/clips/{clip.pk}-1/{file}"
        (media_root / key).parent.mkdir(parents=True, exist_ok=True)
        (media_root / key).write_bytes(CONTENT)
        digest = hashlib.sha256(CONTENT).hexdigest()
        files[name] = {"name": file, "key": key, "size": len(CONTENT), "digest": digest, "type": kind}
    ready = Recording.objects.get(pk=clip.airing_id).replay_ready_at
    place = {"second": 10.0, "seconds": 30.0, "facts": {"width": 1280, "height": 720}}
    Clip.objects.filter(pk=clip.pk).update(work="done", made_for=ready, files=files, **place)
    clip.refresh_from_db()
    return clip


def published(airing: Airing, media_root: Path, **facts: Any) -> Clip:
    clip = rendered(made(airing, **facts), media_root)
    return services.publish(actor_of(airing), airing.pk, clip.pk, clip.version)


def statuses(clip: Clip, client: Client | None = None) -> list[int]:
    """Of page, video and poster."""
    views.forget_rights()
    browser = client or Client()
    return [browser.get(f"/clips/{clip.pk}{rest}").status_code for rest in ("", "/clip.mp4", "/poster.jpg")]


def test_host_desk_and_producer_mark_what_was_just_said_and_nobody_else(airing: Airing) -> None:
    with pytest.raises(IllegalTransition):
        services.mark(actor_of(airing), airing.pk, "60")
    began = clock.now() - dt.timedelta(seconds=100)
    Airing.objects.filter(pk=airing.pk).update(state="on_air", actual_start=began, actual_end=None)
    for role in ("producer", "host", "moderator"):
        services.mark(actor_of(airing, role), airing.pk, "60")
    for role in ("guest_speaker", "captioner", "auditor"):
        with pytest.raises(NotAllowed):
            services.mark(actor_of(airing, role), airing.pk, "60")
    clip = Clip.objects.filter(airing=airing).first()
    assert clip is not None
    assert (clip.kind, clip.state, clip.work, clip.shape) == ("live", "draft", "waiting", "16:9")
    assert abs((clip.ends_at - clip.starts_at).total_seconds() - 60) < 0.01
    services.mark(actor_of(airing), airing.pk, "300")
    longest = Clip.objects.filter(airing=airing).order_by("-id")[0]
    assert longest.starts_at == began, "not before the show"
    assert registry.control_panels.get("clips") is not None
    assert queries.panel(airing, actor_of(airing))["count"] == 4
    assert not rows.ready(clock.now()).exists() or airing.state == "ended"
    with pytest.raises(InvalidInput):
        services.mark(actor_of(airing), airing.pk, "86400")
    assert AuditEntry.objects.filter(act="clip.mark").count() == 4


def test_a_clip_is_shortened_at_a_cut_and_one_within_it_is_refused(airing: Airing) -> None:
    known = [Span(milliseconds(START), 0.0, 100.0), Span(milliseconds(at(150)), 100.0, 100.0)]
    assert spans.stretch(at(10), at(40), known) == spans.Stretch(10.0, 40.0, True)
    assert spans.stretch(at(90), at(160), known) == spans.Stretch(90.0, 110.0, False)
    assert spans.stretch(at(110), at(140), known) is None
    assert spans.stretch(at(99.5), at(140), known) is None, "half a second is no clip"
    assert spans.programme_span(90, 110, known) == (at(90), at(160))
    with pytest.raises(InvalidInput):
        made(airing, 110, 140)
    for wrong in ({"until": 5}, {"until": 2000}, {"shape": "4:3"}, {"fit": "stretch"}, {"focus": 101}):
        with pytest.raises(InvalidInput):
            made(airing, **wrong)


def test_nothing_is_public_before_it_is_made_and_published_and_nothing_after_it_is_withdrawn(
    airing: Airing, media_root: Path
) -> None:
    clip = made(airing)
    with pytest.raises(IllegalTransition):
        services.publish(actor_of(airing), airing.pk, clip.pk, clip.version)
    rendered(clip, media_root)
    assert statuses(clip) == [404, 404, 404]
    assert statuses(clip, client_of(airing)) == [404, 200, 200], "staff look at a draft"
    with pytest.raises(NotAllowed):
        services.publish(actor_of(airing, "host"), airing.pk, clip.pk, clip.version)
    services.publish(actor_of(airing), airing.pk, clip.pk, clip.version)
    assert statuses(clip) == [200, 200, 200]
    assert [each["id"] for each in queries.replay_media(airing, False)["clips"]] == [clip.pk]
    with pytest.raises(InvalidInput):
        services.withdraw(actor_of(airing), clip.pk, " ")
    services.withdraw(actor_of(airing), clip.pk, "说话人要求")
    services.withdraw(actor_of(airing), clip.pk, "再撤一次")
    assert statuses(clip) == [404, 404, 404]
    assert queries.replay_media(airing, False)["clips"] == []
    assert queries.touching(airing.pk, at(0), at(20)) == []
    services.restore(actor_of(airing), clip.pk, "误撤")
    assert statuses(clip) == [200, 200, 200]
    acts = AuditEntry.objects.order_by("id").values_list("act", flat=True)
    assert list(acts) == ["clip.make", "clip.publish", "clip.withdraw", "clip.restore"]


@pytest.mark.parametrize("change", ["withdrawn", "unpublished", "not signed off", "members", "replay anew", "edited"])
def test_a_published_clip_goes_with_its_replay(airing: Airing, media_root: Path, change: str) -> None:
    clip = published(airing, media_root)
    assert statuses(clip) == [200, 200, 200]
    episode = Episode.objects.filter(pk=airing.episode_id)
    match change:
        case "withdrawn":
            episode.update(publication="withdrawn")
        case "unpublished":
            episode.update(publication="internal")
        case "not signed off":
            episode.update(signed_off_at=None)
        case "members":
            Programme.objects.filter(pk=airing.episode.programme_id).update(audience="members")
        case "edited":
            Clip.objects.filter(pk=clip.pk).update(work="waiting")
        case _:
            Recording.objects.filter(pk=airing.pk).update(replay_ready_at=clock.now())
    assert statuses(clip) == [404, 404, 404]
    if change == "replay anew":
        assert rows.follow() == 1
        assert not (media_root / clip.files["video"]["key"]).exists(), "what it held is no more"
        assert Clip.objects.get(pk=clip.pk).state == "published", "it comes back by itself when it is made"


def test_the_page_says_where_it_is_from_and_lets_chats_show_it(airing: Airing, media_root: Path) -> None:
    clip = published(airing, media_root, title='<b>"修路"</b>', title_en="Who mends the road")
    Episode.objects.filter(pk=airing.episode_id).update(title="十五分钟生活圈")
    text = Client().get(f"/clips/{clip.pk}").content.decode()
    assert "&lt;b&gt;" in text
    assert "<b>" + '"修路"' not in text
    assert f'<meta property="og:video" content="http://testserver/clips/{clip.pk}/clip.mp4">' in text
    assert f'<meta property="og:image" content="http://testserver/clips/{clip.pk}/poster.jpg">' in text
    assert f"?airing={airing.pk}&amp;t=10" in text
    assert "十五分钟生活圈" in text
    reader = Client()
    reader.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    assert "Who mends the road" in reader.get(f"/clips/{clip.pk}").content.decode()


def test_bytes_come_whole_or_in_ranges_and_are_named_for_a_download(airing: Airing, media_root: Path) -> None:
    clip = published(airing, media_root)
    part = Client().get(f"/clips/{clip.pk}/clip.mp4", headers={"range": "bytes=10-19"})
    assert (part.status_code, part["Content-Range"]) == (206, f"bytes 10-19/{len(CONTENT)}")
    assert part["Cache-Control"] == "private, no-cache"
    named = Client().get(f"/clips/{clip.pk}/clip.mp4?download")
    assert named["Content-Disposition"].startswith("attachment")
    assert Client().post(f"/clips/{clip.pk}/clip.mp4").status_code == 405


def test_captions_come_from_the_signed_transcript_alone_by_seconds_of_the_clip(
    airing: Airing, media_root: Path
) -> None:
    clip = published(airing, media_root)
    assert Client().get(f"/clips/{clip.pk}/captions.vtt").status_code == 404
    draft = drafts.keep_machine(
        airing.pk, "x", [Timed(at(12), at(14), "", "请看这里"), Timed(at(90), at(95), "", "别处")]
    )
    assert draft is not None
    assert Client().get(f"/clips/{clip.pk}/captions.vtt").status_code == 404
    Transcript.objects.filter(pk=draft.pk).update(state="signed", signed_at=clock.now())
    text = Client().get(f"/clips/{clip.pk}/captions.vtt").content.decode()
    assert "00:00:02.000 --> 00:00:04.000" in text
    assert "请看这里" in text
    assert "别处" not in text


def test_of_two_who_change_a_clip_the_second_is_told_and_a_public_one_is_not_changed(
    airing: Airing, media_root: Path
) -> None:
    clip = rendered(made(airing), media_root)
    wish = Wish(at(12), at(40), title="改过")
    services.change(actor_of(airing), airing.pk, clip.pk, 1, wish)
    with pytest.raises(Conflict):
        services.change(actor_of(airing), airing.pk, clip.pk, 1, wish)
    changed = Clip.objects.get(pk=clip.pk)
    assert (changed.version, changed.work) == (2, "waiting"), "another stretch is another file"
    rendered(clip, media_root)
    services.change(actor_of(airing), airing.pk, clip.pk, 2, Wish(at(12), at(40), title="又改"))
    assert Clip.objects.get(pk=clip.pk).work == "done", "another title is not"
    Programme.objects.filter(pk=airing.episode.programme_id).update(review_steps=2)
    author = actor_of(airing)
    services.change(author, airing.pk, clip.pk, 3, Wish(at(12), at(40), title="我改的"))
    with pytest.raises(NotAllowed):
        services.publish(author, airing.pk, clip.pk, 4)
    services.publish(actor_of(airing), airing.pk, clip.pk, 4)
    with pytest.raises(IllegalTransition):
        services.change(author, airing.pk, clip.pk, 5, wish)


def test_staff_make_publish_and_withdraw_on_the_page(airing: Airing, media_root: Path) -> None:
    client, page = client_of(airing), f"/staff/recordings/{airing.pk}/clips"
    assert "还没有片段" in client.get(page).content.decode()
    sent = {"title": "谁来修路", "start": "0:01:30", "end": "1:50", "shape": "9:16", "fit": "crop", "focus": "30"}
    refused = client.post(f"{page}/save", {**sent, "end": "0:50"})
    assert refused.status_code == 422
    assert "谁来修路" in refused.content.decode(), "what was typed stays"
    assert "时间读不懂" in client.post(f"{page}/save", {**sent, "end": "x"}).content.decode()
    assert client.post(f"{page}/save", {**sent, "captions": "1"}).status_code == 302
    clip = Clip.objects.get(airing=airing)
    assert (clip.starts_at, clip.ends_at) == (at(90), at(160))
    assert (clip.shape, clip.focus, clip.captions, clip.kind) == ("9:16", 30, True, "later")
    text = client.get(page).content.decode()
    assert "其中有切断" in text
    assert "等待生成" in text
    rendered(clip, media_root)
    assert "谁来修路" in client.get(f"{page}?part=list").content.decode()
    client.post(f"{page}/{clip.pk}/publish", {"version": clip.version})
    assert statuses(clip) == [200, 200, 200]
    client.post(f"{page}/{clip.pk}/withdraw", {"reason": "有误"})
    assert statuses(clip) == [404, 404, 404]
    assert client_of(airing, "host").post(f"{page}/save", sent).status_code == 403


def test_words_to_be_drawn_are_never_markup_and_fit_into_the_picture() -> None:
    text = burning.script([Line(0, 4, "", r"{\p1}m 0 0 l 9 9\N" + "停车收费" * 30)], 720, 1280, "Noto Sans CJK SC")
    events = [line for line in text.splitlines() if line.startswith("Dialogue")]
    for each in events:
        words = each.split(",,", 2)[-1]
        assert "{" not in words
        assert "\\" not in words.replace(r"\N", "")
        assert words.count(r"\N") < burning.ROWS
        assert all(sum(map(burning.wide, row)) <= 14 for row in words.split(r"\N"))
    assert len(events) > 3, "what is too long follows in turn"
    assert burning.folded("", 5) is not None
    assert "".join(burning.folded("停车收费，由哪个部门负责", 6)) == "停车收费，由哪个部门负责"
    assert picture.escaped(Path("/a:b'c,[d]")) == r"/a\\:b\\\'c\,\[d\]"
