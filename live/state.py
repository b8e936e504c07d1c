"""The public state as a map from key to encoded object, its differences and its reducer; pure, and the same in composer, hub and tests."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec
from msgspec import Raw, Struct

from live import protocol

Order = tuple[str, int]
# (question, how many support it)
Supports = list[tuple[int, int]]


@dataclass(frozen=True)
class Encoded:
    """An object's bytes, and where a comment stands among comments (None for all else)."""

    body: bytes
    order: Order | None = None


Objects = dict[str, Encoded]


class _Put(Struct):
    key: str
    kind: str
    id: int = 0
    at: str = ""
    withdrawn: bool = False
    viewers: int = 0


class _Tick(Struct):
    epoch: int
    seq: int
    at: str
    next_after_ms: int
    put: list[Raw] = []
    remove: list[str] = []
    supports: Supports = []


class _Snapshot(Struct):
    epoch: int
    seq: int
    at: str
    next_after_ms: int
    objects: list[Raw]


_put = msgspec.json.Decoder(_Put)
_tick = msgspec.json.Decoder(_Tick)
_snapshot = msgspec.json.Decoder(_Snapshot)
_question = msgspec.json.Decoder(protocol.QuestionObject)


@dataclass
class State:
    """The public state as of (epoch, seq). `snapshot` and a tick's bytes are what goes to browsers."""

    epoch: int
    seq: int
    at: str
    next_after_ms: int
    objects: Objects = field(default_factory=dict)
    _bytes: bytes | None = field(default=None, repr=False)

    @property
    def position(self) -> tuple[int, int]:
        """(epoch, seq); compares by age."""
        return (self.epoch, self.seq)

    @property
    def is_withdrawn(self) -> bool:
        """Whether the airing says that it was taken down."""
        airing = self.objects.get("airing")
        return airing is not None and _put.decode(airing.body).withdrawn

    @property
    def viewers(self) -> int:
        """The number of viewers that it says."""
        counts = self.objects.get("counts")
        return _put.decode(counts.body).viewers if counts is not None else 0

    def snapshot(self) -> bytes:
        """The Snapshot frame, made once; equal states make equal bytes in every process."""
        if self._bytes is None:
            objects: Any = tuple(Raw(self.objects[key].body) for key in sorted(self.objects))
            self._bytes = protocol.encode(
                protocol.Snapshot(self.epoch, self.seq, self.at, self.next_after_ms, objects=objects)
            )
        return self._bytes

    def apply(self, frame: bytes) -> bool:
        """Take in the next Tick frame. False (and nothing changed) when it is not the one after this state."""
        tick = _tick.decode(frame)
        if tick.epoch != self.epoch or tick.seq != self.seq + 1:
            return False
        for key in tick.remove:
            self.objects.pop(key, None)
        for raw in tick.put:
            key, encoded = _encoded(bytes(raw))
            self.objects[key] = encoded
        for number, supports in tick.supports:
            self._support(f"question:{number}", supports)
        trim(self.objects)
        self.seq, self.at, self.next_after_ms, self._bytes = tick.seq, tick.at, tick.next_after_ms, None
        return True

    def _support(self, key: str, supports: int) -> None:
        known = self.objects.get(key)
        if known is not None:
            changed = msgspec.structs.replace(_question.decode(known.body), supports=supports)
            self.objects[key] = Encoded(protocol.encode(changed))

    def copy(self) -> State:
        """One that may be changed alone."""
        return State(self.epoch, self.seq, self.at, self.next_after_ms, dict(self.objects), self._bytes)


def encoded(objects: Iterable[Any]) -> Objects:
    """Encode protocol objects, once for everybody."""
    found: Objects = {}
    for each in objects:
        order = (each.at, each.id) if isinstance(each, protocol.CommentObject) else None
        found[each.key] = Encoded(protocol.encode(each), order)
    return found


def loaded(snapshot: bytes) -> State:
    """The state in a Snapshot frame. Raises ValueError for bytes that are none."""
    try:
        found = _snapshot.decode(snapshot)
        objects = dict(_encoded(bytes(raw)) for raw in found.objects)
    except msgspec.MsgspecError as error:
        raise ValueError("not a snapshot") from error
    return State(found.epoch, found.seq, found.at, found.next_after_ms, objects, snapshot)


def difference(old: Objects, new: Objects) -> tuple[list[bytes], list[str], Supports]:
    """What to put, what to remove and which supports to change to come from `old` to `new`. Comments that only fell out of the
    newest are not removed: whoever holds them trims them by the same rule."""
    put: list[bytes] = []
    supports: Supports = []
    for key, each in new.items():
        before = old.get(key)
        if before == each:
            continue
        counted = _only_supports(key, before, each)
        if counted is None:
            put.append(each.body)
        else:
            supports.append(counted)
    oldest = _oldest_shown(new)
    remove = []
    for key, each in old.items():
        if key not in new and not (each.order is not None and oldest is not None and each.order < oldest):
            remove.append(key)
    return put, remove, supports


def tick(state: State, put: list[bytes], remove: list[str], supports: Supports | None = None) -> bytes:
    """The Tick frame that leads to `state`."""
    raw: Any = tuple(Raw(body) for body in put)
    return protocol.encode(
        protocol.Tick(
            state.epoch,
            state.seq,
            state.at,
            state.next_after_ms,
            put=raw,
            remove=tuple(remove),
            supports=tuple(supports or ()),
        )
    )


def position_of(frame: bytes) -> tuple[int, int]:
    """(epoch, seq) of a Tick frame."""
    head = _tick.decode(frame)
    return (head.epoch, head.seq)


def trim(objects: Objects) -> None:
    """Keep only the newest comments by (at, id)."""
    comments = [(each.order, key) for key, each in objects.items() if each.order is not None]
    if len(comments) > protocol.COMMENTS_SHOWN:
        comments.sort(reverse=True)
        for _order, key in comments[protocol.COMMENTS_SHOWN :]:
            del objects[key]


def _only_supports(key: str, before: Encoded | None, after: Encoded) -> tuple[int, int] | None:
    """(question, how many) where nothing but its supports changed."""
    if before is None or not key.startswith("question:"):
        return None
    old, new = _question.decode(before.body), _question.decode(after.body)
    if msgspec.structs.replace(old, supports=new.supports) != new:
        return None
    return new.id, new.supports


def _oldest_shown(objects: Objects) -> Order | None:
    orders = [each.order for each in objects.values() if each.order is not None]
    return min(orders) if len(orders) >= protocol.COMMENTS_SHOWN else None


def _encoded(body: bytes) -> tuple[str, Encoded]:
    head = _put.decode(body)
    return head.key, Encoded(body, (head.at, head.id) if head.kind == "comment" else None)
