"""Simulcast with real children: what a target gets, and that a bad one costs nobody but itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from .pushes import Pushes, Receiver, Reels, colours, deaf_server, make_reel, seconds_of, tones

pytestmark = [pytest.mark.ffmpeg, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def reels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Three sources: red and low; green, higher and larger; blue, higher still and at another sample rate."""
    folder = tmp_path_factory.mktemp("reels")
    return {
        "red": make_reel(folder / "red", "red", 400),
        "green": make_reel(folder / "green", "green", 800, size="640x360"),
        "blue": make_reel(folder / "blue", "blue", 1200, rate=44_100),
    }


async def test_rtmp_and_srt_get_the_line_whole_beside_targets_that_refuse_or_never_read(
    reels: dict[str, Path], tmp_path: Path
) -> None:
    line = Reels(**reels)
    pushes = Pushes(line, tmp_path)
    rtmp, srt = Receiver(tmp_path, "rtmp"), Receiver(tmp_path, "srt")
    try:
        pushes.add("rtmp", rtmp.rtmp())
        pushes.add("srt", srt.srt())
        pushes.add("refused", "rtmp://127.0.0.1:1/live/key")
        async with deaf_server() as port:
            pushes.add("deaf", f"rtmp://127.0.0.1:{port}/live/key")
            # A cut to another size and back into the middle of the first, as after a CUT.
            await line.play([("red", 0), ("red", 1), ("green", 0), ("red", 3), ("green", 3)])
            line.closed = True
            await pushes.finish()
    finally:
        rtmp.end()
        srt.end()
    for name, receiver in (("rtmp", rtmp), ("srt", srt)):
        report = pushes.all[name].report()
        assert (report.state, report.problem, report.attempts, report.missed_seconds) == ("done", "", 1, 0)
        assert report.sent_seconds == pytest.approx(10, abs=0.1)
        assert colours(receiver.file) == ["red", "green", "red", "green"]
        assert tones(receiver.file) == [400, 800, 400, 800]
        assert seconds_of(receiver.file) == pytest.approx(10, abs=0.5)
    refused, deaf = pushes.all["refused"].report(), pushes.all["deaf"].report()
    assert (refused.state, refused.problem, refused.sent_seconds) == ("done", "refused", 0)
    assert refused.attempts >= 2
    assert (deaf.state, deaf.problem, deaf.sent_seconds) == ("done", "no_answer", 0)
    assert deaf.missed_seconds == pytest.approx(10, abs=0.1)
    assert not list(pushes.register.glob("*.json")), "no child is left"
