"""Completes the YISHI_* variables of a process from what this house knows, so that every command finds the same servers."""

from __future__ import annotations

from collections.abc import Mapping

from broadcast.house.places import Places, here
from broadcast.house.postgres import Postgres
from broadcast.house.valkey import Valkey

SETTINGS = "broadcast.settings"


def completed(environ: Mapping[str, str], places: Places | None = None) -> dict[str, str]:
    """The environment for our own processes: addresses of the embedded servers and a kept secret key where none is set.

    The servers need not run. What is set already is left as it is.
    """
    house = places or here()
    full = dict(environ)
    full["DJANGO_SETTINGS_MODULE"] = SETTINGS
    full["YISHI_VAR"] = str(house.var)
    if not full.get("YISHI_DATABASE_URL"):
        full["YISHI_DATABASE_URL"] = Postgres(house).url
    if not full.get("YISHI_BUS_URL"):
        full["YISHI_BUS_URL"] = Valkey(house).url
    if not full.get("YISHI_SECRET_KEY"):
        full["YISHI_SECRET_KEY"] = house.secret("secret_key")
    return full
