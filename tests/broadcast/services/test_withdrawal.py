"""Whoever is taken from the public is gone from every public address at once, whatever dies meanwhile, and comes back as they were."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from archive import views
from archive.models import Clip, Derivative, Edit, Recording, SearchEpisode, Transcript, TranscriptLine
from archive.podcasts.services import set_feed
from archive.search import indexing, replays, stale, stamps
from broadcast import clock, registry
from broadcast.access import HOUSE, Actor
from broadcast.errors import Conflict, InvalidInput, NotAllowed
from broadcast.models import (
    Airing,
    Appearance,
    AuditEntry,
    Episode,
    Participant,
    Person,
    PersonWithdrawalItem,
    Programme,
    RoleGrant,
    User,
)
from broadcast.services import episodes, withdrawal, withdrawal_proof
from broadcast.withdrawing import Found
from live.models import Comment, Question, Room
from scheduling.models import Photo
from tests.archive.making import make_airing, make_programme

pytestmark = pytest.mark.django_db
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


@pytest.fixture
def house(settings: Any, tmp_path: Path) -> dict[str, Any]:
    """A member in three episodes of a programme with a podcast: alone in the first, with a host in the others; a photo, an account's
    comment, and an episode still to come."""
    settings.MEDIA_ROOT = str(tmp_path)
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
    user = User.objects.create(username="member", is_active=True)
    person = Person.objects.create(name=NAME, name_en="Ouyang Mingde", is_member=True, user=user)
    host = Person.objects.create(name="司马文")
    airings = [shown(programme, person, tmp_path, f"过街设施之{word}") for word in ("一", "二", "三")]
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
    clips = [clip(airings[1], tmp_path, minute, title) for minute, title in ((2, "天桥"), (20, "别的事"))]
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


def test_the_preview_says_everything_that_is_public_of_them(house: dict[str, Any]) -> None:
    found = by_kind(withdrawal.preview(actor(), house["person"].pk))
    assert {kind: len(rows) for kind, rows in found.items()} == {
        "episode": 4,
        "words": 3,
        "clip": 1,
        "photo": 1,
        "written": 1,
    }
    alone, coming = house["airings"][0].episode, house["coming"].episode
    proposed = {each.key: (each.chosen, each.coming) for each in found["episode"]}
    assert proposed[str(alone.pk)] == ("whole", False), "nobody else is in it"
    assert proposed[str(house["airings"][1].episode_id)] == ("name", False)
    assert proposed[str(coming.pk)] == ("keep", True), "what is still to come is shown, and not changed by itself"


def test_after_the_act_no_public_address_holds_name_words_photo_or_media(house: dict[str, Any]) -> None:
    before = seen(house, NAME, WORDS)
    assert len(before) > 20, "the test sees them before"
    assert {Client().get(f"/clips/{each.pk}").status_code for each in house["clips"]} == {200}
    first, second, _third = house["airings"]
    episode = house["coming"].episode
    row = withdrawal.apply(actor(), house["person"].pk, order(house, **{f"episode__{episode.pk}": "name"}))
    assert row.finished_at is not None
    assert seen(house, NAME, WORDS, "Ouyang") == set()
    assert Client().get("/people/photos/photo-of-a-member.jpg").status_code == 404
    for name in ("replay/master.m3u8", "derived/sound.m4a", "replay/transcript.json"):
        assert Client().get(f"/media/airings/{first.pk}/{name}").status_code == 404, "the whole episode is gone"
    assert Client().get(f"/media/airings/{second.pk}/replay/master.m3u8").status_code == 200, "only the name is gone"
    said = Client().get(f"/media/airings/{second.pk}/replay/transcript.json").json()
    assert [line["text"] for line in said["lines"]] == ["请您谈谈过街设施", "谢谢"]
    his, other = house["clips"]
    for name, known in (("", 404), ("/clip.mp4", 404), ("/poster.jpg", 404)):
        assert Client().get(f"/clips/{his.pk}{name}").status_code == known
        assert Client().get(f"/clips/{other.pk}{name}").status_code == 200, "in which somebody else speaks"
    # Sealed, not deleted.
    assert TranscriptLine.objects.filter(text=WORDS).count() == 3
    assert Appearance.objects.filter(person=house["person"]).count() == 4
    assert Photo.objects.exists()
    assert Derivative.objects.count() == 3
    proof = withdrawal_proof.prove(actor(), house["person"], "testserver", secure=False)
    assert proof.bad == 0
    assert len(proof.answers) > 40


def test_the_proof_finds_what_an_order_left(house: dict[str, Any]) -> None:
    withdrawal.apply(actor(), house["person"].pk, order(house, words="keep"))
    proof = withdrawal_proof.prove(actor(), house["person"], "testserver", secure=False)
    page = reverse("episode", args=[house["programme"].slug, house["coming"].episode.key])
    assert page in {each.path for each in proof.answers if each.names}, "the coming episode still names them"
    assert not any(each.names for each in proof.answers if "transcript" in each.path), "lines stay, the label does not"


def test_an_edited_episode_names_them_no_more_than_before(house: dict[str, Any]) -> None:
    withdrawal.apply(actor(), house["person"].pk, order(house))
    episode = house["airings"][1].episode
    episode.appearances.all().delete()
    Appearance.objects.create(episode=episode, person=house["person"], role="expert")
    assert NAME not in Client().get(f"/live/airings/{house['airings'][1].pk}/state").content.decode()


def test_what_dies_in_the_middle_is_finished(house: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        """As if the process had ended."""

    done: list[int] = []
    real = episodes.withdraw

    def dies(*given: Any) -> Any:
        if done:
            raise Killed
        done.append(1)
        return real(*given)

    monkeypatch.setattr(episodes, "withdraw", dies)
    with pytest.raises(Killed):
        withdrawal.apply(actor(), house["person"].pk, order(house, episode="whole", **_coming(house)))
    left = PersonWithdrawalItem.objects.filter(state="waiting")
    assert left.count() > 1
    # Names, words and photos are hidden by the commit itself; they wait for nothing.
    hidden = (house["airings"][0], house["airings"][2])
    assert not any(NAME in Client().get(f"/live/airings/{each.pk}/state").content.decode() for each in hidden)
    assert Client().get("/people/photos/photo-of-a-member.jpg").status_code == 404
    monkeypatch.setattr(episodes, "withdraw", real)
    assert withdrawal.reconcile() > 1
    assert not left.exists()
    assert withdrawal.reconcile() == 0
    assert set(Episode.objects.filter(airings__in=house["airings"]).values_list("publication", flat=True)) == {
        "withdrawn"
    }
    withdrawn = AuditEntry.objects.filter(act="episode.withdraw")
    assert withdrawn.count() == 3, "each once, in the name of who ordered it"
    assert None not in withdrawn.values_list("actor_id", flat=True)


def _coming(house: dict[str, Any]) -> dict[str, str]:
    return {f"episode__{house['coming'].episode_id}": "keep"}


def test_one_thing_that_fails_stops_no_other_and_is_tried_again(
    house: dict[str, Any], monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    def fails(*_given: Any) -> Any:
        raise OSError("disk")

    real = episodes.withdraw
    monkeypatch.setattr(episodes, "withdraw", fails)
    row = withdrawal.apply(actor(), house["person"].pk, order(house))
    [bad] = row.items.filter(state="waiting")
    assert (bad.kind, bad.problem) == ("episode", "OSError")
    assert row.finished_at is None
    monkeypatch.setattr(episodes, "withdraw", real)
    assert withdrawal.reconcile() == 0, "not at once again"
    row.items.filter(pk=bad.pk).update(tried_at=clock.now() - dt.timedelta(minutes=1))
    assert withdrawal.reconcile() == 1
    row.refresh_from_db()
    assert row.finished_at is not None


def test_everything_comes_back_item_by_item_as_it_was(house: dict[str, Any]) -> None:
    before = seen(house, NAME, WORDS)
    guests = {row.pk: row.guests for row in SearchEpisode.objects.all()}
    row = withdrawal.apply(actor(), house["person"].pk, order(house))
    secretary = actor()
    for item in row.items.all():
        withdrawal.restore(secretary, item.pk, "复查后恢复")
    stale.work()
    assert seen(house, NAME, WORDS) == before
    assert Client().get(f"/clips/{house['clips'][0].pk}").status_code == 200
    assert {row.pk: row.guests for row in SearchEpisode.objects.all()} == guests
    assert Client().get("/people/photos/photo-of-a-member.jpg").status_code == 200
    assert Episode.objects.filter(airings__in=house["airings"], signed_off_at=None).count() == 0
    assert AuditEntry.objects.filter(act="person.restore").count() == row.items.count()
    with pytest.raises(Conflict):
        withdrawal.restore(secretary, row.items.all()[0].pk, "再来一次")


def test_what_changed_since_the_preview_is_shown_again_and_nothing_is_written(house: dict[str, Any]) -> None:
    decided = order(house)
    fourth = make_airing(house["programme"], state="ended")
    Appearance.objects.create(episode=fourth.episode, person=house["person"], role="host")
    episodes.withdraw(HOUSE, house["airings"][2].episode_id, "另一个原因")
    with pytest.raises(Conflict) as caught:
        withdrawal.apply(actor(), house["person"].pk, decided)
    moved = set(caught.value.data["moved"])
    assert f"broadcast.episode.{fourth.episode_id}" in moved
    assert f"broadcast.episode.{house['airings'][2].episode_id}" in moved
    assert not PersonWithdrawalItem.objects.exists()
    assert withdrawal.apply(actor(), house["person"].pk, order(house)).finished_at


@pytest.mark.parametrize("facts", [{"reason": " "}, {"name": "欧阳明"}, {"choices": {}}])
def test_an_order_says_why_whom_and_what(house: dict[str, Any], facts: dict[str, Any]) -> None:
    whole = order(house)
    given = {"reason": whole.reason, "name": whole.name, "choices": whole.choices, "seen": whole.seen} | facts
    with pytest.raises(InvalidInput):
        withdrawal.apply(actor(), house["person"].pk, withdrawal.Order(**given))
    assert not PersonWithdrawalItem.objects.exists()


def test_only_the_secretariat_of_the_whole_house_may(house: dict[str, Any]) -> None:
    decided = order(house)
    for other in (actor("producer"), actor("duty_leader"), actor("secretariat", house["programme"])):
        for act in (
            lambda who: withdrawal.preview(who, house["person"].pk),
            lambda who: withdrawal.apply(who, house["person"].pk, decided),
            lambda who: withdrawal.restore(who, 1, "恢复"),
            lambda who: withdrawal_proof.prove(who, house["person"], "testserver", secure=False),
        ):
            with pytest.raises(NotAllowed):
                act(other)


def test_each_app_that_shows_people_has_a_part() -> None:
    assert {name for name, _part in registry.person_withdrawal} >= {"broadcast", "live", "scheduling", "archive"}
    assert connection.vendor == "postgresql"


def test_only_the_spans_in_which_they_speak_are_cut_or_bleeped_and_come_back(house: dict[str, Any]) -> None:
    _alone, second, third = house["airings"]
    chosen = {f"words__{second.pk}": "cut", f"words__{third.pk}": "bleep", **_coming(house)}
    row = withdrawal.apply(actor(), house["person"].pk, order(house, **chosen))
    lines = {line.transcript.airing_id: line for line in TranscriptLine.objects.filter(text=WORDS)}
    for airing, kind in ((second, "cut"), (third, "bleep")):
        [edit] = Edit.objects.filter(airing=airing)
        assert (edit.kind, edit.state) == (kind, "applied")
        assert edit.starts_at < lines[airing.pk].starts_at < lines[airing.pk].ends_at < edit.ends_at
        assert edit.ends_at - edit.starts_at < dt.timedelta(seconds=10), "nothing of the others"
    assert not Edit.objects.filter(airing=house["airings"][0]).exists(), "that episode went as a whole"
    for item in row.items.filter(kind="words"):
        withdrawal.restore(actor(), item.pk, "复查")
    assert set(Edit.objects.values_list("state", flat=True)) == {"lifted"}
