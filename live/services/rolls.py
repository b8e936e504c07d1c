"""Keeps rolls: lists of people who may vote, by digests of their telephone numbers; the numbers themselves are kept nowhere."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext as _

from broadcast import audit, clock
from broadcast.access import Ability, Actor, require, require_house
from broadcast.errors import IllegalTransition, InvalidInput, NotFound
from broadcast.services import codes
from live.models import Poll, Roll, RollEntry
from live.services.poll_rows import clean

MOST = 20_000


def make(actor: Actor, programme_id: int | None, name: str, numbers: Iterable[str]) -> Roll:
    """A roll of these mobile numbers, doubles counted once; without a programme it is for all, and needs the right in all.

    Needs PRODUCE; audited with how many. Raises InvalidInput (field: name, numbers; `line` is the first that is no number).
    """
    _require(actor, programme_id)
    called = clean(name, 60, "name")
    digests: dict[str, None] = {}
    for line, number in enumerate(numbers, start=1):
        try:
            digests[codes.phone_digest(codes.normalised(number))] = None
        except InvalidInput as error:
            raise InvalidInput(
                _("第 %(line)s 行不是手机号码。") % {"line": line}, field="numbers", line=line
            ) from error
    if not 0 < len(digests) <= MOST:
        raise InvalidInput(_("名单至少一人，最多 %(most)s 人。") % {"most": MOST}, field="numbers")
    with transaction.atomic():
        roll = Roll.objects.create(
            programme_id=programme_id, name=called, created_by_id=actor.user_id, created_at=clock.now()
        )
        RollEntry.objects.bulk_create((RollEntry(roll=roll, phone_digest=each) for each in digests), batch_size=2_000)
        after = {"name": called, "entries": len(digests), "programme": programme_id}
        audit.record(actor, "roll.create", f"roll:{roll.pk}", after=after)
    return roll


def remove(actor: Actor, roll_id: int) -> None:
    """Take a roll off the list, with its entries. Not while a poll that is prepared or open needs it: IllegalTransition."""
    with transaction.atomic():
        roll = Roll.objects.select_for_update().filter(pk=roll_id).first()
        if roll is None:
            raise NotFound(_("没有这份名单。"))
        _require(actor, roll.programme_id)
        if roll.removed_at is not None:
            return
        if Poll.objects.filter(roll=roll, state__in=[Poll.State.DRAFT, Poll.State.OPEN]).exists():
            raise IllegalTransition(_("有投票正在用这份名单，结束以后才能删除。"), state="used")
        roll.entries.all().delete()
        roll.removed_at = clock.now()
        roll.save(update_fields=["removed_at"])
        audit.record(actor, "roll.remove", f"roll:{roll.pk}", before={"name": roll.name})


def _require(actor: Actor, programme_id: int | None) -> None:
    if programme_id is None:
        require_house(actor, Ability.PRODUCE)
    else:
        require(actor, Ability.PRODUCE, programme_id)
