"""Two lanes an airing and several airings at once: whoever comes in by one way in disturbs no other."""

from __future__ import annotations

import json
import secrets
import socket
from pathlib import Path

import pytest

from archive import ffmpeg, orders, panel, services, tools
from archive.models import IngestSecret, Part, Recording
from broadcast import lifecycle, sealing
from broadcast.access import HOUSE, Actor
from broadcast.house.places import free_port
from broadcast.models import Airing, Feed

from .making import Publisher, RecorderProcess, make_airing, make_staff, until


def backed_airing() -> Airing:
    spare = Feed.objects.create(name=f"spare {secrets.token_hex(4)}", srt_port=free_port(socket.SOCK_DGRAM))
    return make_airing(delay=4, backup_feed=spare)


def addresses(airing: Airing) -> services.Ingest:
    services.ensure_recording(airing.pk)
    return services.addresses_of(airing, IngestSecret.objects.get(airing=airing))


class BackupPublisher(Publisher):
    """The same encoder on the second way in."""

    def backup_srt(self, airing: Airing) -> Publisher:
        found = addresses(airing)
        assert found.backup is not None
        return self.send_srt(found.backup.srt_port, found.passphrase)

    def backup_rtmp(self, airing: Airing, port: int) -> Publisher:
        found = addresses(airing)
        assert found.backup is not None
        return self._start(
            ffmpeg.publish_rtmp(tools.path(), self.clip, f"rtmp://127.0.0.1:{port}/live/{found.backup.stream_key}")
        )


@pytest.mark.django_db
def test_both_lanes_have_addresses_and_only_producers_see_them() -> None:
    airing, plain = backed_airing(), make_airing()
    lifecycle.open_feed(HOUSE, airing.pk)
    producer = Actor(user_id=make_staff(airing.episode.programme).pk)
    moderator = Actor(user_id=make_staff(airing.episode.programme, "moderator").pk)
    found = services.ingest_addresses(producer, airing.pk)
    assert found.backup is not None
    assert found.backup.stream_key != found.stream_key
    assert str(airing.backup_feed and airing.backup_feed.srt_port) in found.backup.srt_url
    shown = panel.feed_panel(airing, producer)["addresses"]
    assert shown["backup"] == {"srt_url": found.backup.srt_url, "stream_key": found.backup.stream_key}
    assert "addresses" not in panel.feed_panel(airing, moderator)
    assert addresses(plain).backup is None
    [wanted] = orders.wanted().wanted
    assert [each.lane for each in wanted.entrances] == ["main", "backup"]
    assert wanted.entrances[1].key_digest == sealing.digest(services.KEY_PURPOSE, found.backup.stream_key)


@pytest.mark.django_db
def test_a_secret_from_before_backups_gets_a_second_key_and_keeps_the_first() -> None:
    airing = backed_airing()
    IngestSecret.objects.create(
        airing=airing,
        sealed=sealing.seal({"key": "k" * 32, "passphrase": "p" * 24}),
        key_digest=sealing.digest(services.KEY_PURPOSE, "k" * 32),
        made_at=airing.created_at,
    )
    found = addresses(airing)
    assert (found.stream_key, found.passphrase) == ("k" * 32, "p" * 24)
    assert found.backup is not None
    assert addresses(airing) == found, "made once"
    IngestSecret.objects.filter(airing=airing).update(sealed=b"not sealed by us", backup_key_digest=None)
    services.ensure_recording(airing.pk)
    assert IngestSecret.objects.get(airing=airing).backup_key_digest is None, "what cannot be opened stays as it is"


@pytest.mark.ffmpeg
@pytest.mark.timeout(400)
@pytest.mark.django_db(transaction=True)
def test_three_shows_with_two_lanes_each_do_not_disturb_one_another(
    recorder: RecorderProcess, clip: Path, tmp_path: Path, publishers: list[Publisher], media_root: Path
) -> None:
    shows = [backed_airing() for _ in range(3)]
    for each in shows:
        services.ensure_recording(each.pk)
        lifecycle.open_feed(HOUSE, each.pk)
    until(lambda: Recording.objects.filter(state="listening").count() == 3, 60, recorder.words)

    def encoder() -> BackupPublisher:
        publishers.append(BackupPublisher(clip, tmp_path / "publisher.log"))
        return publishers[-1]  # type: ignore[return-value]

    mains = [
        encoder().srt(shows[0]),
        encoder().rtmp(shows[1], recorder.rtmp_port),
        encoder().rtmp(shows[2], recorder.rtmp_port),
    ]
    encoder().backup_rtmp(shows[0], recorder.rtmp_port)
    encoder().backup_srt(shows[1])
    encoder().backup_rtmp(shows[2], recorder.rtmp_port)

    def lanes(airing: Airing) -> set[tuple[str, str]]:
        return set(Part.objects.filter(recording_id=airing.pk).values_list("lane", "source"))

    wanted = [
        {("main", "srt"), ("backup", "rtmp")},
        {("main", "rtmp"), ("backup", "srt")},
        {("main", "rtmp"), ("backup", "rtmp")},
    ]
    until(lambda: [lanes(each) for each in shows] == wanted, 60, recorder.words)
    for each in shows:
        for part in Part.objects.filter(recording_id=each.pk):
            note = json.loads((media_root / "airings" / str(each.pk) / part.directory / "part.json").read_text())
            assert note["lane"] == part.lane
    mains[1].stop()
    ended = Part.objects.filter(ended_at__isnull=False)
    until(lambda: ended.count() == 1, 40, "the part of the sender that went is closed")
    assert (ended.get().recording_id, ended.get().lane) == (shows[1].pk, "main")
    backup = Part.objects.get(recording_id=shows[1].pk, lane="backup")
    until(lambda: Part.objects.get(pk=backup.pk).segments > backup.segments + 1, 40, "the other lane goes on")
    assert Part.objects.count() == 6
    secret = addresses(shows[2])
    assert secret.backup is not None
    for word in (secret.passphrase, secret.stream_key, secret.backup.stream_key):
        assert word not in recorder.words()
