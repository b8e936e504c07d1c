"""The audience's writes, committed in groups: one transaction for a batch, and one bad write never fails its neighbours."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from uuid import UUID

from django.db import DatabaseError, InterfaceError, OperationalError, close_old_connections, connection, transaction
from django.utils.translation import gettext as _

from broadcast import evidence
from broadcast.access import Actor
from broadcast.errors import BroadcastError, Unavailable
from live import hints, protocol
from live.services import appeals, ballots, items, posting, reports, screening, taking_part
from live.services.batch import Answer, Batch, NoIdentity, Write, prepare

__all__ = ["Answer", "NoIdentity", "commit_batch", "commit_one"]

logger = logging.getLogger(__name__)

Order = tuple[Actor, UUID, protocol.AudienceCommand]
# Always in this order: participants are locked first, then polls, items, rooms, so that batches do not wait in a ring.
_STEPS = (
    ballots.cast,
    taking_part.support,
    items.hold,
    reports.take,
    appeals.take,
    posting.retract,
    posting.post,
    taking_part.like,
)
# deadlock detected, serialization failure: the same batch may pass at the second try.
_TRY_AGAIN = {"40P01", "40001"}


def commit_batch(orders: Sequence[Order]) -> list[Answer | BroadcastError]:
    """Commit what these actors sent; one answer or refusal for each, in order. What is answered is in the database.

    A batch that fails as a whole is tried again one by one. Runs in a thread with a connection of its own, outside a transaction.
    """
    if not orders:
        return []
    try:
        return _commit(orders)
    except (DatabaseError, InterfaceError) as error:
        if _is_lost(error):
            return [_unavailable(error, actor) for actor, _airing_id, _command in orders]
        if len(orders) == 1 and not _may_repeat(error):
            return [_unavailable(error, orders[0][0])]
        logger.warning("batch failed, going one by one size=%s", len(orders), exc_info=error)
    return [_commit_alone(order) for order in orders]


def commit_one(actor: Actor, airing_id: UUID, command: protocol.AudienceCommand) -> Answer:
    """Commit a single command. Raises its refusal. For plain forms and for a write by POST outside a running server."""
    outcome = commit_batch([(actor, airing_id, command)])[0]
    if isinstance(outcome, BroadcastError):
        raise outcome
    return outcome


def _commit(orders: Sequence[Order]) -> list[Answer | BroadcastError]:
    batch = Batch([Write(actor, airing_id, command) for actor, airing_id, command in orders])
    with transaction.atomic():
        prepare(batch)
        for step in _STEPS:
            step(batch)
        if batch.evidence:
            evidence.keep(batch.evidence)
        posting.number(batch)
        screening.record(batch.refused_by_rules)
        for airing_id, what in batch.hints.items():
            hints.hint(airing_id, *sorted(what))
    return [write.outcome() for write in batch.writes]


def _commit_alone(order: Order) -> Answer | BroadcastError:
    try:
        return _commit([order])[0]
    except (DatabaseError, InterfaceError) as error:
        return _unavailable(error, order[0])


def _is_lost(error: Exception) -> bool:
    """Whether the database itself went away, so that going one by one would only wait again for each."""
    code = getattr(error.__cause__, "sqlstate", None)
    return isinstance(error, OperationalError | InterfaceError) and (code is None or code[:2] in {"08", "57", "53"})


def _may_repeat(error: Exception) -> bool:
    return getattr(error.__cause__, "sqlstate", None) in _TRY_AGAIN


def _unavailable(error: Exception, actor: Actor) -> BroadcastError:
    logger.error("write not committed error=%s", error, exc_info=error)
    if not connection.in_atomic_block:
        close_old_connections()
    with actor.spoken_to():
        return Unavailable(_("系统正在恢复，刚才的操作没有记下。页面会自动再试。"), retry_after_seconds=2)
