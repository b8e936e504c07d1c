"""The tables are emptied after a test whatever other processes do: readers are not waited for, writers are."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import psycopg
import pytest
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.db.backends.postgresql.operations import DatabaseOperations

from broadcast.models import Feed, Programme
from tests import emptying

pytestmark = pytest.mark.django_db(transaction=True)
# Locks are taken by name: feeds before programmes.
FEEDS, PROGRAMMES = "select count(*) from broadcast_feed", "select count(*) from broadcast_programme"


@pytest.fixture
def other() -> Iterator[psycopg.Connection]:
    """A transaction of another process."""
    with psycopg.connect(**connection.get_connection_params()) as found:
        yield found
        found.rollback()


def truncate_by_name(operations: DatabaseOperations, style: object, tables: list[str], **wishes: bool) -> list[str]:
    """Django's own statement; it names the tables in an order that differs from run to run."""
    return emptying.TRUNCATE(operations, style, sorted(tables), **wishes)


def flush() -> None:
    call_command("flush", verbosity=0, interactive=False, reset_sequences=False)


class Flush(threading.Thread):
    """An emptying under way; `error` is how it failed."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.error: Exception | None = None
        self.start()

    def run(self) -> None:
        try:
            flush()
        except Exception as error:
            self.error = error
        finally:
            connections.close_all()

    def ended(self) -> bool:
        self.join(60)
        return not self.is_alive()


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def waiting() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from pg_locks where not granted and database is not null")
        return bool(cursor.fetchone()[0])


def make_rows() -> None:
    Feed.objects.create(name="a", srt_port=1)
    Programme.objects.create(slug="a", name_zh="甲")


def read_in_the_opposite_order(other: psycopg.Connection) -> tuple[Flush, bool]:
    """Another process reads the later table, the emptying begins, then it reads the earlier one; says whether that went well."""
    other.execute(PROGRAMMES)
    emptying_now = Flush()
    until(lambda: waiting() or not emptying_now.is_alive())
    try:
        other.execute(FEEDS)
    except psycopg.errors.DeadlockDetected:
        other.rollback()
        return emptying_now, False
    return emptying_now, True


def test_the_way_of_django_ends_in_a_deadlock(other: psycopg.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(DatabaseOperations, "sql_flush", truncate_by_name)
        patch.setattr(DatabaseOperations, "execute_sql_flush", emptying.RUN_ONCE)
        make_rows()
        emptying_now, read = read_in_the_opposite_order(other)
        other.rollback()
        assert emptying_now.ended()
    assert (not read) != isinstance(emptying_now.error, CommandError)


def test_a_reader_in_the_opposite_order_goes_on(other: psycopg.Connection) -> None:
    make_rows()
    emptying_now, read = read_in_the_opposite_order(other)
    assert read
    assert emptying_now.ended()  # beside the reader's transaction, which is still open
    assert emptying_now.error is None
    assert (Feed.objects.count(), Programme.objects.count()) == (0, 0)


def test_a_writer_is_waited_for_and_its_rows_go_too(other: psycopg.Connection) -> None:
    make_rows()
    other.execute("update broadcast_programme set name_zh = '乙'")
    other.execute(
        'insert into broadcast_programme select (jsonb_populate_record(p, \'{"id": 77, "slug": "b"}\')).* '
        "from broadcast_programme p"
    )
    emptying_now = Flush()
    until(waiting)
    # The opposite order again: ours steps back, so that the writer is never the one to be ended.
    other.execute("update broadcast_feed set name = 'b'")
    assert emptying_now.is_alive()
    other.commit()
    assert emptying_now.ended()
    assert emptying_now.error is None
    assert (Feed.objects.count(), Programme.objects.count()) == (0, 0)


def test_a_writer_that_never_ends_is_named(other: psycopg.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emptying, "PATIENCE_SECONDS", 0)
    make_rows()
    other.execute("update broadcast_feed set name = 'forgotten'")
    with pytest.raises(CommandError) as caught:
        flush()
    assert "name = 'forgotten'" in str(caught.value.__cause__)
    assert Feed.objects.count() == 1


def test_numbers_run_on_unless_they_are_asked_to_begin_again() -> None:
    make_rows()
    before = Feed.objects.get().pk
    flush()
    make_rows()
    assert Feed.objects.get().pk == before + 1
    call_command("flush", verbosity=0, interactive=False, reset_sequences=True)
    make_rows()
    assert Feed.objects.get().pk == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", ["first", "second"])
def test_what_migrations_put_in_is_there_after_each_emptying(turn: str) -> None:
    """Else a test would hold or not by which tests its process ran before."""
    from live.models import Reason

    assert Reason.objects.filter(is_active=True).exists(), turn


def permissions() -> dict[int, tuple[str, str]]:
    found = Permission.objects.values_list("id", "codename", "content_type__model")
    return {number: (name, model) for number, name, model in found}


def test_permissions_and_content_types_are_the_same_after_an_emptying() -> None:
    before = permissions()
    assert "change_user" in {name for name, _model in before.values()}
    flush()
    assert permissions() == before
    assert ContentType.objects.get_for_model(Feed).pk in set(ContentType.objects.values_list("pk", flat=True))
