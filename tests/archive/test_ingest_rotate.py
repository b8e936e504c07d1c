"""New keys for an encoder's way in: who may, and that whoever has the old ones is out at once and stays out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from archive import panel, services
from archive.models import IngestSecret, Part, Recording
from broadcast import lifecycle, registry
from broadcast.access import HOUSE, Actor
from broadcast.errors import IllegalTransition, NotAllowed, NotFound
from broadcast.models import Airing, AuditEntry

from .making import Publisher, RecorderProcess, make_airing, make_programme, make_staff, until


def waiting() -> Airing:
    airing = make_airing()
    lifecycle.open_feed(HOUSE, airing.pk)
    airing.refresh_from_db()
    return airing


@pytest.mark.django_db
def test_producers_change_them_and_the_record_says_who_without_a_key() -> None:
    airing = waiting()
    programme = airing.episode.programme
    producer = Actor(user_id=make_staff(programme).pk)
    before = panel.feed_panel(airing, producer)["addresses"]
    rotate = registry.staff_acts.get("ingest.rotate")
    assert rotate is not None
    with pytest.raises(NotAllowed):
        rotate(Actor(user_id=make_staff(programme, "moderator").pk), airing.pk, "")
    rotate(producer, airing.pk, "口令发错了群")
    after = panel.feed_panel(airing, producer)["addresses"]
    assert after["stream_key"] != before["stream_key"]
    assert after["srt_passphrase"] != before["srt_passphrase"]
    entry = AuditEntry.objects.get(act="ingest.rotate")
    assert (entry.reason, entry.airing_id) == ("口令发错了群", airing.pk)
    assert after["stream_key"] not in str([entry.before, entry.after])


@pytest.mark.django_db
def test_there_is_nothing_to_change_without_a_feed_or_after_the_end() -> None:
    programme = make_programme()
    with pytest.raises(NotFound):
        services.rotate_secret(HOUSE, make_airing(programme, feed=None).pk)
    with pytest.raises(IllegalTransition):
        services.rotate_secret(HOUSE, make_airing(programme, state="ended").pk)
    assert not IngestSecret.objects.exists()


@pytest.fixture
def senders(clip: Path, tmp_path: Path) -> Iterator[list[Publisher]]:
    """The old encoder, one more that knows the old passphrase, and one that was told the new one."""
    made = [Publisher(clip, tmp_path / f"sender-{number}.log") for number in range(3)]
    yield made
    for each in made:
        each.stop()


@pytest.mark.ffmpeg
@pytest.mark.timeout(400)
@pytest.mark.django_db(transaction=True)
def test_whoever_sends_by_the_old_ones_is_out_and_the_new_ones_are_let_in(
    recorder: RecorderProcess, senders: list[Publisher]
) -> None:
    airing = waiting()
    first, stranger, second = senders
    until(lambda: IngestSecret.objects.filter(airing=airing).exists(), what="a secret")
    old = services.ingest_addresses(HOUSE, airing.pk)
    first.srt(airing)
    until(lambda: Recording.objects.get(airing=airing).state == "receiving", what=recorder.words)
    services.rotate_secret(HOUSE, airing.pk)
    assert first.process is not None
    first.process.wait(90)
    stranger.srt(airing, passphrase=old.passphrase)
    assert stranger.process is not None
    assert stranger.process.wait(90) != 0
    second.srt(airing)
    until(lambda: Part.objects.filter(recording_id=airing.pk).count() == 2, 90, recorder.words)
    words = recorder.words()
    assert old.passphrase not in words
    assert old.stream_key not in words
