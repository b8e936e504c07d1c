"""The single checks of `doctor`: each finds one thing out and says how to mend it; none changes anything."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from broadcast import env
from broadcast.house.places import ROOT, Places, port_is_free
from broadcast.house.state import State

OK, WARNING, BAD = "ok", "warning", "bad"
DISK_WARNING_BYTES = 10 * 1024**3
DISK_BAD_BYTES = 1024**3
TIMEOUT_SECONDS = 3


@dataclass(frozen=True)
class Finding:
    """What one check found. `mend` is empty when there is nothing to mend."""

    name: str
    level: str
    found: str
    expected: str = ""
    mend: str = ""


@dataclass(frozen=True)
class Situation:
    """What is examined: a house, and the variables that its operator set (the house completes the others)."""

    places: Places
    told: frozenset[str]


Check = Callable[[Situation], Iterator[Finding]]


def python(_house: Situation) -> Iterator[Finding]:
    level = OK if sys.version_info >= (3, 11) else BAD
    yield Finding(
        "python", level, sys.version.split()[0], "3.11 or newer", "" if level == OK else "install Python 3.11"
    )


def packages(_house: Situation) -> Iterator[Finding]:
    stamp = Path(sys.prefix) / "yishi.json"
    try:
        locks = json.loads(stamp.read_text(encoding="utf-8"))["locks"]
    except (OSError, ValueError, KeyError):
        yield Finding(
            "packages", WARNING, "an environment that ./yishi did not make", "one made by ./yishi", "run ./yishi"
        )
        return
    folder = ROOT / "requirements"
    stale = [
        n for n, known in locks.items() if hashlib.sha256((folder / f"{n}.lock").read_bytes()).hexdigest() != known
    ]
    if stale:
        yield Finding(
            "packages", BAD, f"{', '.join(stale)} changed since", "the lock files' state", "run ./yishi doctor again"
        )
    else:
        yield Finding("packages", OK, f"as locked ({', '.join(sorted(locks))})")


def variables(_house: Situation) -> Iterator[Finding]:
    wrong = False
    for name in env.VARIABLES:
        try:
            env.read(name.removeprefix(env.PREFIX))
        except env.BadVariable as error:
            wrong = True
            yield Finding(name, BAD, str(error), env.VARIABLES[name].form, "correct or unset it")
    for name, near in env.unknown():
        wrong = True
        yield Finding(
            name, WARNING, "not a variable of ours", near or "none of that name", f"use {near}" if near else "unset it"
        )
    if not wrong:
        count = sum(1 for name in env.VARIABLES if os.environ.get(name))
        yield Finding("variables", OK, f"{count} of {len(env.VARIABLES)} set, all known")


def database(house: Situation) -> Iterator[Finding]:
    import psycopg

    start = "run ./yishi up" if "YISHI_DATABASE_URL" not in house.told else "start it, or correct YISHI_DATABASE_URL"
    try:
        with psycopg.connect(env.read("DATABASE_URL"), connect_timeout=TIMEOUT_SECONDS) as connection:
            row = connection.execute(
                "select current_setting('server_version_num')::int, pg_encoding_to_char(encoding),"
                " current_setting('fsync'), current_setting('synchronous_commit')"
                " from pg_database where datname = current_database()"
            ).fetchone()
    except psycopg.Error as error:
        yield Finding("database", BAD, _first_line(error), "PostgreSQL 15-18 that answers", start)
        return
    assert row is not None
    number, encoding, fsync, commit = row
    major = number // 10_000
    good = 15 <= major <= 18
    mend = "" if good else "use PostgreSQL 15, 16, 17 or 18"
    yield Finding("database", OK if good else BAD, f"PostgreSQL {major}.{number % 10_000}", "15-18", mend)
    if encoding != "UTF8":
        yield Finding("database encoding", BAD, encoding, "UTF8", "create the database with encoding UTF8")
    if (fsync, commit) in {("on", "on"), ("on", "remote_apply"), ("on", "remote_write")}:
        yield Finding("durability", OK, f"fsync={fsync}, synchronous_commit={commit}")
    else:
        found = f"fsync={fsync}, synchronous_commit={commit}"
        yield Finding("durability", BAD, found, "both on", "an acknowledged vote could be lost; set both on")
    yield from _migrations()


def _migrations() -> Iterator[Finding]:
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        names = ", ".join(str(step) for step, _ in missing[:3])
        yield Finding("migrations", BAD, f"{len(missing)} not applied ({names})", "all applied", "run ./yishi migrate")
    else:
        yield Finding("migrations", OK, "all applied")


def redis_servers(house: Situation) -> Iterator[Finding]:
    from django.conf import settings

    for name, variable, url in (
        ("bus", "BUS_URL", settings.BUS_URL),
        ("broker", "BROKER_URL", settings.BROKER_URL),
        ("cache", "CACHE_URL", settings.CACHE_URL),
    ):
        told = {f"YISHI_{variable}", "YISHI_BUS_URL"} & house.told
        yield _redis(name, url, f"start it, or correct YISHI_{variable}" if told else "run ./yishi up")


def _redis(name: str, url: str, mend: str) -> Finding:
    import redis

    try:
        with redis.Redis.from_url(
            url, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS, retry=None
        ) as client:
            info: dict[str, object] = client.info("server")
    except (redis.RedisError, OSError, ValueError) as error:
        return Finding(name, BAD, _first_line(error), "Redis 7 or Valkey that answers", mend)
    product = "Valkey" if "valkey_version" in info else "Redis"
    version = str(info.get("valkey_version") or info.get("redis_version") or "0")
    if int(version.split(".", maxsplit=1)[0]) < 6:
        return Finding(name, BAD, f"{product} {version}", "6 or newer", "use Redis 7 or Valkey")
    return Finding(name, OK, f"{product} {version}")


def registered(_house: Situation) -> Iterator[Finding]:
    """What the apps check of their own parts."""
    from broadcast.registry import doctor_checks

    for name, check in doctor_checks:
        for found, expected, mend in check():
            yield Finding(name, BAD if mend else OK, found, expected, mend)


def ports(house: Situation) -> Iterator[Finding]:
    running = State(house.places).held
    stream, datagram = socket.SOCK_STREAM, socket.SOCK_DGRAM
    for name, host, variable, kind in (
        ("web port", env.read("WEB_HOST"), "WEB_PORT", stream),
        ("RTMP port", env.read("INGEST_HOST"), "RTMP_PORT", stream),
        ("SRT port", env.read("INGEST_HOST"), "SRT_PORT_FIRST", datagram),
    ):
        number = env.read(variable)
        free = port_is_free(number, host, kind)
        if free or running:
            yield Finding(name, OK, f"{number} {'free' if free else 'in use while Yishi runs'}")
        else:
            mend = f"stop the other program, or set YISHI_{variable}"
            yield Finding(name, BAD, f"{number} taken by another program", "free", mend)


def disk(house: Situation) -> Iterator[Finding]:
    folder = house.places.var if house.places.var.exists() else ROOT
    free = shutil.disk_usage(folder).free
    level = BAD if free < DISK_BAD_BYTES else WARNING if free < DISK_WARNING_BYTES else OK
    mend = "" if level == OK else "free space, or move YISHI_VAR or YISHI_MEDIA_ROOT to another disk"
    yield Finding("disk", level, f"{free / 1024**3:.1f} GiB free for {folder}", "10 GiB or more", mend)


def static_files(_house: Situation) -> Iterator[Finding]:
    from django.conf import settings
    from django.contrib.staticfiles.finders import get_finders

    manifest = Path(settings.STATIC_ROOT) / "staticfiles.json"
    mend = "run ./yishi up, or ./yishi collectstatic --no-input"
    if not manifest.exists():
        yield Finding("static files", BAD, "not collected", "collected", mend)
        return
    collected = manifest.stat().st_mtime
    files = [storage.path(name) for finder in get_finders() for name, storage in finder.list([])]
    newer = [name for name in files if Path(name).stat().st_mtime > collected]
    if newer:
        yield Finding("static files", WARNING, f"{len(newer)} changed since", "collected again", mend)
    else:
        yield Finding("static files", OK, f"{len(files)} collected")


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
