"""Files of captions: what is written is read back, other parsers agree, hostile ones are refused by their line."""

from __future__ import annotations

import contextlib
import io
from itertools import pairwise

import pytest
import webvtt as judge
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.transcripts import formats, plain, splitting, subrip, webvtt
from archive.transcripts.lines import Line, Unreadable, cleaned, named
from archive.transcripts.recognise import Heard

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=60).map(cleaned)
# Tags of SRT and WebVTT are not words.
SAFE = WORDS.filter(lambda text: text and not set(text) & set("<>{}&"))
NAMES = st.one_of(st.just(""), st.sampled_from(["王委员", "主持人", "Li Lei", "市民 张女士"]))


def _lines(words: st.SearchStrategy[str]) -> st.SearchStrategy[list[Line]]:
    times = st.lists(st.integers(0, 80_000_000), min_size=2, max_size=10, unique=True).map(sorted)

    @st.composite
    def made(draw: st.DrawFn) -> list[Line]:
        found = draw(times)
        pairs = zip(found[::2], found[1::2], strict=False)
        return [Line(start / 1000, end / 1000, draw(NAMES), draw(words)) for start, end in pairs]

    return made()


@pytest.mark.parametrize("form", ["srt", "vtt", "txt"])
@settings(max_examples=25, deadline=None)
@given(lines=_lines(SAFE))
def test_what_is_written_is_read_back(form: str, lines: list[Line]) -> None:
    assert formats.parse(f"a.{form}", formats.form(form).write(lines).encode()) == lines


@settings(max_examples=25, deadline=None)
@given(lines=_lines(WORDS.filter(bool)))
def test_webvtt_carries_any_words_at_all(lines: list[Line]) -> None:
    assert webvtt.parse(webvtt.write(lines).encode()) == lines


@settings(max_examples=20, deadline=None)
@given(lines=_lines(SAFE))
def test_another_parser_reads_our_webvtt_the_same(lines: list[Line]) -> None:
    found = judge.from_buffer(io.StringIO(webvtt.write(lines))).captions
    assert [(each.start_in_seconds, each.end_in_seconds) for each in found] == [
        (int(line.start), int(line.end)) for line in lines
    ]
    assert [each.voice or "" for each in found] == [line.speaker for line in lines]
    assert [cleaned(each.text) for each in found] == [line.text for line in lines]


@settings(max_examples=80, deadline=None)
@given(content=st.binary(max_size=300), form=st.sampled_from(["srt", "vtt", "txt"]))
def test_rubbish_is_refused_or_read_and_never_anything_else(content: bytes, form: str) -> None:
    lines: list[Line] = []
    with contextlib.suppress(Unreadable):
        lines = formats.FORMS[form].parse(content)
    assert all(0 <= line.start < line.end and line.text for line in lines)


@pytest.mark.parametrize(
    ("form", "text", "line"),
    [
        ("srt", "1\n00:00:01,000 --> 00:00:02,000\n好\n\n2\n00:00:05,000 --> 00:00:04,000\n坏\n", 6),
        ("srt", "1\n00:00:01,000 --> 0:99:02,000\n好\n", 2),
        ("srt", "1\n00:00:01,000 --> 00:00:02,000\n好\n\n没有时间\n还是没有\n", 5),
        ("srt", "1\n00:00:01,000 --> 00:00:02,000\n\n", 2),
        ("vtt", "00:01.000 --> 00:02.000\n没有头\n", 1),
        ("vtt", "WEBVTT\n\nNOTE 注\n\n00:01.000 --> 昨天\n好\n", 5),
        ("vtt", "WEBVTT\n\n00:01.000 --> 30:00:00.000\n太长\n", 3),
        ("txt", "[00:00:01.000 - 00:00:02.000] 好\n[00:00:xx - 00:00:03.000 0:1] 坏\n", 2),
        ("txt", "好\n" + "长" * 501, 2),
    ],
)
def test_the_error_names_the_line(form: str, text: str, line: int) -> None:
    with pytest.raises(Unreadable, match=f"第 {line} 行") as caught:
        formats.FORMS[form].parse(text.encode())
    assert caught.value.data["line"] == line


def test_a_file_of_too_many_lines_or_bytes_or_no_text_is_refused() -> None:
    with pytest.raises(Unreadable):
        plain.parse(b"a\n" * 20_001)
    with pytest.raises(Unreadable):
        plain.parse(b"a" * (8 << 20) + b"a")
    with pytest.raises(Unreadable, match="第 2 行"):
        plain.parse(b"a\n\0\0")


def test_files_of_other_programs_are_read() -> None:
    srt = "\ufeff1\r\n00:00:01,5 --> 00:00:03,000 X1:10\r\n<i>王委员：</i>大家\r\n{\\an8}好\r\n"
    assert subrip.parse(srt.encode("utf-8")) == [Line(1.5, 3.0, "王委员", "大家好")]
    assert subrip.parse(srt[1:].encode("gb18030")) == subrip.parse(srt[1:].encode("utf-16"))
    vtt = "WEBVTT - 题\nX-TIMESTAMP-MAP=LOCAL:0\n\nSTYLE\n::cue{}\n\nid\n00:01.000 --> 00:02.000 line:0\n<v.a 李>a &amp; b</v>\nc"
    assert webvtt.parse(vtt.encode()) == [Line(1.0, 2.0, "李", "a & b c")]
    assert plain.parse("第一句话。\n\n第二句。".encode()) == [
        Line(0.0, 1.1, "", "第一句话。"),
        Line(1.1, 2.1, "", "第二句。"),
    ]


def test_a_time_or_a_sentence_with_a_colon_is_no_name() -> None:
    assert named("王委员：好") == ("王委员", "好")
    assert named("会议在10：30开始") == ("", "会议在10：30开始")
    assert named("我说，好：不好") == ("", "我说，好：不好")


def test_long_speech_becomes_lines_that_can_be_read() -> None:
    text = "大家好，欢迎来到今天的直播，我们今天讨论垃圾分类和停车收费的问题。请大家积极发言。"
    found = splitting.readable([Heard(2.0, 10.0, text)])
    assert "".join(each.text for each in found) == text
    assert all(len(each.text) <= splitting.MOST for each in found)
    assert (found[0].start, found[-1].end) == (2.0, 10.0)
    assert all(left.end == right.start for left, right in pairwise(found))
