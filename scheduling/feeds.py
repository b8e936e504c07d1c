"""Writes iCalendar, Atom and JSON Feed out of outings; the same outings give the same bytes. It reads no table and no clock."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from broadcast.templatetags.staff import weekday
from scheduling.outing import Outing
from scheduling.zones import explained

PRODUCT = "-//Yishi//Schedule//ZH"
REFRESH = dt.timedelta(hours=1)
_ATOM = "http://www.w3.org/2005/Atom"


@dataclass(frozen=True)
class Head:
    """What a feed says of itself. `site` is the house's address without a slash at its end, `own` the feed's own."""

    title: str
    site: str
    own: str
    page: str
    language: str = "zh-Hans"


def calendar(head: Head, outings: Sequence[Outing], *, private: bool = False) -> bytes:
    """An RFC 5545 calendar with the zones that its events name. Cancelled ones stay in it as such, so that calendars strike them out."""
    made = Calendar()
    made.add("prodid", PRODUCT)
    made.add("version", "2.0")
    made.add("calscale", "GREGORIAN")
    made.add("method", "PUBLISH")
    made.add("name", head.title)
    made.add("x-wr-calname", head.title)
    made.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    made.add("x-published-ttl", "PT1H")
    if not private:
        made.add("url", head.page)
    # Simple readers know a zone only when it was explained before it is used.
    for zone in dict.fromkeys(each.zone for each in outings):
        years = [moment.year for each in outings if each.zone == zone for moment in (each.start, each.end)]
        made.add_component(explained(zone, min(years) - 1, max(years) + 1))
    for each in outings:
        made.add_component(_event(head, each.clean(), private))
    return bytes(made.to_ical())


def _event(head: Head, outing: Outing, private: bool) -> Event:
    zone = ZoneInfo(outing.zone)
    event = Event()
    event.add("uid", str(outing.id))
    event.add("dtstamp", outing.changed_at.astimezone(dt.UTC))
    event.add("last-modified", outing.changed_at.astimezone(dt.UTC))
    event.add("sequence", outing.sequence)
    event.add("dtstart", outing.start.astimezone(zone))
    event.add("dtend", outing.end.astimezone(zone))
    event.add("summary", _summary(outing))
    event.add("status", _status(outing))
    event.add("categories", [outing.programme_name])
    address = head.site + outing.path if outing.path else ""
    if address:
        event.add("url", address)
    lines = [outing.description, "、".join(outing.people), outing.note, address]
    event.add("description", "\n\n".join(each for each in lines if each))
    if outing.place:
        event.add("location", outing.place)
    event.add("class", "PRIVATE" if private else "PUBLIC")
    event.add("transp", "OPAQUE" if private else "TRANSPARENT")
    return event


def _summary(outing: Outing) -> str:
    marks = {"rerun": _("重播"), "rehearsal": _("彩排")}
    mark = marks.get(outing.kind, "")
    return f"{outing.name}（{mark}）" if mark else outing.name


def _status(outing: Outing) -> str:
    if outing.state == "cancelled":
        return "CANCELLED"
    return "CONFIRMED" if outing.is_announced else "TENTATIVE"


def atom(head: Head, outings: Sequence[Outing]) -> bytes:
    """An RFC 4287 feed; `updated` is that of what changed last."""
    ElementTree.register_namespace("", _ATOM)
    root = ElementTree.Element(f"{{{_ATOM}}}feed", {"{http://www.w3.org/XML/1998/namespace}lang": head.language})
    newest = max((each.changed_at for each in outings), default=dt.datetime(2000, 1, 1, tzinfo=dt.UTC))
    _tag(root, "id", head.own)
    _tag(root, "title", head.title)
    _tag(root, "updated", _stamp(newest))
    _tag(root, "link", rel="self", type="application/atom+xml", href=head.own)
    _tag(root, "link", rel="alternate", type="text/html", href=head.page)
    _tag(_tag(root, "author"), "name", head.title)
    for each in (outing.clean() for outing in outings):
        entry = _tag(root, "entry")
        _tag(entry, "id", f"urn:uuid:{each.id}")
        _tag(entry, "title", each.name)
        _tag(entry, "updated", _stamp(each.changed_at))
        _tag(entry, "published", _stamp(each.announced_at or each.changed_at))
        _tag(entry, "link", rel="alternate", type="text/html", href=head.site + each.path)
        _tag(entry, "category", term=each.programme, label=each.programme_name)
        _tag(entry, "summary", wall_time(each), type="text")
        _tag(entry, "content", "\n\n".join(part for part in (wall_time(each), each.description) if part), type="text")
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + bytes(ElementTree.tostring(root, encoding="utf-8"))


def json_feed(head: Head, outings: Sequence[Outing]) -> bytes:
    """A JSON Feed 1.1; `_yishi` says when it begins and ends, and its state."""
    items = [
        {
            "id": str(each.id),
            "url": head.site + each.path,
            "title": each.name,
            "content_text": "\n\n".join(part for part in (wall_time(each), each.description) if part),
            "date_published": _stamp(each.announced_at or each.changed_at),
            "date_modified": _stamp(each.changed_at),
            "tags": [each.programme_name],
            "_yishi": {
                "about": head.site + "/api/v1/openapi.json",
                "starts_at": each.start.astimezone(ZoneInfo(each.zone)).isoformat(),
                "ends_at": each.end.astimezone(ZoneInfo(each.zone)).isoformat(),
                "state": each.state,
                "kind": each.kind,
                "programme": each.programme,
            },
        }
        for each in (outing.clean() for outing in outings)
    ]
    made = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": head.title,
        "home_page_url": head.page,
        "feed_url": head.own,
        "language": head.language,
        "items": items,
    }
    return json.dumps(made, ensure_ascii=False, indent=1).encode()


def wall_time(outing: Outing) -> str:
    """2026-11-28 周六 11:00–11:30（Asia/Shanghai）, in the outing's own zone."""
    zone = ZoneInfo(outing.zone)
    start, end = outing.start.astimezone(zone), outing.end.astimezone(zone)
    where = _("北京时间") if outing.zone == "Asia/Shanghai" else outing.zone
    return f"{start:%Y-%m-%d} {weekday(start)} {start:%H:%M}–{end:%H:%M}（{where}）"


def _tag(parent: ElementTree.Element, name: str, text: str = "", **attributes: str) -> ElementTree.Element:
    made = ElementTree.SubElement(parent, f"{{{_ATOM}}}{name}", attributes)
    made.text = text or None
    return made


def _stamp(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")
