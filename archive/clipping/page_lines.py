"""What the staff page of clips lists: the clips themselves, moments and spoken lines that one may begin at; it writes nothing."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils.translation import gettext as _

from archive.clipping import queries, spans
from archive.models import Clip
from archive.queries import milliseconds
from archive.steps import view as steps
from archive.transcripts import public
from archive.transcripts.lines import Line, clock
from broadcast import registry, replay_times
from broadcast.models import Airing
from broadcast.replay_times import Span

_MOST = 200
_BUSY = {Clip.Work.WAITING, Clip.Work.RUNNING}


def problems() -> dict[str, str]:
    """The stable codes of failures in words for people."""
    return {
        **steps.problems(),
        "nothing_left": _("这一段在公众的回看里已经没有内容：被切断或剪去了。"),
        "no_font": _("这台机器没有中文字体，不能把字幕写进画面。请装一种，再重试。"),
        "error": _("生成失败。可以重试；多次失败请联系技术人员。"),
    }


def rows(airing: Airing, known: list[Span]) -> list[dict[str, Any]]:
    """The clips of the page, the newest first."""
    stand = set(queries.standing().filter(airing=airing).values_list("pk", flat=True))
    told = problems()
    return [_row(clip, known, clip.pk in stand, told) for clip in reversed(queries.of_airing(airing.pk))]


def _row(clip: Clip, known: list[Span], stands: bool, told: dict[str, str]) -> dict[str, Any]:
    place = spans.stretch(clip.starts_at, clip.ends_at, known)
    after = clip.facts.get("after") or {}
    return {
        "clip": clip,
        "title": clip.title or _("还没有标题"),
        "untitled": not clip.title,
        "stands": stands,
        "busy": not stands and clip.work in _BUSY and clip.state != Clip.State.WITHDRAWN,
        "percent": round(clip.progress * 100),
        "problem": told.get(clip.problem, told["error"]) if clip.problem and not stands else "",
        "may_retry": clip.work in {Clip.Work.FAILED, Clip.Work.REFUSED},
        "start": clock(place.start).partition(".")[0] if place else "",
        "seconds": round(place.seconds, 1) if place else (clip.ends_at - clip.starts_at).total_seconds(),
        "shortened": place is not None and not place.whole,
        "gone": bool(known) and place is None,
        "loudness": after.get("integrated"),
        "loud_enough": clip.facts.get("within"),
        "wordless": clip.captions and stands and not clip.facts.get("lines"),
        "size": round(clip.files[queries.VIDEO]["size"] / 1_048_576, 1) if stands else 0,
    }


def spoken(airing: Airing) -> list[Line]:
    """The signed lines, by seconds of the replay."""
    return public.lines(airing)


def moments(airing: Airing, known: list[Span]) -> list[dict[str, Any]]:
    """What was marked while it ran and is in the public's replay, by second."""
    found: list[dict[str, Any]] = []
    for _name, tell in registry.timeline:
        for mark in tell(airing, True):
            title = str(mark.get("title") or "")
            at = replay_times.moment(milliseconds(dt.datetime.fromisoformat(mark["at"])), known) if title else None
            if at is not None:
                found.append({"second": int(at), "clock": clock(at).partition(".")[0], "title": title})
    return sorted(found, key=lambda each: each["second"])[:_MOST]
