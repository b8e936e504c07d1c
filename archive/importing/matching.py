"""Which row of the sheet belongs to which file, and why one has none; pure: it opens nothing and guesses nothing that is not sole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from archive.importing.rows import Entry, dates, numbers, plain


@dataclass(frozen=True)
class Unmatched:
    """A row without a file (line), or a file without a row (file), and why."""

    problem: str
    line: int = 0
    file: str = ""
    detail: str = ""


@dataclass(frozen=True)
class Matched:
    """Pairs in the order of the sheet, and what is left."""

    pairs: tuple[tuple[Entry, str], ...]
    unmatched: tuple[Unmatched, ...]


def match(entries: Sequence[Entry], files: Sequence[str]) -> Matched:
    """By the file that a row names; else by number and day in the file's name, wherever that leaves one file and one row alone.

    `files` are paths within the folder, with slashes.
    """
    taken: dict[str, Entry] = {}
    problems: dict[int, tuple[str, str]] = {}
    _by_name([each for each in entries if each.file], files, taken, problems)
    loose = [each for each in entries if not each.file]
    for keys in (_both, _number_alone, _date_alone):
        _by_facts(
            [each for each in loose if each.line not in {entry.line for entry in taken.values()}], files, taken, keys
        )
    lines = {entry.line for entry in taken.values()}
    left = [_unmatched(each, problems) for each in entries if each.line not in lines]
    left += [Unmatched("no_row", file=file) for file in files if file not in taken]
    pairs = sorted(((entry, file) for file, entry in taken.items()), key=lambda pair: pair[0].line)
    return Matched(tuple(pairs), tuple(left))


def _unmatched(entry: Entry, problems: dict[int, tuple[str, str]]) -> Unmatched:
    problem, detail = problems.get(entry.line, ("no_file", entry.file))
    return Unmatched(problem, line=entry.line, detail=detail)


def _by_name(
    entries: Iterable[Entry], files: Sequence[str], taken: dict[str, Entry], problems: dict[int, tuple[str, str]]
) -> None:
    """A path, a name with or without its ending; the more exact counts first."""
    known: list[dict[str, list[str]]] = [defaultdict(list), defaultdict(list), defaultdict(list)]
    for file in files:
        path = PurePosixPath(file)
        for names, key in zip(known, (file, path.name, path.stem), strict=True):
            names[plain(key)].append(file)
    for entry in entries:
        wanted = plain(entry.file.replace("\\", "/"))
        found = next((names[wanted] for names in known if wanted in names), [])
        if len(found) > 1:
            problems[entry.line] = ("several_files", "、".join(found)[:300])
        elif found and found[0] in taken:
            problems[entry.line] = ("file_taken", f"{found[0]} ({taken[found[0]].line})")
        elif found:
            taken[found[0]] = entry


Keys = Callable[[Iterable[int], Iterable[str]], Iterable[Hashable]]


def _both(found: Iterable[int], days: Iterable[str]) -> Iterable[Hashable]:
    days = list(days)
    return [(number, day) for number in found for day in days]


def _number_alone(found: Iterable[int], days: Iterable[str]) -> Iterable[Hashable]:
    return list(found)


def _date_alone(found: Iterable[int], days: Iterable[str]) -> Iterable[Hashable]:
    return list(days)


def _by_facts(entries: Sequence[Entry], files: Sequence[str], taken: dict[str, Entry], keys: Keys) -> None:
    """Where a fact is that of one row and one file alone, they belong together."""
    rows: dict[Hashable, list[Entry]] = defaultdict(list)
    named: dict[Hashable, list[str]] = defaultdict(list)
    for entry in entries:
        for key in keys([entry.number] if entry.number else [], [entry.date] if entry.date else []):
            rows[key].append(entry)
    for file in files:
        if file not in taken:
            stem = PurePosixPath(file).stem
            for key in dict.fromkeys(keys(numbers(stem), dates(stem))):
                named[key].append(file)
    done: set[int] = set()
    for key, found in rows.items():
        one = named.get(key, [])
        if len(found) == 1 and len(one) == 1 and one[0] not in taken and found[0].line not in done:
            taken[one[0]] = found[0]
            done.add(found[0].line)


def by_names_alone(files: Sequence[str]) -> Matched:
    """Without a sheet: number, day and title as the file's name says them; one that says no day has no place."""
    pairs, left = [], []
    for at, file in enumerate(files, start=1):
        stem = PurePosixPath(file).stem
        days, found = dates(stem), numbers(stem)
        if len(days) != 1:
            left.append(Unmatched("no_date_in_name", file=file))
            continue
        pairs.append(
            (Entry(line=at, number=found[0] if len(found) == 1 else None, date=days[0], title=stem, file=file), file)
        )
    return Matched(tuple(pairs), tuple(left))
