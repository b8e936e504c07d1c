"""Frames as another's parser reads them."""

from __future__ import annotations

import pytest
from websockets.frames import Opcode
from websockets.protocol import CLIENT, OPEN, Protocol

from live.frames import Frame, framed


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 200_000])
def test_a_frame_is_one_whole_text_frame(size: int) -> None:
    payload = ("字" * (size // 3) + "x" * (size % 3)).encode()
    reader = Protocol(CLIENT, state=OPEN, max_size=None)
    reader.receive_data(framed(payload) + framed(b"next"))
    first, second = reader.events_received()
    assert (first.opcode, first.fin, bytes(first.data)) == (Opcode.TEXT, True, payload)  # type: ignore[union-attr]
    assert bytes(second.data) == b"next"  # type: ignore[union-attr]


def test_words_and_bytes_are_made_once() -> None:
    frame = Frame("一句".encode(), (3, 4))
    assert frame.text == "一句"
    assert frame.text is frame.text
    assert frame.wire is frame.wire
