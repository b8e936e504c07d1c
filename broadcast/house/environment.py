"""Completes the YISHI_* variables of a process from what this house knows, so that every command finds the same servers."""

from __future__ import annotations

from collections.abc import Mapping

from broadcast import env
from broadcast.house.places import Places, here
from broadcast.house.postgres import Postgres
from broadcast.house.state import State
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
    for name, value in _running(house).items():
        full.setdefault(name, value)
    if not env.read("DATABASE_URL", full):
        full["YISHI_DATABASE_URL"] = Postgres(house).url
    if not env.read("BUS_URL", full):
        full["YISHI_BUS_URL"] = Valkey(house).url
    if not env.read("SECRET_KEY", full):
        full["YISHI_SECRET_KEY"] = house.secret("secret_key")
    return full


def _running(house: Places) -> dict[str, str]:
    """What the command line of a running `up` decided: a command beside it must not take a demo for a public house."""
    state = State(house)
    facts = state.read() if state.held else {}
    names = {"demo": "YISHI_DEMO", "host": "YISHI_WEB_HOST", "port": "YISHI_WEB_PORT"}
    return {name: str(int(facts[key]) if key == "demo" else facts[key]) for key, name in names.items() if key in facts}
