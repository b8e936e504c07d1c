"""What lies cold, in words for the staff's pages; it writes nothing and asks no store."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Q, Sum
from django.utils.translation import gettext as _

from archive.keeping import cold
from archive.models import ColdKeeping
from archive.storage import media
from broadcast import clock
from broadcast.models import Programme

SHOWN = 50


def of_recording(airing_id: UUID) -> dict[str, Any] | None:
    """How one recording lies; None where it does not lie cold and is not on its way there."""
    row = ColdKeeping.objects.select_related("asked_by").filter(pk=airing_id).first()
    return _shown(row) if row else None


def of_programmes(programmes: list[Programme]) -> dict[str, Any]:
    """The section of the page of keeping: sums, and each recording that somebody waits for or that is stuck."""
    rows = ColdKeeping.objects.filter(recording__airing__episode__programme__in=programmes, recording__removal=None)
    told = rows.filter(Q(asked_at__isnull=False) | ~Q(problem="") | Q(done_at=None))
    listed = told.select_related("recording__airing__episode", "asked_by").order_by("-asked_at", "-marked_at")
    sums = rows.filter(done_at__isnull=False).aggregate(size=Sum("size_bytes"))
    return {
        "has_class": bool(cold.storage_class()),
        "count": rows.filter(done_at__isnull=False).count(),
        "size": sums["size"] or 0,
        "rows": [_shown(each) for each in listed[:SHOWN]],
    }


def away(airing_id: UUID) -> set[str]:
    """Keys of the files that can only be had once they are back."""
    row = ColdKeeping.objects.filter(pk=airing_id, done_at__isnull=False).first()
    if row is None or _is_back(row):
        return set()
    return {key for key in cold.files(airing_id).values_list("key", flat=True) if media().head(key) is None}


def _is_back(row: ColdKeeping) -> bool:
    return row.until is not None and row.until > clock.now()


def _shown(row: ColdKeeping) -> dict[str, Any]:
    state = "cold" if row.done_at else "going"
    if row.asked_at is not None:
        state = "back" if _is_back(row) else "coming"
    return {
        "row": row,
        "state": state,
        "words": {
            "going": _("正在转入冷存储"),
            "cold": _("在冷存储"),
            "coming": _("正在取回，可能要等几个小时"),
            "back": _("已取回"),
        }[state],
        "problem": problems().get(row.problem, row.problem),
        "may_be_asked": state != "coming",
    }


def problems() -> dict[str, str]:
    """What stopped it, and what to do."""
    return {
        "storage_down": _("存储没有应答，稍后会自动再试。"),
        "storage_refused": _("存储拒绝了我们。请检查地址、密钥和权限。"),
        "storage_cold": _("对象已经在另一个冷存储级别，要先取回才能换级别。"),
        "storage_damaged": _("存储里的内容和清单不同，见“存档核对”。"),
        "cold_unsupported": _("存储没有这个级别（YISHI_COLD_CLASS）。请系统管理员改用存储支持的级别。"),
        "cold_lacks": _("有对象缺失或和清单不同，没有转入，也没有从本机删去。等下次核对修复后会再转。"),
        "disk": _("磁盘读写失败，可能已满。请检查磁盘。"),
    }
