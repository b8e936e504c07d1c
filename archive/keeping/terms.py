"""How long a programme keeps what was never public: previewed, then set by whoever administers it; removing.py acts on it."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from archive.keeping import cold, removing
from archive.keeping.removing import Terms
from archive.models import KeepingTerms, MediaRemoval, Recording
from broadcast import audit, clock
from broadcast.access import Ability, Actor, can, require
from broadcast.errors import Conflict, InvalidInput
from broadcast.models import Programme
from broadcast.services import holds

# A rehearsal is looked at the next day; what was not published yet may wait for a sign-off for weeks.
# What goes to cold storage is paid for by the months.
LEAST = {"rehearsal_days": 1, "unpublished_days": 30, "cold_days": 30}
MOST_DAYS = 36_500
SHOWN = 20


@dataclass(frozen=True)
class Preview:
    """What would go now by one rule: how many, how many a legal hold keeps, bytes received, and the oldest of them."""

    rule: MediaRemoval.Rule
    count: int
    held: int
    size: int
    shown: tuple[Recording, ...]


@dataclass(frozen=True)
class Due:
    """How many go now, and how many more are past their term but kept by a legal hold."""

    count: int
    held: int


def may_set(actor: Actor, programme_id: int) -> bool:
    """Whether the actor says how long the programme keeps things."""
    return can(actor, Ability.ADMINISTER, programme_id)


def preview(actor: Actor, programme: Programme, terms: Terms) -> list[Preview]:
    """What these terms would remove now. Needs ADMINISTER. Raises InvalidInput (field)."""
    require(actor, Ability.ADMINISTER, programme.pk)
    _checked(terms)
    standing = holds.standing()
    found = []
    for rule, rows in removing.due(programme.pk, terms, clock.now()):
        every = list(rows.select_related("airing__episode"))
        free = [each for each in every if each.pk not in standing.airings]
        found.append(Preview(rule, len(free), len(every) - len(free), removing.size_of(free), tuple(free[:SHOWN])))
    return found


def due_now(programme: Programme) -> Due:
    """What the terms as they are set remove with the next look."""
    standing = holds.standing()
    rules = removing.due(programme.pk, removing.terms_of(programme.pk), clock.now())
    every = [pk for _rule, rows in rules for pk in rows.values_list("pk", flat=True)]
    held = sum(pk in standing.airings for pk in every)
    return Due(len(every) - held, held)


def set_terms(actor: Actor, programme_id: int, terms: Terms, version: int) -> KeepingTerms:
    """Change them. Needs ADMINISTER. `version` is what the actor saw, 0 for none. Raises InvalidInput (field), Conflict. Audited.

    Takes the programme's row. What is due goes with the next look, at most ten minutes later.
    """
    require(actor, Ability.ADMINISTER, programme_id)
    _checked(terms)
    if terms.cold_days is not None and not cold.storage_class():
        raise InvalidInput(_("这里的存储没有冷存储级别，请系统管理员先设 YISHI_COLD_CLASS。"), field="cold_days")
    with transaction.atomic():
        programme = Programme.objects.select_for_update().get(pk=programme_id)
        row = KeepingTerms.objects.filter(pk=programme_id).first()
        if (row.version if row else 0) != version:
            raise Conflict(_("别人刚刚改过保留期限，请看过再改。"))
        before = asdict(Terms.of_row(row)) if row else {}
        made, _is_new = KeepingTerms.objects.update_or_create(
            pk=programme_id,
            defaults={
                **asdict(terms),
                "version": version + 1,
                "changed_by_id": actor.user_id,
                "changed_at": clock.now(),
            },
        )
        audit.record(actor, "retention.terms", f"programme:{programme.slug}", before=before, after=asdict(terms))
    return made


def _checked(terms: Terms) -> None:
    for field, least in LEAST.items():
        days = getattr(terms, field)
        if days is not None and not least <= days <= MOST_DAYS:
            raise InvalidInput(
                _("请写 %(least)s 到 %(most)s 之间的天数，或者留空：一直保留。") % {"least": least, "most": MOST_DAYS},
                field=field,
            )
