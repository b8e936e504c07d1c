"""The signed link of an overlay: which airing, whose time, which generation, until when; it asks no database and carries nobody's data."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from django.core import signing

from broadcast import clock

Kind = Literal["studio", "public", "hall"]
KINDS: tuple[Kind, ...] = ("studio", "public", "hall")
_SALT = "live.overlay"


@dataclass(frozen=True)
class Link:
    """What a link says. `studio` is ahead of the public by the delay, for who composes the picture; `public` goes with it, and so does
    `hall`, the page of a hall (`venue`: whose, 0 for the show's own)."""

    airing_id: UUID
    kind: Kind
    generation: int
    expires_at: dt.datetime
    venue: int = 0


def make(link: Link) -> str:
    """The link's token; the same for the same link."""
    said: list[str | int] = [str(link.airing_id), link.kind, link.generation, int(link.expires_at.timestamp())]
    if link.kind == "hall":
        said.append(link.venue)
    return signing.Signer(salt=_SALT).sign_object(said, compress=False)


def read(token: str) -> Link | None:
    """What the token says; None when we did not sign it, or its time is over. Whether it was revoked, the database knows."""
    try:
        airing, kind, generation, expires, *venue = signing.Signer(salt=_SALT).unsign_object(token)
        link = Link(UUID(airing), kind, int(generation), dt.datetime.fromtimestamp(expires, dt.UTC), *venue)
    except (signing.BadSignature, ValueError, TypeError, AttributeError):
        return None
    return link if link.expires_at > clock.now() and link.kind in KINDS else None
