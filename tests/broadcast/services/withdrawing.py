"""A person in everything that is public, and where the public sees it: for tests of withdrawal by person."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

from django.test import Client
from django.urls import reverse

from archive import views
from archive.models import (
    Clip,
    Derivative,
    Recording,
    Transcript,
    TranscriptLine,
)
from archive.podcasts.services import set_feed
from archive.search import indexing, replays, stamps
from broadcast import clock
from broadcast.access import HOUSE, Actor
from broadcast.models import (
    Airing,
    Appearance,
    Episode,
    Participant,
    Person,
    Programme,
    RoleGrant,
    User,
)
from broadcast.services import withdrawal
from broadcast.withdrawing import Found
from live.models import Comment, Question, Room
from scheduling.models import Photo
from tests.archive.making import make_airing, make_programme

NAME = "欧阳明德"
WORDS = "明年一定建成三座过街天桥"
SOUND = b"sound" * 100


def actor(role: str = "secretariat", programme: Programme | None = None) -> Actor:
    user = User.objects.create(username=f"u{User.objects.count()}", is_active=True)
    RoleGrant.objects.create(user=user, programme=programme, role=role, granted_at=clock.now())
    return Actor(user_id=user.pk, name="秘书处")


def shown(programme: Programme, person: Person, media: Path, title: str, role: str = "member") -> Airing:
    """An episode that is out with everything: replay, sound, a signed transcript, a question to the person."""
    end = clock.now() - dt.timedelta(hours=2)
    start = end - dt.timedelta(minutes=30)
    airing = make_airing(
        programme, state="ended", planned_start=start, planned_end=end, actual_start=start, actual_end=end
    )
    Episode.objects.filter(pk=airing.episode_id).update(title=title, signed_off_at=end)
    Appearance.objects.create(episode=airing.episode, person=person, role=role)
    recording = Recording.objects.create(
        airing=airing, state="finished", replay_ready_at=end, public_until=end, public_since=start
    )
    folder = media / "airings" / str(airing.pk)
    (folder / "public").mkdir(parents=True)
    (folder / "public" / "abcdefghijklmnop.ts").write_bytes(b"G" * 188)
    (folder / "replay.m3u8").write_text(
        "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\npublic/abcdefghijklmnop.ts\n#EXT-X-ENDLIST\n"
    )
    (folder / "replay-master.m3u8").write_text("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nreplay.m3u8\n")
    rows = [{"at": start.isoformat().replace("+00:00", "Z"), "offset": 0, "duration": 1800}]
    (folder / "replay-spans.json").write_text(json.dumps({"spans": rows}))
    (folder / "derived").mkdir()
    (folder / "derived" / "sound.m4a").write_bytes(SOUND)
    Derivative.objects.create(
        recording=recording,
        kind="sound",
        key=f"airings/{airing.pk}/derived/sound.m4a",
        size_bytes=len(SOUND),
        digest="0" * 64,
        algorithm="sha256",
        media_type="audio/mp4",
        is_public=True,
        details={"seconds": 1800},
        made_at=clock.now(),
    )
    transcript = Transcript.objects.create(
        airing=airing, kind="corrected", state="signed", made_at=end, changed_at=end, signed_at=end
    )
    lines = [("主持人", "请您谈谈过街设施"), (f"{NAME}委员", WORDS), ("主持人", "谢谢")]
    for number, (speaker, text) in enumerate(lines, start=1):
        at = start + dt.timedelta(minutes=number)
        TranscriptLine.objects.create(
            transcript=transcript,
            number=number,
            starts_at=at,
            ends_at=at + dt.timedelta(seconds=8),
            speaker=speaker,
            text=text,
        )
    room = Room.objects.create(airing=airing, created_at=start)
    asker = Participant.objects.create(assurance=20, display_name="市民", created_at=start)
    Question.objects.create(
        room=room,
        author=asker,
        author_name="市民",
        assurance=20,
        text="天桥什么时候建",
        state="approved",
        public_at=start,
        created_at=start,
        command_id="c1",
        person=person,
    )
    stamps.mark(airing.episode_id)
    indexing.index(airing.episode_id)
    return airing


def clip(airing: Airing, media: Path, minute: int, title: str) -> Clip:
    """A published clip of half a minute, its files there."""
    files = {}
    for name, kind in (("video", "video/mp4"), ("poster", "image/jpeg")):
        key = f"airings/{airing.pk}/clips/{minute}-{name}"
        (media / key).parent.mkdir(parents=True, exist_ok=True)
        (media / key).write_bytes(SOUND)
        files[name] = {"key": key, "size": len(SOUND), "digest": "0" * 64, "type": kind, "algorithm": "sha256"}
    assert airing.actual_start is not None
    since = airing.actual_start + dt.timedelta(minutes=minute, seconds=-5)
    return Clip.objects.create(
        airing=airing,
        title=title,
        starts_at=since,
        ends_at=since + dt.timedelta(seconds=30),
        kind="later",
        state="published",
        work="done",
        made_at=since,
        changed_at=since,
        published_at=since,
        made_for=airing.recording.replay_ready_at,
        second=minute * 60 - 5,
        seconds=30,
        files=files,
        facts={"width": 1280, "height": 720},
    )


def furnished(media: Path) -> dict[str, Any]:
    """A member in three episodes of a programme with a podcast: alone in the first, with a host in the others; a photo, an account's
    comment, and an episode still to come."""
    replays.forget()
    views.forget_rights()
    programme = make_programme()
    set_feed(
        HOUSE,
        programme.pk,
        title="热线",
        description="听市民说",
        owner_name="区政协",
        owner_email="office@example.org",
        category="Government",
        language="zh-cn",
        is_explicit=False,
        is_published=True,
    )
    user = User.objects.create(username="person-withdrawn", is_active=True)
    person = Person.objects.create(name=NAME, name_en="Ouyang Mingde", is_member=True, user=user)
    host = Person.objects.create(name="司马文")
    airings = [shown(programme, person, media, f"过街设施之{word}") for word in ("一", "二", "三")]
    for each in airings[1:]:
        Appearance.objects.create(episode=each.episode, person=host, role="host")
    Photo.objects.create(person=person, name="photo-of-a-member", picture=b"\xff\xd8picture", at=clock.now())
    author = Participant.objects.create(assurance=30, display_name=NAME, user=user, created_at=clock.now())
    Comment.objects.create(
        room_id=airings[1].pk,
        author=author,
        author_name=NAME,
        assurance=30,
        text="我来补充一句",
        state="approved",
        public_at=clock.now(),
        created_at=clock.now(),
        command_id="c2",
    )
    clips = [clip(airings[1], media, minute, title) for minute, title in ((2, "天桥"), (20, "别的事"))]
    start = clock.now() + dt.timedelta(days=3)
    coming = make_airing(programme, planned_start=start, planned_end=start + dt.timedelta(hours=1))
    Appearance.objects.create(episode=coming.episode, person=person, role="member")
    return {
        "programme": programme,
        "person": person,
        "host": host,
        "airings": airings,
        "coming": coming,
        "clips": clips,
    }


def addresses(house: dict[str, Any]) -> list[str]:
    """Every public address where the person is before, by name, photo, words or media."""
    slug = house["programme"].slug
    found = [reverse(f"schedule:{name}-all") for name in ("calendar", "atom", "json", "widget")]
    found += [reverse(f"schedule:{name}", args=[slug]) for name in ("calendar", "atom", "json", "widget")]
    found += ["/", "/programmes/", f"/programmes/{slug}/", f"/podcasts/{slug}.xml", "/feeds/episodes.atom"]
    found += [
        "/sitemap.xml",
        "/sitemap-pages.xml",
        f"/sitemap-{clock.now().year}.xml",
        "/people/photos/photo-of-a-member.jpg",
    ]
    found += [
        "/search?q=%E6%98%8E%E5%BE%B7",
        "/search?q=Mingde",
        "/search?q=%E8%BF%87%E8%A1%97",
        "/search?q=%E5%A4%A9%E6%A1%A5",
    ]
    for airing in [*house["airings"], house["coming"]]:
        page = f"/programmes/{slug}/{airing.episode.key}/"
        found += [page, f"{page}comments", f"/podcasts/chapters/{airing.pk}.json"]
        found += [
            f"/live/airings/{airing.pk}/{name}"
            for name in ("state", "comments", "timeline", "captions", "captions.vtt")
        ]
        media = f"/media/airings/{airing.pk}"
        found += [f"{media}/replay/{name}" for name in ("master.m3u8", "captions.vtt", "transcript.json", "spans.json")]
        found.append(f"{media}/derived/sound.m4a")
    return found


def seen(house: dict[str, Any], *marks: str) -> set[str]:
    """Of all addresses those that hold one of the marks, in any spelling, in Chinese or English."""
    views.forget_rights()
    spelled = {form for mark in marks for form in (mark.encode(), json.dumps(mark)[1:-1].encode())}
    found = set()
    for path in addresses(house):
        for language in ("zh-hans", "en") if path.startswith("/programmes/") else ("zh-hans",):
            response = Client(headers={"accept-language": language}).get(path)
            body = b"" if response.streaming else response.content
            if any(mark in body for mark in spelled):
                found.add(path)
    return found


def order(house: dict[str, Any], **choices: str) -> withdrawal.Order:
    """What the preview proposes, but for these (by the kind, or kind and key with a double underscore)."""
    found = withdrawal.preview(HOUSE, house["person"].pk)
    chosen = {each.id: choices.get(f"{each.kind}__{each.key}", choices.get(each.kind, each.chosen)) for each in found}
    return withdrawal.Order("本人书面要求", NAME, chosen, {each.id: each.version for each in found})


def by_kind(found: list[Found]) -> dict[str, list[Found]]:
    kinds: dict[str, list[Found]] = {}
    for each in found:
        kinds.setdefault(each.kind, []).append(each)
    return kinds


def coming(house: dict[str, Any]) -> dict[str, str]:
    return {f"episode__{house['coming'].episode_id}": "keep"}


def called(airing: Airing, *labels: str) -> None:
    """More lines of its signed transcript, under these labels, each after the other from minute ten on."""
    transcript = airing.transcripts.get()
    assert airing.actual_start is not None
    for step, label in enumerate(labels):
        at = airing.actual_start + dt.timedelta(minutes=10 + step)
        TranscriptLine.objects.create(
            transcript=transcript,
            number=10 + step,
            starts_at=at,
            ends_at=at + dt.timedelta(seconds=8),
            speaker=label,
            text=f"第{step}句",
        )
    indexing.index(airing.episode_id)


def labelled(house: dict[str, Any]) -> dict[str, Found]:
    return {each.called: each for each in withdrawal.preview(HOUSE, house["person"].pk) if each.kind == "label"}
