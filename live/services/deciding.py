"""What the acts of the desk do to items: from which states, to which, by whom; the one place that writes a decision.

Items are locked first (comments, then questions, each by id), then the room, then the audit chain: always in this order.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import F
from django.db.models.functions import JSONObject
from django.utils.translation import gettext as _

from broadcast import audit, clock
from broadcast.access import Ability, Actor, can, require
from broadcast.errors import BroadcastError, Conflict, InvalidInput, NotAllowed, NotFound
from broadcast.models import Airing, Programme
from live import hints, wording
from live.models import Comment, Item, Question, Report
from live.queries import reason_list
from live.services import review, rooms

Row = Comment | Question
Key = tuple[str, int]
MODELS: tuple[tuple[str, type[Comment] | type[Question]], ...] = (("comment", Comment), ("question", Question))
FROM: dict[str, frozenset[str]] = {
    "approve": frozenset({"pending", "held", "second", "escalated", "rejected"}),
    "reject": frozenset({"pending", "held", "second", "escalated"}),
    "withdraw": frozenset(Question.PUBLIC),
    "reopen": frozenset({"held", "second", "approved", "rejected", "withdrawn"}),
    "hold": frozenset({"pending", "second", "escalated"}),
    "escalate": frozenset({"pending", "held", "second"}),
}
TO = {"reject": "rejected", "withdraw": "withdrawn", "reopen": "pending", "hold": "held", "escalate": "escalated"}
NEEDS_REASON = frozenset({"reject", "withdraw"})
# What undoing puts back. When it became public stays: browsers that have it must learn that it left.
KEPT: tuple[str, ...] = ("state", "version", "reason", "note", "mask", "open_reports")
KEPT += ("first_by_id", "first_at", "waiting_since", "decided_by_id", "decided_at")


class Claimed(Conflict):
    """Somebody else has it on the desk; data: user, name, until, seconds."""

    code = "claimed"


@dataclass(frozen=True)
class Wish:
    """One act that is wanted, of one item or of many."""

    act: str
    command: str
    reason: str = ""
    note: str = ""
    mask: tuple[tuple[int, int], ...] = ()


@dataclass
class Desk:
    """Who acts, where and when, read once for a command; and what is to be audited when it is written."""

    actor: Actor
    airing: Airing
    leads: bool
    now: dt.datetime = field(default_factory=clock.now)
    acts: list[audit.Act] = field(default_factory=list)

    @property
    def programme(self) -> Programme:
        """Whose policy holds here."""
        return self.airing.episode.programme


def at_desk(actor: Actor, airing_id: UUID) -> Desk:
    """The desk of this airing, for whoever may moderate there. Raises NotFound, NotAllowed."""
    airing = rooms.airing_of(airing_id)
    programme_id = airing.episode.programme_id
    require(actor, Ability.MODERATE, programme_id)
    return Desk(actor, airing, can(actor, Ability.LEAD, programme_id))


def locked(desk: Desk, keys: Iterable[Key]) -> dict[Key, Row]:
    """These items of the airing, locked until commit; those that do not exist are missing.

    Nothing is joined: after waiting for a lock PostgreSQL reads the locked row anew, and what was joined to it as it was before.
    """
    found: dict[Key, Row] = {}
    wanted = set(keys)
    for kind, model in MODELS:
        ids = [pk for each, pk in wanted if each == kind]
        if ids:
            rows = model.objects.select_for_update(of=("self",)).filter(room=desk.airing.pk, pk__in=ids)
            found |= {(kind, row.pk): row for row in rows.order_by("pk")}
    return found


def locked_one(desk: Desk, kind: str, pk: int) -> Row:
    """The same of one; raises NotFound."""
    row = locked(desk, [(kind, pk)]).get((kind, pk))
    if row is None:
        raise missing()
    return row


def missing() -> NotFound:
    """That there is no such item in this airing."""
    return NotFound(_("没有找到这一条。"))


def require_reason(desk: Desk, wish: Wish) -> None:
    """Raise InvalidInput unless the reason is one of the list of this programme, where the act needs one."""
    if wish.act not in NEEDS_REASON:
        return
    if not reason_list.is_offered(wish.reason, desk.programme.pk):
        raise InvalidInput(_("没有这个理由，请从列表里选。"), field="reason")


def is_repeated(desk: Desk, row: Row, wish: Wish) -> bool:
    """Whether this very command decided it: a retry whose answer was lost."""
    return row.decided_command == wish.command and row.decided_by_id == desk.actor.user_id


def outcome(desk: Desk, row: Row, wish: Wish, version: int) -> dict[str, Any]:
    """The columns that the act changes. Raises the refusal: Conflict (moved since), Claimed, SamePerson, NotAllowed (not the leader)."""
    if row.version != version or not (row.state in FROM[wish.act] or _seen_late(row, wish)):
        raise moved(row)
    require_free(desk, row)
    if row.state == Item.State.ESCALATED and not desk.leads:
        raise NotAllowed(_("这一条已上报，由值班长处理。"), ability=str(Ability.LEAD))
    if row.appeal == Item.AppealState.OPEN and wish.act in {"approve", "reopen"}:
        raise Conflict(_("作者已经申诉，请在“申诉”里处理。"), **_now(row), cause="appeal_open")
    changed: dict[str, Any] = {"reason": wish.reason, "note": wish.note}
    if wish.act == "approve":
        return changed | _approved(desk, row, wish)
    changed["state"] = TO[wish.act]
    changed["waiting_since"] = None if wish.act in NEEDS_REASON else desk.now
    if wish.act in NEEDS_REASON:
        changed["open_reports"] = 0
    if wish.act == "reopen":
        changed |= {"first_by_id": None, "first_at": None}
    return changed


def _seen_late(row: Row, wish: Wish) -> bool:
    """Public without anybody's look (先发后审): an approval says that somebody has looked now."""
    return wish.act == "approve" and row.decided_by_id is None and row.state in Question.PUBLIC


def _approved(desk: Desk, row: Row, wish: Wish) -> dict[str, Any]:
    # The second look keeps what the first one masked, unless it masks anew.
    kept = row.mask if row.state == Item.State.SECOND else []
    changed: dict[str, Any] = {"mask": _mask(row, wish.mask) if wish.mask else kept}
    if _seen_late(row, wish):
        return {**changed, "state": row.state}
    changed |= review.approved(row, desk.actor.user_id, desk.programme.review_steps)
    if changed["state"] == Item.State.APPROVED:
        return {**changed, "public_at": desk.now}
    return {**changed, "first_at": desk.now, "waiting_since": desk.now}


def require_free(desk: Desk, row: Row) -> None:
    """Raise Claimed when somebody else has a living claim on it; the leader may act all the same."""
    until = row.claimed_until
    if row.claimed_by_id is None or until is None or until <= desk.now or row.claimed_by_id == desk.actor.user_id:
        return
    if not desk.leads:
        seconds = int((until - desk.now).total_seconds()) + 1
        raise Claimed(
            _("%(name)s正在处理这一条，还剩 %(seconds)s 秒。") % {"name": row.claimed_by, "seconds": seconds},
            **_now(row),
            user=row.claimed_by_id,
            name=str(row.claimed_by),
            until=wording.iso(until),
            seconds=seconds,
        )


def moved(row: Row) -> Conflict:
    """That somebody was first, and what it is now."""
    return Conflict(_("这一条已经有人处理过了，现在是“%(state)s”。") % {"state": row.get_state_display()}, **_now(row))


def _now(row: Row) -> dict[str, Any]:
    decided_by = str(row.decided_by) if row.decided_by else ""
    return {**told(row), "decided_by": decided_by}


def _mask(row: Row, spans: tuple[tuple[int, int], ...]) -> list[list[int]]:
    """In order, each within the words, those that touch made one. Raises InvalidInput."""
    merged: list[list[int]] = []
    for first, end in sorted(spans):
        if not 0 <= first < end <= len(row.text):
            raise InvalidInput(_("蒙字的范围超出了原文。"), field="mask")
        if merged and first <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], end)
        else:
            merged.append([first, end])
    return merged


def store(desk: Desk, wish: Wish, changes: list[tuple[Row, dict[str, Any]]]) -> None:
    """Write these outcomes, audit each, and tell staff, authors and the public after commit. Rows are locked; they read as stored."""
    if not changes:
        return
    reported = [row for row, changed in changes if row.open_reports and changed.get("open_reports") == 0]
    _uphold(desk, reported)
    seq = rooms.next_staff_seq([desk.airing.pk])[desk.airing.pk]
    always: dict[str, Any] = {
        "staff_seq": seq,
        "decided_by_id": desk.actor.user_id,
        "decided_at": desk.now,
        "decided_command": wish.command,
        "claimed_by_id": None,
        "claimed_until": None,
    }
    kept = JSONObject(**{name: F(name) for name in KEPT})
    for (model, _values), rows in _alike(changes).items():
        values = {**rows[0][1], **always}
        model.objects.filter(pk__in=[row.pk for row, _changed in rows]).update(
            **values, version=F("version") + 1, state_before=F("state"), before=kept
        )
    for row, changed in changes:
        state = str(row.state)
        before = {"state": state, "version": row.version}
        for name, value in {**changed, **always}.items():
            setattr(row, name, value)
        row.version, row.state_before = row.version + 1, state
        note_act(desk, row, verb_of(wish, state, row), before, many=len(changes))
    write_audit(desk)
    left = any(row.state_before in Question.PUBLIC and row.state not in Question.PUBLIC for row, _changed in changes)
    tell(desk, [row for row, _changed in changes], left=left)


def verb_of(wish: Wish, before: str, row: Row) -> str:
    """What the audit calls it: an approval is `first_approve` at 初审 and `see` for what was public already."""
    if wish.act != "approve":
        return wish.act
    if row.state == Item.State.SECOND:
        return "first_approve"
    return "see" if before == row.state else "approve"


def note_act(desk: Desk, row: Row, verb: str, before: dict[str, Any], **more: Any) -> None:
    """Collect the audit entry of one act on one item; `write_audit` chains them all at once."""
    kind = wording.kind_of(row)
    many = more.pop("many", 1)
    after = {"state": row.state, "version": row.version, **({"mask": row.mask} if row.mask else {})}
    after |= {**more, "command": row.decided_command, **({"many": many} if many > 1 else {})}
    words = {"text": row.text, "author": row.author_name, "note": row.note}
    target = f"{kind}:{row.pk}"
    desk.acts.append(audit.Act(f"{kind}.{verb}", target, row.reason, before, after, words, about=(row.author_id,)))


def write_audit(desk: Desk) -> None:
    """Chain what was collected. The last thing before the commit: the chain stands still meanwhile."""
    audit.record_many(desk.actor, desk.acts, airing=desk.airing)
    desk.acts.clear()


def tell(desk: Desk, rows: Iterable[Row], *, left: bool = False) -> None:
    """Staff, authors and the public, after commit; at once where something `left` the public."""
    kinds = {f"{wording.kind_of(row)}s" for row in rows}
    hints.hint(desk.airing.pk, "staff", *sorted(kinds), "counts", "own", *(["withdrawn"] if left else []))


def _alike(changes: list[tuple[Row, dict[str, Any]]]) -> dict[Any, list[tuple[Row, dict[str, Any]]]]:
    """Rows by table and by what changes, so that many take as many statements as there are outcomes."""
    groups: dict[Any, list[tuple[Row, dict[str, Any]]]] = {}
    for row, changed in changes:
        groups.setdefault((type(row), repr(sorted(changed.items()))), []).append((row, changed))
    return groups


def _uphold(desk: Desk, rows: list[Row]) -> None:
    for kind, model in MODELS:
        ids = [row.pk for row in rows if isinstance(row, model)]
        if ids:
            open_ones = Report.objects.filter(room=desk.airing.pk, kind=kind, item__in=ids, state=Report.State.OPEN)
            open_ones.update(state=Report.State.UPHELD, closed_by=desk.actor.user_id, closed_at=desk.now)


def told(row: Row) -> dict[str, Any]:
    """What an act answers about an item."""
    return {"kind": wording.kind_of(row), "item": row.pk, "state": str(row.state), "version": row.version}


def refused(key: Key, error: BroadcastError) -> dict[str, Any]:
    """What a bulk answers about an item that it left alone."""
    kind, item = key
    return {"kind": kind, "item": item, **error.data, "code": error.code, "message": error.message}
