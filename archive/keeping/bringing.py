"""Brings a recording's folder back to this machine's disk from the stores, whole or what is missing of it; it changes nothing there.

Nobody sees half of it: media first, the public's names by one rename, playlists last. Killed it goes on where it was.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from archive import manifest, mending, uploader
from archive.keeping import cold
from archive.models import Derivative, Recording
from archive.parts import AiringFolder
from archive.storage import ALGORITHM, Cold, Damaged, Storage, Stored, media
from archive.storage.base import CHUNK, digest_of
from archive.storage.ledger import NAME as LEDGER
from archive.storage.ledger import Ledger
from archive.storage.listing import named
from archive.storage.places import leaving
from broadcast import audit
from broadcast.access import HOUSE
from broadcast.errors import Conflict, NotFound
from broadcast.models import Airing

_PUBLIC = "public/"
# Nobody reads hidden folders.
_FILLING = ".public."


@dataclass
class Brought:
    """What became of it: how many objects came, how many were there; `lost` are good nowhere, `cold` must be asked back first."""

    came: int = 0
    there: int = 0
    names: int = 0
    lost: list[str] = field(default_factory=list)
    cold: int = 0


def bring(airing_id: UUID) -> Brought:
    """Fill the recording's folder from the stores, main one first. What is in cold storage is asked back. Audited when anything came.

    Digests are compared: with the manifest's, else with those that the store keeps. Raises NotFound, Conflict without any store,
    StorageDown, StorageRefused, OSError.
    """
    airing = Airing.objects.filter(pk=airing_id).first()
    if airing is None:
        raise NotFound(f"no airing {airing_id}")
    stores = leaving()
    if not stores:
        raise Conflict("no store to bring it from: YISHI_STORE and YISHI_STORE_COPY are empty", code="no_store")
    folder, done = AiringFolder(airing_id), Brought()
    known = _known(airing_id)
    is_whole_lost = not folder.path.is_dir()
    listed = {name: list(_names(store, folder.key)) for name, store in stores.items()}
    every = sorted({each for names in listed.values() for each in names} | set(known))
    # Rungs that the disk guard took from a folder that is there were taken on purpose.
    every = [each for each in every if is_whole_lost or not manifest.is_taken_away(airing_id, f"{folder.key}/{each}")]
    for texts in (False, True):
        for name in every:
            if not name.startswith(_PUBLIC) and name.endswith(".m3u8") == texts:
                _object(folder, name, known.get(name), stores, done)
        if not texts:
            _give_names(folder, stores, done)
    for place in stores:
        _remember(folder, place, listed[place], known)
    if done.came or done.names:
        after = {"objects": done.came, "names": done.names, "lost": len(done.lost), "cold": done.cold}
        audit.record(HOUSE, "recording.retrieve", f"airing:{airing_id}", airing=airing, after=after)
    if done.cold:
        cold.need(airing_id, cold.Why.HAND)
    return done


def _known(airing_id: UUID) -> dict[str, Stored]:
    """Size and digest by name within the recording, of all that is listed anywhere."""
    prefix = f"airings/{airing_id}/"
    found = manifest.newest(airing_id)
    known = {each.key.removeprefix(prefix): each for each in manifest.objects(found)} if found else {}
    for row in Derivative.objects.filter(recording_id=airing_id, algorithm=ALGORITHM):
        known[row.key.removeprefix(prefix)] = Stored(row.key, row.size_bytes, row.digest)
    return known


def _names(store: Storage, prefix: str) -> list[str]:
    return [each.removeprefix(f"{prefix}/") for each in store.list(prefix)]


def _object(
    folder: AiringFolder, name: str, wanted: Stored | None, stores: dict[str, Storage], done: Brought, key: str = ""
) -> None:
    """One file of the folder, from the first store where it is good; `key` where it lies there under another name."""
    target = folder[name]
    if name == LEDGER:
        return
    if target.is_file() and (wanted is None or target.stat().st_size == wanted.size):
        done.there += 1
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name}.{os.getpid()}")
    is_cold = False
    try:
        for store in stores.values():
            try:
                _copy(store, key or f"{folder.key}/{name}", fresh, wanted)
            except Cold:
                is_cold = True
            except (Damaged, FileNotFoundError):
                continue
            else:
                fresh.replace(target)
                done.came += 1
                return
    finally:
        fresh.unlink(missing_ok=True)
    if is_cold:
        done.cold += 1
    elif wanted is not None:
        done.lost.append(name)


def _copy(store: Storage, key: str, target: Path, wanted: Stored | None) -> None:
    with store.open(key) as source, target.open("wb") as out:
        shutil.copyfileobj(source, out, CHUNK)
    if wanted is None:
        return
    with target.open("rb") as stream:
        found = digest_of(stream)
    if found != (wanted.size, wanted.digest):
        raise Damaged(f"{key} is not what is listed", key=key, expected=wanted.digest, found=found[1])


# -- what the public knows --------------------------------------------------------------------------------------------


def _give_names(folder: AiringFolder, stores: dict[str, Storage], done: Brought) -> None:
    """The public's names that stored playlists name, and no others: who lost his name while the folder was away does not get it back.

    The folder of names appears whole: the sender takes out of the stores what is not in it.
    """
    wanted = _named(folder, stores)
    public = folder["public"]
    missing = {each for each in wanted if not (public / each).exists()}
    if not missing:
        return
    parts = _parts(folder)
    for left in folder.path.glob(f"{_FILLING}*"):
        shutil.rmtree(left, ignore_errors=True)
    filled = folder[f"{_FILLING}{os.getpid()}"]
    filled.mkdir(parents=True)
    for each in sorted(missing):
        part = parts.get(each)
        if part is not None:
            (filled / each).hardlink_to(part)
            done.names += 1
        else:
            # A piece that an edit made, or something played again: bytes of their own.
            _object(folder, f"{filled.name}/{each}", None, stores, done, key=f"{folder.key}/{_PUBLIC}{each}")
    if public.is_dir():
        for file in filled.iterdir():
            file.replace(public / file.name)
        filled.rmdir()
    else:
        filled.rename(public)


def _named(folder: AiringFolder, stores: dict[str, Storage]) -> set[str]:
    """File names in the public's playlists, of this disk where there are any, else of the first store that has them."""
    texts: dict[str, str] = {}
    for store in stores.values():
        for key in store.list(folder.key):
            name = key.removeprefix(f"{folder.key}/")
            if "/" not in name and name.endswith(".m3u8") and not name.startswith("staff") and name not in texts:
                with store.open(key) as stream:
                    texts[name] = stream.read().decode("utf-8", "replace")
    for file in folder.path.glob("*.m3u8"):
        if not file.name.startswith("staff"):
            texts[file.name] = file.read_text(encoding="utf-8", errors="replace")
    return {each for text in texts.values() for each in named(text) if each.endswith(".ts") and "/" not in each}


def _parts(folder: AiringFolder) -> dict[str, Path]:
    """By public name the segment as received, or the rung of it, that it is a second name of."""
    found = {}
    for file in folder.path.glob("parts/**/*.ts"):
        key = mending.public_key(folder.airing_id, f"{folder.key}/{file.relative_to(folder.path).as_posix()}")
        if key is not None:
            found[key.rsplit("/", 1)[-1]] = file
    return found


def _remember(folder: AiringFolder, place: str, names: list[str], known: dict[str, Stored]) -> None:
    """Write anew what the sender knows of a store: so names that are taken from the public later leave it too."""
    if not folder.path.is_dir():
        return
    told = Ledger(folder.path, uploader.label(place))
    for name in names:
        wanted = Stored(name, 0, "") if name.startswith(_PUBLIC) else known.get(name)
        if name.endswith(".ts") and wanted is not None and name not in told:
            told.add(name, wanted)


def missing() -> list[UUID]:
    """Finished recordings whose folder is not on this disk at all."""
    rows = Recording.objects.filter(state=Recording.State.FINISHED, removal=None).order_by("airing__actual_end")
    return [each for each in rows.values_list("pk", flat=True) if not media().path(f"airings/{each}").is_dir()]
