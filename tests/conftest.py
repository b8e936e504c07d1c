"""Fixtures for every test: static files as in production, and a whole house of one's own for tests of processes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from django.db.backends.postgresql.creation import DatabaseCreation
from django.db.backends.postgresql.operations import DatabaseOperations
from django.utils import translation
from pytest_django import DjangoDbBlocker

from broadcast.house import messages, vendor
from broadcast.house.places import ROOT, Places, here
from tests import emptying, migrated


@pytest.fixture(scope="session", autouse=True)
def emptied_beside_readers() -> Iterator[None]:
    """After a test with real transactions the tables are emptied without waiting for other processes that read them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "sql_flush", emptying.statements)
        patch.setattr(DatabaseOperations, "execute_sql_flush", emptying.run)
        patch.setattr("django.core.management.commands.flush.emit_post_migrate_signal", emptying.nothing_to_make)
        yield


@pytest.fixture(autouse=True)
def house_language() -> Iterator[None]:
    """Each test begins in the house's language, whatever the reader of a test before it had chosen."""
    translation.deactivate()
    yield
    translation.deactivate()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> Iterator[None]:
    """The tables come from where an earlier run kept them; pytest-django asks for this before it makes its database."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseCreation, "create_test_db", migrated.create_test_db)
        yield


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """The database as migrations leave it; what they put in comes back after each emptying, in whatever order tests run."""
    with django_db_blocker.unblock():
        emptying.remember(connection)


@pytest.fixture(scope="session", autouse=True)
def collected_static() -> Path:
    """Collect the static files once a run, below the run's own folder; returns that folder.

    The browser libraries are installed once for all runs, into `var/vendor` of the checkout.
    """
    from django.conf import settings
    from django.core.management import call_command

    cache = Places(ROOT / "var")
    vendor.install(cache)
    own = here().var / "vendor"
    if not own.exists():
        own.symlink_to(cache.var / "vendor")
    messages.compile_all()
    call_command("collectstatic", interactive=False, verbosity=0)
    return Path(settings.STATIC_ROOT)
