"""A cut that two people make: asked for by one it does nothing, confirmed by another it holds on page, target and radio."""

from __future__ import annotations

from pathlib import Path

import m3u8
import pytest

from archive import cuts, queries, services, simulcast
from archive.models import OutputCut, Push, Recording
from archive.parts import AiringFolder
from broadcast import lifecycle
from broadcast.access import HOUSE, Actor
from broadcast.errors import NotAllowed

from .icecast import Icecast
from .making import Publisher, RecorderProcess, make_airing, make_programme, make_staff, until
from .pushes import Receiver, make_numbered, numbers, tones
from .test_push_radio import listen
from .test_push_show import _joined


# The ordinary suite has the cut on targets in test_push_show.py and the two people in test_cut.py.
@pytest.mark.long
@pytest.mark.ffmpeg
@pytest.mark.timeout(400)
@pytest.mark.django_db(transaction=True)
def test_what_two_people_cut_is_on_no_output(
    recorder: RecorderProcess, tmp_path: Path, publishers: list[Publisher]
) -> None:
    airing = make_airing(make_programme(cut_needs_second_person=True), delay=4)
    programme = airing.episode.programme
    first, second = (Actor(user_id=make_staff(programme).pk) for _ in range(2))
    icecast, receiver = Icecast(tmp_path).start(), Receiver(tmp_path, "rtmp").listen()
    simulcast.add_target(HOUSE, programme.pk, "platform", receiver.url)
    simulcast.add_target(HOUSE, programme.pk, "radio", icecast.source("live.mp3"))
    folder = AiringFolder(airing.pk)

    def push(name: str) -> Push:
        return Push.objects.filter(airing=airing, target__name=name).first() or Push()

    def live() -> list[str]:
        file = folder["live.m3u8"]
        return [each.uri for each in m3u8.loads(file.read_text()).segments] if file.exists() else []

    services.ensure_recording(airing.pk)
    lifecycle.open_feed(HOUSE, airing.pk)
    until(lambda: Recording.objects.get(airing=airing).state == "listening", 60)
    publishers.append(Publisher(make_numbered(tmp_path / "numbered.mp4"), tmp_path / "publisher.log"))
    publishers[-1].srt(airing)
    until(lambda: Recording.objects.get(airing=airing).state == "receiving", 60, recorder.words)
    lifecycle.start(HOUSE, airing.pk)
    until(lambda: icecast.content_type("live.mp3"), 60, recorder.words)
    listener = listen(icecast.listener("live.mp3"), tmp_path / "radio.mp3")
    try:
        until(lambda: push("platform").sent_seconds >= 4 and push("radio").sent_seconds >= 4, 60, "both are sent to")
        assert cuts.cut_output(first, airing.pk, "失言")["state"] == "requested"
        out = len(live())
        until(lambda: len(live()) >= out + 1, 60, "the line goes on as long as one alone asked")
        assert not any("filler" in each for each in live())
        with pytest.raises(NotAllowed):
            cuts.confirm_cut(first, airing.pk)
        assert cuts.confirm_cut(second, airing.pk)["state"] == "active"
        until(lambda: any("filler" in each for each in live()), 60, "the page shows the filler")
        since = push("radio").sent_seconds
        until(lambda: push("radio").sent_seconds >= since + 5, 60, "the radio too")
        cuts.resume_output(first, airing.pk)
        resumed = OutputCut.objects.get(state="resumed").until_media_time
        assert resumed
        for name in ("platform", "radio"):
            until(lambda name=name: (sent := push(name).sent_until) and sent > resumed, 60, "media again")
        lifecycle.end(HOUSE, airing.pk)
        until(lambda: push("platform").state == push("radio").state == "done", 60, "the tail is sent")
        until(lambda: Recording.objects.get(airing=airing).state == "finished", 60)
        listener.wait(30)
    finally:
        receiver.end()
        listener.kill()
        listener.wait()
        icecast.stop()

    folder.load()
    segments = folder.segments()
    cut = queries.cut_span(OutputCut.objects.get())
    files = [folder[f"parts/{each.part:03d}/{each.number:06d}.ts"] for each in segments]
    withheld = [index for index, each in enumerate(segments) if cut.withholds(each)]
    secret = numbers(*(files[index] for index in withheld))
    hidden = set(tones(_joined(files[withheld[1] : withheld[-1]], tmp_path))) - {0}
    assert len(secret) > 100
    assert hidden
    got = numbers(receiver.file)
    assert min(got) < min(secret) < max(secret) < max(got)
    assert not got & secret
    assert not hidden & set(tones(receiver.file))
    heard = set(tones(tmp_path / "radio.mp3")) - {0}
    assert min(heard) < min(hidden) < max(hidden) < max(heard), "media from before the cut and after it"
    assert not hidden & heard
