"""The forms in which a transcript comes and goes, by name; it reads no row."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from archive.transcripts import plain, subrip, webvtt
from archive.transcripts.lines import Line
from broadcast.errors import InvalidInput


@dataclass(frozen=True)
class Form:
    """One form of file."""

    parse: Callable[[bytes], list[Line]]
    write: Callable[[Iterable[Line]], str]
    media_type: str


FORMS = {
    "srt": Form(subrip.parse, subrip.write, "application/x-subrip"),
    "vtt": Form(webvtt.parse, webvtt.write, "text/vtt"),
    "txt": Form(plain.parse, plain.write, "text/plain"),
}


def form(name: str) -> Form:
    """By name. Raises InvalidInput."""
    found = FORMS.get(name.lower())
    if found is None:
        raise InvalidInput(_("只认 SRT、WebVTT（.vtt）和 TXT 文件。"), field="file")
    return found


def parse(file_name: str, content: bytes) -> list[Line]:
    """A file's lines, by what its name ends with. Raises InvalidInput, with the line where one is wrong; also for no lines at all."""
    lines = form(file_name.rpartition(".")[2]).parse(content)
    if not lines:
        raise InvalidInput(_("文件里没有一句话。"), field="file")
    return lines
