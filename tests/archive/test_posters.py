"""A chosen poster: the public's picture or an upload made anew; no step writes over it, and it goes when its moment was edited out."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from archive import derivatives
from archive.editing import posters, services
from archive.models import Derivative, Recording, Step
from archive.podcasts import items
from archive.steps import engine
from archive.steps import work as working
from archive.storage import media
from broadcast import clock
from broadcast.access import Actor
from broadcast.errors import IllegalTransition, InvalidInput, NotAllowed, NotFound
from broadcast.models import Airing, AuditEntry, Episode

from .making import make_airing, make_staff
from .steps_making import Made, Source, finished

pytestmark = pytest.mark.ffmpeg


SECRET = "22.5431N 114.0579E"


def picture(size: tuple[int, int] = (1600, 1200)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "red").save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def made(media_root: Path, transactional_db: None) -> Made:
    """Four seconds of blue, then four of red, with the automatic poster and the master."""
    return finished(Source(4, picture="color=blue", size="640x360"), Source(4, picture="color=red", size="640x360"))


def work_through(made: Made, *kinds: str) -> None:
    """Do the steps as a worker would until these are done."""
    engine.ensure(made.airing.pk)
    while Step.objects.filter(recording_id=made.airing.pk, kind__in=kinds).exclude(state="done").exists():
        assert working.once("test"), "a step waits in vain"


def producer(airing: Airing) -> Actor:
    return Actor(user_id=make_staff(airing.episode.programme, "producer").pk, name="制片")


def at(made: Made, second: float) -> int:
    return int(made.start_ms + second * 1000)


def shown(airing: Airing) -> Derivative:
    """The one that the public gets."""
    found = [each for each in derivatives.shown(airing.pk, everything=False) if each.kind == "poster"]
    return found[-1]


def bytes_of(poster: Derivative) -> bytes:
    return media().path(poster.key).read_bytes()


def reddish(poster: Derivative) -> bool:
    with Image.open(io.BytesIO(bytes_of(poster))) as opened:
        red, _green, blue = opened.convert("RGB").resize((1, 1)).getpixel((0, 0))  # type: ignore[misc]
    return bool(red > blue)


def test_a_chosen_frame_outlives_steps_and_edits_that_leave_it_and_goes_with_its_moment(made: Made) -> None:
    airing = made.airing
    Episode.objects.filter(pk=airing.episode_id).update(signed_off_at=clock.now())
    actor = producer(airing)
    with pytest.raises(IllegalTransition):
        posters.choose_frame(actor, airing.pk, at(made, 6))
    work_through(made, "master", "images")
    automatic = shown(airing)
    chosen = posters.choose_frame(actor, airing.pk, at(made, 6))
    assert reddish(chosen)
    assert not reddish(posters.choose_frame(actor, airing.pk, at(made, 1)))
    assert not media().path(chosen.key).exists(), "the one before is gone"
    chosen = posters.choose_frame(actor, airing.pk, at(made, 6))
    with pytest.raises(InvalidInput):
        posters.choose_frame(actor, airing.pk, at(made, 99))
    assert shown(airing) == chosen
    # Pictures made anew stand beside it, not in its place.
    Step.objects.filter(recording_id=airing.pk, kind="images").update(state="waiting")
    work_through(made, "images")
    assert shown(airing) == chosen
    assert bytes_of(chosen)
    assert items.playable([Airing.objects.select_related("episode__programme").get(pk=airing.pk)])[0].poster == chosen
    assert set(Step.objects.filter(kind__in=["upload", "manifest"]).values_list("state", flat=True)) == {"waiting"}
    # A replay written anew: it stays where its moment does.
    apply(actor, airing, "cut", at(made, 1), at(made, 2))
    assert [each.kind for each in derivatives.shown(airing.pk, everything=False)] == ["poster"]
    assert shown(airing) == chosen
    # While the files follow, a frame could still show what goes.
    with pytest.raises(IllegalTransition):
        posters.choose_frame(actor, airing.pk, at(made, 6))
    apply(actor, airing, "blur", at(made, 5), at(made, 7))
    assert derivatives.shown(airing.pk, everything=False) == []
    assert not Derivative.objects.filter(pk__in=[chosen.pk, automatic.pk]).exists()


def apply(actor: Actor, airing: Airing, kind: str, since: int, until: int) -> None:
    starts_at, ends_at = (dt.datetime.fromtimestamp(each / 1000, dt.UTC) for each in (since, until))
    edit = services.propose(actor, airing.pk, services.Wish(kind, starts_at, ends_at))
    services.apply(actor, airing.pk, [(edit.pk, edit.version)])
    engine.ensure(airing.pk)


def test_an_upload_is_made_anew_and_stays_whatever_is_edited(made: Made) -> None:
    airing, actor = made.airing, producer(made.airing)
    exif = Image.Exif()
    exif[0x010E] = SECRET
    out = io.BytesIO()
    Image.new("RGB", (1600, 1200), "green").save(out, "JPEG", exif=exif)
    poster = posters.upload(actor, airing.pk, out.getvalue() + b"<script>" + SECRET.encode())
    data = bytes_of(poster)
    assert SECRET.encode() not in data
    with Image.open(io.BytesIO(data)) as opened:
        assert (opened.format, opened.size) == ("JPEG", (1280, 720))
    entry = AuditEntry.objects.get(act="poster.choose")
    assert (entry.actor_id, entry.after["source"]) == (actor.user_id, "upload")  # type: ignore[index]
    apply(actor, airing, "cut", at(made, 1), at(made, 2))
    assert shown(airing) == poster
    posters.drop(actor, airing.pk)
    assert derivatives.shown(airing.pk, everything=False) == []
    assert AuditEntry.objects.filter(act="poster.remove").exists()
    with pytest.raises(NotFound):
        posters.drop(actor, airing.pk)


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", "type"),
        (b"GIF89a" + bytes(500), "type"),
        (picture((320, 200)), "small"),
        (picture((200, 4000)), "small"),
        (picture()[:200], "broken"),
        (bytes(posters.MOST_BYTES + 1), "size"),
        (picture((5000, 5000)), "size"),
    ],
)
def test_a_bad_upload_is_refused_in_words(media_root: Path, transactional_db: None, data: bytes, cause: str) -> None:
    airing = make_airing(state="ended")
    Recording.objects.create(airing=airing, state="finished", replay_ready_at=clock.now())
    with pytest.raises(InvalidInput) as refused:
        posters.upload(producer(airing), airing.pk, data)
    assert refused.value.data["cause"] == cause
    client = Client()
    client.force_login(make_staff(airing.episode.programme, "producer"))
    form = {"act": "upload", "file": SimpleUploadedFile("x.png", data, "image/png")}
    response = client.post(f"/staff/recordings/{airing.pk}/edit/poster", form)
    assert response.status_code == 422
    assert posters.words_of(cause) in response.content.decode()
    assert not Derivative.objects.exists()


def test_only_who_produces_chooses(media_root: Path, transactional_db: None) -> None:
    airing = make_airing(state="ended")
    Recording.objects.create(airing=airing, state="finished", replay_ready_at=clock.now())
    moderator = Actor(user_id=make_staff(airing.episode.programme, "moderator").pk, name="审核")
    with pytest.raises(NotAllowed):
        posters.upload(moderator, airing.pk, picture())
    with pytest.raises(NotAllowed):
        posters.drop(moderator, airing.pk)
