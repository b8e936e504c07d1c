"""The audit chain with very many entries: writing one and many, walking it whole, a beat of the house's walk, a page of search."""

from __future__ import annotations

import datetime as dt
import json
import resource
import statistics
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmarks.report import Report

_PIECE = 5_000
# What the desk decides in one transaction at most.
_BULK = 200


def run(report: Report, *, quick: bool) -> None:
    """Fill a chain and walk it. Half of the entries hold words; every walk must find nothing."""
    from benchmarks.servers import Servers

    many = 50_000 if quick else 1_000_000
    report.conditions |= {
        "entries": many,
        "words": "in every second entry",
        "database": "on the same cores, without fsync",
    }
    with Servers():
        _copy(many)
        report.add("write_one_ms", _median(_write_one, 100), "record, one a transaction")
        report.add("write_bulk_ms", _median(_write_bulk, 10), f"record_many, {_BULK} in one transaction")
        _walk(report, many + 100 + 10 * _BULK)
        _search(report)


def _copy(many: int) -> None:
    """As `record_many` would have written them, with the same arithmetic, but through COPY: writing is measured apart."""
    from django.db import connection

    from broadcast import audit
    from broadcast.access import Actor

    actor, previous = Actor(name="审核乙", address="192.0.2.7"), audit.GENESIS
    with connection.cursor() as cursor:
        for first in range(0, many, _PIECE):
            acts = [_act(audit, number) for number in range(first, min(first + _PIECE, many))]
            entries, halves = audit.made(actor, acts, None, previous, dt.datetime.now(dt.UTC))
            previous = entries[-1].digest
            for pk, (entry, half) in enumerate(zip(entries, halves, strict=True), first + 1):
                entry.pk = half.entry_id = pk
            _copy_rows(cursor, entries)
            _copy_rows(cursor, halves)
        cursor.execute("SELECT setval('broadcast_auditentry_id_seq', %s)", [many])
        cursor.execute("ANALYZE broadcast_auditentry, broadcast_auditpersonal")


def _copy_rows(cursor: Any, rows: list[Any]) -> None:
    fields = rows[0]._meta.concrete_fields
    columns = ", ".join(field.column for field in fields)
    with cursor.copy(f"COPY {rows[0]._meta.db_table} ({columns}) FROM STDIN") as copy:
        for row in rows:
            values = [getattr(row, field.attname) for field in fields]
            copy.write_row(
                [json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value for value in values]
            )


def _act(audit: Any, number: int) -> Any:
    verb, state = ("reject", "rejected") if number % 7 == 0 else ("approve", "approved")
    words = {"text": "支持在海边建一条步道，晚上要有灯。", "author": "市民0042", "note": ""} if number % 2 else {}
    return audit.Act(
        f"comment.{verb}",
        f"comment:{number}",
        "off_topic" if number % 7 == 0 else "",
        {"state": "pending", "version": 1},
        {"state": state, "version": 2},
        words,
    )


def _write_one() -> None:
    from broadcast import audit
    from broadcast.access import HOUSE

    audit.record(HOUSE, "comment.approve", "comment:1", after={"state": "approved"}, personal={"text": "好"})


def _write_bulk() -> None:
    from broadcast import audit
    from broadcast.access import HOUSE

    audit.record_many(HOUSE, [_act(audit, number) for number in range(_BULK)])


def _walk(report: Report, many: int) -> None:
    from broadcast import audit_chain

    before = resource.getrusage(resource.RUSAGE_SELF)
    began = time.monotonic()
    walk = audit_chain.verify()
    seconds = time.monotonic() - began
    after = resource.getrusage(resource.RUSAGE_SELF)
    if walk.count != many or not walk.is_whole:
        raise RuntimeError(f"{walk.count} of {many} entries, {walk.many_broken} do not fit")
    report.add("walked_per_second", many / seconds, "verify-audit: every entry and both of its halves")
    report.add("walk_seconds", seconds)
    report.add("walk_us_of_one", (after.ru_utime - before.ru_utime) / many * 1e6, "processor time of the command alone")
    report.add(
        "walk_memory_mib", (after.ru_maxrss - before.ru_maxrss) / 1024, "more at its highest than before it began"
    )
    while audit_chain.keep_walking() > audit_chain.ROUND_STEP:
        pass
    report.add("beat_ms", _median(audit_chain.keep_walking, 20), "of the house's walk, once a minute, nothing new")


def _search(report: Report) -> None:
    from broadcast.access import Actor
    from broadcast.audit_search import PAGE, Wanted, search
    from broadcast.models import RoleGrant, User

    now = dt.datetime.now(dt.UTC)
    user = User.objects.create(username="auditor")
    RoleGrant.objects.create(user=user, role="auditor", granted_at=now)
    auditor = Actor(user_id=user.pk)
    for name, wanted in (
        ("newest", Wanted()),
        ("by_target", Wanted(target="comment:777")),
        ("by_act", Wanted(act="comment.reject")),
        ("by_actor", Wanted(actor="auditor")),
        ("by_time", Wanted(until=f"{now - dt.timedelta(days=1):%Y-%m-%dT%H:%M}")),
    ):
        report.add(f"search_{name}_ms", _median(lambda each=wanted: list(search(auditor, each)[:PAGE]), 20))  # type: ignore[misc]


def _median(act: Callable[[], Any], times: int) -> float:
    taken = []
    for _time in range(times):
        began = time.monotonic()
        act()
        taken.append((time.monotonic() - began) * 1_000)
    return statistics.median(taken)
