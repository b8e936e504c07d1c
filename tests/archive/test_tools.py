"""Which ffmpeg is taken: one that was killed, or had no time to answer, is asked again."""

from __future__ import annotations

from pathlib import Path

import pytest

from archive import tools

from .sources import dying

pytestmark = pytest.mark.ffmpeg


def test_a_program_that_is_killed_while_it_answers_is_asked_again(tmp_path: Path) -> None:
    program = str(dying(tmp_path, 1))
    real = tools.find()
    assert tools.look_at(program) == tools.Ffmpeg(program, real.version, real.lacks)


def test_no_answer_is_not_remembered(tmp_path: Path, monkeypatch) -> None:
    program = str(dying(tmp_path, 4))
    monkeypatch.setenv("YISHI_FFMPEG", program)
    tools.find.cache_clear()
    try:
        for _ in range(2):
            with pytest.raises(tools.FfmpegMissing):
                tools.find()
        assert tools.find().path == program
    finally:
        tools.find.cache_clear()


def test_what_it_cannot_do_is_named(tmp_path: Path) -> None:
    program = tmp_path / "poor"
    program.write_text('#!/bin/sh\n[ "$1" = -version ] && echo "ffmpeg version poor"\necho " E mpegts,srt other"\n')
    program.chmod(0o755)
    found = tools.look_at(str(program))
    assert found is not None
    assert set(found.lacks) == {"protocol pipe", "encoder libx264", "encoder aac", "muxer hls", "muxer flv"}
