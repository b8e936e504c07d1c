"""Erases the salts of a poll that is over, so that nothing of its chain can be matched to a person any more; it removes no cast."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from broadcast import audit
from broadcast.access import Ability, Actor, require
from broadcast.errors import Conflict, IllegalTransition, InvalidInput, NotFound
from broadcast.services import holds
from live.models import BallotCast, Poll
from live.queries.verify import verify
from live.services import chain


@dataclass(frozen=True)
class Erased:
    """Casts whose salt is gone by this act, and those that a hold keeps."""

    casts: int
    held: int


def erase(actor: Actor, poll_id: int, reason: str) -> Erased:
    """Forget the salts of a closed or void poll, for good. Needs KEEP_RECORDS and a reason; audited with the head of the chain.

    Verified first, for afterwards no single cast can be held against its leaf: raises Conflict, and nothing is erased, when the
    rows do not fit their chain. What a legal hold keeps stays. Also raises NotFound, InvalidInput (reason), IllegalTransition.
    """
    poll = Poll.objects.filter(pk=poll_id).select_related("room__airing__episode").first()
    if poll is None:
        raise NotFound(_("没有这个投票。"))
    airing = poll.room.airing
    require(actor, Ability.KEEP_RECORDS, airing.episode.programme_id)
    if not reason.strip():
        raise InvalidInput(_("请写明原因，以后要能查到。"), field="reason")
    with transaction.atomic():
        standing = holds.guard()
        state = Poll.objects.select_for_update().values_list("state", flat=True).get(pk=poll_id)
        if state not in {Poll.State.CLOSED, Poll.State.VOID}:
            raise IllegalTransition(_("投票还没有结束，结束以后才能抹去盐。"), state=state)
        chain.place(poll_id)
        found = verify(poll_id)
        if found.wrong:
            raise Conflict(_("这个投票和它的链不符，先查明原因，什么也没有抹去。"), wrong=found.wrong)
        own = BallotCast.objects.filter(poll=poll_id, salt__isnull=False)
        held = own.none()
        if airing.pk in standing.airings:
            held = own
        elif standing.participants:
            held = own.filter(Q(participant__in=standing.participants) | Q(cast_by__in=standing.participants))
        kept = list(held.values_list("pk", flat=True))
        erased = own.exclude(pk__in=kept).update(salt=None)
        after = {"casts": erased, "held": len(kept), "head": found.head}
        audit.record(actor, "poll.erase_salts", f"poll:{poll_id}", airing=airing, reason=reason.strip(), after=after)
    return Erased(erased, len(kept))
