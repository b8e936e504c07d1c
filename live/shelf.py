"""The public state as it travels by GET: bytes, compressed once, tag and headers; pure, and the same for the cached lane and the view."""

from __future__ import annotations

import hashlib
import zlib
from collections import OrderedDict
from dataclasses import dataclass
from uuid import UUID

from live.state import State

Headers = dict[str, str]

# What a cache may do with it: a second fresh, a second more while it asks again, a minute while we do not answer.
CACHE_CONTROL = "public, max-age=1, stale-while-revalidate=1, stale-if-error=60"
REMEMBERED = 64


@dataclass(frozen=True)
class Ready:
    """A state as it travels: plain, compressed, and its tag. Weak, since both forms carry the same one."""

    tag: str
    plain: bytes
    gzipped: bytes


class Shelf:
    """The newest state of each airing, made ready once however often it is asked for."""

    def __init__(self) -> None:
        self._by_airing: OrderedDict[UUID, Ready] = OrderedDict()
        self.compressed = 0

    def ready(self, airing_id: UUID, state: State) -> Ready:
        """What to send of this state."""
        body = state.snapshot()
        known = self._by_airing.get(airing_id)
        # A state makes its bytes once, so the same object means the same state.
        if known is None or known.plain is not body:
            self.compressed += 1
            known = self._by_airing[airing_id] = Ready(tag_of(state), body, _gzip(body))
            while len(self._by_airing) > REMEMBERED:
                self._by_airing.popitem(last=False)
        self._by_airing.move_to_end(airing_id)
        return known


def tag_of(state: State) -> str:
    """The state's ETag: its number, or what it says where nobody numbered it."""
    if state.epoch:
        return f'W/"{state.epoch}-{state.seq}"'
    digest = hashlib.sha256()
    for key in sorted(state.objects):
        digest.update(state.objects[key].body)
    return f'W/"0-{digest.hexdigest()[:16]}"'


def is_known(tag: str, if_none_match: str) -> bool:
    """Whether the asker has it already."""
    known = {each.strip().removeprefix("W/") for each in if_none_match.split(",")}
    return "*" in known or tag.removeprefix("W/") in known


def public_headers(tag: str, pace: str, clock: str = "") -> Headers:
    """Headers of a state that everybody may have. `clock` is the cache's own time in seconds, where it tells: nginx counts
    whole ones, and would keep a state for up to two; so it is told to keep it until the end of this one."""
    headers = {"ETag": tag, "Cache-Control": CACHE_CONTROL, "Vary": "Accept-Encoding", "Yishi-Pace": pace}
    second = clock.partition(".")[0]
    if second.isascii() and second.isdigit() and len(second) < 12:
        headers["X-Accel-Expires"] = f"@{second}"
    return headers


def private_headers(tag: str, pace: str) -> Headers:
    """Headers of a state that is for some."""
    return {"ETag": tag, "Cache-Control": "private, no-cache", "Yishi-Pace": pace}


def accepts_gzip(accept_encoding: str) -> bool:
    """Whether a browser that sends this may be given gzip."""
    return any(_is_gzip(each) for each in accept_encoding.lower().split(","))


def _is_gzip(coding: str) -> bool:
    name, *parameters = (part.strip() for part in coding.split(";"))
    return name == "gzip" and not any(_is_zero(each) for each in parameters)


def _is_zero(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    return name.strip() == "q" and value.strip().rstrip("0") in {"", "0", "0."}


def _gzip(body: bytes) -> bytes:
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    return packer.compress(body) + packer.flush()
