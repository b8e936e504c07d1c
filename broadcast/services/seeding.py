"""Adds the programmes, segment roles and feeds that are missing; what is there belongs to people and is never changed."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from django.db import transaction

from broadcast import env, registry
from broadcast.models import Feed, Programme, SegmentRole

DATA = Path(__file__).resolve().parent.parent / "seeds" / "programmes.toml"
DELAY_SECONDS = {"video": 20, "both": 20, "radio": 6, "off_air": 0}


def seed_programmes(data: Path = DATA) -> list[str]:
    """Add the missing rows in one transaction; returns the slugs of the programmes that were made. Safe to repeat."""
    plan = tomllib.loads(data.read_text(encoding="utf-8"))
    with transaction.atomic():
        made = [
            row["slug"]
            for position, row in enumerate(plan["programmes"], start=1)
            if _programme(row, position, plan["audiences"], plan["roles"])
        ]
        for feed in plan["feeds"]:
            ensure_feed(feed["name"], env.read("SRT_PORT_FIRST") + feed["offset"])
        for _name, seed in registry.seeds:
            seed(made)
    return made


def ensure_feed(name: str, port: int) -> Feed | None:
    """The feed of that name, made where its port is free; None where another feed has the port."""
    feed = Feed.objects.filter(name=name).first()
    if feed is None and not Feed.objects.filter(srt_port=port).exists():
        feed = Feed.objects.create(name=name, srt_port=port)
    return feed


def _programme(row: dict[str, Any], position: int, audiences: dict[str, Any], roles: dict[str, Any]) -> bool:
    """Make one programme with its segment roles; returns False where the slug is taken."""
    audience = row.get("audience", "public")
    columns = {key: value for key, value in row.items() if key not in {"slug", "roles"}}
    values = {"delay_seconds": DELAY_SECONDS[row["kind"]], **audiences[audience], **columns}
    programme, made = Programme.objects.get_or_create(slug=row["slug"], defaults={"position": position * 10, **values})
    if made:
        SegmentRole.objects.bulk_create(
            SegmentRole(programme=programme, code=code, mark=mark, name_zh=zh, name_en=en, position=place)
            for place, (code, mark, zh, en) in enumerate(roles[row["roles"]], start=1)
        )
    return made
