"""Makes the bags of episodes: reads each object where it is good, names what is rotten; it changes nothing that is kept."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from archive.keeping import bag, cold, gathering
from archive.keeping.bag import Piece
from archive.storage import Cold, Damaged, Storage, StorageDown, StorageRefused, media, places
from archive.storage.base import CHUNK
from broadcast import audit, clock
from broadcast.access import Actor
from broadcast.errors import BroadcastError
from broadcast.models import Episode

Told = Callable[[str], object]


class Nowhere(BroadcastError):
    """No place has the object as the manifest says it; data: key."""

    code = "kept_nowhere"


@dataclass
class Made:
    """What became of one episode's bag: made, unchanged, empty (nothing is recorded of it) or failed; `rotten` names place and key."""

    name: str
    outcome: str = "made"
    problem: str = ""
    rotten: list[str] = field(default_factory=list)


def export(actor: Actor, episode: Episode, folder: Path, *, sealed: bool = False) -> Made:
    """Have the episode's bag below `folder`, whole and as of now; what is there already and the same stays. Audited when it is made."""
    made = Made(safe_name(gathering.bag_name(episode)))
    try:
        if not gathering.airings_of(episode):
            made.outcome = "empty"
            return made
        pieces = gathering.pieces(episode, sealed=sealed)
        if bag.is_made(folder / made.name, pieces):
            made.outcome = "unchanged"
            return made
        bag.make(folder / made.name, pieces, _info(episode, sealed=sealed), lambda each, file: _bring(each, file, made))
    except (BroadcastError, OSError) as error:
        made.outcome, made.problem = "failed", f"{getattr(error, 'code', '')} {error}".strip()
        return made
    facts = {"bag": made.name, "files": len(pieces), "bytes": sum(each.size for each in pieces), "sealed": sealed}
    audit.record(actor, "episode.export", f"episode:{episode.pk}", after=facts)
    return made


def safe_name(name: str) -> str:
    """A folder's name that no file system minds."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", name) or "episode"


def _info(episode: Episode, *, sealed: bool) -> list[tuple[str, str]]:
    programme = episode.programme
    return [
        ("Source-Organization", programme.name_zh),
        ("External-Identifier", f"yishi:{programme.slug}/{episode.key}"),
        ("External-Description", f"{episode}"),
        ("Internal-Sender-Identifier", f"episode {episode.pk}"),
        ("Internal-Sender-Description", "with the sealed part" if sealed else "without the sealed part"),
        ("Bagging-Date", clock.now().date().isoformat()),
        ("Bag-Software-Agent", "yishi export"),
        ("BagIt-Profile-Format", gathering.FORMAT),
    ]


def _bring(piece: Piece, target: Path, made: Made) -> None:
    """The object's bytes from the first place where they are good. Raises Nowhere, Cold, StorageDown, StorageRefused."""
    away: BroadcastError | None = None
    for name, place in _places().items():
        try:
            found = _copy(place, piece, target)
        except FileNotFoundError:
            found = "missing"
        except Damaged:
            found = "damaged"
        except (Cold, StorageDown, StorageRefused) as error:
            away = error
            continue
        if not found:
            return
        if not (name == "disk" and found == "missing"):
            made.rotten.append(f"{name} {piece.key} {found}")
    target.unlink(missing_ok=True)
    if isinstance(away, Cold):
        cold.need(UUID(piece.key.split("/")[1]), cold.Why.EXPORT)
    raise away or Nowhere(f"{piece.key} is good nowhere", key=piece.key)


def _places() -> dict[str, Storage]:
    """This machine's disk first, then where everything should lie; a folder that is both is asked once."""
    found: dict[str, Storage] = dict(places())
    here = media()
    if any(getattr(each, "root", None) == here.root for each in found.values()):
        return found
    return {"disk": here, **found}


def _copy(place: Storage, piece: Piece, target: Path) -> str:
    taken, size = hashlib.sha256(), 0
    with place.open(piece.key) as stream, target.open("wb") as out:
        while part := stream.read(CHUNK):
            taken.update(part)
            size += len(part)
            out.write(part)
    return "" if (size, taken.hexdigest()) == (piece.size, piece.sha256) else "damaged"
