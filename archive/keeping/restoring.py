"""Takes a bag of ours into this house: checked first, its recording put where a recorder would have it; nothing of it is published."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import re
import shutil
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from archive import orders, playlists, queries, services
from archive.keeping import checking
from archive.keeping.checking import BadBag, Found
from archive.keeping.gathering import FORMAT
from archive.models import OutputCut, Part, Recording, SourceChoice
from archive.parts import AiringFolder, PartFolder
from archive.services import PartReport, Report
from archive.steps import engine
from archive.storage import media
from archive.storage.base import CHUNK
from archive.writer import Writer
from broadcast import clock
from broadcast.access import Actor
from broadcast.models import Airing, Appearance, Episode, Programme
from broadcast.services import restoring
from broadcast.services.restoring import Guest, Kept, Outing

# What a recorder's folder has below it, and nothing else; what steps made is made again here.
_KEPT = re.compile(r"^(released\.jsonl|parts/\d{3,5}/(part\.json|i\.m3u8|kept\.m3u8|((\d{2,4}p|sound)/)?\d{6}\.ts))$")
_SEGMENT = re.compile(r"^\d{6}\.ts$")
_SLUG = re.compile(r"^[A-Za-z0-9_-]{1,50}$")


def restore(actor: Actor, folder: Path) -> Episode:
    """The episode of the bag, as a draft whose recordings can be watched by staff at once. Raises BadBag, Conflict.

    Files come first under a name of their own, rows last in one transaction: killed before that, there is nothing, and the same
    call begins anew.
    """
    root = Path(settings.MEDIA_ROOT)
    root.mkdir(parents=True, exist_ok=True)
    found = checking.check(folder.absolute(), root)
    kept = _kept(found)
    _refuse_known(kept)
    brought: list[Path] = []
    try:
        brought.extend(_bring(found, outing.id, root) for outing in kept.airings)
        with transaction.atomic():
            episode = restoring.restore(actor, kept, folder.name)
            for outing in kept.airings:
                _recorded(found, episode, outing.id)
    except BaseException:
        for each in brought:
            shutil.rmtree(each, ignore_errors=True)
        raise
    for outing in kept.airings:
        engine.ensure(outing.id)
    return episode


def _refuse_known(kept: Kept) -> None:
    """Before hours of copying; the rows' own check follows."""
    for outing in kept.airings:
        if AiringFolder(outing.id).path.exists():
            raise BadBag(f"{outing.id}: 这里已有它的录制 · a recording of it is here", file=str(outing.id))


# -- what the bag says ---------------------------------------------------------------------------------------------------


def _kept(found: Found) -> Kept:
    facts = found.document("data/episode/episode.json")
    try:
        if facts["format"] != FORMAT:
            raise ValueError(facts["format"])
        programme = facts["programme"]
        if not _SLUG.match(programme["slug"]) or programme["kind"] not in Programme.Kind.values:
            raise ValueError("programme")
        return Kept(
            programme={
                "slug": programme["slug"],
                "name_zh": str(programme["name_zh"])[:60],
                "name_en": str(programme["name_en"])[:120],
                "kind": programme["kind"],
                "description_zh": str(programme["description_zh"]),
                "delay_seconds": int(programme["delay_seconds"]),
            },
            number=None if facts["number"] is None else int(facts["number"]),
            slug=str(facts["slug"])[:60],
            title=str(facts["title"])[:120],
            title_en=str(facts["title_en"])[:200],
            description=str(facts["description"]),
            people=tuple(_guest(each) for each in facts["people"]),
            airings=tuple(_outing(found, each) for each in facts["airings"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadBag(f"episode.json: 看不懂 · makes no sense: {error}", file="data/episode/episode.json") from error


def _guest(facts: dict[str, Any]) -> Guest:
    if facts["role"] not in Appearance.Role.values:
        raise ValueError("role")
    words = {name: str(facts[name]) for name in ("name_en", "organisation", "title")}
    return Guest(
        role=facts["role"],
        name=str(facts["name"])[:60],
        is_member=facts["is_member"] is True,
        sector=str(facts["sector"])[:40],
        **{name: each[:120] for name, each in words.items()},
    )


def _outing(found: Found, facts: dict[str, Any]) -> Outing:
    key = UUID(facts["id"])
    kind = facts["kind"] if facts["kind"] in Airing.Kind.values and facts["kind"] != "rerun" else Airing.Kind.PREMIERE
    times = {name: _time(facts[name]) for name in ("planned_start", "planned_end", "actual_start", "actual_end")}
    moments = found.document(f"data/airings/{key}/moments.json")
    return Outing(
        id=key,
        kind=kind,
        delay_seconds=int(facts["delay_seconds"]),
        moments=[
            (_time(each["at"]), str(each["kind"])[:32], str(each["title"])[:200], dict(each["data"]))
            for each in moments
        ],
        **times,
    )


def _time(text: str) -> dt.datetime:
    at = dt.datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(text)
    return at


# -- media ---------------------------------------------------------------------------------------------------------------


def _bring(found: Found, airing_id: UUID, root: Path) -> Path:
    """Copy what a recorder would have, each file compared once more on the way; the folder gets its name when it is whole."""
    base = f"data/airings/{airing_id}/"
    target = root / "airings" / str(airing_id)
    fresh = target.with_name(f".restoring-{airing_id}")
    shutil.rmtree(fresh, ignore_errors=True)
    names = [each.removeprefix(base) for each in found.files if each.startswith(base)]
    for name in names:
        if _KEPT.match(name):
            _copy(found, base + name, fresh / name)
    if not any(fresh.glob("parts/*/*.ts")):
        shutil.rmtree(fresh, ignore_errors=True)
        raise BadBag(f"{base}parts: 没有母版 · no masters", file=base)
    try:
        for part in fresh.glob("parts/*"):
            _settle(part)
        fresh.rename(target)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    return target


def _copy(found: Found, path: str, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    taken = hashlib.sha256()
    with (found.folder / path).open("rb") as stream, target.open("wb") as out:
        while piece := stream.read(CHUNK):
            taken.update(piece)
            out.write(piece)
    if taken.hexdigest() != found.files[path][1]:
        raise BadBag(f"{path}: 读的时候变了 · changed while it was read", file=path)


def _settle(part: Path) -> None:
    """A part's lists name its own segments alone; files are dated by when their media ended, as a recorder leaves them."""
    for name in ("i.m3u8", "kept.m3u8"):
        file = part / name
        text = file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""
        for line in text.splitlines():
            if line.strip() and not line.startswith("#") and not _SEGMENT.match(line.strip()):
                raise BadBag(f"{part.name}/{name}: {line[:80]!r} 不是片段 · is no segment", file=name)
        for each in playlists.parse_part(text):
            if (part / each.file).exists():
                at = each.start_ms / 1000 + each.duration
                os.utime(part / each.file, (at, at))


# -- rows ----------------------------------------------------------------------------------------------------------------


def _recorded(found: Found, episode: Episode, airing_id: UUID) -> None:
    """What a recorder would have reported, and both replays, with the cuts of that time; inside the rows' transaction."""
    facts = found.document(f"data/airings/{airing_id}/airing.json")
    airing = Airing.objects.select_related("episode__programme").get(pk=airing_id)
    try:
        cuts = [_cut(airing, each) for each in facts["cuts"]]
        choices = [_choice(airing, each) for each in facts["choices"]]
    except (KeyError, TypeError, ValueError) as error:
        raise BadBag(f"airing.json: 看不懂 · makes no sense: {error}", file=f"airings/{airing_id}") from error
    OutputCut.objects.bulk_create(cuts)
    SourceChoice.objects.bulk_create(choices)
    folder = AiringFolder(airing_id)
    folder.load()
    segments = folder.segments()
    if not segments:
        raise BadBag(
            f"airings/{airing_id}: 没有一段读得出时间 · no segment whose time is known", file=f"airings/{airing_id}"
        )
    show = orders.show_of(airing, orders.acts_of(airing))
    assert show is not None
    sound_only = airing.episode.programme.kind == Programme.Kind.RADIO
    writer = Writer(folder, media(), window_seconds=60, sound_only=sound_only)
    writer.write_staff(segments, show, ended=True)
    writer.write_public(segments, show)
    services.note_report(_report(airing_id, folder))


def _cut(airing: Airing, facts: dict[str, str]) -> OutputCut:
    until = _time(facts["until"]) if facts["until"] else None
    state = OutputCut.State.RESUMED if until else OutputCut.State.ACTIVE
    start = _time(facts["from"])
    return OutputCut(
        airing=airing, state=state, requested_at=start, cut_at=start, from_media_time=start, until_media_time=until
    )


def _choice(airing: Airing, facts: dict[str, str]) -> SourceChoice:
    if facts["source"] not in SourceChoice.Source.values:
        raise ValueError("source")
    return SourceChoice(
        airing=airing, source=facts["source"], from_media_time=_time(facts["from"]), chosen_at=_time(facts["from"])
    )


def _report(airing_id: UUID, folder: AiringFolder) -> Report:
    last = max(each.segments[-1].end_ms for each in folder.parts)
    return Report(
        airing_id=airing_id,
        state=Recording.State.FINISHED,
        source=folder.parts[-1].source,
        problem="",
        last_segment_at=queries.from_milliseconds(last),
        public_until=queries.from_milliseconds(last),
        public_since=None,
        received_seconds=sum(each.seconds for each in folder.parts),
        received_bytes=sum(each.size_bytes for each in folder.parts),
        bitrate=0,
        refused={},
        replay_ready_at=clock.now(),
        parts=tuple(_part(each) for each in folder.parts if each.sure),
    )


def _part(part: PartFolder) -> PartReport:
    start = queries.from_milliseconds(part.segments[0].start_ms)
    return PartReport(
        number=part.number,
        source=part.source if part.source in Part.Source.values else Part.Source.SRT,
        lane=part.lane if part.lane in Part.Lane.values else Part.Lane.MAIN,
        directory=f"parts/{part.path.name}",
        started_at=start,
        ended_at=queries.from_milliseconds(part.closed_ms) if part.closed_ms else None,
        end_code=str(part.note.get("end_code", ""))[:32],
        first_pdt=start,
        media_until=queries.from_milliseconds(part.segments[-1].end_ms),
        segments=len(part.segments),
        size_bytes=part.size_bytes,
    )
