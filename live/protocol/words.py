"""The small types and bounds that commands and frames share; declarations only."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

MAX_FRAME_BYTES = 16_384
TEXT_MAX = 500
# A browser and the server both keep this many public comments, the newest by (at, id); trimming is never sent as a removal.
COMMENTS_SHOWN = 100

CommandId = Annotated[str, Meta(min_length=8, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
Text = Annotated[str, Meta(min_length=1, max_length=4_000)]
Id = Annotated[int, Meta(ge=1, le=2**53 - 1)]
Version = Annotated[int, Meta(ge=0, le=2**53 - 1)]
Reason = Annotated[str, Meta(max_length=200)]
ItemKind = Literal["comment", "question"]
ReasonCode = Annotated[str, Meta(min_length=1, max_length=32)]
# First and last+1 code point of the item's own words.
Span = tuple[Annotated[int, Meta(ge=0, le=4_000)], Annotated[int, Meta(ge=1, le=4_000)]]
ItemState = Literal[
    "pending",
    "held",
    "second",
    "escalated",
    "approved",
    "queued",
    "on_air",
    "answered",
    "promised",
    "closed",
    "rejected",
    "withdrawn",
    "retracted",
    "merged",
]


class Command(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type"):
    """What a browser sends. `id` is made by the browser, new for each act and the same on each retry of it."""

    id: CommandId
