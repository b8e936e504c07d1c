"""What the editing page shows of an airing: its edits with what each touches, how far the files are, who did what; it writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from archive import derivatives, gap_map, withheld, writer
from archive.editing import public, timeline
from archive.editing.timeline import Stretch
from archive.models import Clip, Derivative, Edit, EditedReplay, PodcastFeed, SearchDocument, Step, Transcript
from archive.queries import milliseconds
from archive.steps import gate
from archive.steps import view as steps
from archive.transcripts import queries
from broadcast.models import Airing, AuditEntry
from broadcast.replay_times import Span

_K, _S = Edit.Kind, Edit.State
_FOREVER = 4_102_444_800_000
_LINES_SHOWN = 3
_HISTORY = 30
_ACTS = {
    "edit.draft": gettext_lazy("加了草稿"),
    "edit.change": gettext_lazy("改了草稿"),
    "edit.discard": gettext_lazy("删了草稿"),
    "edit.apply": gettext_lazy("应用了"),
    "edit.undo": gettext_lazy("撤销了"),
    "poster.choose": gettext_lazy("换了封面"),
    "poster.remove": gettext_lazy("用回自动封面"),
    "episode.publish": gettext_lazy("公开了页面"),
    "episode.sign_off": gettext_lazy("签发了回看"),
    "episode.withdraw": gettext_lazy("撤下"),
}


def spans(airing_id: UUID) -> list[Span]:
    """The map of the staff's recording, which holds everything; none while there is no replay."""
    return gap_map.spans(airing_id, writer.STAFF)


def edits(airing: Airing, staff: Sequence[Span]) -> list[dict[str, Any]]:
    """All edits by time: drafts and applied ones first, then those that were lifted."""
    people = ("made_by", "changed_by", "applied_by", "lifted_by")
    rows = list(Edit.objects.filter(airing=airing).select_related(*people))
    lines, clips = _lines(airing.pk), _clips(airing)
    found = [{**_edit(each, staff, lines), "clips": clips_in(clips, [each])} for each in rows]
    return sorted(found, key=lambda each: (each["state"] == _S.LIFTED, each["start"], each["pk"]))


def _edit(edit: Edit, staff: Sequence[Span], lines: Sequence[queries.Timed]) -> dict[str, Any]:
    start, end = (timeline.second(milliseconds(each), staff) for each in (edit.starts_at, edit.ends_at))
    taken = taken_by([edit])
    touched = [each for each in lines if any(_meet(each, since, until) for since, until in taken)]
    return {
        "pk": edit.pk,
        "version": edit.version,
        "kind": edit.kind,
        "kind_name": edit.get_kind_display(),
        "state": edit.state,
        "state_name": edit.get_state_display(),
        "start": start,
        "end": end,
        "from": timeline.clock(start),
        "until": timeline.clock(end),
        "seconds": round(end - start, 1),
        "region": edit.region,
        "reason": edit.reason,
        "changed_by": edit.changed_by,
        "changed_at": edit.changed_at,
        "applied_by": edit.applied_by,
        "applied_at": edit.applied_at,
        "lifted_by": edit.lifted_by,
        "lifted_at": edit.lifted_at,
        "lines": len(touched),
        "words": [each.text for each in touched[:_LINES_SHOWN]],
    }


def taken_by(rows: Sequence[Edit], kinds: tuple[str, ...] = (_K.CUT, _K.TRIM, _K.BLEEP)) -> list[Stretch]:
    """Stretches of programme time whose words these edits take away, or with `kinds` of cuts and trims what is left out."""
    found: list[Stretch] = []
    for each in rows:
        since, until = milliseconds(each.starts_at), milliseconds(each.ends_at)
        if each.kind in kinds:
            found += [(0, since), (until, _FOREVER)] if each.kind == _K.TRIM else [(since, until)]
    return found


def _meet(line: queries.Timed, since: int, until: int) -> bool:
    return milliseconds(line.starts_at) < until and since < milliseconds(line.ends_at)


def _lines(airing_id: UUID) -> list[queries.Timed]:
    """Of the transcript that is public, else of the one that is worked on."""
    found = queries.versions(airing_id)
    chosen = next((each for each in found if each.state == Transcript.State.SIGNED), None) or queries.chosen(
        found, None
    )
    return queries.timed(chosen) if chosen else []


def summary(airing: Airing, staff: Sequence[Span], chosen: Sequence[Edit]) -> dict[str, Any]:
    """What applying these would do: seconds of the public's replay before and after, and what else is touched."""
    applied = list(Edit.objects.filter(airing=airing, state=_S.APPLIED))
    trims = any(each.kind == _K.TRIM for each in chosen)
    stay = [each for each in applied if not (trims and each.kind == _K.TRIM)]
    held = timeline.without(timeline.stretches(staff), withheld_ms(airing))
    before = timeline.length(timeline.without(held, taken_by(applied, (_K.CUT, _K.TRIM))))
    after = timeline.length(timeline.without(held, taken_by([*stay, *chosen], (_K.CUT, _K.TRIM))))
    taken = taken_by(chosen)
    lines = [each for each in _lines(airing.pk) if any(_meet(each, *span) for span in taken)]
    return {
        "before": timeline.clock(before),
        "after": timeline.clock(after),
        "shorter": round(before - after, 1),
        "longer": round(after - before, 1),
        "nothing_left": after < 1,
        "replaces_trim": any(each.kind == _K.TRIM for each in applied) and trims,
        "touched": touched(airing, taken, len(lines), clips_in(_clips(airing), chosen)),
    }


def clips_in(clips: Sequence[Stretch], rows: Sequence[Edit]) -> int:
    """How many clips these edits touch, blurs too: they are made anew."""
    spans = taken_by(rows, tuple(_K.values))
    return sum(any(start < until and since < end for since, until in spans) for start, end in clips)


def _clips(airing: Airing) -> list[Stretch]:
    """Of those that are not withdrawn."""
    rows = Clip.objects.filter(airing=airing).exclude(state=Clip.State.WITHDRAWN).values_list("starts_at", "ends_at")
    return [(milliseconds(start), milliseconds(end)) for start, end in rows]


def touched(airing: Airing, taken: Sequence[Stretch], lines: int, clips: int) -> list[str]:
    """In words: transcript, captions, clips, search, files and podcast that change with the replay."""
    found = [_("片段 %(n)s 个重做") % {"n": clips}] if clips else []
    if lines:
        found.append(_("文稿 %(n)s 句不再公开") % {"n": lines})
        if Transcript.objects.filter(airing=airing, state=Transcript.State.SIGNED).exists():
            found.append(_("回看字幕少 %(n)s 句") % {"n": lines})
    rows = SearchDocument.objects.filter(airing=airing, at__isnull=False).values_list("at", flat=True)
    hits = sum(any(since <= milliseconds(at) < until for since, until in taken) for at in rows if at is not None)
    if hits:
        found.append(_("搜索里 %(n)s 条找不到了") % {"n": hits})
    kinds = {each.kind for each in derivatives.shown(airing.pk, everything=False)}
    names = [
        each.label for each in (Derivative.Kind.MASTER, Derivative.Kind.SOUND, Derivative.Kind.SPRITE) if each in kinds
    ]
    if names:
        found.append(_("%(names)s重做，做好以前公众没有这些文件") % {"names": "、".join(map(str, names))})
    if PodcastFeed.objects.filter(programme=airing.episode.programme_id, is_published=True).exists():
        found.append(_("播客里换成新的音频"))
    return found


def withheld_ms(airing: Airing) -> list[Stretch]:
    """What was cut off, or covered by hand, while the show ran; edits are not among it."""
    edited = set(public.withheld_words(airing))
    return [
        (milliseconds(since), milliseconds(until) if until else _FOREVER)
        for since, until in withheld.spans(airing)
        if (since, until) not in edited
    ]


def progress(airing: Airing) -> dict[str, Any]:
    """How far the files of the public follow."""
    files = EditedReplay.objects.filter(airing=airing).first()
    rows = [row for row in steps.steps_of(airing.pk) if row["state"] != Step.State.DONE]
    writing = files is not None and files.wanted > files.written
    return {
        "edited": files,
        "writing": writing,
        "rendering": files.missing if files is not None else 0,
        "hidden": files is not None and files.written < files.hidden,
        "steps": rows,
        # Shows that run come first.
        "gives_way": bool(rows) and not any(row["state"] == "running" for row in rows) and not gate.open_now(),
        "busy": writing or any(row["state"] in {"running", "waiting"} for row in rows),
    }


def history(airing: Airing) -> list[dict[str, Any]]:
    """Who did what, the newest first; nobody for the house."""
    ours = AuditEntry.objects.filter(act__in=_ACTS).select_related("personal").order_by("-id")
    rows = ours.filter(airing_id=airing.pk) | ours.filter(target=f"episode:{airing.episode_id}")
    return [_row(each) for each in rows[:_HISTORY]]


def _row(entry: AuditEntry) -> dict[str, Any]:
    personal = getattr(entry, "personal", None)
    name = str(personal.data.get("name", "")) if personal is not None else ""
    facts = entry.after if isinstance(entry.after, dict) else {}
    if "kind" not in facts and isinstance(entry.before, dict):
        facts = entry.before
    kind = facts.get("kind", "") if entry.act.startswith("edit.") else ""
    return {
        "at": entry.at,
        "who": "" if name == "system" else name,
        "act": _ACTS[entry.act],
        "kind": str(dict(_K.choices).get(kind, "")),
        "number": entry.target.rpartition(":")[2] if kind else "",
        "reason": entry.reason,
    }


def poster(airing_id: UUID) -> Derivative | None:
    """The poster that the public gets."""
    found = [each for each in derivatives.shown(airing_id, everything=False) if each.kind == Derivative.Kind.POSTER]
    return found[-1] if found else None
