"""Reads the table of permissions and knows every address, command and act that must stand in it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import msgspec
from django.urls import URLPattern, URLResolver, get_resolver

from broadcast import registry
from live import commands
from tests.permissions.world import COLUMNS

FILE = Path(__file__).with_name("matrix.txt")
# How many letters of a column's name stand over it.
HEAD = 3
# The sockets by their routes, and where each is asked for.
SOCKETS = {
    "live/airings/<uuid:airing_id>/socket": "audience",
    "live/airings/<uuid:airing_id>/staff": "staff",
    "overlay/<str:token>/socket": "overlay",
}
SOCKET_PATHS = {
    "audience": "/live/airings/{airing}/socket",
    "staff": "/live/airings/{airing}/staff",
    "overlay": "/overlay/{overlay}/socket",
}


# The role that came last. A line may leave its cell out: it may then do what all may who work behind the scenes, and no more.
LATEST, BEHIND = "captioner", ("call_screener", "host", "auditor")


@dataclass(frozen=True)
class Row:
    """One line: `kind` is GET, POST, SOCK, DO (a command) or ACT; `place` which show; `cells` by column, + or . (or - alone: 405)."""

    kind: str
    name: str
    place: str
    cells: dict[str, str]

    @property
    def key(self) -> tuple[str, str]:
        return self.kind, self.name

    def __str__(self) -> str:
        return f"{self.kind} {self.name}{'@' + self.place if self.place else ''}"


def rows() -> list[Row]:
    """The table as it is written."""
    found = []
    for line in FILE.read_text(encoding="utf-8").splitlines():
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        kind, where, *cells = words
        name, _at, place = where.partition("@")
        if cells == ["-"]:
            cells = ["-"] * len(COLUMNS)
        if len(cells) == len(COLUMNS) - 1:
            cells.insert(list(COLUMNS).index(LATEST), _of_the_latest(cells))
        assert len(cells) == len(COLUMNS), f"{line!r} has {len(cells)} cells, not {len(COLUMNS)}"
        found.append(Row(kind, name, place, dict(zip(COLUMNS, cells, strict=True))))
    return found


def _of_the_latest(cells: list[str]) -> str:
    known = dict(zip((each for each in COLUMNS if each != LATEST), cells, strict=True))
    found = {known[each] for each in BEHIND}
    return found.pop() if len(found) == 1 else "."


@cache
def addresses() -> dict[str, set[str]]:
    """Every address by its name, with the names of its placeholders."""
    found: dict[str, set[str]] = {}

    def walk(resolver: URLResolver, space: str, parameters: set[str]) -> None:
        for each in resolver.url_patterns:
            inside = parameters | set(each.pattern.regex.groupindex) | set(getattr(each.pattern, "converters", ()))
            if isinstance(each, URLPattern):
                found[space + str(each.name)] = inside
            else:
                walk(each, space + (f"{each.namespace}:" if each.namespace else ""), inside)

    walk(get_resolver(), "", set())
    return found


def tags() -> dict[str, type[msgspec.Struct]]:
    """Every command that a socket or POST takes, by its tag, but act.perform, whose acts stand for themselves."""
    kinds = [*commands.AUDIENCE, *commands.STAFF]
    return {str(each.__struct_config__.tag): each for each in kinds if each.__struct_config__.tag != "act.perform"}


def acts() -> set[str]:
    """Every act of act.perform."""
    return {
        *commands._LIFECYCLE,
        *(name for name, _act in registry.staff_acts),
        *(name for name, _act in registry.staff_acts_on),
    }


def expected() -> set[tuple[str, str]]:
    """What must have a line."""
    pages = {(kind, name) for name in addresses() for kind in ("GET", "POST")}
    sockets = {("SOCK", name) for name in SOCKETS.values()}
    return pages | sockets | {("DO", tag) for tag in tags()} | {("ACT", name) for name in acts()}


def written(row: Row) -> str:
    """The row as it stands in the file."""
    nothing = "-" in row.cells.values() and not set(row.cells.values()) - {"-", "."}
    cells = "-" if nothing else "  ".join(row.cells.values())
    return f"{row.kind:<5}{row.name + ('@' + row.place if row.place else ''):<34}{cells}".rstrip()
