"""Carries out the wish to be erased, part by part, each safe to be broken off and begun again; what is held waits."""

from __future__ import annotations

import datetime as dt
import logging
from typing import Any

from django.db import transaction
from django.db.models import Q

from broadcast import audit, clock, registry
from broadcast.access import HOUSE
from broadcast.models import Erasure, Participant
from broadcast.personal import Forgotten, Whose
from broadcast.services import holds

logger = logging.getLogger(__name__)

# A hold may be lifted at any time; what could not be erased for one is tried again then.
HELD_AGAIN = dt.timedelta(hours=1)
FAILED_AGAIN = dt.timedelta(minutes=5)
AT_ONCE_MOST = 20


def carry_on() -> int:
    """Take up every wish that is due, also those that a crash broke off. Returns how many came to an end. The tick calls it.

    A failing one waits and stops no other.
    """
    now = clock.now()
    due = Erasure.objects.filter(
        Q(next_at__lte=now), state__in=[Erasure.State.ASKED, Erasure.State.RUNNING, Erasure.State.HELD]
    )
    ended = 0
    for pk in list(due.order_by("next_at").values_list("pk", flat=True)[:AT_ONCE_MOST]):
        try:
            ended += carry_out(pk)
        except Exception:
            logger.exception("erasure broke off erasure=%d", pk)
            Erasure.objects.filter(pk=pk).update(next_at=clock.now() + FAILED_AGAIN)
    return ended


def carry_out(pk: int) -> bool:
    """Erase as far as holds let; whether it came to its end. Parts that are done are not done again.

    The identity goes first: with it no token of the person writes any more, so nothing new comes while the rest is erased.
    """
    wish = _begin(pk)
    if wish is None:
        return False
    person = Whose(wish.participant_id, tuple(wish.participants), wish.user_id)
    if holds.standing().holds(person):
        _wait(wish, [])
        return False
    open_parts = [(name, part) for name, part in registry.personal_erase if not wish.done.get(name, {}).get("over")]
    for name, part in open_parts:
        found = part(person, holds.standing())
        _keep(wish, name, found)
    return _finish(wish)


def _begin(pk: int) -> Erasure | None:
    """Note that it runs, with the person's ids as they are now. None when another process has it, or it is over."""
    with transaction.atomic():
        wish = Erasure.objects.select_for_update(skip_locked=True).filter(pk=pk).first()
        if wish is None or wish.state in {Erasure.State.DONE, Erasure.State.CANCELLED}:
            return None
        # Waits for batches that write for this person (they hold the row FOR KEY SHARE), and for merges into it.
        row = Participant.objects.select_for_update().get(pk=wish.participant_id)
        if row.merged_into_id is not None:
            _drop(wish)
            return None
        merged = Participant.objects.filter(merged_into=row).values_list("pk", flat=True)
        wish.participants = sorted({row.pk, *merged, *wish.participants})
        wish.user_id = wish.user_id or row.user_id
        wish.state, wish.next_at = Erasure.State.RUNNING, clock.now() + FAILED_AGAIN
        wish.save(update_fields=["participants", "user", "state", "next_at"])
        return wish


def _drop(wish: Erasure) -> None:
    """A guest who asked and then verified a phone goes on under that account: what was the guest's is the account's now."""
    wish.state, wish.next_at, wish.finished_at = Erasure.State.CANCELLED, None, clock.now()
    wish.save(update_fields=["state", "next_at", "finished_at"])
    audit.record(HOUSE, "erasure.cancel", f"erasure:{wish.pk}", after={"cause": "merged"})


def _keep(wish: Erasure, name: str, found: Forgotten) -> None:
    wish.done[name] = {"many": found.done, "over": not found.is_held, "kept": [each.told() for each in found.kept]}
    wish.save(update_fields=["done"])


def _finish(wish: Erasure) -> bool:
    # In the order of the registry: the database keeps none.
    kept = [each for name, _part in registry.personal_erase for each in wish.done.get(name, {}).get("kept", ())]
    if any(not part["over"] for part in wish.done.values()):
        _wait(wish, kept)
        return False
    with transaction.atomic():
        wish.state, wish.kept, wish.next_at, wish.finished_at = Erasure.State.DONE, kept, None, clock.now()
        wish.save(update_fields=["state", "kept", "next_at", "finished_at"])
        after = {"erased": {name: part["many"] for name, part in wish.done.items()}, "kept": kept}
        audit.record(HOUSE, "erasure.finish", f"erasure:{wish.pk}", after=after)
    logger.info("erased erasure=%d", wish.pk)
    return True


def _wait(wish: Erasure, kept: list[dict[str, Any]]) -> None:
    wish.state, wish.kept, wish.next_at = Erasure.State.HELD, kept, clock.now() + HELD_AGAIN
    wish.save(update_fields=["state", "kept", "next_at"])
