"""What became of those who were `administrator`: an office where they did nothing else, else the work they did."""

from __future__ import annotations

import importlib

import pytest
from django.apps import apps
from django.db import connection

from broadcast import clock
from broadcast.models import Programme, RoleGrant, User
from tests.broadcast import making

pytestmark = pytest.mark.django_db
migration = importlib.import_module("broadcast.migrations.0007_staff_accounts")


def holds(name: str, *roles: str, programme: Programme | None = None, superuser: bool = False) -> User:
    user = User.objects.create(username=name, is_superuser=superuser)
    for role in roles:
        RoleGrant.objects.create(user=user, role=role, programme=programme, granted_at=clock.now())
    return user


def roles_of(user: User) -> list[tuple[str, int | None]]:
    return sorted(RoleGrant.objects.filter(user=user).values_list("role", "programme"))


def test_administrators_become_office_holders_or_producers() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE broadcast_rolegrant DISABLE TRIGGER offices_apart")
    brand = making.programme()
    alone, member = holds("alone", "administrator"), holds("member", "administrator", "member")
    working, local = holds("working", "administrator", "moderator"), holds("local", "administrator", programme=brand)
    root, busy_root = holds("root", superuser=True), holds("busy", "producer", superuser=True)
    auditor, judge = holds("auditor", "auditor"), holds("judge", "auditor", "producer")
    with connection.schema_editor() as editor:
        migration.part_the_offices(apps, editor)
    assert roles_of(alone) == [("system_administrator", None)]
    assert roles_of(member) == [("member", None), ("system_administrator", None)]
    assert roles_of(working) == [("moderator", None), ("producer", None)]
    assert roles_of(local) == [("producer", brand.pk)]
    assert roles_of(root) == [("system_administrator", None)]
    assert roles_of(busy_root) == [("producer", None)]
    assert roles_of(auditor) == [("auditor", None)]
    assert roles_of(judge) == [("producer", None)], "nobody reads the record of his own acts for others"
    assert not User.objects.filter(is_superuser=True).exists()
