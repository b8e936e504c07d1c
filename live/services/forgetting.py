"""How the rooms forget a person: words are replaced and leave every surface, salts of ballots go; counts and chains stay as they were."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_noop

from broadcast import audit, clock
from broadcast.access import HOUSE
from broadcast.personal import Forgotten, Held, Kept, Whose
from broadcast.services import holds
from broadcast.services.forgetting import NAMELESS, words_of
from live import hints
from live.models import Appeal, Ballot, BallotCast, Comment, Question, Report, RollEntry, Sanction, Support, Withdrawal
from live.services import call_forgetting, replies, rooms

# Short transactions: moderators and viewers of a running show wait no longer than one of these takes.
PIECE = 200
# What stands where words stood. Nobody can write it: it begins and ends with blanks, which are taken off what citizens write.
ERASED = " 〔按本人要求删除〕 "
ITEMS = gettext_noop("评论和提问的原文")
BALLOTS = gettext_noop("投过的票（不含姓名，不再能与您的凭证核对）")
BALLOTS_WHY = gettext_noop("投票结果要能重新清点")
SUPPORTS = gettext_noop("支持过的提问（只计数，不含姓名）")
SUPPORTS_WHY = gettext_noop("公布过的支持人数不变")
SANCTIONS = gettext_noop("仍在生效的发言限制")
SANCTIONS_WHY = gettext_noop("到期或解除后只留下不含姓名的记录")

Row = Comment | Question
_ITEM_FIELDS = [
    "text",
    "author_name",
    "speaks_as",
    "affiliation",
    "note",
    "mask",
    "hits",
    "similar_to",
    "state",
    "version",
    "staff_seq",
    "open_reports",
    "appeal",
    "claimed_by",
    "claimed_until",
]


def forget(whose: Whose, _held: Held) -> Forgotten:
    """All that the rooms know of a person. Each piece is a transaction of its own, and finds what is still to be done by itself."""
    found = Forgotten()
    for kind, model in (("comment", Comment), ("question", Question)):
        _forget_items(found, whose, kind, model)
    call_forgetting.forget(found, whose)
    _forget_salts(found, whose)
    _forget_notes(whose)
    _forget_rolls(found, whose)
    _tell_kept(found, whose)
    return found


def _forget_items(found: Forgotten, whose: Whose, kind: str, model: type[Comment] | type[Question]) -> None:
    own = model.objects.filter(author__in=whose.participants)
    while True:
        with transaction.atomic():
            kept = _held_items(kind, holds.guard())
            open_ = own.exclude(text=ERASED).exclude(kept).order_by("pk").select_for_update(of=("self",))
            rows: list[Row] = list(open_[:PIECE])
            if not rows:
                break
            _replace(kind, model, rows)
    found.add(f"{kind}s", own.filter(text=ERASED).count())
    found.hold(ITEMS, own.exclude(text=ERASED).count())


def _replace(kind: str, model: type[Comment] | type[Question], rows: list[Row]) -> None:
    """Lock order: items, then reports and appeals of them, then rooms, then the audit chain."""
    keys = [row.pk for row in rows]
    now = clock.now()
    Report.objects.filter(kind=kind, item__in=keys, state=Report.State.OPEN).update(
        state=Report.State.DISMISSED, closed_at=now
    )
    Appeal.objects.filter(kind=kind, item__in=keys, state="open").update(state="dropped", decided_at=now)
    Appeal.objects.filter(kind=kind, item__in=keys).update(text="", note="", against={})
    sequence = rooms.next_staff_seq({row.room_id for row in rows})
    for row in rows:
        # What was refused or withdrawn stays so; what was public or waited is taken back, as its author could.
        if row.state not in {"rejected", "withdrawn", "merged"}:
            row.state = model.State.RETRACTED
        row.text, row.author_name, row.note = ERASED, NAMELESS, ""
        row.speaks_as = row.affiliation = ""
        row.mask, row.hits, row.similar_to = [], [], None
        row.open_reports, row.claimed_by_id, row.claimed_until = 0, None, None
        if row.appeal == "open":
            row.appeal = ""
        row.version, row.staff_seq = row.version + 1, sequence.get(row.room_id, row.staff_seq)
    model.objects.bulk_update(rows, _ITEM_FIELDS)  # type: ignore[arg-type]
    words_of(f"{kind}:{key}" for key in keys)
    if model is Question:
        # Answers in writing may name who asked, and what it is about.
        replies.erase(keys, ERASED)
    audit.record(HOUSE, f"{kind}.erase", f"participant:{rows[0].author_id}", after={"items": keys})
    _tell({row.room_id for row in rows}, kind)


def _tell(airings: Iterable[UUID], kind: str) -> None:
    for airing_id in airings:
        hints.hint(airing_id, "withdrawn", f"{kind}s", "counts", "staff", "own")


def _held_items(kind: str, standing: Held) -> Q:
    keys = [int(each.partition(":")[2]) for each in standing.items if each.startswith(f"{kind}:")]
    return Q(room__in=standing.airings) | Q(pk__in=keys)


def _forget_salts(found: Forgotten, whose: Whose) -> None:
    """Without its salt a cast's leaf says nothing about anybody; the chain holds, the cast counts."""
    people = list(whose.participants)
    own = BallotCast.objects.filter(Q(participant__in=people) | Q(cast_by__in=people))
    while True:
        with transaction.atomic():
            standing = holds.guard()
            open_ = own.filter(salt__isnull=False).exclude(poll__room__in=standing.airings).order_by("pk")
            keys = list(open_.values_list("pk", flat=True)[:PIECE])
            BallotCast.objects.filter(pk__in=keys).update(salt=None)
        if not keys:
            break
    found.add("ballot_salts", own.filter(salt__isnull=True, leaf__isnull=False).count())
    found.hold(BALLOTS, own.filter(salt__isnull=False).count())


def _forget_notes(whose: Whose) -> None:
    """What was noted about the person, or by it, in reports, sanctions that are over, and withdrawals."""
    people, now = list(whose.participants), clock.now()
    with transaction.atomic():
        standing = holds.guard()
        free = ~Q(room__in=standing.airings)
        Report.objects.filter(free, by__in=people).exclude(note="").update(note="")
        Appeal.objects.filter(free, by__in=people).exclude(text="").update(text="")
        Withdrawal.objects.filter(free | Q(room=None), participant__in=people).update(note="", restore_note="")
        over = Q(lifted_at__isnull=False) | Q(until__lte=now)
        Sanction.objects.filter(free | Q(room=None), over, participant__in=people).update(
            note="", lift_note="", device="", network=""
        )


def _forget_rolls(found: Forgotten, whose: Whose) -> None:
    """The person stands in no list of voters any more; a ballot that was cast by one stays."""
    gone, _by_model = RollEntry.objects.filter(phone_digest__in=call_forgetting.numbers_of(whose)).delete()
    if gone:
        found.add("roll_entries", gone)


def _tell_kept(found: Forgotten, whose: Whose) -> None:
    people = list(whose.participants)
    ballots = Ballot.objects.filter(participant__in=people).count()
    if ballots:
        found.kept.append(Kept(BALLOTS, ballots, BALLOTS_WHY))
    supports = Support.objects.filter(participant__in=people).count()
    if supports:
        found.kept.append(Kept(SUPPORTS, supports, SUPPORTS_WHY))
    standing = Q(lifted_at=None) & (Q(until=None) | Q(until__gt=clock.now()))
    sanctions = Sanction.objects.filter(standing, participant__in=people).count()
    if sanctions:
        found.kept.append(Kept(SANCTIONS, sanctions, SANCTIONS_WHY))
