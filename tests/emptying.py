"""Empties all tables after a test while other processes still read them; only for tests.

Django's way is one TRUNCATE of everything, which waits for readers too. A web process that lives longer than a test reads
several tables in one transaction, so the two could wait for each other and PostgreSQL ended one of them: now and then a test
failed after it had passed. Here every table is locked against writers alone and emptied by DELETE. Readers go on; a writer under
way is waited for, and what it wrote goes too. Sequences run on, as they do with TRUNCATE. Rows that migrations made come back.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from django.db import OperationalError, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.postgresql.operations import DatabaseOperations

# Shorter than PostgreSQL's deadlock_timeout of one second: we step back before it has to end somebody.
LOCK_MS = 200
PATIENCE_SECONDS = 60
_LOCK_NOT_AVAILABLE, _DEADLOCK = "55P03", "40P01"
# Django's own two halves of `flush`.
TRUNCATE, RUN_ONCE = DatabaseOperations.sql_flush, DatabaseOperations.execute_sql_flush
_BUSY = """
    select pid, state, application_name, left(query, 200) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and xact_start is not null
"""


_COPY = "as_migrated_"
# Not emptied, or with nothing in it yet.
_LEFT_ALONE = ("django_migrations", "django_session")


def nothing_to_make(*_words: object, **_wishes: object) -> None:
    """In the place of what Django does after each emptying: permissions and content types come back as rows, a hundred times faster."""


def remember(wrapper: BaseDatabaseWrapper) -> None:
    """Keep a copy of each row that migrations made, in a fresh database, for `statements` to bring back."""
    with wrapper.cursor() as cursor:
        for table in wrapper.introspection.table_names(cursor):
            if table.startswith((_COPY, *_LEFT_ALONE)):
                continue
            name, copy = (wrapper.ops.quote_name(each) for each in (table, _COPY + table))
            cursor.execute(f"SELECT EXISTS (TABLE {name})")
            if cursor.fetchone()[0]:
                cursor.execute(f"CREATE TABLE IF NOT EXISTS {copy} AS TABLE {name}")


def _brought_back(operations: DatabaseOperations, tables: Sequence[str]) -> list[str]:
    with operations.connection.cursor() as cursor:
        copies = {each for each in operations.connection.introspection.table_names(cursor) if each.startswith(_COPY)}
    quoted = operations.quote_name
    return [f"INSERT INTO {quoted(each)} TABLE {quoted(_COPY + each)}" for each in tables if _COPY + each in copies]


def statements(
    operations: DatabaseOperations,
    style: Any,
    tables: Sequence[str],
    *,
    reset_sequences: bool = False,
    allow_cascade: bool = False,
) -> list[str]:
    """What `flush` runs, in the place of Django's; numbers from one on are given by TRUNCATE alone."""
    if not tables or reset_sequences:
        return TRUNCATE(operations, style, tables, reset_sequences=reset_sequences, allow_cascade=allow_cascade)
    names = [operations.quote_name(table) for table in sorted(tables)]
    # EXCLUSIVE goes together with plain reading and with nothing else.
    locks = [f"SET LOCAL lock_timeout = {LOCK_MS}", f"LOCK TABLE {', '.join(names)} IN EXCLUSIVE MODE"]
    # In any order: Django's foreign keys are looked at when the transaction ends.
    return [*locks, *(f"DELETE FROM {name}" for name in names), *_brought_back(operations, tables)]


def run(operations: DatabaseOperations, commands: Sequence[str]) -> None:
    """Run them in one transaction, again while a writer is in the way. Raises TimeoutError naming who was, after a minute."""
    wrapper = operations.connection
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            with transaction.atomic(using=wrapper.alias), wrapper.cursor() as cursor:
                for command in commands:
                    cursor.execute(command)
            return
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", None) not in (_LOCK_NOT_AVAILABLE, _DEADLOCK):
                raise
            if time.monotonic() > deadline:
                raise TimeoutError(f"tables could not be emptied beside these transactions: {busy(wrapper)}") from error
        time.sleep(0.05)


def busy(wrapper: BaseDatabaseWrapper) -> list[tuple[Any, ...]]:
    """Other sessions of this database that are in a transaction: pid, state, name, last statement."""
    with wrapper.cursor() as cursor:
        cursor.execute(_BUSY)
        return list(cursor.fetchall())
