"""Cuts a long stretch of recognised speech into lines that can be read as captions; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from archive.transcripts.recognise import Heard

# Two rows of a caption on a phone.
MOST = 26
_SENTENCE = re.compile(r"[^。！？!?；;]*[。！？!?；;]+|[^。！？!?；;]+")
_CLAUSE = re.compile(r"[^，,、]*[，,、]+|[^，,、]+")


def readable(heard: Iterable[Heard]) -> list[Heard]:
    """The same words in the same order and time; what is cut gets its share of the time by its characters."""
    return [part for each in heard for part in _split(each)]


def _split(heard: Heard) -> Iterator[Heard]:
    texts = list(_pieces(heard.text))
    whole = sum(map(len, texts))
    long, said = heard.end - heard.start, 0
    for text in texts:
        start = heard.start + long * said / whole
        said += len(text)
        yield Heard(round(start, 3), round(heard.start + long * said / whole, 3), text.strip())


def _pieces(text: str) -> Iterator[str]:
    for sentence in _SENTENCE.findall(text):
        waiting = ""
        for clause in _CLAUSE.findall(sentence) if len(sentence) > MOST else [sentence]:
            if waiting and len(waiting) + len(clause) > MOST:
                yield waiting
                waiting = ""
            waiting += clause
        if waiting.strip():
            yield waiting
