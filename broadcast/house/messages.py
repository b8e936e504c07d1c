"""Compiles the translations (.po to .mo) without gettext's programs; it changes no .po file."""

from __future__ import annotations

import os
from pathlib import Path

import polib

from broadcast.house.places import ROOT


def compile_all(root: Path = ROOT) -> list[Path]:
    """Write each .mo that is missing or older than its .po; returns those written."""
    written = []
    for source in sorted(root.glob("*/locale/*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
            fresh = target.with_suffix(f".mo.{os.getpid()}")
            polib.pofile(str(source)).save_as_mofile(str(fresh))
            fresh.replace(target)
            written.append(target)
    return written
