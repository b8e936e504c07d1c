"""What must be done before the processes start: static files, translations, migrations, programmes, demo; safe to repeat."""

from __future__ import annotations

import sys
import time

WAIT_SECONDS = 60


def prepare(*, demo: bool) -> None:
    """Do all steps in order, saying each. Raises what a step raises; the steps done before it stay done."""
    collect()
    _wait_for_database()
    from django.core.management import call_command, get_commands

    call_command("migrate", interactive=False, verbosity=0)
    say("数据库结构已更新 · database migrated")
    for command in ("seed_programmes", *(("seed_demo",) if demo else ())):
        if command in get_commands():
            call_command(command)
        else:
            say(f"{command}: 尚无此命令，跳过 · no such command yet, skipped")


def collect() -> None:
    """Browser libraries, translations and static files: all that can be made without a database."""
    from broadcast.house import messages, vendor
    from broadcast.house.places import here

    if vendor.install(here()):
        say("浏览器库已安装 · browser libraries installed")
    messages.compile_all()

    import django
    from django.core.management import call_command

    django.setup()
    call_command("collectstatic", interactive=False, verbosity=0)
    say("静态文件已收集 · static files collected")


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _wait_for_database() -> None:
    from django.db import OperationalError, connection

    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            connection.ensure_connection()
            return
        except OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
