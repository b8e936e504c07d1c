"""`python -m broadcast <command>`: our own commands and, beside them, every Django management command; no manage.py."""

from __future__ import annotations

import os
import subprocess
import sys

from broadcast.house.places import ROOT

HELP = """\
用法 · usage: ./yishi <command>

  up       启动全部 · start everything (--no-demo, --port N, --host ADDRESS, --edges N)
  collect  收集静态文件 · browser libraries, translations, static files (up does it too)
  edge     观众多时的网页进程 · a web process for many viewers, under uvicorn (--port N, --host ADDRESS)
  doctor   检查各部分 · check each part (--json)
  alive    进程是否正常 · whether a process works (tick, recorder, or an address)
  test     检查与测试 · all checks and tests (--long, then pytest's own arguments)
  bench    测量 · measure against a baseline (NAME, --quick, --json)

其余为 Django 管理命令 · all else is a Django management command, for instance:
  account (工作人员账号 · staff accounts: NAME --role ROLE),
  import (往期节目 · old episodes: FOLDER --programme SLUG), migrate, shell, seed-programmes, protocol, configuration
"""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    words = sys.argv[1:] if arguments is None else arguments
    if not words or words in (["help"], ["-h"], ["--help"]):
        sys.stdout.write(HELP)
        return 0
    command, rest = words[0], words[1:]
    own = _OWN.get(command)
    return own(rest) if own else _manage(command, rest)


def _up(rest: list[str]) -> int:
    from broadcast.house import up

    return up.main(rest)


def _edge(rest: list[str]) -> int:
    from broadcast.house import edge

    return edge.main(rest)


def _web(rest: list[str]) -> int:
    from broadcast.house import web

    return web.main(rest)


def _doctor(rest: list[str]) -> int:
    from broadcast.house import doctor

    return doctor.main(rest)


def _collect(_rest: list[str]) -> int:
    from broadcast.house import environment, prepare

    os.environ.update(environment.completed(os.environ))
    prepare.collect()
    return 0


def _alive(rest: list[str]) -> int:
    from broadcast.house import alive

    return alive.main(rest)


def _test(rest: list[str]) -> int:
    from broadcast.house import testing

    return testing.main(rest)


def _bench(rest: list[str]) -> int:
    # A process of its own: a benchmark chooses its servers before settings are read.
    return subprocess.run([sys.executable, "-m", "benchmarks", *rest], cwd=ROOT, check=False).returncode


# Imported when called: each command loads what it needs and no more.
_OWN = {
    "up": _up,
    "edge": _edge,
    "web": _web,
    "doctor": _doctor,
    "collect": _collect,
    "alive": _alive,
    "test": _test,
    "bench": _bench,
}


def _manage(command: str, rest: list[str]) -> int:
    from broadcast.house.environment import completed
    from broadcast.house.places import here
    from broadcast.house.vendor import folder

    os.environ.update(completed(os.environ))
    # Settings name it; before the first `up` or `collect` it would be missing, and every command would say so.
    folder(here()).mkdir(parents=True, exist_ok=True)
    from django.core.management import execute_from_command_line

    execute_from_command_line(["yishi", command.replace("-", "_") if not command.startswith("-") else command, *rest])
    return 0


if __name__ == "__main__":
    sys.exit(main())
