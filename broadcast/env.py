"""Reads the YISHI_* variables, which are declared once in `broadcast.variables`, and files they name; nothing else of the environment."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from broadcast.variables import TABLE, Variable

PREFIX = "YISHI_"
# A secret may lie in a file that NAME_FILE names, as containers are given theirs.
FILE = "_FILE"


class BadVariable(ValueError):
    """A variable's value has the wrong form; the text names variable, value and expected form."""


VARIABLES: dict[str, Variable] = {PREFIX + variable.name: variable for variable in TABLE}


def read(name: str, environ: Mapping[str, str] | None = None) -> Any:
    """Value of the variable `name` (without prefix) in its declared type. Raises BadVariable with what was expected."""
    variable = VARIABLES[PREFIX + name]
    names = os.environ if environ is None else environ
    raw = names.get(PREFIX + name) or (_from_file(PREFIX + name + FILE, names) if variable.secret else "")
    if not raw:
        return variable.default
    try:
        return variable.parse(raw)
    except ValueError as error:
        shown = "(secret)" if variable.secret else repr(raw)
        raise BadVariable(f"{PREFIX}{name} is {shown}; expected {variable.form}. {variable.help}") from error


def _from_file(name: str, environ: Mapping[str, str]) -> str:
    """The content of the file that the variable names, less the blanks around it; empty without one."""
    path = environ.get(name)
    if not path:
        return ""
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadVariable(f"{name} is {path!r}; expected a file that can be read: {error}") from error


def unknown(environ: Mapping[str, str] | None = None) -> list[tuple[str, str | None]]:
    """Set variables with our prefix that nobody declared, each with the nearest declared name or None."""
    names = os.environ if environ is None else environ
    known = set(VARIABLES) | {name + FILE for name, variable in VARIABLES.items() if variable.secret}
    strangers = sorted(name for name in names if name.startswith(PREFIX) and name not in known)
    return [(name, next(iter(difflib.get_close_matches(name, VARIABLES, 1)), None)) for name in strangers]
