"""A person's own data: the file with all of it, and the wish to be erased, by the person or by staff for one who asked in writing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from broadcast import audit, clock, evidence, registry
from broadcast.access import Actor
from broadcast.errors import Conflict, InvalidInput, NotAllowed, NotFound
from broadcast.models import Erasure, Participant, RoleGrant
from broadcast.personal import Section, Whose, Words
from broadcast.services import holds
from broadcast.services.identity import require_current

OPEN = (Erasure.State.ASKED, Erasure.State.RUNNING, Erasure.State.HELD)


def own(actor: Actor) -> Participant | None:
    """The row of whoever asks, None for one who has written nothing yet. Raises IdentityStale with an old token."""
    if actor.participant_id is None:
        return None
    row = Participant.objects.filter(pk=actor.participant_id).first()
    require_current(actor, row)
    return row


def whose(participant: Participant) -> Whose:
    """All ids under which rows of this person may stand."""
    survivor = participant.merged_into or participant
    merged = Participant.objects.filter(merged_into=survivor).order_by("created_at", "pk").values_list("pk", flat=True)
    return Whose(survivor.pk, (survivor.pk, *merged), survivor.user_id)


def find(participant_id: str) -> Participant:
    """The participant that staff name by id. Raises NotFound."""
    try:
        key = UUID(participant_id.strip())
    except ValueError as error:
        raise InvalidInput(_("编号不对，请从它的页面复制。"), field="participant") from error
    row = Participant.objects.filter(pk=key).select_related("merged_into", "user").first()
    if row is None:
        raise NotFound(_("没有这个参与者。"), field="participant")
    return row.merged_into or row


def collect(actor: Actor, participant: Participant, reason: str = "") -> list[Section]:
    """All that the house keeps of a person, by the registry. Audited: who had it, and by staff why.

    Raises NotAllowed for another's data without the ability, InvalidInput without a reason then.
    """
    asked_for = _by_staff(actor, participant, reason)
    found = whose(participant)
    with transaction.atomic():
        told = reason.strip() if asked_for else ""
        audit.record(_without_name(actor, asked_for), "personal.export", f"participant:{participant.pk}", reason=told)
        if not asked_for:
            evidence.keep([(actor, "personal.export", f"participant:{participant.pk}")])
        return [section for _name, sections in registry.personal_data for section in sections(found)]


def counted(participant: Participant) -> list[tuple[Words, int]]:
    """How many rows of each section there are, for the person's own page. Not handed out, so not audited."""
    found = whose(participant)
    sections = (section for _name, told in registry.personal_data for section in told(found))
    return [(section.title, len(section.rows)) for section in sections if section.rows]


def ask(actor: Actor, participant: Participant, reason: str = "") -> Erasure:
    """Ask that a person be erased. Begins after YISHI_ERASURE_DAYS, until when the person can take it back; at once for staff.

    Raises Conflict when it is asked already or done, NotAllowed for an account with a role: that is given back first. Audited.
    """
    by_staff = _by_staff(actor, participant, reason)
    now = clock.now()
    with transaction.atomic():
        row = Participant.objects.select_for_update().get(pk=participant.pk)
        _may_be_erased(row)
        wait = dt.timedelta(0) if by_staff else dt.timedelta(days=settings.ERASURE_DAYS)
        found = whose(row)
        wish = Erasure.objects.create(
            participant=row,
            participants=list(found.participants),
            user_id=found.user,
            asked_at=now,
            asked_by_id=actor.user_id if by_staff else None,
            reason=reason.strip()[:500] if by_staff else "",
            begins_at=now + wait,
            next_at=now + wait,
        )
        after = {"begins_at": wish.begins_at.isoformat()}
        who = _without_name(actor, by_staff)
        audit.record(who, "erasure.ask", f"erasure:{wish.pk}", reason=wish.reason, after=after)
        if not by_staff:
            evidence.keep([(actor, "erasure.ask", f"erasure:{wish.pk}")])
    return wish


def cancel(actor: Actor, participant: Participant, reason: str = "") -> Erasure:
    """Take the wish back while nothing was erased yet. Raises NotFound without one, Conflict once it runs. Audited."""
    by_staff = _by_staff(actor, participant, reason)
    with transaction.atomic():
        wish = Erasure.objects.select_for_update().filter(participant=participant, state__in=OPEN).first()
        if wish is None:
            raise NotFound(_("没有删除申请。"))
        if wish.state != Erasure.State.ASKED:
            raise Conflict(_("已经开始删除，不能取消了。"))
        wish.state, wish.finished_at, wish.next_at = Erasure.State.CANCELLED, clock.now(), None
        wish.save(update_fields=["state", "finished_at", "next_at"])
        told = reason.strip() if by_staff else ""
        audit.record(_without_name(actor, by_staff), "erasure.cancel", f"erasure:{wish.pk}", reason=told)
    return wish


def standing(participant: Participant | None) -> Erasure | None:
    """The person's newest wish that was not taken back."""
    if participant is None:
        return None
    wishes = Erasure.objects.filter(participant=participant).exclude(state=Erasure.State.CANCELLED)
    return wishes.order_by("-pk").first()


def wishes(limit: int = 100) -> Sequence[Erasure]:
    """For staff: those that are open first, then the newest."""
    rows = Erasure.objects.select_related("asked_by")
    return [*rows.filter(state__in=OPEN), *rows.exclude(state__in=OPEN)[:limit]]


def _by_staff(actor: Actor, participant: Participant, reason: str) -> bool:
    """Whether the actor asks for another: then with the ability and a reason."""
    if actor.participant_id is not None and actor.participant_id in whose(participant).participants:
        require_current(actor, Participant.objects.get(pk=actor.participant_id))
        return False
    holds.require_keeper(actor)
    if len(reason.strip()) < 4:
        raise InvalidInput(_("请写明依据，例如书面申请的编号，至少 4 个字。"), field="reason")
    return True


def _may_be_erased(row: Participant) -> None:
    if row.merged_into_id is not None:
        raise Conflict(_("这个身份已经并入另一个，请从那一个申请。"))
    if Erasure.objects.filter(participant=row, state__in=OPEN).exists():
        raise Conflict(_("已经申请过删除，不用再申请一次。"))
    if row.erased_at is not None:
        raise Conflict(_("这个人的资料已经删除。"))
    # Whoever had a role acted for the house; also one that has expired or was withdrawn leaves with its account's closing.
    if row.user_id is not None and RoleGrant.objects.filter(Q(user=row.user_id)).exists():
        raise NotAllowed(_("这个账号有工作或委员角色，请先联系管理员收回，再申请删除。"))


def _without_name(actor: Actor, by_staff: bool) -> Actor:
    """A citizen's name and address do not go into the audit, where they would outlive the erasure; evidence has them for its time."""
    return actor if by_staff else replace(actor, name="", address="")
