"""The health check tells what answers, and never fails itself."""

from __future__ import annotations

import pytest
from django.db import OperationalError, connection

from broadcast.views import health


@pytest.mark.django_db
def test_without_the_database_it_is_503(client, monkeypatch):
    def lost(*_args):
        raise OperationalError("down")

    monkeypatch.setattr(connection, "cursor", lost)
    monkeypatch.setattr(connection, "close", lambda: None)
    response = client.get("/healthz")
    assert response.status_code == 503
    assert response.json() == {"status": "degraded", "database": False, "bus": True}


@pytest.mark.django_db
def test_without_the_bus_it_is_degraded_but_serves(client, monkeypatch, settings):
    settings.BUS_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr(health, "_bus", None)
    response = client.get("/healthz")
    assert response.status_code == 200
    assert response.json() == {"status": "degraded", "database": True, "bus": False, "schedule": True}
    monkeypatch.setattr(health, "_bus", None)


def test_it_is_read_only(client):
    assert client.post("/healthz").status_code == 405
