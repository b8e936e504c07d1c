"""The unprivileged system account that servers run under when root starts them; it never changes a directory it does not own."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

NAME = "yishi"
# Where things lie that the account must reach, when the checkout is in a home that it may not enter.
OUTSIDE = Path("/var/lib/yishi")


@dataclass(frozen=True)
class Account:
    """A user of this machine."""

    name: str
    uid: int
    gid: int

    def can_enter(self, folder: Path) -> bool:
        """Whether the account may go into `folder`, tried rather than computed."""
        return self._succeeds(["/bin/sh", "-c", 'cd -- "$1"', "sh", str(folder)])

    def can_run(self, program: Path) -> bool:
        """Whether `program --version` works for the account."""
        return self._succeeds([str(program), "--version"])

    def owns(self, path: Path) -> None:
        """Hand `path`, and what is in it, to the account."""
        shutil.chown(path, self.uid, self.gid)
        if path.is_dir():
            for inside in path.rglob("*"):
                os.chown(inside, self.uid, self.gid, follow_symlinks=False)

    def _succeeds(self, command: list[str]) -> bool:
        try:
            done = subprocess.run(
                command, user=self.uid, group=self.gid, extra_groups=[], cwd="/", capture_output=True, timeout=20
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
        return done.returncode == 0


def for_servers() -> Account | None:
    """The account for servers: None when we are not root and so are unprivileged ourselves.

    As root an account `yishi` is made when missing. Raises RuntimeError when that is not possible.
    """
    if os.geteuid() != 0:
        return None
    for name in (NAME, "nobody"):
        if name == NAME:
            _make(name)
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    raise RuntimeError(f"no account {NAME!r} and none could be made; make it with: useradd --system {NAME}")


def _make(name: str) -> None:
    try:
        pwd.getpwnam(name)
    except KeyError:
        program = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
        if program:
            shell = "/usr/sbin/nologin"
            command = [program, "--system", "--no-create-home", "--home-dir", "/nonexistent", "--shell", shell, name]
            subprocess.run(command, check=False, capture_output=True)


def reachable_folder(wanted: Path, outside_name: str, account: Account | None) -> Path:
    """`wanted`, or, when the account may not enter its parent, a folder of that name below /var/lib/yishi.

    In the second case `wanted` becomes a symbolic link to it, so that it is still found where one looks for it.
    """
    if account is None or account.can_enter(wanted.parent):
        return wanted
    OUTSIDE.mkdir(mode=0o755, parents=True, exist_ok=True)
    outside = OUTSIDE / outside_name
    outside.mkdir(mode=0o711, parents=True, exist_ok=True)
    target = outside / wanted.name
    if not wanted.is_symlink() and not wanted.exists():
        wanted.symlink_to(target)
    return target


def runnable_program(program: Path, package: Path, account: Account | None) -> Path:
    """`program`, or a copy of its `package` folder below /var/lib/yishi when the account cannot run it where it is.

    `package` holds the program and all that it loads; the copy keeps the layout. Raises RuntimeError when even the
    copy cannot be run.
    """
    if account is None or account.can_run(program):
        return program
    inside = program.relative_to(package.parent)
    home = OUTSIDE / "programs" / _fingerprint(package)
    if not (home / inside).exists():
        _copy(package, home)
    copied = home / inside
    if not account.can_run(copied):
        raise RuntimeError(f"the account {account.name!r} cannot run {copied}; is {OUTSIDE} mounted noexec?")
    return copied


def _fingerprint(package: Path) -> str:
    state = (package / "__init__.py").stat()
    return f"{package.name}-{state.st_size}-{int(state.st_mtime)}"


def _copy(package: Path, home: Path) -> None:
    """Copy the package, and the libraries that its wheel keeps beside it, in one visible step."""
    home.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    fresh = home.with_name(f"{home.name}.{os.getpid()}")
    for folder in (package, package.with_name(f"{package.name}.libs")):
        if folder.is_dir():
            shutil.copytree(folder, fresh / folder.name, symlinks=True)
    for path in (fresh, *fresh.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
    try:
        fresh.rename(home)
    except OSError:
        shutil.rmtree(fresh)
        if not home.exists():
            raise
