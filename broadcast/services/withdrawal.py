"""Takes a person from everything public in one act, and gives back item by item; what an app has of them, its part alone touches."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from broadcast import audit, clock, registry, signals
from broadcast.access import Ability, Actor, require_house
from broadcast.errors import BroadcastError, Conflict, InvalidInput, NotFound
from broadcast.models import Person, PersonWithdrawal, PersonWithdrawalItem
from broadcast.withdrawing import KEEP, Found

logger = logging.getLogger(__name__)
State = PersonWithdrawalItem.State
# A thing that could not be done is tried again so long after.
_AGAIN = dt.timedelta(seconds=20)
_OPEN = (State.WAITING, State.RETURNING)


@dataclass(frozen=True)
class Order:
    """What was decided, by the ids of what was found; `seen`: the versions that whoever decided had before them; `name`: typed."""

    reason: str
    name: str
    choices: Mapping[str, str] = field(default_factory=dict)
    seen: Mapping[str, str] = field(default_factory=dict)


def preview(actor: Actor, person_id: int) -> list[Found]:
    """Everything public in which the person is, in the order of the apps. Raises NotAllowed, NotFound."""
    require_house(actor, Ability.WITHDRAW_PEOPLE)
    return _found(_person(person_id))


def apply(actor: Actor, person_id: int, order: Order) -> PersonWithdrawal:
    """Take from the public what the order says, all of it or nothing. Raises NotAllowed, NotFound, InvalidInput (field: reason, name,
    choices) and Conflict (data: moved, ids of what came, went or changed since the preview), after which nothing is written.

    Locks the person's row, so that of two orders the second sees what the first left. From the commit on names, words and photos are
    hidden; what an app must do follows at once, and by the tick where this process dies. Audited.
    """
    require_house(actor, Ability.WITHDRAW_PEOPLE)
    with transaction.atomic():
        person = _person(person_id, lock=True)
        _check(order, person)
        found = {each.id: each for each in _found(person)}
        moved = {key for key, each in found.items() if order.seen.get(key) != each.version} | order.seen.keys() - found
        if moved:
            raise Conflict(_("预览以后有变化，请看过标出的再确认。什么都还没有撤。"), moved=sorted(moved))
        chosen = {key: order.choices.get(key, "") for key in found}
        if any(choice not in found[key].choices for key, choice in chosen.items()):
            raise InvalidInput(_("请给每一项选一种做法。"), field="choices")
        taken = [(found[key], choice) for key, choice in chosen.items() if choice != KEEP]
        if not taken:
            raise InvalidInput(_("没有选中要撤下的。"), field="choices")
        row = PersonWithdrawal.objects.create(
            person=person, reason=order.reason.strip()[:500], by_id=actor.user_id, at=clock.now()
        )
        PersonWithdrawalItem.objects.bulk_create([_item(row, each, choice) for each, choice in taken])
        audit.record(
            actor,
            "person.withdraw",
            f"person:{person.pk}",
            reason=order.reason,
            after={
                "withdrawal": row.pk,
                "taken": [f"{each.id}={choice}" for each, choice in taken],
                "left": [key for key, choice in chosen.items() if choice == KEEP],
            },
        )
        _tell({each.episode for each, _choice in taken if each.episode is not None})
    work(row.pk)
    row.refresh_from_db()
    return row


def restore(actor: Actor, item_id: int, reason: str) -> PersonWithdrawalItem:
    """Give one thing back as it was. Raises NotAllowed, NotFound, InvalidInput (field: reason), Conflict when it is not taken. Audited."""
    require_house(actor, Ability.WITHDRAW_PEOPLE)
    if not reason.strip():
        raise InvalidInput(_("请写明恢复的原因。"), field="reason")
    with transaction.atomic():
        item = PersonWithdrawalItem.objects.select_for_update().filter(pk=item_id).first()
        if item is None:
            raise NotFound(_("没有这一项。"))
        if item.state != State.DONE:
            raise Conflict(_("这一项现在不是“已撤下”，不能恢复。"), state=item.state)
        item.state, item.restored_by_id = State.RETURNING, actor.user_id
        item.restore_reason, item.tried_at, item.problem = reason.strip()[:500], None, ""
        item.save(update_fields=["state", "restored_by", "restore_reason", "tried_at", "problem"])
        audit.record(
            actor,
            "person.restore",
            f"person:{item.person_id}",
            reason=reason,
            before={"withdrawal": item.withdrawal_id, "item": f"{item.source}.{item.kind}.{item.key}"},
        )
        _tell({item.episode_id} if item.episode_id is not None else set())
    work(item.withdrawal_id)
    item.refresh_from_db()
    return item


def reconcile() -> int:
    """Do what orders still wait for: of a process that died, or that failed some time ago. Returns how many things were done."""
    again = Q(tried_at=None) | Q(tried_at__lt=clock.now() - _AGAIN)
    rows = PersonWithdrawalItem.objects.filter(again, state__in=_OPEN)
    return sum(work(pk) for pk in rows.order_by().values_list("withdrawal", flat=True).distinct())


def work(withdrawal_id: int) -> int:
    """Do what is open of one order, each thing in a transaction of its own; what fails keeps its problem and is tried again later."""
    ids = list(
        PersonWithdrawalItem.objects.filter(withdrawal=withdrawal_id, state__in=_OPEN).values_list("pk", flat=True)
    )
    done = sum(_do(pk) for pk in ids)
    if done:
        row = PersonWithdrawal.objects.select_related("person").get(pk=withdrawal_id)
        episodes = set(row.items.exclude(episode=None).values_list("episode", flat=True))
        for name, part in registry.person_withdrawal:
            try:
                part().settle(row.person, sorted(episodes))
            except Exception:  # what is remembered goes by itself too, later
                logger.exception("%s did not forget the person of withdrawal=%s", name, withdrawal_id)
    if not PersonWithdrawalItem.objects.filter(withdrawal=withdrawal_id, state=State.WAITING).exists():
        PersonWithdrawal.objects.filter(pk=withdrawal_id, finished_at=None).update(finished_at=clock.now())
    return done


def _do(item_id: int) -> bool:
    try:
        with transaction.atomic(), audit.at_the_end():
            rows = PersonWithdrawalItem.objects.select_for_update(skip_locked=True, of=("self",))
            rows = rows.select_related("withdrawal__by", "restored_by", "person")
            item = rows.filter(pk=item_id, state__in=_OPEN).first()
            if item is None:
                return False
            _perform(item)
            item.problem = ""
            item.save(update_fields=["state", "before", "problem", "done_at", "restored_at"])
            _tell({item.episode_id} if item.episode_id is not None else set())
            return True
    except Exception as error:
        logger.exception("an item of a withdrawal failed item=%s", item_id)
        told = error.message if isinstance(error, BroadcastError) else type(error).__name__
        PersonWithdrawalItem.objects.filter(pk=item_id, state__in=_OPEN).update(
            problem=told[:300], tried_at=clock.now()
        )
        return False


def _perform(item: PersonWithdrawalItem) -> None:
    """The order was allowed when it was given; who gave it may have left since, so the house does it in their name."""
    part = registry.person_withdrawal.get(item.source)
    if part is None:
        raise NotFound(_("没有这一项。"))
    is_taken = item.state == State.WAITING
    by = item.withdrawal.by if is_taken else item.restored_by
    actor = Actor(user_id=by.pk, name=str(by), house=True) if by is not None else Actor(house=True, name="system")
    if is_taken:
        item.before, item.state, item.done_at = part().take(actor, item), State.DONE, clock.now()
    else:
        part().give_back(actor, item)
        item.state, item.restored_at = State.RESTORED, clock.now()


def _found(person: Person) -> list[Found]:
    return [each for _name, part in registry.person_withdrawal for each in part().found(person)]


def _item(row: PersonWithdrawal, found: Found, choice: str) -> PersonWithdrawalItem:
    return PersonWithdrawalItem(
        withdrawal=row,
        person_id=row.person_id,
        episode_id=found.episode,
        source=found.source,
        kind=found.kind,
        key=found.key,
        title=found.title[:200],
        called=found.called,
        choice=choice,
    )


def _check(order: Order, person: Person) -> None:
    if not order.reason.strip():
        raise InvalidInput(_("请写明撤下的原因。"), field="reason")
    if order.name.strip() != person.name.strip():
        raise InvalidInput(_("请照着输入这位的姓名，确认没有选错人。"), field="name")


def _person(person_id: int, *, lock: bool = False) -> Person:
    rows = Person.objects.select_for_update(no_key=True) if lock else Person.objects.all()
    person = rows.filter(pk=person_id).first()
    if person is None:
        raise NotFound(_("没有这个人。"))
    return person


def _tell(episodes: set[int]) -> None:
    for episode_id in sorted(episodes):
        signals.tell(signals.episode_changed, episode_id=episode_id)
