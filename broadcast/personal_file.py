"""Packs a person's data into one file: the data as JSON and the same to read as a page; it knows no table and no right."""

from __future__ import annotations

import datetime as dt
import io
import json
import zipfile
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from broadcast.personal import Section

FORMAT = "yishi-personal-1"
MEDIA_TYPE = "application/zip"


def packed(sections: Sequence[Section], at: dt.datetime) -> bytes:
    """A ZIP with data.json and index.html, in the language in force."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.json", as_json(sections, at))
        archive.writestr("index.html", as_page(sections, at))
    return file.getvalue()


def name(at: dt.datetime) -> str:
    """What the download is called."""
    return f"yishi-personal-{at.astimezone(_zone()):%Y%m%d}.zip"


def as_json(sections: Sequence[Section], at: dt.datetime) -> str:
    """Every section under its code, times in ISO 8601 with their zone."""
    told: dict[str, Any] = {"format": FORMAT, "made_at": at.isoformat()}
    told |= {section.code: list(section.rows) for section in sections}
    return json.dumps(told, ensure_ascii=False, indent=1, default=_plain)


def as_page(sections: Sequence[Section], at: dt.datetime) -> str:
    """A page of tables that needs nothing but itself."""
    tables = [
        {
            "title": section.title,
            "heads": [head for _key, head in section.columns],
            "rows": [[_shown(row.get(key)) for key, _head in section.columns] for row in section.rows],
        }
        for section in sections
    ]
    return render_to_string("broadcast/personal.html", {"tables": tables, "at": _shown(at)})


def _zone() -> ZoneInfo:
    return ZoneInfo(settings.TIME_ZONE)


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, dt.datetime | dt.date) else str(value)


def _shown(value: Any) -> str:
    if value is None or value == "":
        return "—"
    if isinstance(value, dt.datetime):
        return f"{value.astimezone(_zone()):%Y-%m-%d %H:%M:%S}"
    if isinstance(value, bool):
        return _("是") if value else _("否")
    return str(value)
