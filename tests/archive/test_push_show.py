"""A whole show in a real recorder with targets good and bad: what was withheld reaches none, and the recording has no hole."""

from __future__ import annotations

from pathlib import Path

import pytest

from archive import cuts, queries, services, simulcast
from archive.models import OutputCut, Push, Recording
from archive.output import Cut
from archive.parts import AiringFolder
from broadcast import lifecycle
from broadcast.access import HOUSE
from broadcast.models import Airing

from .making import Publisher, RecorderProcess, make_airing, until
from .pushes import Receiver, make_numbered, numbers, tones


@pytest.mark.ffmpeg
@pytest.mark.timeout(400)
@pytest.mark.django_db(transaction=True)
def test_what_is_cut_reaches_no_target_and_bad_targets_cost_the_recording_nothing(
    recorder: RecorderProcess, tmp_path: Path, publishers: list[Publisher]
) -> None:
    airing = make_airing(delay=4)
    programme = airing.episode.programme
    srt, rtmp = Receiver(tmp_path, "srt").listen(), Receiver(tmp_path, "rtmp").listen()
    targets = {
        name: simulcast.add_target(HOUSE, programme.pk, name, url)
        for name, url in (("srt", srt.url), ("rtmp", rtmp.url), ("refused", "rtmp://127.0.0.1:1/live/verysecretkey"))
    }

    def push(name: str) -> Push:
        return Push.objects.filter(airing=airing, target=targets[name]).first() or Push()

    services.ensure_recording(airing.pk)
    lifecycle.open_feed(HOUSE, airing.pk)
    until(lambda: Recording.objects.get(airing=airing).state == "listening")
    publishers.append(Publisher(make_numbered(tmp_path / "numbered.mp4"), tmp_path / "publisher.log"))
    publishers[-1].srt(airing)
    until(lambda: Recording.objects.get(airing=airing).state == "receiving", what=recorder.words)
    lifecycle.start(HOUSE, airing.pk)
    for name in ("srt", "rtmp"):
        until(lambda name=name: push(name).state == "sending", 90, recorder.words)
        until(lambda name=name: push(name).sent_seconds >= 2, 90, name)
    cuts.cut_output(HOUSE, airing.pk, "test")
    since = push("srt").sent_seconds
    until(lambda: push("srt").sent_seconds >= since + 5, 90, "the filler is sent")
    cuts.resume_output(HOUSE, airing.pk)
    resumed = OutputCut.objects.get().until_media_time
    assert resumed
    until(lambda: (sent := push("srt").sent_until) and sent > resumed, 90, "media again")
    lifecycle.end(HOUSE, airing.pk)
    until(lambda: push("srt").state == push("rtmp").state == "done", 90, "the tail is sent")
    until(lambda: Recording.objects.get(airing=airing).state == "finished", 90)
    for each in (srt, rtmp):
        each.end()

    folder = AiringFolder(airing.pk)
    folder.load()
    segments = folder.segments()
    cut: Cut = queries.cut_span(OutputCut.objects.get())
    withheld = [each for each in segments if cut.withholds(each)]
    files = [folder[f"parts/{each.part:03d}/{each.number:06d}.ts"] for each in segments]
    secret = numbers(*(folder[f"parts/{each.part:03d}/{each.number:06d}.ts"] for each in withheld))
    assert len(secret) > 100
    assert numbers(*files) > secret
    hidden = set(tones(_joined(files[segments.index(withheld[1]) : segments.index(withheld[-1])], tmp_path))) - {0}
    assert hidden
    for receiver in (srt, rtmp):
        got = numbers(receiver.file)
        assert len(got) > 100
        assert min(got) < min(secret), "media from before the cut"
        assert max(got) > max(secret), "and from after it"
        assert not got & secret
        assert not hidden & set(tones(receiver.file))

    assert queries.gap_map(Airing.objects.get(pk=airing.pk)) == []
    assert [each.number for each in segments] == list(range(len(segments))), "one part without a hole"
    until(lambda: push("refused").state == "done", 90, "nobody tries after the end")
    refused = push("refused")
    assert (refused.state, refused.problem, refused.sent_seconds) == ("done", "refused", 0)
    assert push("srt").missed_seconds == push("rtmp").missed_seconds == 0
    assert not any(secret in recorder.words() for secret in ("verysecretkey", "secretkey", "sixteensecretletters"))


# The ordinary suite kills recorders in test_kill_cycles.py.
@pytest.mark.long
@pytest.mark.ffmpeg
@pytest.mark.timeout(400)
@pytest.mark.django_db(transaction=True)
def test_a_killed_recorder_leaves_no_sender_and_the_next_one_goes_on_sending(
    recorder: RecorderProcess, tmp_path: Path, clip: Path, publishers: list[Publisher]
) -> None:
    airing = make_airing(delay=2)
    receiver = Receiver(tmp_path, "srt").listen()
    simulcast.add_target(HOUSE, airing.episode.programme_id, "transmitter", receiver.url)

    def publish() -> None:
        publishers.append(Publisher(clip, tmp_path / "publisher.log"))
        publishers[-1].srt(airing)

    def senders() -> list[str]:
        found = (file for file in Path("/proc").glob("[0-9]*/cmdline"))
        return [words for file in found if f":{receiver.port}?mode=caller" in (words := _words(file))]

    services.ensure_recording(airing.pk)
    lifecycle.open_feed(HOUSE, airing.pk)
    until(lambda: Recording.objects.get(airing=airing).state == "listening")
    publish()
    lifecycle.start(HOUSE, airing.pk)
    until(lambda: Push.objects.filter(airing=airing, sent_seconds__gt=0).exists(), 90, recorder.words)
    before = Push.objects.get()
    assert len(senders()) == 1
    recorder.kill()
    until(lambda: not senders(), 60, "no sender outlives the recorder")
    receiver.end()
    receiver.listen()
    recorder.start()
    recorder.wait_ready(2)
    publishers[-1].stop()
    until(lambda: Recording.objects.get(airing=airing).state in {"listening", "lost"})
    publish()
    until(lambda: Push.objects.get().sent_seconds > before.sent_seconds + 2, 60, recorder.words)
    after = Push.objects.get()
    assert (after.state, after.attempts >= before.attempts + 1) == ("sending", True)
    receiver.kill()


def _words(file: Path) -> str:
    try:
        return file.read_bytes().decode(errors="replace")
    except OSError:
        return ""


def _joined(files: list[Path], folder: Path) -> Path:
    joined = folder / "withheld.ts"
    joined.write_bytes(b"".join(file.read_bytes() for file in files))
    return joined
