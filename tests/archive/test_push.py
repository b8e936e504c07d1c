"""Simulcast with real children: what a target gets, and that a bad one costs nobody but itself."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from archive import push_child, pusher
from archive.pusher import PushReport, Target
from archive.sending import parse

from .pushes import Pushes, Receiver, Reels, Relay, colours, deaf_server, make_reel, seconds_of, tones

pytestmark = [pytest.mark.ffmpeg, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def reels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Three sources: red and low; green, higher and larger; blue, higher still and at another sample rate."""
    folder = tmp_path_factory.mktemp("reels")
    return {
        "red": make_reel(folder / "red", "red", 400),
        "green": make_reel(folder / "green", "green", 800, size="640x360"),
        "blue": make_reel(folder / "blue", "blue", 1200, rate=44_100),
    }


@contextlib.asynccontextmanager
async def aside(*jobs: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run jobs beside the test."""
    tasks = [asyncio.create_task(each) for each in jobs]
    try:
        yield
    finally:
        for each in tasks:
            each.cancel()


async def reach(condition: Callable[[], Any], seconds: float = 40.0) -> None:
    """Wait for a condition without standing in the way of the pushers."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_rtmp_and_srt_get_the_line_whole_beside_targets_that_refuse_or_never_read(
    reels: dict[str, Path], tmp_path: Path
) -> None:
    line = Reels(**reels)
    pushes = Pushes(line, tmp_path)
    rtmp, srt = Receiver(tmp_path, "rtmp").listen(), Receiver(tmp_path, "srt").listen()
    try:
        pushes.add("rtmp", rtmp.url)
        pushes.add("srt", srt.url)
        pushes.add("refused", "rtmp://127.0.0.1:1/live/key")
        async with deaf_server() as port:
            pushes.add("deaf", f"rtmp://127.0.0.1:{port}/live/key")
            # To another size and back into the middle of the first, as over a CUT.
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


async def test_targets_that_stall_or_die_get_the_newest_again_when_they_return_and_the_others_all_of_it(
    reels: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(push_child, "BEHIND_MS", 3_000)
    monkeypatch.setattr(pusher, "MOST_PAUSE", 1.5)
    noisy = make_reel(tmp_path / "noisy", "yellow", 600, seconds=12, size="640x360", noise=True)
    line = Reels(noisy=noisy, **reels)
    pushes = Pushes(line, tmp_path)
    good, stalls, dies = Receiver(tmp_path, "srt"), Receiver(tmp_path, "rtmp-stalls"), Receiver(tmp_path, "rtmp-dies")
    relay = Relay(stalls.port)
    good.listen()
    dies.listen()
    try:
        async with aside(relay.run(), stalls.keep_listening()):
            pushes.add("good", good.url)
            pushes.add("stalls", f"rtmp://127.0.0.1:{relay.port}/live/secretkey")
            pushes.add("dies", dies.url)
            playing = asyncio.create_task(
                line.play([("noisy", number) for number in range(6)] + [("blue", 0), ("blue", 1), ("blue", 2)])
            )
            await reach(lambda: all(each.report().state == "sending" for each in pushes.all.values()))
            relay.frozen = True
            dies.kill()
            await reach(lambda: pushes.all["dies"].report().state == "retrying")
            await reach(lambda: pushes.all["stalls"].report().state == "retrying")
            assert pushes.all["stalls"].report().problem == "stalled"
            assert pushes.all["dies"].report().problem in {"refused", "closed"}
            stalls.kill()
            relay.frozen = False
            returned = asyncio.create_task(dies.keep_listening())
            for name in ("stalls", "dies"):
                await reach(lambda name=name: pushes.all[name].report().state == "sending")
            await playing
            line.closed = True
            await pushes.finish()
            await asyncio.sleep(0.5)
            returned.cancel()
    finally:
        for each in (good, stalls, dies):
            each.end() if each is good else each.kill()
    assert pushes.all["good"].report().missed_seconds == 0
    assert pushes.all["good"].report().attempts == 1
    assert tones(good.file) == [600, 1200], "another sample rate goes through in its container"
    for name, receiver in (("stalls", stalls), ("dies", dies)):
        report = pushes.all[name].report()
        assert report.state == "done"
        assert report.attempts >= 2
        assert report.sent_seconds + report.missed_seconds == pytest.approx(18, abs=0.2)
        assert tones(receiver.file) == [1200], "FLV cannot change the sample rate: a connection of its own"
    assert pushes.all["dies"].report().missed_seconds >= 2


async def test_a_wish_of_staff_ends_the_child_at_once_and_what_was_switched_off_is_not_missed(
    reels: dict[str, Path], tmp_path: Path
) -> None:
    line = Reels(**reels)
    pushes = Pushes(line, tmp_path)
    receiver = Receiver(tmp_path, "rtmp")
    try:
        async with aside(
            receiver.keep_listening(), line.play([("red", 0), ("red", 1), ("red", 2), ("red", 3)], pace=1.5)
        ):
            push = pushes.add("rtmp", receiver.url)
            address = parse(receiver.url)
            await reach(lambda: push.report().state == "sending")
            push.update(Target(0, address, enabled=False), line)
            await reach(lambda: push.report().state == "off")
            await reach(lambda: len(line.items) == 4)
            await asyncio.sleep(1.2)
            push.update(Target(0, address, enabled=True), line)
            await reach(lambda: push.report().state == "sending")
            push.update(Target(0, address, asked_ms=1), line)
            await reach(lambda: push.report().attempts == 3)
            # The same line of a session that left and came back.
            again = Reels(**reels)
            again.items, again.closed = line.items, True
            push.update(Target(0, address, asked_ms=1), again)
            await reach(lambda: push.report().state == "done")
            await pushes.finish()
    finally:
        receiver.kill()
    assert push.report().state == "done"
    assert push.report().missed_seconds <= 4, "the two that a restart leaves out at most"


async def test_what_is_public_no_more_is_not_sent_to_its_end(
    reels: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = Reels(**reels)
    pushes = Pushes(line, tmp_path)
    receiver = Receiver(tmp_path, "rtmp")
    signals: list[int] = []
    really = os.killpg
    monkeypatch.setattr(os, "killpg", lambda pid, number: (signals.append(number), really(pid, number)))
    try:
        async with aside(
            receiver.keep_listening(), line.play([("red", 0), ("red", 1), ("red", 2), ("red", 3)], pace=1.5)
        ):
            push = pushes.add("rtmp", receiver.url)
            await reach(lambda: push.report().state == "sending")
            push.update(Target(0, parse(receiver.url), enabled=False, public=False), line)
            await reach(lambda: push.report().state == "off")
            assert push.report().problem == "not_public"
            assert set(signals) == {signal.SIGKILL}, "it is not asked to finish what it has"
            await reach(lambda: len(line.items) == 4)
            line.closed = True
            await pushes.finish()
    finally:
        receiver.kill()
    assert push.report().attempts == 1


async def test_a_new_process_goes_on_where_the_last_one_was_and_knows_what_was_missed(
    reels: dict[str, Path], tmp_path: Path
) -> None:
    line = Reels(**reels)
    for number in range(4):
        line.release("red", number)
    pushes = Pushes(line, tmp_path)
    past = PushReport(attempts=3, sent_until_ms=line.items[0].end_ms, sent_seconds=2.0)
    push = pushes.add("refused", "srt://127.0.0.1:9?passphrase=0123456789", past)
    await reach(lambda: push.report().attempts == 4)
    assert push.report().missed_seconds == pytest.approx(2, abs=0.1)
    line.closed = True
    await pushes.finish()
    assert push.report().missed_seconds == pytest.approx(6, abs=0.1)
    assert push.report().sent_seconds == 2.0
