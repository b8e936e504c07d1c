"""Recognition as a step of a recording: Mandarin speech becomes a draft that nobody sees; without a recogniser there is no step."""

from __future__ import annotations

import datetime as dt
import hashlib
import shutil
from pathlib import Path

import pytest
from django.test import Client

from archive import views
from archive.models import Derivative, Recording, Step, Transcript
from archive.queries import milliseconds
from archive.steps import engine, work
from archive.steps.run import StepFailed
from archive.transcripts import queries, recognise, whisper
from broadcast import clock
from broadcast.models import Airing

from .making import make_airing

SPEECH = Path(__file__).parent / "media" / "mandarin.ogg"
SECONDS = 8.169


@pytest.fixture
def airing(media_root: Path, transactional_db: None) -> Airing:
    """A finished recording whose sound is made; its words are not."""
    start = dt.datetime(2026, 5, 1, 3, tzinfo=dt.UTC)
    airing = make_airing(state="ended", actual_start=start, actual_end=start + dt.timedelta(seconds=9), delay=0)
    now = clock.now()
    recording = Recording.objects.create(airing=airing, state="finished", replay_ready_at=now)
    # The second half was said after a gap of ten seconds.
    spans = [
        {"at": milliseconds(start), "offset": 0.0, "seconds": 4.0},
        {"at": milliseconds(start) + 14_000, "offset": 4.0, "seconds": 5.0},
    ]
    for kind, name in (("master", "m.mp4"), ("sound", "sound.ogg")):
        key = f"airings/{airing.pk}/derived/1/{name}"
        (media_root / key).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(SPEECH, media_root / key)
        Derivative.objects.create(
            recording=recording,
            kind=kind,
            key=key,
            size_bytes=SPEECH.stat().st_size,
            digest=hashlib.sha256(SPEECH.read_bytes()).hexdigest(),
            algorithm="sha256",
            media_type="audio/ogg",
            is_public=True,
            made_at=now,
            details={"seconds": SECONDS, "spans": spans},
        )
    engine.ensure(airing.pk)
    Step.objects.exclude(kind="words").update(state="done")
    views.forget_rights()
    return airing


def test_without_a_recogniser_a_recording_has_no_such_step(airing: Airing) -> None:
    assert not Step.objects.filter(kind="words").exists()
    assert engine.ensure_all() == 0


def test_an_unknown_recogniser_is_told_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YISHI_RECOGNISER", "nowhere.at.all")
    with pytest.raises(StepFailed, match=r"nowhere\.at\.all") as caught:
        recognise.configured()
    assert caught.value.for_good


@pytest.mark.skipif(
    not whisper.is_installed(), reason="the extra `asr` is not installed (faster-whisper and its weights)"
)
def test_mandarin_speech_becomes_a_draft_that_nobody_sees(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YISHI_RECOGNISER", "whisper")
    airing: Airing = request.getfixturevalue("airing")
    claim = work.once("tests")
    assert claim is not None
    step = Step.objects.get(kind="words")
    assert (claim.kind, step.state, step.reason) == ("words", "done", "")
    made = Transcript.objects.get(airing=airing)
    assert (made.kind, made.state, made.source, made.made_by_id) == ("machine", "draft", whisper.NAME, None)
    lines = queries.timed(made)
    text = "".join(line.text for line in lines)
    for words in ("大家好", "欢迎来到今天的直播", "垃圾分类", "停车收费", "积极发言"):
        assert words in text
    assert airing.actual_start is not None
    assert lines[0].starts_at - airing.actual_start < dt.timedelta(seconds=2)
    # What is heard in the second half was said after the gap.
    assert lines[-1].ends_at - airing.actual_start > dt.timedelta(seconds=15)
    assert step.result["lines"] == len(lines) > 1
    assert Client().get(f"/media/airings/{airing.pk}/replay/captions.vtt").status_code == 404


@pytest.mark.skipif(
    not whisper.is_installed(), reason="the extra `asr` is not installed (faster-whisper and its weights)"
)
def test_weights_that_are_not_those_we_know_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whisper, "DIGEST", "0" * 64)
    with pytest.raises(StepFailed, match="expected 0000"):
        whisper.weights(tmp_path)
    assert not (tmp_path / whisper.NAME).exists()
