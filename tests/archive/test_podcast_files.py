"""What a podcast leads to beside the sound: words, cover, bytes by range; read by others' parsers and asked by another's client."""

from __future__ import annotations

import datetime as dt
import io
import json
from pathlib import Path
from typing import Any

import feedparser
import httpx
import pytest
from defusedxml.ElementTree import fromstring
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image
from webvtt import WebVTT

from archive import clips
from archive.models import Derivative, Edit, PodcastCover, Recording, Transcript, TranscriptLine
from archive.podcasts import covers, items, xml
from archive.podcasts.services import set_cover, set_feed
from broadcast import clock
from broadcast.access import HOUSE, Actor
from broadcast.errors import InvalidInput, NotAllowed
from broadcast.models import Airing, AuditEntry, Episode, Programme, Segment, SegmentRun
from tests.archive.making import make_airing, make_programme, make_staff
from tests.archive.test_podcasts import FACTS, SOUND, released

pytestmark = pytest.mark.django_db
_PODCAST = f"{{{xml.PODCAST}}}"


@pytest.fixture
def programme(media_root: Path) -> Programme:
    """A programme that publishes its podcast."""
    found = make_programme()
    set_feed(HOUSE, found.pk, **FACTS, is_published=True)
    return found


def spoken(airing: Airing, media: Path, state: str = "signed") -> Transcript:
    """Two lines, the first at ten seconds of the replay."""
    assert airing.actual_start is not None
    start = airing.actual_start.replace(microsecond=0)
    folder = media / "airings" / str(airing.pk)
    folder.mkdir(parents=True, exist_ok=True)
    rows = [{"at": start.isoformat().replace("+00:00", "Z"), "offset": 0, "duration": 300}]
    (folder / "replay-spans.json").write_text(json.dumps({"spans": rows}))
    facts = {"made_at": start, "changed_at": start, "signed_at": start}
    found = Transcript.objects.create(airing=airing, kind="corrected", state=state, **facts)
    for number, (speaker, text) in enumerate([("王委员", "电梯 <明年> & 加装"), ("", "谢谢")], start=1):
        at = start + dt.timedelta(seconds=10 * number)
        times = {"starts_at": at, "ends_at": at + dt.timedelta(seconds=4)}
        TranscriptLine.objects.create(transcript=found, number=number, speaker=speaker, text=text, **times)
    return found


def feed_of(programme: Programme) -> Any:
    found = fromstring(Client().get(f"/podcasts/{programme.slug}.xml").content).find("channel")
    assert found is not None
    return found


def path_of(address: str) -> str:
    return address.partition("://testserver")[2]


def test_the_signed_words_come_in_three_forms_that_others_read(programme: Programme, media_root: Path) -> None:
    airing = released(programme)
    spoken(airing, media_root)
    found = feed_of(programme).findall(f"item/{_PODCAST}transcript")
    by_type = {each.get("type"): path_of(each.get("url", "")) for each in found}
    assert set(by_type) == {"text/vtt", "application/x-subrip", "application/json"}
    assert {each.get("language") for each in found} == {"zh"}
    answers = {kind: Client().get(address) for kind, address in by_type.items()}
    assert all(answers[kind]["Content-Type"].startswith(str(kind)) for kind in answers)
    assert {each["Access-Control-Allow-Origin"] for each in answers.values()} == {"*"}, "players in browsers read them"
    vtt = WebVTT.from_string(answers["text/vtt"].content.decode())
    assert [(each.start, each.text) for each in vtt.captions] == [
        ("00:00:10.000", "电梯 &lt;明年&gt; &amp; 加装"),
        ("00:00:20.000", "谢谢"),
    ]
    assert vtt.captions[0].voice == "王委员"
    srt = WebVTT.from_buffer(io.StringIO(answers["application/x-subrip"].content.decode()), format="srt")
    assert len(srt.captions) == 2
    told = json.loads(answers["application/json"].content)
    assert told["version"] == "1.0.0"
    assert told["segments"][0] == {"speaker": "王委员", "startTime": 10, "endTime": 14, "body": "电梯 <明年> & 加装"}
    assert "speaker" not in told["segments"][1]


def test_no_words_are_told_that_nobody_signed_or_somebody_took_back(programme: Programme, media_root: Path) -> None:
    airing = released(programme)
    transcript = spoken(airing, media_root, "draft")
    forms = [reverse(f"podcasts:transcript-{form}", args=[airing.pk]) for form in ("vtt", "srt", "json")]
    assert feed_of(programme).find(f"item/{_PODCAST}transcript") is None
    assert {Client().get(form).status_code for form in forms} == {404}
    Transcript.objects.filter(pk=transcript.pk).update(state="signed")
    assert {Client().get(form).status_code for form in forms} == {200}
    start = airing.actual_start
    assert start is not None
    span = {"starts_at": start + dt.timedelta(seconds=9), "ends_at": start + dt.timedelta(seconds=15)}
    facts = {"kind": "bleep", "state": "applied", "made_at": start, "changed_at": start, "applied_at": start}
    Edit.objects.create(airing=airing, **span, **facts)
    assert not any("电梯" in Client().get(form).content.decode() for form in forms), "nor what an edit bleeps"
    Episode.objects.update(publication="withdrawn")
    assert {Client().get(form).status_code for form in forms} == {404}


def test_the_chapters_of_an_item_are_those_that_ran(programme: Programme, media_root: Path) -> None:
    airing = released(programme)
    spoken(airing, media_root)
    assert airing.actual_start is not None
    # The replay of the test begins at the whole second.
    start = airing.actual_start.replace(microsecond=0)
    for number, (title, second) in enumerate([("开场", 0), ("议：电梯", 60), ("没有播的", 900)], start=1):
        segment = Segment.objects.create(episode=airing.episode, position=number, title=title)
        since = start + dt.timedelta(seconds=second)
        SegmentRun.objects.create(airing=airing, segment=segment, started_at=since, ended_at=since)
    [chapters] = feed_of(programme).findall(f"item/{_PODCAST}chapters")
    told = Client().get(path_of(chapters.get("url", ""))).json()
    found = [(round(each["startTime"]), each["title"]) for each in told["chapters"]]
    assert found == [(0, "开场"), (60, "议：电梯")]


def test_a_live_show_and_the_film_are_in_the_feed_as_players_expect(programme: Programme) -> None:
    airing = released(programme)
    recording = Recording.objects.get(pk=airing.pk)
    facts = {"size_bytes": 9, "digest": "0" * 64, "algorithm": "sha256", "media_type": "video/mp4", "is_public": True}
    key = f"airings/{airing.pk}/derived/1/master.mp4"
    Derivative.objects.create(recording=recording, kind="master", key=key, made_at=clock.now(), **facts)
    on_air = make_airing(programme, state="on_air", actual_start=clock.now())
    channel = feed_of(programme)
    [other] = channel.findall(f"item/{_PODCAST}alternateEnclosure")
    assert (other.get("type"), other.get("length")) == ("video/mp4", "9")
    [source] = other.findall(f"{_PODCAST}source")
    assert path_of(source.get("uri", "")).endswith("/derived/master.mp4")
    [live] = channel.findall(f"{_PODCAST}liveItem")
    assert live.get("status") == "live"
    assert live.findtext("guid") == f"urn:uuid:{on_air.pk}:live"
    begins, ends = (dt.datetime.fromisoformat(live.get(name, "")) for name in ("start", "end"))
    assert begins < ends
    enclosure = live.find("enclosure")
    assert enclosure is not None
    assert enclosure.get("type") == "application/x-mpegURL"


# -- the cover -------------------------------------------------------------------------------------------------------


def image(form: str = "PNG", size: tuple[int, int] = (1500, 1500), mode: str = "RGB") -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, "red").save(out, form)
    return out.getvalue()


def cover_of(programme: Programme) -> tuple[str, Image.Image]:
    address = feedparser.parse(Client().get(f"/podcasts/{programme.slug}.xml").content).feed.image.href
    answer = Client().get(path_of(address))
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")
    return address, Image.open(io.BytesIO(answer.content))


def test_a_podcast_without_a_cover_has_one_drawn_of_its_name(programme: Programme) -> None:
    address, drawn = cover_of(programme)
    assert (drawn.format, drawn.mode) == ("JPEG", "RGB")
    assert drawn.width == drawn.height
    assert covers.LEAST <= drawn.width <= covers.MOST
    assert len(set(drawn.resize((60, 60)).tobytes())) > 10, "words stand on the ground"
    set_feed(HOUSE, programme.pk, title="另一个名字")
    assert cover_of(programme)[0] != address, "directories fetch it anew when it is another"


@pytest.mark.parametrize(
    "title", ["", "热", "市民热线" * 20, "A very long name of a radio programme in English words", "🎙️ 声音"]
)
def test_any_name_fits_on_a_cover(title: str) -> None:
    drawn = Image.open(io.BytesIO(covers.drawn("hotline", title, "深圳市政协")))
    assert drawn.size == (covers.LEAST, covers.LEAST)


def test_staff_s_cover_is_taken_and_given_back(programme: Programme) -> None:
    producer = Client()
    producer.force_login(make_staff(programme))
    page = reverse("staff:podcast-cover", args=[programme.slug])
    drawn = cover_of(programme)[0]
    upload = SimpleUploadedFile("cover.png", image(mode="RGBA"), "image/png")
    assert producer.post(page, {"cover": upload}).status_code == 302
    address, shown = cover_of(programme)
    assert shown.size == (1500, 1500)
    assert address != drawn
    colour = shown.getpixel((700, 700))
    assert isinstance(colour, tuple)
    assert colour[0] > 240
    producer.post(page, {"act": "drop"})
    assert cover_of(programme)[0] == drawn
    assert list(AuditEntry.objects.filter(act__startswith="podcast.cover").values_list("act", flat=True)) in (
        ["podcast.cover", "podcast.cover_drop"],
        ["podcast.cover_drop", "podcast.cover"],
    )


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (image(size=(1500, 1400)), "square"),
        (image(size=(1399, 1399)), "pixels"),
        (image("JPEG", (3001, 3001)), "pixels"),
        (b"no picture", "type"),
        (image("GIF"), "type"),
        (image()[:2000], "broken"),
        (b"x" * (covers.MOST_BYTES + 1), "size"),
    ],
)
def test_what_directories_do_not_take_is_refused(programme: Programme, data: bytes, cause: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        set_cover(HOUSE, programme.pk, data)
    assert caught.value.data["cause"] == cause
    assert not PodcastCover.objects.exists()


def test_only_who_produces_changes_the_cover(programme: Programme) -> None:
    with pytest.raises(NotAllowed):
        set_cover(Actor(user_id=make_staff(programme, "moderator").pk), programme.pk, image())
    set_feed(HOUSE, programme.pk, is_published=False)
    assert Client().get(reverse("podcasts:cover", args=[programme.slug])).status_code == 404


# -- many, and by another's client -----------------------------------------------------------------------------------


@pytest.mark.long
def test_a_thousand_and_more_episodes_are_a_feed_of_pages(programme: Programme) -> None:
    now, many = clock.now(), 1_200
    facts = {"programme": programme, "publication": "published", "published_at": now, "signed_off_at": now}
    made = Episode.objects.bulk_create(
        [
            Episode(number=number, title=f"民声热线第 {number} 次", created_at=now, **facts)
            for number in range(1, many + 1)
        ]
    )
    rows = []
    for number, episode in enumerate(made):
        then = now - dt.timedelta(days=7 * (many - number))
        times = {"planned_start": then, "planned_end": then + dt.timedelta(minutes=30), "actual_start": then}
        ended = {
            "actual_end": then + dt.timedelta(minutes=30),
            "state": "ended",
            "announced_at": then,
            "created_at": then,
        }
        rows.append(Airing(episode=episode, delay_seconds=4, **times, **ended))
    airings = Airing.objects.bulk_create(rows)
    recordings = Recording.objects.bulk_create(
        [Recording(airing=each, state="finished", replay_ready_at=each.actual_end) for each in airings]
    )
    sound = {"kind": "sound", "size_bytes": 9, "digest": "0" * 64, "algorithm": "sha256", "media_type": "audio/mp4"}
    Derivative.objects.bulk_create(
        [Derivative(recording=each, key=f"k{each.pk}", is_public=True, made_at=now, **sound) for each in recordings]
    )
    seen, sizes, address = [], [], f"/podcasts/{programme.slug}.xml"
    while address:
        content = Client().get(address).content
        found = feedparser.parse(content)
        assert not found.bozo
        seen += [entry.id for entry in found.entries]
        sizes.append(len(content))
        address = next((path_of(link.href) for link in found.feed.links if link.rel == "next"), "")
    assert len(sizes) == -(-many // items.PAGE)
    assert seen == [f"urn:uuid:{each.pk}" for each in reversed(airings)], "each once, the latest first"
    assert max(sizes) < 1_000_000, sizes


@pytest.mark.django_db(transaction=True)
def test_the_enclosure_is_had_in_pieces_by_another_s_client(live_server: Any, media_root: Path) -> None:
    programme = make_programme()
    set_feed(HOUSE, programme.pk, **FACTS, is_published=True)
    released(programme)
    with httpx.Client(trust_env=False) as client:
        feed = feedparser.parse(client.get(f"{live_server.url}/podcasts/{programme.slug}.xml").content)
        [enclosure] = feed.entries[0].enclosures
        whole = client.get(enclosure.href)
        assert (whole.status_code, whole.content) == (200, SOUND)
        assert str(len(SOUND)) == enclosure.length
        got = b""
        while len(got) < len(SOUND):
            headers = {"Range": f"bytes={len(got)}-{len(got) + 3_999}", "If-Range": whole.headers["ETag"]}
            piece = client.get(enclosure.href, headers=headers)
            assert piece.status_code == 206
            got += piece.content
        assert got == SOUND
        last = client.get(enclosure.href, headers={"Range": "bytes=-100"})
        assert (last.status_code, last.content) == (206, SOUND[-100:])


@pytest.mark.parametrize("title", ["委员议事厅", "政协热线", "委员议事厅之滨海旅游", "Anna"])
def test_no_character_of_the_name_stands_alone_on_the_last_line(title: str) -> None:
    lines, _size = covers._laid(title, clips.chinese_font())
    assert "".join(lines) == title
    assert len(lines[-1]) > 1
