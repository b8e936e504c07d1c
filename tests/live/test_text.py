"""Hostile strings, and honest ones that must stay as they are."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live import text


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        ("  你好   世界 ", "你好 世界"),
        ("一行\n两行\r\n\t三行\u2028四行", "一行 两行 三行 四行"),
        ("<script>alert(1)</script> & \"'", "<script>alert(1)</script> & \"'"),
        ("ab\u202ecd\u202d\u2066e\u2069", "abcde"),
        ("a\u200bb\u200cc\u2060d\ufeffe\u00adf", "abcdef"),
        ("a\x00b\x07c\x1b[31md", "abc[31md"),
        ("e\u0301", "é"),
        ("👨\u200d👩\u200d👧 一家", "👨\u200d👩\u200d👧 一家"),
        ("👩🏽\u200d💻", "👩🏽\u200d💻"),
        ("❤️\u200d🔥", "❤️\u200d🔥"),
        ("a\u200db", "ab"),
        (
            "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
            "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        ),
        ("隐\U000e0041\U000e0042藏", "隐藏"),
        ("乱" + "\u0338" * 40, "乱" + "\u0338" * 4),
        ("私\ue000用", "私用"),
        ("\u3164空\u115f白\uffa0", "空白"),
        ("１２３ＡＢＣ", "１２３ＡＢＣ"),
        ("𠮷野家 龘", "𠮷野家 龘"),
    ],
)
def test_cleaned(raw: str, kept: str) -> None:
    assert text.clean(raw, 500) == kept


@pytest.mark.parametrize(
    "raw",
    ["", "   ", "\n\t", "\u200b\u200c\u2060", "\u202e", "\x00\x01", "\u3000\u2800", "\u3164", "\u0301\u0301", "\ufe0f"],
)
def test_nothing_to_see_is_refused(raw: str) -> None:
    with pytest.raises(text.BadText) as caught:
        text.clean(raw, 500)
    assert caught.value.code == "empty"


def test_too_long_says_how_long() -> None:
    assert len(text.clean("字" * 500, 500)) == 500
    with pytest.raises(text.BadText) as caught:
        text.clean("字" * 10_000, 500)
    assert (caught.value.code, caught.value.length) == ("too_long", 10_000)


@given(st.text(max_size=300))
def test_cleaning_twice_changes_nothing_and_leaves_nothing_invisible(raw: str) -> None:
    try:
        once = text.clean(raw, 1_000)
    except text.BadText:
        return
    assert text.clean(once, 1_000) == once
    for character in once:
        invisible = unicodedata.category(character) in {"Cc", "Cs", "Co"}
        assert not invisible
        if unicodedata.category(character) == "Cf":
            assert character == text.ZWJ or character > "\U000e0000"


@pytest.mark.parametrize(
    ("raw", "number"), [("0", 0), ("17", 17), ("", None), ("-1", None), ("1.5", None), ("١٢", None), ("9" * 17, None)]
)
def test_a_number_is_plain_digits_and_no_longer_than_an_id(raw: str, number: int | None) -> None:
    assert text.whole(raw) == number
