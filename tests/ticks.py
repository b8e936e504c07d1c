"""Processes of `python -m broadcast tick` on the database of a test."""

from __future__ import annotations

import os
import subprocess
import sys

from django.conf import settings
from django.db import connection


def start_tick() -> subprocess.Popen[bytes]:
    """One more of them; whoever starts it ends it."""
    base = settings.DATABASES["default"]
    host = f"{base['HOST']}:{base['PORT']}" if base["PORT"] else base["HOST"]
    url = f"postgresql://{base['USER']}:{base['PASSWORD']}@{host}/{connection.settings_dict['NAME']}"
    environ = {**os.environ, "YISHI_DATABASE_URL": url, "YISHI_SECRET_KEY": settings.SECRET_KEY}
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "broadcast", "tick"], cwd=settings.BASE_DIR, env=environ
    )
