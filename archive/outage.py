"""Whether PostgreSQL itself is down, asked of its address without a session; it opens no tables and believes no time-out."""

from __future__ import annotations

import socket
import struct
from pathlib import Path

from django.db import connections

_PATIENCE = 1.0
_PROTOCOL_3 = 196608
_CANNOT_CONNECT_NOW = b"C57P03"
# In a "smart" shutdown the sessions that are open go on and can cut, so "shutting down" is no proof.
_NOBODY_IN = (b"starting up", b"recovery mode", b"not yet accepting connections")


def known_down() -> bool:
    """Whether nobody can have a session with the database now. Blocks for two seconds at most; raises nothing.

    Proof is a refused connection, a local socket that a clean stop took away, or the server's own word that it is starting up
    or recovering. Silence, a name that does not resolve, "shutting down" and everything else is none: others may reach it.
    """
    try:
        found = connections["default"].get_connection_params()
        return down_at(str(found.get("host") or ""), int(found.get("port") or 5432))
    except Exception:
        # No address that we understand: then nothing is known.
        return False


def down_at(host: str, port: int) -> bool:
    """`known_down` for one address; a host beginning with / is a folder of sockets. False where it names several hosts."""
    if not host or "," in host:
        return False
    if host.startswith("/"):
        path = Path(host) / f".s.PGSQL.{port}"
        return (path.parent.is_dir() and not path.exists()) or _refuses(socket.AF_UNIX, str(path))
    try:
        places = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        return False
    return bool(places) and all(_refuses(family, address) for family, _, _, _, address in places[:2])


def _refuses(family: int, address: object) -> bool:
    with socket.socket(family, socket.SOCK_STREAM) as asking:
        asking.settimeout(_PATIENCE)
        try:
            asking.connect(address)  # type: ignore[arg-type]
            words = b"user\0yishi\0database\0yishi\0\0"
            asking.sendall(struct.pack("!ii", len(words) + 8, _PROTOCOL_3) + words)
            answer = asking.recv(4096)
        except ConnectionRefusedError:
            return True
        except OSError:
            return False
    return (
        answer[:1] == b"E" and _CANNOT_CONNECT_NOW in answer.split(b"\0") and any(each in answer for each in _NOBODY_IN)
    )
