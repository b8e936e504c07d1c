"""A process of the house loads at its start what it needs, and nothing that is slow to load and seldom wanted."""

from __future__ import annotations

import json
import subprocess
import sys

from broadcast.house.places import ROOT

# Together as slow to load as all the rest, and a hundred megabytes in each of a dozen processes.
SELDOM = ("boto3", "openpyxl", "numpy", "docx", "faster_whisper", "playwright", "twisted")
_ALL = """
import django, json, sys
django.setup()
early = list(sys.modules)
from django.urls import get_resolver
import broadcast.asgi
get_resolver().reverse_dict
print(json.dumps([early, list(sys.modules)]))
"""


def test_nobody_loads_at_the_start_what_few_need() -> None:
    done = subprocess.run([sys.executable, "-c", _ALL], cwd=ROOT, capture_output=True, text=True, check=True)
    early, web = json.loads(done.stdout.splitlines()[-1])
    assert "live.models" in early
    assert "live.urls" in web
    assert [each for each in SELDOM if each in web] == []
    # A web process has them from its start, so that no comment waits for them; the recorder and commands never want them.
    assert "pypinyin" not in early
    assert "pypinyin" in web
