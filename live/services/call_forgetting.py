"""How the call desk forgets a person: words, name and number of the person's calls go; that somebody called stays."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext_noop

from broadcast import clock, evidence
from broadcast.models import EvidenceRecord, Participant, User
from broadcast.personal import Forgotten, Kept, Whose
from broadcast.sealing import unseal
from broadcast.services import codes, holds
from broadcast.services.forgetting import NAMELESS
from live import hints
from live.models import BallotCast, Call, CallBlock
from live.services import calls, rooms

PIECE = 200
CALLS = gettext_noop("来电的登记")
BLOCKS = gettext_noop("不接入名单里的号码（只存摘要和尾号）")
BLOCKS_WHY = gettext_noop("解除或到期后不再使用")


def forget(found: Forgotten, whose: Whose) -> None:
    """Calls asked for on the page, and those that came from the account's number. Pieces, each a transaction; what a legal hold
    keeps is told. Every forgotten call is tied to the participant, so that it is counted again."""
    digests = numbers_of(whose)
    own = Call.objects.filter(Q(participant__in=whose.participants) | Q(number_digest__in=digests))
    open_ = own.exclude(name=NAMELESS, topic="", number_digest="")
    while True:
        with transaction.atomic():
            free = open_.exclude(room__in=holds.guard().airings).select_for_update(of=("self",)).order_by("pk")
            rows = list(free[:PIECE])
            if not rows:
                break
            _forget(whose, rows)
    _forget_votes(digests)
    found.add("calls", own.filter(name=NAMELESS, number_digest="").count())
    found.hold(CALLS, open_.count())
    blocked = CallBlock.objects.filter(number_digest__in=digests, lifted_at=None).count()
    if blocked:
        found.kept.append(Kept(BLOCKS, blocked, BLOCKS_WHY))


def _forget_votes(digests: set[str]) -> None:
    """Votes that the desk cast for the number, where it stood for itself: they count, but lead nowhere any more."""
    with transaction.atomic():
        held = holds.guard().airings
        callers = Participant.objects.filter(partner=Participant.TELEPHONE, partner_subject__in=digests)
        own = BallotCast.objects.filter(participant__in=callers.values("pk"), salt__isnull=False)
        own.exclude(poll__room__in=held).update(salt=None)
        if not own.exists():
            callers.update(partner="", partner_subject="", erased_at=clock.now())


def numbers_of(whose: Whose) -> set[str]:
    """Digests of the account's number: as it stands, or, once the identity is erased, as it was sealed into evidence then."""
    found = set(
        User.objects.filter(pk__in=[whose.user] if whose.user else [], phone_digest__isnull=False).values_list(
            "phone_digest", flat=True
        )
    )
    erased = EvidenceRecord.objects.filter(kind=evidence.ACCOUNT_ERASED, participant_id__in=whose.participants)
    for sealed in erased.values_list("sealed", flat=True):
        found.add(codes.phone_digest(unseal(sealed)["phone"]))
    return {each for each in found if each}


def _forget(whose: Whose, rows: list[Call]) -> None:
    sequence = rooms.next_staff_seq({row.room_id for row in rows})
    now = clock.now()
    for row in rows:
        over = row.state in Call.OVER
        Call.objects.filter(pk=row.pk).update(
            name=NAMELESS,
            district="",
            topic="",
            note="",
            referral="",
            sealed_number=None,
            number_digest="",
            number_tail="",
            masked_at=now,
            participant=whose.participant,
            state=row.state if over else Call.State.DROPPED,
            ended_at=row.ended_at if over else now,
            version=F("version") + 1,
            staff_seq=sequence.get(row.room_id, row.staff_seq),
        )
        if not over:
            before, row.state = row.state, Call.State.DROPPED
            calls.tell_telephone(row, before)
    for airing_id in sequence:
        hints.hint(airing_id, "staff", "withdrawn")
