"""The tables that are kept from run to run are those that migrations make."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.db.backends.postgresql.creation import DatabaseCreation

from tests import migrated


def _lines(file: Path) -> list[str]:
    # pg_dump writes a word of its own, another one each time, against what a hostile dump could do to psql; and PostgreSQL
    # writes the casts of a condition in other places once it has read what it wrote.
    lines = [line for line in file.read_text().splitlines() if not line.startswith(("\\restrict", "\\unrestrict"))]
    return [re.sub(r"::(text|character varying)(\[\])?|[()]", "", line) for line in lines]


@pytest.mark.django_db(transaction=True)
def test_what_is_loaded_is_what_was_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = migrated.FOLDER / f"{migrated.facts()}.sql"
    if not kept.exists():
        pytest.skip("the server is not one of the package, nothing is kept")
    monkeypatch.setattr(migrated, "FOLDER", tmp_path)
    creation = DatabaseCreation(connection)
    with connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE migrated_again")
    try:
        migrated._load(creation, kept, "migrated_again")
        migrated._keep(migrated._url(creation, "migrated_again"), tmp_path / "again.sql")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP DATABASE migrated_again")
    assert "CREATE TABLE public.broadcast_airing " in kept.read_text()
    assert _lines(tmp_path / "again.sql") == _lines(kept)


def test_another_migration_is_another_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "migrations").mkdir()
    app: Any = SimpleNamespace(label="one", path=str(tmp_path))
    monkeypatch.setattr(apps, "get_app_configs", lambda: [app])
    seen = {migrated.facts()}
    for name, content in (("0001_initial.py", "a"), ("0001_initial.py", "b"), ("0002_more.py", "")):
        (tmp_path / "migrations" / name).write_text(content)
        seen.add(migrated.facts())
    assert len(seen) == 4
