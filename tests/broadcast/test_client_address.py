"""Where a browser is: what a named proxy says of it, and nothing that a stranger says."""

from __future__ import annotations

import pytest
from django.test import Client

from broadcast import identity
from broadcast.identity import Identity

PROXY = "172.30.71.2"


@pytest.fixture(autouse=True)
def _proxy(settings):
    settings.TRUSTED_PROXIES = (PROXY,)


@pytest.mark.parametrize(
    ("peer", "port", "forwarded", "real_port", "expected"),
    [
        (PROXY, 1, "198.51.100.7", "40001", ("198.51.100.7", 40_001)),
        (PROXY, 1, "6.6.6.6, 198.51.100.7", "6, 40001", ("198.51.100.7", 40_001)),
        (PROXY, 1, "198.51.100.7", "", ("198.51.100.7", None)),
        (PROXY, 1, "198.51.100.7", "99999", ("198.51.100.7", None)),
        (PROXY, 1, "198.51.100.7", "٤", ("198.51.100.7", None)),
        ("192.0.2.1", "5000", "198.51.100.7", "40001", ("192.0.2.1", 5_000)),
        ("192.0.2.1", None, "", "", ("192.0.2.1", None)),
    ],
)
def test_address_and_port(peer, port, forwarded, real_port, expected):
    assert identity.client_address(peer, port, forwarded, real_port) == expected


def test_a_socket_says_the_same():
    who = Identity(identity.fresh().participant_id, generation=2)
    headers = [
        (b"cookie", b'foo={"a":1}'),
        (b"cookie", f"{identity.COOKIE}={identity.sign(who)}".encode()),
        (b"x-forwarded-for", b"198.51.100.7"),
        (b"x-real-port", b"40001"),
    ]
    actor = identity.actor_of_scope({"client": (PROXY, 1), "headers": headers})
    assert actor is not None
    assert (actor.address, actor.port, actor.generation) == ("198.51.100.7", 40_001, 2)
    assert actor.participant_id == who.participant_id


def test_an_address_that_looks_like_another_host_stays_here(db):
    response = Client().get("/", PATH_INFO="//evil.example/x")
    assert response.status_code == 404
    html = response.content.decode()
    assert '"//evil.example' not in html
    assert "/%2Fevil.example/x?" in html
