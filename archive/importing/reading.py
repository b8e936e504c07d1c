"""Reads a folder and its sheet: which file is which old episode, and what is wrong before any file is opened; it writes nothing."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _

from archive import untrusted
from archive.importing import matching
from archive.importing.matching import Matched, Unmatched
from archive.importing.media import OLD
from archive.importing.rows import COLUMNS, Entry, NoColumns, entries, plain
from archive.models import ImportItem
from archive.storage.base import digest_of
from broadcast import clock, sheets
from broadcast.errors import InvalidInput
from broadcast.models import Programme
from broadcast.services import recorded

_SHEETS = {".csv", ".xlsx"}
_MOST_FILES = 50_000


@dataclass(frozen=True)
class Source:
    """The folder, and the sheet in it ("" without one: then the files' names say what they are)."""

    folder: Path
    sheet: str


@dataclass(frozen=True)
class Planned:
    """One file that is to be imported, with its row; `problem` when that cannot be."""

    file: str
    size: int
    fingerprint: str
    entry: Entry
    programme: Programme
    problem: str = ""
    detail: str = ""

    @property
    def start(self) -> dt.datetime:
        """When it went out, or the day's beginning."""
        return start_of(self.entry.date, self.entry.time)


@dataclass(frozen=True)
class Plan:
    """All that the folder holds."""

    source: Source
    items: tuple[Planned, ...]
    unmatched: tuple[Unmatched, ...]


def start_of(date: str, time: str) -> dt.datetime:
    """The time that the house's clocks showed, aware."""
    return dt.datetime.fromisoformat(f"{date}T{time or '00:00:00'}").replace(tzinfo=clock.ZONE).astimezone(dt.UTC)


def find(path: Path) -> Source:
    """A folder with at most one sheet beside the files, or the sheet itself. Raises InvalidInput."""
    if path.is_file() and path.suffix.lower() in _SHEETS:
        return Source(path.parent.resolve(), path.name)
    if not path.is_dir():
        raise InvalidInput(_("没有这个文件夹或表格：%(path)s") % {"path": path})
    found = sorted(each.name for each in path.iterdir() if each.suffix.lower() in _SHEETS and _is_plain(each.name))
    if len(found) > 1:
        raise InvalidInput(_("文件夹里有几个表格，请直接写明用哪一个：%(names)s") % {"names": "、".join(found)})
    return Source(path.resolve(), found[0] if found else "")


def _is_plain(name: str) -> bool:
    # Programs' own leavings: hidden files, and what a spreadsheet program keeps beside an open sheet.
    return not name.startswith((".", "~$"))


def read(source: Source, default: Programme | None) -> Plan:
    """What the folder holds, matched with its sheet. Opens the sheet alone. Raises InvalidInput for a sheet that cannot be read."""
    files = dict(_files(source))
    matched = _matched(source, list(files))
    programmes = {
        plain(name): each for each in Programme.objects.all() for name in (each.name_zh, each.name_en, each.slug)
    }
    items, left, seen = [], list(matched.unmatched), set[tuple[int, int]]()
    for entry, file in matched.pairs:
        programme = programmes.get(plain(entry.programme)) if entry.programme else default
        if programme is None:
            problem = "unknown_programme" if entry.programme else "no_programme"
            left.append(Unmatched(problem, line=entry.line, file=file, detail=entry.programme))
            continue
        size, changed = files[file]
        fingerprint = _fingerprint(entry, programme, size, changed)
        problem, detail = _problem(entry, programme)
        key = (programme.pk, entry.number or 0)
        if not problem and entry.number and key in seen:
            problem, detail = "number_twice", str(entry.number)
        seen.add(key)
        items.append(Planned(file, size, fingerprint, entry, programme, problem, detail))
    return Plan(source, tuple(items), tuple(left))


def _files(source: Source) -> Iterator[tuple[str, tuple[int, int]]]:
    """Plain files below the folder with size and time, links left aside. Raises InvalidInput when there are too many."""
    count = 0
    for folder, below, names in os.walk(source.folder, followlinks=False):
        below[:] = sorted(each for each in below if _is_plain(each))
        for name in sorted(names):
            path = Path(folder) / name
            relative = path.relative_to(source.folder).as_posix()
            if not _is_plain(name) or relative == source.sheet or path.suffix.lower() in _SHEETS or path.is_symlink():
                continue
            count += 1
            if count > _MOST_FILES:
                raise InvalidInput(_("文件夹里的文件太多，请分批导入。"))
            facts = path.lstat()
            # A name that is no text cannot be kept in a row.
            if len(relative) <= 1000 and relative.isprintable():
                yield relative, (facts.st_size, facts.st_mtime_ns)


def _matched(source: Source, files: list[str]) -> Matched:
    if not source.sheet:
        return matching.by_names_alone(files)
    path = source.folder / source.sheet
    try:
        if path.stat().st_size > sheets.MOST_BYTES:
            raise InvalidInput(_("表格太大。"))
        rows = sheets.rows(path.read_bytes(), path.name)
        return matching.match(entries(rows), files)
    except sheets.BadSheet as error:
        line = _("第 %(line)s 行：") % {"line": error.line} if error.line else ""
        raise InvalidInput(f"{path.name}: {line}{error.message}") from error
    except NoColumns as error:
        known = "、".join(words[-1] if name == "file" else words[2] for name, words in COLUMNS.items())
        raise InvalidInput(_("表格第一行要写列名，例如：%(names)s") % {"names": known}) from error


def _fingerprint(entry: Entry, programme: Programme, size: int, changed: int) -> str:
    facts = [{**entry.kept(), "line": 0}, programme.pk, size, changed]
    return hashlib.sha256(json.dumps(facts, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def _problem(entry: Entry, programme: Programme) -> tuple[str, str]:
    """What is wrong with the row; whether its number is taken is asked when it is imported, since that may be by itself."""
    if entry.problem:
        return entry.problem, entry.detail
    if not entry.date:
        return "no_date", ""
    found = recorded.problem_of(programme, None, entry.title, start_of(entry.date, entry.time))
    return found, entry.title[:200] if found == "long_title" else entry.date if found == "date_ahead" else ""


def foretell(plan: Plan) -> list[tuple[Planned, str, str]]:
    """Each file with what would become of it as far as that can be said without opening it whole: problem ("" none) and detail."""
    found, contents = [], dict[tuple[int, str], str]()
    sizes = [each.size for each in plan.items]
    known = set(ImportItem.objects.filter(state="done", size_bytes__in=set(sizes)).values_list("size_bytes", flat=True))
    for each in plan.items:
        problem, detail = each.problem, each.detail
        path = plan.source.folder / each.file
        if not problem:
            problem = _head_problem(path, each.size)
        if not problem and (sizes.count(each.size) > 1 or each.size in known):
            # Only what is as large can be the same.
            with path.open("rb") as stream:
                digest = digest_of(stream)[1]
            detail = _known_content(plan, each, digest) or contents.get((each.size, digest), "")
            problem = "same_content" if detail else ""
            contents.setdefault((each.size, digest), each.file)
        if not problem and _is_taken(plan, each):
            problem, detail = "number_taken", str(each.entry.number)
        found.append((each, problem, detail))
    return found


def _head_problem(path: Path, size: int) -> str:
    if not size:
        return "media_empty"
    if size > OLD.bytes:
        return "media_too_large"
    with path.open("rb") as stream:
        demuxer = untrusted.demuxer_of(stream.read(512))
    return "" if demuxer in OLD.formats.split(",") else "media_format"


def _ours(plan: Plan, each: Planned) -> bool:
    """Whether this very file was imported before."""
    return ImportItem.objects.filter(
        batch__folder=str(plan.source.folder), batch__sheet=plan.source.sheet, file=each.file, state="done"
    ).exists()


def _known_content(plan: Plan, each: Planned, digest: str) -> str:
    if _ours(plan, each):
        return ""
    item = ImportItem.objects.filter(state="done", digest=digest).first()
    return item.file if item else ""


def _is_taken(plan: Plan, each: Planned) -> bool:
    number = each.entry.number
    return number is not None and each.programme.episodes.filter(number=number).exists() and not _ours(plan, each)
