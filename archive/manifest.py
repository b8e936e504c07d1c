"""The manifest of an airing: every kept object with size and SHA-256, parts, gaps, cuts, times; it repairs nothing."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import transaction

from archive import queries
from archive.models import Derivative, OutputCut
from archive.parts import AiringFolder
from archive.storage import ALGORITHM, Cold, Damaged, Storage, Stored, ledger, media
from archive.storage.base import digest_of, read_back
from archive.storage.places import leaving
from broadcast import clock
from broadcast.models import Airing

logger = logging.getLogger(__name__)
NAME = "manifest.json"
FORMAT = "yishi-manifest/1"
_RELEASED = "released.jsonl"
# Kept for good: segments as received, their rungs, and the notes of the recorder. Playlists can be made again from these;
# public names are second names of the same bytes, made again from these at will and taken away by a later cut, so nobody audits
# them; what steps made is listed by its rows, which know the newest.
_RUNG = re.compile(r"\d+p")
_NOTES = frozenset({"released.jsonl", "part.json", "i.m3u8", "kept.m3u8"})


@dataclass(frozen=True)
class Problem:
    """An object that is not as the manifest says: `kind` is missing, damaged or unlisted."""

    key: str
    kind: str
    expected: str = ""
    found: str = ""


def build(airing: Airing, before: dict[str, Any] | None = None) -> dict[str, Any]:
    """The manifest as of now: the same files and rows give the same manifest, whoever builds it and whenever.

    Digests are those taken when an object was released or sent, or that the manifest `before` has: what rotted or went since
    is noticed. Only what never had one is read. Blocks on the disk.
    """
    folder = AiringFolder(airing.pk).path
    earlier = {
        each["key"]: Stored(each["key"], each["size"], each["digest"]) for each in (before or {}).get("objects", ())
    }
    known = _known(folder) | {name: each for name, each in earlier.items() if not name.startswith("derived/")}
    names = {*_names(folder), *(name for name in known if not _taken_away(folder, name))}
    kept = [_object(folder, name, known) for name in sorted(names)]
    kept += [Stored(key.removeprefix(f"airings/{airing.pk}/"), size, digest) for key, size, digest in _derived(airing)]
    return {
        "format": FORMAT,
        "algorithm": ALGORITHM,
        "airing": str(airing.pk),
        "times": {
            name: _time(getattr(airing, name))
            for name in ("planned_start", "planned_end", "actual_start", "actual_end")
        },
        "delay_seconds": airing.delay_seconds,
        "parts": list(_parts(folder)),
        "gaps": [{"from": start, "until": until} for start, until in queries.gap_map(airing)],
        "cuts": [
            {"from": _time(cut.from_media_time), "until": _time(cut.until_media_time)}
            for cut in OutputCut.objects.filter(airing=airing, state__in=["active", "resumed"]).order_by("id")
        ],
        "objects": [{"key": each.key, "size": each.size, "digest": each.digest} for each in kept],
    }


def _derived(airing: Airing) -> list[tuple[str, int, str]]:
    """What steps made of the recording, by the rows."""
    rows = Derivative.objects.filter(recording_id=airing.pk, algorithm=ALGORITHM).exclude(kind=Derivative.Kind.MANIFEST)
    return sorted(rows.values_list("key", "size_bytes", "digest"))


def encode(manifest: dict[str, Any]) -> bytes:
    """The manifest's bytes, one way only."""
    return (json.dumps(manifest, ensure_ascii=False, sort_keys=True, indent=1) + "\n").encode()


def write(airing: Airing, hold: Callable[[], object] = lambda: None) -> Stored:
    """Bring the manifest in the airing's folder up to date in one step, flushed to the disk, and its row.

    Harmless to repeat: nothing is written when nothing changed. For recordings that are finished. `hold` is called in the
    transaction before anything is written: what it raises leaves all as it was. Raises StorageDown, StorageRefused.
    """
    folder = AiringFolder(airing.pk).path
    content = encode(build(airing, newest(airing.pk)))
    stored = Stored(f"airings/{airing.pk}/{NAME}", len(content), hashlib.new(ALGORITHM, content).hexdigest())
    facts = {"size_bytes": stored.size, "digest": stored.digest, "algorithm": ALGORITHM}
    with transaction.atomic():
        hold()
        if not (folder / NAME).exists() or (folder / NAME).read_bytes() != content:
            fresh = folder / f".{NAME}.{os.getpid()}"
            with fresh.open("wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            fresh.replace(folder / NAME)
        if not Derivative.objects.filter(key=stored.key, **facts).exists():
            more = {
                "recording_id": airing.pk,
                "kind": Derivative.Kind.MANIFEST,
                "media_type": "application/json",
                "made_at": clock.now(),
            }
            Derivative.objects.update_or_create(key=stored.key, defaults={**facts, **more})
    return stored


def newest(airing_id: UUID) -> dict[str, Any] | None:
    """The manifest of the recorder's disk, which is the newest; where it is missing or damaged, the first sound one of the stores.

    None when there is none anywhere. Raises StorageDown, StorageRefused.
    """
    for name, place in {"disk": media(), **leaving()}.items():
        try:
            found = read(airing_id, place)
        except Damaged as error:
            logger.error("manifest is damaged place=%s: %s", name, error)
            continue
        if found is not None:
            return found
    return None


def read(airing_id: UUID, place: Storage | None = None) -> dict[str, Any] | None:
    """The manifest as it lies in a place; None when it is not there. Raises Damaged when it makes no sense."""
    key = f"airings/{airing_id}/{NAME}"
    try:
        with (place or media()).open(key) as stream:
            found = json.loads(stream.read())
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise Damaged(f"{key}: {error}", key=key, expected="", found="") from error
    if not isinstance(found, dict) or found.get("format") != FORMAT or found.get("algorithm") != ALGORITHM:
        raise Damaged(f"{key} is of no form that we know", key=key, expected=FORMAT, found=str(found)[:80])
    return found


def objects(manifest: dict[str, Any]) -> Iterator[Stored]:
    """The objects that the manifest lists, by full key."""
    for each in manifest["objects"]:
        yield Stored(f"airings/{manifest['airing']}/{each['key']}", int(each["size"]), str(each["digest"]))


def check(place: Storage, wanted: Stored) -> Problem | None:
    """Read one object whole and compare it; None when it is good. Raises StorageDown, Cold."""
    try:
        found = read_back(place, wanted.key)
    except FileNotFoundError:
        return Problem(wanted.key, "missing", wanted.digest)
    except Damaged as error:
        return Problem(wanted.key, "damaged", wanted.digest, str(error.data.get("found", "")))
    if (found.size, found.digest) != (wanted.size, wanted.digest):
        return Problem(wanted.key, "damaged", wanted.digest, found.digest)
    return None


def glance(place: Storage, wanted: Stored) -> Problem | None:
    """The same of one in cold storage, without reading it: whether it is there, as long as it was and with the digest it was put with."""
    found = place.head(wanted.key)
    if found is None:
        return Problem(wanted.key, "missing", wanted.digest)
    if found.size != wanted.size or found.digest not in {"", wanted.digest}:
        return Problem(wanted.key, "damaged", wanted.digest, found.digest)
    return None


def _checked(place: Storage, wanted: Stored) -> Problem | None:
    try:
        return check(place, wanted)
    except Cold:
        return glance(place, wanted)


def verify(manifest: dict[str, Any], place: Storage) -> list[Problem]:
    """Read everything in a place and name what is not as it was; also media that the manifest does not know.

    Of what is in cold storage only a glance is had.
    """
    wanted = list(objects(manifest))
    problems = [problem for each in wanted if (problem := _checked(place, each)) is not None]
    listed = {each.key for each in wanted}
    received = f"airings/{manifest['airing']}/parts/"
    keys = (key for key in place.list(received.rstrip("/")) if key.endswith(".ts") and key not in listed)
    # Rungs were left out when the disk guard took them; another place may keep them.
    keys = (key for key in keys if not _RUNG.fullmatch(key.split("/")[-2]))
    return [*problems, *(Problem(key, "unlisted") for key in keys)]


# -- what there is -----------------------------------------------------------------------------------------------------


def _names(folder: Path) -> list[str]:
    """Names of all files that are kept, in order."""
    found = (each for each in folder.rglob("*") if each.is_file() and not each.is_symlink())
    names = (each.relative_to(folder).as_posix() for each in found)
    return [each for each in names if _is_kept(each)]


def _is_kept(name: str) -> bool:
    if any(each.startswith(".") for each in name.split("/")):
        return False
    last = name.rsplit("/", 1)[-1]
    return last in _NOTES or (name.startswith("parts/") and name.endswith(".ts"))


def is_taken_away(airing_id: UUID, key: str) -> bool:
    """Whether the disk guard took the object from the recorder's disk, where that is at hand: it is not to be brought back."""
    folder = AiringFolder(airing_id).path
    return folder.is_dir() and _taken_away(folder, key.removeprefix(f"airings/{airing_id}/"))


def _taken_away(folder: Path, name: str) -> bool:
    """Whether it is of a rung whose folder is no more: the disk guard took all of it, on purpose, and it can be made again."""
    rung = (folder / name).parent
    return name.startswith("parts/") and bool(_RUNG.fullmatch(rung.name)) and not rung.exists()


def _known(folder: Path) -> dict[str, Stored]:
    """Digests taken at writing, by name; only of media, since notes are written again."""
    found = {name: each for name, each in ledger.digests(folder).items() if _is_kept(name)}
    try:
        lines = (folder / _RELEASED).read_bytes().splitlines()
    except FileNotFoundError:
        return found
    for line in lines:
        try:
            item = json.loads(line)
            if item["algorithm"] == ALGORITHM and item["part"]:
                name = f"parts/{item['part']:03d}/{item['number']:06d}.ts"
                found[name] = Stored(name, int(item["size"]), str(item["digest"]))
        except (ValueError, KeyError, TypeError):
            continue
    return found


def _object(folder: Path, name: str, known: dict[str, Stored]) -> Stored:
    if name in known:
        return known[name]
    with (folder / name).open("rb") as stream:
        return Stored(name, *digest_of(stream))


def _parts(folder: Path) -> Iterator[dict[str, Any]]:
    for file in sorted(folder.glob("parts/*/part.json")):
        try:
            note = json.loads(file.read_bytes())
        except ValueError:
            note = {}
        segments = sum(1 for _ in file.parent.glob("*.ts"))
        yield {"directory": f"parts/{file.parent.name}", "segments": segments, "note": note}


def _time(at: Any) -> str | None:
    return at.isoformat() if at is not None else None
