"""What the pages of imports show: batches with counts and time left, each file with its reason and what to do; it writes nothing."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import xlsxwriter
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from archive.importing.words import advice_of, words_of
from archive.models import ImportBatch, ImportItem, UploadTray
from archive.podcasts.xml import clean
from broadcast import clock
from broadcast.access import Actor
from broadcast.models import Programme

_S = ImportItem.State
_PACE_OF = 30
_MOST_CELL = 32_000


@dataclass(frozen=True)
class Pace:
    """How a batch gets on: `running` when a worker is asked for, `working` when one is at it; rate, left: None if unknown."""

    running: bool
    working: bool
    over: int
    total: int
    share: float
    rate: float | None
    left: int | None

    @property
    def percent(self) -> int:
        """For a bar."""
        return int(100 * self.share)


def batches_of(programmes: QuerySet[Programme], actor: Actor) -> QuerySet[ImportBatch]:
    """Batches that touch the programmes, or were begun by the actor; latest first."""
    theirs = Q(items__programme__in=programmes) | Q(tray__programme__in=programmes)
    mine = Q(started_by=actor.user_id) if actor.user_id is not None else Q(pk=None)
    return ImportBatch.objects.filter(theirs | mine).distinct().order_by("-pk")


def counts_of(batch: ImportBatch) -> dict[str, int]:
    """Files by state."""
    return {row["state"]: row["n"] for row in batch.items.order_by().values("state").annotate(n=Count("pk"))}


def pace_of(batch: ImportBatch) -> Pace:
    """Reckoned from the last thirty files that were worked on."""
    rows = list(batch.items.order_by().values_list("state", "size_bytes", "share", "lease_until"))
    total, now = len(rows), clock.now()
    over = sum(1 for state, *_rest in rows if state not in {_S.WAITING, _S.RUNNING})
    wanted = UploadTray.objects.filter(batch=batch, wanted=UploadTray.Wanted.IMPORT).exists()
    working = any(state == _S.RUNNING and lease and lease > now for state, _size, _share, lease in rows)
    left = sum(max(size, 1) * (1 - share) for state, size, share, _l in rows if state == _S.RUNNING)
    left += sum(max(size, 1) for state, size, _share, _l in rows if state == _S.WAITING)
    whole = sum(max(size, 1) for _s, size, *_rest in rows)
    rate = _rate(batch)
    seconds = int(left / rate) if rate and left else None
    return Pace(wanted or working, working, over, total, 1 - left / whole if whole else 1.0, rate, seconds)


def _rate(batch: ImportBatch) -> float | None:
    done = batch.items.filter(done_at__isnull=False, airing_uuid__isnull=False).order_by("-done_at")
    found = list(done.values_list("done_at", "size_bytes")[:_PACE_OF])
    if len(found) < 2 or found[0][0] is None or found[-1][0] is None:
        return None
    seconds = (found[0][0] - found[-1][0]).total_seconds()
    return sum(size for _at, size in found[:-1]) / seconds if seconds > 0 else None


def view_item(item: ImportItem) -> dict[str, Any]:
    """One file with the words of what became of it."""
    row = item.row
    return {
        "file": item.file,
        "line": row.get("line") or "",
        "number": row.get("number") or "",
        "date": row.get("date", ""),
        "title": row.get("title", ""),
        "guests": "、".join(each["name"] for each in row.get("guests", ())),
        "programme": item.programme.name,
        "state": item.state,
        "state_words": item.get_state_display(),
        "percent": int(100 * item.share) if item.state == _S.RUNNING else None,
        "why": words_of(item.problem, item.detail) if item.problem else "",
        "advice": advice_of(item.problem),
        "notes": [
            {"why": words_of(each["code"], each["detail"]), "advice": advice_of(each["code"])} for each in item.notes
        ],
        "seconds": item.seconds,
        "airing": item.airing,
        "size": item.size_bytes,
    }


def view_unmatched(found: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows without a file and files without a row, in words."""
    return [
        {
            "line": each["line"] or "",
            "file": each["file"],
            "why": words_of(each["problem"], each["detail"]),
            "advice": advice_of(each["problem"]),
        }
        for each in found
    ]


def view_report(report: dict[str, Any]) -> dict[str, Any]:
    """A dry run in words: what would come in, what would not and why."""
    names = {each.pk: each.name for each in Programme.objects.all()}
    items = [
        {
            **each,
            "programme": names.get(each["programme"], ""),
            "guests": "、".join(each["guests"]),
            "why": words_of(each["problem"], each["detail"]) if each["problem"] else "",
            "advice": advice_of(each["problem"]),
        }
        for each in report.get("items", ())
    ]
    wrong = [each for each in items if each["why"]]
    good = [each for each in items if not each["why"]]
    return {
        "good": good,
        "wrong": wrong,
        "unmatched": view_unmatched(report.get("unmatched", ())),
        "by_reason": Counter(words_of(each["problem"]) for each in wrong).most_common(),
    }


# -- as files ----------------------------------------------------------------------------------------------------------


def table(batch: ImportBatch, items: Iterable[ImportItem]) -> list[tuple[str, ...]]:
    """Heads and rows, for a spreadsheet."""
    heads = (
        _("行"),
        _("文件"),
        _("节目"),
        _("期号"),
        _("日期"),
        _("标题"),
        _("嘉宾"),
        _("结果"),
        _("原因"),
        _("怎么办"),
    )
    rows: list[tuple[str, ...]] = [heads]
    for each in map(view_item, items):
        why = "；".join(filter(None, [each["why"], *(note["why"] for note in each["notes"])]))
        advice = "；".join(filter(None, [each["advice"], *(note["advice"] for note in each["notes"])]))
        facts = [each[name] for name in ("line", "file", "programme", "number", "date", "title", "guests")]
        rows.append((*map(str, facts), str(each["state_words"]), why, advice))
    unmatched = view_unmatched(batch.unmatched)
    none = _("没有对上")
    return rows + [
        (str(left["line"]), left["file"], "", "", "", "", "", none, left["why"], left["advice"]) for left in unmatched
    ]


def as_csv(rows: Sequence[Sequence[str]]) -> bytes:
    """With a mark, so that spreadsheet programs read the Chinese; no cell is a formula."""
    out = io.StringIO()
    csv.writer(out).writerows([[_harmless(cell) for cell in row] for row in rows])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def as_xlsx(rows: Sequence[Sequence[str]]) -> bytes:
    """Text stays text."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet, bold = book.add_worksheet(), book.add_format({"bold": True})
        for at, row in enumerate(rows):
            for column, cell in enumerate(row):
                sheet.write_string(at, column, clean(cell)[:_MOST_CELL], bold if at == 0 else None)
        sheet.freeze_panes(1, 0)
        sheet.set_column(1, 1, 36)
        sheet.set_column(5, 9, 28)
    return out.getvalue()
