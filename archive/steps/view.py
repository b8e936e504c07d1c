"""Steps and what they found, as data for the control room and the staff page; it writes nothing."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from archive.models import Step
from archive.steps import plan
from broadcast.models import Airing

_ORDER = {kind: number for number, kind in enumerate(plan.NEEDS)}


def problems() -> dict[str, str]:
    """The stable codes of failures in words for people: what happened, and what to do."""
    return {
        "media_missing": _("有片段不在磁盘上，也不在存储里。请检查存储，再重试。"),
        "base_missing": _("不知道剪辑以前的回看是怎样的，不能剪。请技术人员查看回看的清单和录制的片段。"),
        "nothing_recorded": _("这一场没有收到任何内容。"),
        "nothing_readable": _("收到的内容都读不出来。"),
        "ffmpeg_failed": _("ffmpeg 处理失败。可以重试；多次失败请联系技术人员。"),
        "too_slow": _("处理时间太长，已经停止。机器空闲时再重试。"),
        "stalled": _("处理停住不动，已经停止。请重试。"),
        "worker_lost": _("处理的进程多次中断。请检查 worker 进程和机器，再重试。"),
        "loudness_unread": _("没有读到响度结果。请重试。"),
        "no_pictures": _("没有取到画面。"),
        "disk": _("磁盘读写失败，可能已满。请检查磁盘，再重试。"),
        "storage_refused": _("存储拒绝了我们。请检查地址、密钥和权限，再重试。"),
        "storage_down": _("存储没有应答，稍后会自动再试。"),
        "storage_cold": _("需要的原始录像在冷存储，已经在取回，取到后会自动再试。"),
        "storage_damaged": _("存储收到的内容和发出的不同。请检查网络和存储，再重试。"),
        "stored_otherwise": _("存储里同名的文件内容不同，没有覆盖。请技术人员查看。"),
        "kept_damaged": _("重读存档时发现缺失或损坏，见“存档核对”。修复后请重试。"),
        "no_manifest": _("清单没有写成。请重试。"),
        "steps_pending": _("别的步骤又开始了，完成后会自动再做。"),
        "busy": _("另一个核对正在进行，稍后会自动再试。"),
        "recogniser_failed": _("语音识别失败。可以重试；多次失败请联系技术人员。"),
        "no_recogniser": _("没有装语音识别。请技术人员检查 YISHI_RECOGNISER，再重试。"),
        "error": _("程序出错，已经记入日志。可以重试；多次失败请联系技术人员。"),
    }


def skipped() -> dict[str, str]:
    """Why there was nothing to do."""
    return {
        "no_sound": _("没有声音，不需要"),
        "no_rungs": _("只有一种清晰度，不需要"),
        "no_picture": _("没有画面，不需要"),
        "no_store": _("没有配置存储，不需要"),
        "nothing_public": _("公众版没有内容，不需要"),
        "not_configured": _("没有配置语音识别，不需要"),
        "no_edits": _("没有剪辑，不需要"),
    }


def steps_of(airing_id: UUID) -> list[dict[str, Any]]:
    """The steps in their order, as plain data."""
    rows = sorted(Step.objects.filter(recording_id=airing_id), key=lambda step: _ORDER.get(step.kind, 99))
    words, reasons = problems(), skipped()
    # What it has no step for, it does not wait for.
    done = {row.kind for row in rows if row.state == Step.State.DONE} | {
        kind for kind in plan.OPTIONAL if kind not in {row.kind for row in rows}
    }
    return [_row(row, words, reasons, done) for row in rows]


def _row(step: Step, words: dict[str, str], reasons: dict[str, str], done: set[str]) -> dict[str, Any]:
    failed = step.state == Step.State.FAILED
    again = step.state == Step.State.WAITING and step.not_before is not None and bool(step.problem)
    needs = [need for need in plan.NEEDS.get(step.kind, ()) if need not in done]
    return {
        "kind": step.kind,
        "name": step.get_kind_display(),
        "state": step.state,
        "state_name": step.get_state_display(),
        "percent": round(step.progress * 100),
        "tries": int(step.result.get("tries", 0)),
        "worker": step.worker if step.state == Step.State.RUNNING else "",
        "problem": words.get(step.problem, words["error"]) if step.problem else "",
        "reason": step.reason,
        "skipped": reasons.get(str(step.result.get("skipped", "")), ""),
        "waits_for": [Step.Kind(need).label for need in needs] if step.state == Step.State.WAITING else [],
        "next_try_at": step.not_before if again else None,
        "done_at": step.done_at,
        "may_retry": failed or again,
    }


def panel(airing: Airing) -> dict[str, Any]:
    """For the control room, once there is something after the end: how many steps are done, what runs, what failed."""
    rows = steps_of(airing.pk)
    return {
        "total": len(rows),
        "done": sum(row["state"] == "done" for row in rows),
        "running": [{"name": row["name"], "percent": row["percent"]} for row in rows if row["state"] == "running"],
        "failed": [
            {"kind": row["kind"], "name": row["name"], "problem": row["problem"]}
            for row in rows
            if row["state"] == "failed"
        ],
        "page": f"/staff/recordings/{airing.pk}/",
    }
