"""Precision and recall of the rules that a house begins with, on a sample of our own and its disguises; printed, and held to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from live.rules.book import Book, Rule
from live.services import rule_seeds
from tests.live.rules import disguises

SAMPLE = Path(__file__).with_name("sample.tsv")


@dataclass(frozen=True)
class Line:
    """A comment of the sample; `kind` of the rule that should find something in it, or nothing."""

    kind: str
    text: str
    how: str


def book() -> Book:
    rules = []
    for number, row in enumerate(rule_seeds.rows(), start=1):
        words = row.pop("words", [])
        spared = tuple(word.removeprefix("!") for word in words if word.startswith("!"))
        own = tuple(word for word in words if not word.startswith("!"))
        rules.append(
            Rule(
                id=number,
                code=f"R-{number:03d}",
                **{key: value for key, value in row.items() if key != "category"},
                words=own,
                except_words=spared,
            )
        )
    return Book(tuple(rules))


def lines() -> list[Line]:
    found = []
    for row in SAMPLE.read_text(encoding="utf-8").splitlines():
        if row.startswith("#"):
            continue
        kind, words, text = row.split("\t")
        if kind == "terms":
            found += [
                Line("terms", text.replace(words, make(words)), how) for how, make in sorted(disguises.HAN.items())
            ]
        else:
            found.append(Line("" if kind == "-" else words, text, "hard" if kind == "hard" else "harmless"))
    return found


def test_the_rules_find_what_they_should_and_little_else() -> None:
    rules = book()
    right: Counter[str] = Counter()
    missed: dict[str, list[str]] = {}
    wrong: list[str] = []
    for line in lines():
        kinds = {hit.rule.kind for hit in rules.read(line.text)}
        if line.kind and line.kind in kinds:
            right[line.how] += 1
        elif line.kind:
            missed.setdefault(line.how, []).append(line.text)
        elif kinds:
            wrong.append(f"{line.text} {kinds}")
    found, lost = sum(right.values()), sum(map(len, missed.values()))
    precision, recall = found / (found + len(wrong)), found / (found + lost)
    hard = right["hard"] / (right["hard"] + len(missed.get("hard", [])))
    harmless = sum(not line.kind for line in lines())
    print(f"\nsample: {len(lines())} comments, {harmless} of them harmless")
    print(f"precision {precision:.3f}  recall {recall:.3f}  recall of what people write by hand {hard:.3f}")
    print("wrongly found:", *wrong, sep="\n  ")
    print("missed:", *(f"{how}: {text}" for how, texts in missed.items() for text in texts), sep="\n  ")
    assert precision >= 0.97
    assert recall >= 0.97
    assert hard >= 0.88
    assert len(wrong) <= harmless * 0.08
