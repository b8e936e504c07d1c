"""The generated page is up to date, and the audit chain and the doctor's questions say what is wrong."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from broadcast import audit, clock, env, readiness
from broadcast.access import HOUSE
from broadcast.management.commands import configuration
from broadcast.models import AuditEntry, User


def test_the_configuration_page_is_up_to_date():
    call_command("configuration", check=True)


def test_every_variable_is_on_the_page():
    page = configuration.document()
    assert all(f"`{name}`" in page for name in env.VARIABLES)


@pytest.mark.django_db
def test_a_changed_entry_is_named(capsys):
    entries = audit.record_many(HOUSE, [audit.Act("test.act", f"test:{number}") for number in range(3)])
    call_command("verify_audit")
    assert "共 3 条" in capsys.readouterr().out
    AuditEntry.objects.filter(pk=entries[1].pk).update(reason="changed")
    with pytest.raises(CommandError, match=str(entries[1].pk)):
        call_command("verify_audit")


@pytest.mark.django_db
def test_the_doctor_hears_of_codes_and_demo_accounts(settings):
    settings.DEMO = settings.DEBUG = False
    settings.SMS_SENDER = "console"
    assert readiness.codes()[0][2]
    settings.SMS_SENDER = "no.such.sender"
    assert "no.such.sender" in readiness.codes()[0][0]
    settings.SMS_SENDER = "json.dumps"
    assert readiness.codes()[0][2] == ""
    User.objects.create(username="viewer", is_demo=True, date_joined=clock.now())
    assert readiness.accounts()[0][2]
    settings.DEMO = True
    assert readiness.accounts()[0][2] == ""
    assert readiness.programmes()[0][2]
