"""The servers that every test run gets."""

import os
import socket

import psycopg
import redis


def test_database_is_a_private_postgresql_18_in_utf8() -> None:
    with psycopg.connect(os.environ["YISHI_DATABASE_URL"]) as connection:
        version, encoding, order = connection.execute(
            "select current_setting('server_version_num')::int, pg_encoding_to_char(encoding), datlocale"
            " from pg_database where datname = current_database()"
        ).fetchone()
    assert (version // 10_000, encoding, order) == (18, "UTF8", "C.UTF-8")


def test_bus_wants_its_password() -> None:
    url = os.environ["YISHI_BUS_URL"]
    assert redis.Redis.from_url(url).ping()
    port = redis.Redis.from_url(url).get_connection_kwargs()["port"]
    with socket.create_connection(("127.0.0.1", port), timeout=2) as stranger:
        stranger.sendall(b"PING\r\n")
        assert stranger.recv(100).startswith(b"-NOAUTH")
