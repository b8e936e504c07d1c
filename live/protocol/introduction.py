"""What a partner's page says first, and what it is answered; declarations only."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class Introduce(Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="introduce"):
    """The first frame of a socket opened with `?introduce=1`, within ten seconds: who is there. Our own pages have a cookie.

    `token` is signed by the partner (good once), or the one that an earlier Introduced, or POST /account/partner, answered with.
    """

    token: Annotated[str, Meta(max_length=4_000)]


class Introduced(Struct, frozen=True, tag_field="type", tag="introduced"):
    """The partner's user is known; all goes on as for everybody. `token` is the one to come back with, good for `seconds`."""

    token: str
    seconds: int
    assurance: int
    name: str
