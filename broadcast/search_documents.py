"""What may be found of an episode, as the apps hand it to the search; plain data, it finds nothing."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

# What stands at the head of an episode; it is found by sound too, and counts for all that is found below it.
HEAD_KINDS = ("title", "guest", "sector", "programme")
KINDS = (*HEAD_KINDS, "summary", "part", "question", "promise", "answer", "poll", "line")


@dataclass(frozen=True, slots=True)
class Document:
    """One piece of public words. `kind` is of KINDS; `key` names it within its source, for good.

    `text` is what the public reads, nothing else. With `at`, the programme's time, a hit leads to that second of the airing's
    replay; a `line` whose time is not in the replay is never found. `department` is whose answer or promise it is.
    """

    kind: str
    key: str
    text: str
    airing: UUID | None = None
    at: dt.datetime | None = None
    speaker: str = ""
    department: str = ""
