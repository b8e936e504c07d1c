"""Looks at a bag that came from elsewhere before anything of it is believed: names, links, sizes, digests; it takes nothing in."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archive.keeping.bag import ALGORITHMS, digests
from broadcast.errors import InvalidInput

# A show of ten hours in segments of two seconds has 18 000, four rungs and sound beside each.
MOST_FILES = 500_000
MOST_TAG_BYTES = 256 << 20
MOST_DOCUMENT_BYTES = 64 << 20
# So much of the disk stays free.
_KEPT_FREE = 1 << 30
_LINE = re.compile(r"^([0-9a-fA-F]{64}|[0-9a-fA-F]{128}) [ *](\S.*)$")
_NAME = re.compile(r"^[A-Za-z0-9_-][A-Za-z0-9._-]{0,120}$")


class BadBag(InvalidInput):
    """The bag is not taken in; the words name the file and what is wrong with it."""

    code = "bad_bag"


@dataclass(frozen=True)
class Found:
    """A bag whose form is right. `files` are below its folder, with size and SHA-256 as its manifest says."""

    folder: Path
    files: dict[str, tuple[int, str]]

    def document(self, path: str) -> Any:
        """A JSON document of the bag, whose digest is compared on the way. Raises BadBag."""
        if path not in self.files:
            raise BadBag(f"{path}: 没有这个文件 · is not in the bag", file=path)
        if self.files[path][0] > MOST_DOCUMENT_BYTES:
            raise BadBag(f"{path}: 太大 · too large", file=path)
        content = (self.folder / path).read_bytes()
        try:
            return json.loads(content)
        except (ValueError, RecursionError) as error:
            raise BadBag(f"{path}: 不是 JSON · is no JSON", file=path) from error


def check(folder: Path, room: Path) -> Found:
    """Look at the whole bag and read all of it once. `room` is the folder that would take it. Raises BadBag."""
    if folder.is_symlink() or not folder.is_dir():
        raise BadBag(f"{folder.name}: 不是文件夹 · no folder", file=folder.name)
    sizes = _walk(folder)
    _declared(folder, sizes)
    if sum(sizes.values()) + _KEPT_FREE > shutil.disk_usage(room).free:
        raise BadBag(f"{folder.name}: 比磁盘剩下的还大 · larger than what is free on the disk", file=folder.name)
    listed = {each: _manifest(folder, f"manifest-{each}.txt", sizes) for each in ALGORITHMS if _has(sizes, each)}
    if not listed:
        raise BadBag("manifest-sha256.txt: 没有清单 · no manifest that we know", file="manifest-sha256.txt")
    payload = {path for path in sizes if path.startswith("data/")}
    for algorithm, found in listed.items():
        _same(f"manifest-{algorithm}.txt", set(found), payload)
    facts = {}
    for path in sorted(payload):
        taken = dict(zip(ALGORITHMS, digests(folder / path), strict=True))
        if any(found[path] != taken[algorithm] for algorithm, found in listed.items()):
            raise BadBag(f"{path}: 校验值不符 · the digest is another", file=path)
        facts[path] = (sizes[path], taken["sha256"])
    return Found(folder, facts)


def _has(sizes: dict[str, int], algorithm: str) -> bool:
    return f"manifest-{algorithm}.txt" in sizes


def _walk(folder: Path) -> dict[str, int]:
    """Sizes of all files; nothing is followed. Links, devices and odd names are refused by name."""
    found: dict[str, int] = {}
    waiting = [""]
    while waiting:
        base = waiting.pop()
        with os.scandir(folder / base) as entries:
            for entry in entries:
                path = f"{base}{entry.name}"
                mode = entry.stat(follow_symlinks=False)
                if not _NAME.match(entry.name):
                    raise BadBag(f"{path!r}: 文件名不合规 · a name that we do not take", file=path)
                if stat.S_ISDIR(mode.st_mode):
                    waiting.append(f"{path}/")
                elif not stat.S_ISREG(mode.st_mode):
                    raise BadBag(f"{path}: 是链接或特殊文件 · a link or no ordinary file", file=path)
                else:
                    found[path] = mode.st_size
                if len(found) + len(waiting) > MOST_FILES:
                    raise BadBag(f"{folder.name}: 文件太多 · too many files", file=folder.name)
    return found


def _declared(folder: Path, sizes: dict[str, int]) -> None:
    for path, size in sizes.items():
        if not path.startswith("data/") and size > MOST_TAG_BYTES:
            raise BadBag(f"{path}: 太大 · too large", file=path)
    if "bagit.txt" not in sizes or not (folder / "bagit.txt").read_bytes().startswith(b"BagIt-Version: "):
        raise BadBag("bagit.txt: 不是 BagIt 包 · no bag", file="bagit.txt")


def _manifest(folder: Path, name: str, sizes: dict[str, int]) -> dict[str, str]:
    """Digests by path; a path that would leave `data/` is refused by name."""
    found: dict[str, str] = {}
    for line in (folder / name).read_text(encoding="utf-8", errors="replace").splitlines():
        match = _LINE.match(line)
        path = match[2].strip() if match else ""
        parts = path.split("/")
        if not match or parts[0] != "data" or len(parts) < 2 or any(not _NAME.match(each) for each in parts):
            raise BadBag(
                f"{name}: {line[-120:]!r} 指到包外或写法不对 · leads out of the bag, or is no line of a manifest",
                file=name,
            )
        if path in found:
            raise BadBag(f"{name}: {path} 出现两次 · stands there twice", file=name)
        found[path] = match[1].lower()
    return found


def _same(name: str, listed: set[str], there: set[str]) -> None:
    for path in sorted(listed - there)[:1]:
        raise BadBag(f"{path}: 清单里有，包里没有 · listed, not there", file=path)
    for path in sorted(there - listed)[:1]:
        raise BadBag(f"{path}: 包里有，{name} 里没有 · there, not listed", file=path)
