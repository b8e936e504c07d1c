"""The search against a plain scan: whatever the texts and the question, both find the same, and mark the same."""

from __future__ import annotations

import datetime as dt
import unicodedata

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive.models import SearchDocument
from archive.search import asking, finding, tokens, vectors
from archive.search.finding import Narrowing
from archive.search.results import _joined
from broadcast.han import is_han, simplified
from broadcast.models import Airing
from tests.archive.finding_making import START, make_out

LETTERS = "议事厅議廳的5Gg一Ｇé， 。a-'’👍禁"
TEXTS = st.text(LETTERS, min_size=1, max_size=14)
TYPED = st.text(LETTERS, min_size=1, max_size=6)


def folded(text: str) -> str:
    """As one would write it down without any index: Han simplified, words between bars, the rest gone."""
    plain = unicodedata.normalize("NFKC", text).lower()
    plain = "".join(each for each in unicodedata.normalize("NFKD", plain) if unicodedata.category(each) != "Mn")
    found = ""
    for each in plain:
        if is_han(each):
            found += f"|{simplified().get(each, each)}|"
        else:
            found += each if each.isalnum() else "|"
    return "|" + "|".join(filter(None, found.split("|"))) + "|"


def scanned(rows: dict[int, str], typed: str) -> set[int]:
    """The rows that hold every word."""
    words = [folded(each) for each in typed.split() if folded(each).strip("|")]
    return {pk for pk, text in rows.items() if words and all(word in folded(text) for word in words)}


def write(airing: Airing, texts: list[str]) -> dict[int, str]:
    SearchDocument.objects.all().delete()
    made = SearchDocument.objects.bulk_create(
        SearchDocument(
            episode=airing.episode,
            programme=airing.episode.programme,
            kind="line",
            source="none",
            key=str(number),
            text=text,
            aired_at=START,
            words=vectors.vector(tokens.tokens(text)),
        )
        for number, text in enumerate(texts)
    )
    return {row.pk: row.text for row in made}


@pytest.mark.django_db
def test_of_very_many_the_newest_are_found_by_whichever_way(monkeypatch: pytest.MonkeyPatch) -> None:
    airing = make_out()
    narrowing = Narrowing(programmes=(airing.episode.programme_id,))
    for number in range(60):
        at = START - dt.timedelta(days=20 * number)
        SearchDocument.objects.create(
            episode=airing.episode,
            programme=airing.episode.programme,
            kind="line",
            source="none",
            key=str(number),
            text="议事",
            aired_at=at,
            words=vectors.vector(tokens.tokens("议事" if number % 3 else "别的"), at),
        )
    monkeypatch.setattr(finding, "MOST", 4)
    monkeypatch.setattr(finding, "SAMPLE", 12)
    found = []
    for common, usual in ((0, 0), (99, 1), (99, 99)):
        monkeypatch.setattr(finding, "COMMON", common)
        monkeypatch.setattr(finding, "USUAL", usual)
        answer = finding.find(asking.words("议事"), narrowing)
        assert answer.is_cut_off
        found.append([(row.pk, row.episode) for row in answer.rows])
    numbers = [str(number) for number in range(60) if number % 3][:4]
    newest = SearchDocument.objects.filter(key__in=numbers).order_by("-aired_at").values_list("pk", "episode")
    assert found == [list(newest)] * 3


@pytest.mark.django_db
@pytest.mark.parametrize("common", [0, 10**9], ids=["walked", "looked up"])
def test_the_index_finds_what_a_scan_finds(common: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "COMMON", common)
    airing = make_out()
    narrowing = Narrowing(programmes=(airing.episode.programme_id,))

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(TEXTS, min_size=1, max_size=12), st.lists(TYPED, min_size=1, max_size=6))
    def same(texts: list[str], questions: list[str]) -> None:
        rows = write(airing, texts)
        for typed in questions:
            found = finding.find(asking.words(typed), narrowing)
            assert {row.pk for row in found.rows} == scanned(rows, typed), (texts, typed)

    same()


@settings(max_examples=300, deadline=None)
@given(TEXTS, TYPED)
def test_what_is_marked_is_what_was_looked_for(text: str, typed: str) -> None:
    for word in asking.words(typed):
        places = word.places(text, by_sound=False)
        assert bool(places) == (folded(word.typed) in folded(text))
        for first, last in _joined(places):
            marked = folded(text[first:last])
            assert set(folded(word.typed).split("|")) == set(marked.split("|"))


@given(st.text(max_size=30))
def test_places_of_tokens_are_places_of_the_text(text: str) -> None:
    found = tokens.tokens(text)
    assert all(0 <= each.start < each.end <= len(text) for each in found)
    assert [each.start for each in found] == sorted(each.start for each in found)
    assert all("'" not in each.text and "\\" not in each.text and each.text for each in found)
