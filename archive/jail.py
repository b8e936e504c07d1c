"""The inner half of the sandbox, run by itself in namespaces of its own: makes a root with programs and libraries alone, runs one.

Called as `python -I jail.py BOX USER PROGRAM…`: BOX the one folder that may be written, USER the number to become ("" to stay who we
are, without rights). It imports nothing of the house and knows nothing of media.
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

# What programs need to start; nothing of /home, /var, /srv, /root, /proc or /sys, and of /etc only where libraries are found.
_SHOWN = (
    *("/usr/bin", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libx32", "/usr/local/bin", "/usr/local/lib"),
    *("/bin", "/lib", "/lib32", "/lib64", "/libx32", "/etc/alternatives", "/etc/ld.so.cache"),
)
_DEVICES = ("/dev/null", "/dev/urandom")
_RDONLY, _NOSUID, _NODEV, _NOEXEC = 1, 2, 4, 8
_REMOUNT, _BIND, _REC, _PRIVATE = 32, 4096, 16384, 1 << 18
_DETACH = 2
_OLD = ".old"
_NO_NEW_PRIVS, _DROP_BOUND = 38, 24
EXIT_CANNOT = 126
NAME = "jail: "

_libc = ctypes.CDLL(None, use_errno=True)


def _call(name: str, *arguments: object) -> None:
    if getattr(_libc, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def _mount(source: str, target: str, kind: str, flags: int, data: str = "") -> None:
    _call("mount", source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), data.encode())


def _show(path: Path, root: Path, flags: int, source: str = "") -> None:
    """Make a file or folder visible at the same place under the new root."""
    target = root / path.relative_to("/")
    if os.path.lexists(target):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if path.is_symlink() and path.is_dir():
        target.symlink_to(path.readlink())
        return
    if source or path.is_dir():
        target.mkdir()
    elif path.exists():
        target.touch()
    else:
        return
    _mount(source or str(path), str(target), "", _BIND)
    _mount("", str(target), "", _REMOUNT | _BIND | flags)


def build(box: Path, program: Path) -> None:
    """Build the new root and go there; the box is the one thing in it that can be written. Raises OSError."""
    _mount("", "/", "", _REC | _PRIVATE)
    # The new root is laid over the box, as good a place as any, so the box is held meanwhile.
    held, root = os.open(box, os.O_PATH | os.O_DIRECTORY), box
    _mount("none", str(root), "tmpfs", _NOSUID | _NODEV, "size=1m,mode=755")
    for path in (*_SHOWN, program):
        _show(Path(path), root, _RDONLY | _NOSUID | _NODEV)
    for path in _DEVICES:
        _show(Path(path), root, _NOSUID | _NOEXEC)
    for folder in ("tmp", _OLD):
        (root / folder).mkdir()
    _show(box, root, _NOSUID | _NODEV | _NOEXEC, f"/proc/self/fd/{held}")
    os.close(held)
    _mount("", str(root), "", _REMOUNT | _BIND | _RDONLY | _NOSUID | _NODEV)
    os.chdir(root)
    _call("pivot_root", b".", _OLD.encode())
    os.chroot(".")
    _call("umount2", f"/{_OLD}".encode(), _DETACH)
    os.chdir(box)


def give_up_rights(user: str) -> None:
    """Become nobody in particular, for good. Raises OSError."""
    if user:
        os.setgroups([])
    bound = 0
    while _libc.prctl(_DROP_BOUND, bound, 0, 0, 0) == 0:
        bound += 1
    if user:
        os.setresgid(int(user), int(user), int(user))
        os.setresuid(int(user), int(user), int(user))
    _call("prctl", _NO_NEW_PRIVS, 1, 0, 0, 0)


def main(box: str, user: str, *words: str) -> int:
    """Run it and say how it ended, as a shell does. The first process of a namespace ignores signals, so the program is its child."""
    try:
        build(Path(box), Path(words[0]))
        child = os.fork()
        if not child:
            give_up_rights(user)
            os.execv(words[0], words)
    except OSError as error:
        sys.stderr.write(f"{NAME}{error}\n")
        os._exit(EXIT_CANNOT)
    while True:
        ended, status = os.wait()
        if ended == child:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


if __name__ == "__main__":
    os._exit(main(*sys.argv[1:]))
