"""A word is found in every disguise, exactly where it stands, and not in harmless neighbourhoods."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from live.rules import addresses, flood, numbers, sounds, views
from live.rules.book import TERMS, Book, Rule, merged
from live.rules.matcher import Found, Matcher, WordList, folded
from tests.live.rules import disguises

WORDS = ("博彩", "赌博", "代开发票", "刷单返现", "办假证", "高利贷", "替考枪手")
LATIN = ("vx", "casino")
PLAIN = Matcher([WordList(1, WORDS + LATIN)])
SOUNDING = Matcher([WordList(1, WORDS, by_pinyin=True, by_sound=True)])
# What may stand around a word, and touches none of them.
AROUND = st.text(alphabet="我们小区的路灯昨天坏了请来看看，。！？ ", max_size=12)
ANYTHING = st.text(
    alphabet=st.one_of(
        st.sampled_from(
            "博彩赌代开发票微信加点一二三０１２３４５６７８９0123456789vxwqcom.@:/-_ 　·*\u200b\u0301\ufe0f\u20e3😀➕①㎏ﬁß"
        ),
        st.characters(codec="utf-8"),
    ),
    max_size=120,
)


def found_as(matcher: Matcher, source: str, word: str) -> list[tuple[int, int]]:
    return [(found.first, found.end) for found in matcher.find(source) if found.word == word]


@given(word=st.sampled_from(WORDS), how=st.sampled_from(sorted(disguises.HAN)), before=AROUND, after=AROUND)
def test_every_disguise_is_found_where_it_stands(word: str, how: str, before: str, after: str) -> None:
    written = disguises.HAN[how](word)
    source = before + written + after
    assert (len(before), len(before) + len(written)) in found_as(PLAIN, source, word), source


@given(word=st.sampled_from(LATIN), how=st.sampled_from(sorted(disguises.LATIN)), before=AROUND, after=AROUND)
def test_every_disguise_of_letters_is_found_where_it_stands(word: str, how: str, before: str, after: str) -> None:
    written = disguises.LATIN[how](word)
    source = before + written + after
    assert (len(before), len(before) + len(written)) in found_as(PLAIN, source, word), source


@given(word=st.sampled_from(WORDS), how=st.sampled_from(sorted(disguises.SOUNDS)), before=AROUND, after=AROUND)
def test_where_asked_pinyin_is_found_where_it_stands(word: str, how: str, before: str, after: str) -> None:
    written = disguises.SOUNDS[how](word)
    source = before + written + after
    assert (len(before), len(before) + len(written)) in found_as(SOUNDING, source, word), source
    assert not PLAIN.find(source)


@given(
    word=st.sampled_from(WORDS),
    ways=st.lists(st.sampled_from(["as it is", "traditional", "underlined", "split"]), min_size=4, max_size=4),
    gaps=st.lists(st.sampled_from(["", " ", "*", "\u200b", "·", "~~", "😀"]), min_size=4, max_size=4),
)
def test_a_disguise_of_its_own_for_each_character_hides_nothing(word: str, ways: list[str], gaps: list[str]) -> None:
    parts = [disguises.HAN[way](each) for each, way in zip(word, ways, strict=False)]
    written = parts[0] + "".join(gap + part for gap, part in zip(gaps, parts[1:], strict=False))
    assert (0, len(written)) in found_as(PLAIN, written, word)


@settings(max_examples=300)
@given(source=ANYTHING)
def test_every_place_lies_within_the_text(source: str) -> None:
    places = [(found.first, found.end) for found in PLAIN.find(source) + SOUNDING.find(source)]
    places += addresses.links(source) + addresses.contacts(source)
    view = views.words(source)
    places += flood.repeated(view)
    places += numbers.phones(view) + numbers.identities(view)
    assert all(0 <= first < end <= len(source) for first, end in places)


@given(source=ANYTHING)
def test_a_view_knows_for_each_character_what_it_was_made_of(source: str) -> None:
    for view in (views.words(source), views.spelled(views.words(source), sounds.letters)):
        assert len(view.text) == len(view.first) == len(view.end)
        assert all(first < end for first, end in zip(view.first, view.end, strict=True))
        assert view.first == sorted(view.first)
        assert view.end == sorted(view.end)


@given(spans=st.lists(st.tuples(st.integers(0, 50), st.integers(1, 9)).map(lambda each: (each[0], each[0] + each[1]))))
def test_merged_spans_cover_the_same_and_do_not_touch(spans: list[tuple[int, int]]) -> None:
    out = merged(spans)
    assert {at for first, end in out for at in range(first, end)} == {
        at for first, end in spans for at in range(first, end)
    }
    assert all(before[1] < after[0] for before, after in pairwise(out))


@pytest.mark.parametrize(
    "source",
    [
        "他打赌，博得满堂彩",  # a comma parts the characters
        "说好打赌。博物馆见",
        "地方博物馆",
        "avxb",
        "this is casinox",
        "c asino",  # one gap of five
    ],
)
def test_harmless_neighbours_are_no_word(source: str) -> None:
    assert not PLAIN.find(source)


def test_a_number_between_two_characters_is_a_sentence_a_letter_is_none() -> None:
    matcher = Matcher([WordList(1, ("办证",))])
    assert not matcher.find("一次办3证")
    assert matcher.find("一次办x证")


def test_exceptions_spare_the_words_inside_them_and_no_others() -> None:
    matcher = Matcher([WordList(1, ("博彩",), ("中国体育博彩史",)), WordList(2, ("彩史",))])
    source = "读《中国体育博彩史》，不碰博彩"
    assert matcher.find(source) == [Found(2, "彩史", 7, 9), Found(1, "博彩", 13, 15)]


def test_words_of_several_rules_and_inside_each_other_are_all_found() -> None:
    matcher = Matcher([WordList(1, ("发票",)), WordList(2, ("代开发票", "发票"))])
    assert {(each.rule, each.first, each.end) for each in matcher.find("代开发票")} == {(1, 2, 4), (2, 0, 4), (2, 2, 4)}


def test_sounds_and_pinyin_are_found_only_by_rules_that_ask() -> None:
    by_pinyin = Matcher([WordList(1, ("赌博",), by_pinyin=True)])
    by_sound = Matcher([WordList(1, ("赌博",), by_sound=True)])
    assert found_as(by_pinyin, "来du博吧", "赌博") == [(1, 4)]
    assert not by_pinyin.find("来读博吧")
    assert found_as(by_sound, "来度波吧", "赌博") == [(1, 3)]
    assert not by_sound.find("来dubo吧")
    assert not by_pinyin.find("adubo")
    assert not by_pinyin.find("dubox")


def test_a_word_of_signs_alone_cannot_be_compared() -> None:
    assert folded("★~") == ""
    assert folded("Ｖ 信") == "v信"


def test_a_text_is_masked_whole_and_nothing_beside_it() -> None:
    book = Book((Rule(id=1, code="R-001", name="词", kind=TERMS, action="mask", words=("博彩",)),))
    source = "这个博\u200b*彩\ufe0f真行"
    [hit] = book.read(source)
    shown = "".join("■" if any(a <= at < b for a, b in hit.spans) else each for at, each in enumerate(source))
    assert shown == "这个" + "■" * 5 + "真行"


def test_characters_that_nobody_reads_do_no_harm() -> None:
    matcher = Matcher([WordList(1, ("𪚥𪚥", "㐀㐁"), by_pinyin=True, by_sound=True)])
    assert found_as(matcher, "有𪚥𪚥字", "𪚥𪚥") == [(1, 3)]
