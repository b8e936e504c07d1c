"""Reads printed ways to a show: where a code leads now, its address and picture, and its scans; writes nothing."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

import segno
from django.db.models import Sum
from django.http import HttpRequest
from django.urls import reverse

from broadcast import queries
from broadcast.access import Actor
from broadcast.models import Airing, Source, SourceCount


@dataclass(frozen=True)
class Scans:
    """How often a source was scanned: `show` led to the airing asked for, `all` ever."""

    show: int = 0
    all: int = 0


def find(code: str) -> Source | None:
    """The source of a code, however its letters were typed."""
    return Source.objects.select_related("programme", "airing__episode__programme").filter(code=code.lower()).first()


def leads_to(actor: Actor, source: Source) -> Airing | None:
    """The show that whoever scans it now is sent to: its own; else the programme's on air, else the next; None: none is near."""
    if source.airing is not None:
        return source.airing
    near = queries.on_air(actor, source.programme) or queries.coming(actor, 1, source.programme)
    return near[0].airing if near else None


def address(request: HttpRequest, source: Source) -> str:
    """What its QR code says, whole."""
    return request.build_absolute_uri(reverse("source", args=[source.code]))


def picture(address: str, kind: str, *, inline: bool = False) -> bytes:
    """The QR code as SVG or PNG (about 1,000 pixels). `inline`: an SVG to stand in a page, without size and declaration."""
    made, out = segno.make(address, error="m", micro=False), io.BytesIO()
    if kind == "png":
        made.save(out, kind="png", scale=max(1, 1000 // made.symbol_size(border=4)[0]), border=4)
    else:
        made.save(
            out,
            kind="svg",
            border=4,
            light="#fff",
            omitsize=True,
            xmldecl=not inline,
            svgns=True,
            nl=False,
            svgclass=None,
            lineclass=None,
        )
    return out.getvalue()


def scans(sources: Iterable[Source], airing_id: UUID) -> dict[int, Scans]:
    """By source."""
    ids = [source.pk for source in sources]
    counted = SourceCount.objects.filter(source__in=ids).values("source").annotate(n=Sum("scans")).order_by()
    everything = dict(counted.values_list("source", "n"))
    here = dict(counted.filter(airing=airing_id).values_list("source", "n"))
    return {each: Scans(here.get(each, 0), everything.get(each, 0)) for each in ids}


def by_minute(sources: Iterable[Source], airing_id: UUID) -> list[tuple[dt.datetime, int, int]]:
    """Every scan of a show's evening: (minute, source, scans), in order of time."""
    rows = SourceCount.objects.filter(source__in=[each.pk for each in sources], airing=airing_id)
    return list(
        rows.values("minute", "source").annotate(n=Sum("scans")).order_by("minute").values_list("minute", "source", "n")
    )
