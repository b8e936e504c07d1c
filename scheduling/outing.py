"""One airing as calendars, feeds and partners are told of it; plain data, without a table or a framework."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from dataclasses import dataclass, replace
from uuid import UUID

# What neither XML nor a calendar may carry.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class Outing:
    """`state` and `kind` are the airing's; `zone` names the zone whose wall time it keeps. `place` and `note` are for private calendars.

    `digest` is of what there is to say, whoever reads and in whatever language; `sequence` and `changed_at` are those of its
    CalendarEntry. Without `path` it leads nowhere.
    """

    id: UUID
    programme: str
    programme_name: str
    key: str
    title: str
    description: str
    kind: str
    state: str
    start: dt.datetime
    end: dt.datetime
    zone: str
    path: str
    is_announced: bool
    announced_at: dt.datetime | None = None
    place: str = ""
    people: tuple[str, ...] = ()
    note: str = ""
    digest: str = ""
    sequence: int = 0
    changed_at: dt.datetime = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)

    @property
    def name(self) -> str:
        """Programme and title, as a calendar's line shows them."""
        return f"{self.programme_name}：{self.title}" if self.title else self.programme_name

    def clean(self) -> Outing:
        """The same without characters that XML and calendars cannot carry."""
        return replace(
            self,
            programme_name=harmless(self.programme_name),
            title=harmless(self.title),
            description=harmless(self.description),
            place=harmless(self.place),
            note=harmless(self.note),
            people=tuple(harmless(each) for each in self.people),
        )


def harmless(text: str) -> str:
    """Text without control characters."""
    return _CONTROL.sub("", text)


def digest_of(*said: object) -> str:
    """The digest of what calendars say of an airing."""
    return hashlib.sha256(json.dumps(said, ensure_ascii=False, default=str).encode()).hexdigest()
