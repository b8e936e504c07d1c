"""A WAV or AVI that was cut off is known by the lengths that its own heads tell; one that was written as a stream tells none."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.importing import riff


def chunk(kind: bytes, content: bytes, *, told: int | None = None) -> bytes:
    length = 4 + len(content) if told is None else told
    return b"RIFF" + length.to_bytes(4, "little") + kind + content + b"\0" * (len(content) % 2)


def missing(content: bytes) -> int:
    return riff.missing(io.BytesIO(content), len(content))


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=4), st.binary(max_size=30), st.data())
def test_whole_files_lack_nothing_and_cut_ones_do(chunks: list[bytes], behind: bytes, data: st.DataObject) -> None:
    whole = b"".join(chunk(b"AVIX" if number else b"AVI ", each) for number, each in enumerate(chunks))
    assert missing(whole) == 0
    assert missing(whole + b"\0" + behind) == 0
    last = chunk(b"AVIX" if len(chunks) > 1 else b"AVI ", chunks[-1])
    cut = data.draw(st.integers(12, max(12, len(last) - 1 - len(chunks[-1]) % 2)))
    if cut < len(last) - len(chunks[-1]) % 2:
        assert missing(whole[: len(whole) - len(last) + cut]) == len(last) - len(chunks[-1]) % 2 - cut


@pytest.mark.parametrize("told", [0, 0xFFFF_FFFF])
def test_a_stream_that_was_never_closed_says_nothing(told: int) -> None:
    assert missing(chunk(b"WAVE", b"sound", told=told)) == 0


@pytest.mark.parametrize(
    "content", [b"", b"RIFF", b"ID3\4" + b"\0" * 40, b"RIFF" + b"\xff\xff\0\0" + b"WEBP" + b"\0" * 9]
)
def test_what_is_no_sound_or_film_in_riff_is_not_judged(content: bytes) -> None:
    assert missing(content) == 0
