"""Titles made from a template's pattern, and following number and day until somebody writes their own; it knows no page."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from broadcast.errors import InvalidInput
from broadcast.models import Airing, Episode
from scheduling.models import EpisodeTemplate, Occurrence

HOLDERS = ("{number}", "{date}")
MOST = 120


def made(template: EpisodeTemplate | None, number: int | None, start: dt.datetime, zone: str) -> str:
    """The pattern filled in; without a template, that the topic is still open."""
    if template is None:
        return _("话题待定")
    local = start.astimezone(ZoneInfo(zone))
    words = {"{number}": str(number or ""), "{date}": f"{local:%Y-%m-%d}"}
    title = template.title
    for holder, value in words.items():
        title = title.replace(holder, value)
    return title.strip()[:MOST] or _("话题待定")


def check(pattern: str) -> None:
    """Raise InvalidInput (field: title) for an empty pattern, or braces that mean nothing."""
    rest = pattern
    for holder in HOLDERS:
        rest = rest.replace(holder, "")
    if not pattern.strip():
        raise InvalidInput(_("请填写标题样式。"), field="title")
    if "{" in rest or "}" in rest:
        raise InvalidInput(_("标题样式里只能用 {number} 和 {date}。"), field="title")


def follow(episode: Episode, number: int | None, start: dt.datetime | None = None) -> bool:
    """Make the title anew where it still is what the template made of the old number and time; saves nothing.

    `number` and `start` are the old ones (`start` None: unchanged). Returns whether the title changed.
    """
    occurrence = (
        Occurrence.objects.select_related("slot__template", "airing")
        .filter(airing__episode=episode, airing__kind=Airing.Kind.PREMIERE)
        .first()
    )
    if occurrence is None or occurrence.slot.template is None:
        return False
    template, now = occurrence.slot.template, occurrence.airing.planned_start
    if episode.title != made(template, number, start or now, occurrence.slot.zone):
        return False
    before, episode.title = episode.title, made(template, episode.number, now, occurrence.slot.zone)
    return episode.title != before
