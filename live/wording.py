"""Turns rows into the wire's words: times, names, own and staff items; it must not query beyond what it is given."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import msgspec
from django.utils.translation import gettext as _

from broadcast.models.catalogue import Assurance
from live import protocol
from live.models import Appeal, Comment, Item, Question, Report


@dataclass(frozen=True)
class Shown:
    """Where a question stands for whoever looks."""

    state: str
    on_air_at: dt.datetime | None
    answered_at: dt.datetime | None


def iso(at: dt.datetime) -> str:
    """UTC with milliseconds, always of one length, so that text compares as time does."""
    return at.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def iso_or_none(at: dt.datetime | None) -> str | None:
    """`iso`, or None."""
    return None if at is None else iso(at)


def badge(item: Item) -> str:
    """What stands beside an author's name: as what it spoke, "member" for a committee member; nothing for a citizen."""
    return item.speaks_as or ("member" if item.assurance >= Assurance.MEMBER else "")


def kind_of(item: Item) -> protocol.ItemKind:
    """The wire's word for the row."""
    return "comment" if isinstance(item, Comment) else "question"


def my_item(
    item: Comment | Question,
    reasons: dict[str, str],
    appeal: Appeal | None = None,
    end: protocol.QuestionEnd | None = None,
) -> protocol.MyItem:
    """An own item for its author; the moderator's note stays behind the scenes, and so does where on the desk it waits."""
    return protocol.MyItem(
        kind=kind_of(item),
        id=item.pk,
        text=item.text,
        state="pending" if item.state in Item.WAITING else item.state,  # type: ignore[arg-type]
        reason=reasons.get(item.reason, item.reason) if item.state in {"rejected", "withdrawn"} else "",
        at=iso(item.created_at),
        mask=tuple(map(tuple, item.mask)),
        may_appeal=may_appeal(item),
        appeal=item.appeal,  # type: ignore[arg-type]
        appeal_due=iso(appeal.due_at) if appeal and item.appeal == Item.AppealState.OPEN else None,
        appeal_answer=appeal.note if appeal and item.appeal != Item.AppealState.OPEN else "",
        into=item.merged_into_id if isinstance(item, Question) else None,
        end=end,
        to=item.reply_to_id if isinstance(item, Comment) else None,
        person=item.person_id if isinstance(item, Question) else None,
        department=item.department if isinstance(item, Question) else "",
    )


def may_appeal(item: Comment | Question) -> bool:
    """Whether its author may still ask for another look: refused or withdrawn, and not appealed against before."""
    return item.state in {Item.State.REJECTED, Item.State.WITHDRAWN} and not item.appeal


def my_report(report: Report) -> protocol.MyReport:
    """An own report with what came of it."""
    return protocol.MyReport(report.kind, report.item, report.state, iso(report.at))  # type: ignore[arg-type]


def masked(item: Comment | Question) -> str:
    """The words as the public reads them: each code point of a masked span is ■."""
    if not item.mask:
        return item.text
    shown = list(item.text)
    for first, end in item.mask:
        shown[first:end] = "■" * len(shown[first:end])
    return "".join(shown)


def staff_item(item: Comment | Question, supports: int = 0) -> protocol.StaffItem:
    """An item for the desk. Needs decided_by, claimed_by, first_by, author, and a question's person, loaded."""
    return protocol.StaffItem(
        kind=kind_of(item),
        id=item.pk,
        version=item.version,
        state=item.state,  # type: ignore[arg-type]
        text=item.text,
        author=item.author_name,
        assurance=item.assurance,
        reason=item.reason,
        note=item.note,
        decided_by=str(item.decided_by) if item.decided_by else "",
        decided_at=iso_or_none(item.decided_at),
        supports=supports,
        to=addressee(item) if isinstance(item, Question) else "",
        at=iso(item.created_at),
        sender=str(item.author_id),
        source=item.author.partner,
        district=item.author.district,
        since=iso(item.waiting_since or item.created_at),
        mask=tuple(map(tuple, item.mask)),
        hits=tuple(_hit(each) for each in item.hits),
        claim=_claim(item),
        first_by=str(item.first_by) if item.first_by else "",
        first_by_id=item.first_by_id,
        reports=item.open_reports,
        appeal=item.appeal,  # type: ignore[arg-type]
        similar=item.similar_to,
        merged_into=item.merged_into_id if isinstance(item, Question) else None,
        hidden=getattr(item, "is_hidden", False),
        speaks_as=badge(item),
        affiliation=item.affiliation,
        reply_to=item.reply_to_id if isinstance(item, Comment) else None,
        promised_to=item.promised_to if isinstance(item, Question) else "",
        due=item.due_on.isoformat() if isinstance(item, Question) and item.due_on else None,
    )


def _hit(found: dict[str, Any]) -> protocol.Hit:
    return msgspec.convert(found, protocol.Hit)


def _claim(item: Comment | Question) -> protocol.Claim | None:
    if item.claimed_by is None or item.claimed_until is None:
        return None
    return protocol.Claim(item.claimed_by.pk, str(item.claimed_by), iso(item.claimed_until))


def public_comment(item: Comment, reply: protocol.Quoted | None = None) -> protocol.CommentObject:
    """A public comment; `at` is when it became public, `reply` what it answers."""
    return protocol.CommentObject(
        key=f"comment:{item.pk}",
        id=item.pk,
        text=masked(item),
        author=item.author_name,
        badge=badge(item),
        at=iso(item.public_at or item.created_at),
        affiliation=item.affiliation,
        reply=reply,
    )


def addressee(item: Question) -> str:
    """Whom the question is asked of: the person, or the department. Needs the person loaded, and for the public `to_nobody`
    (`visible.to_nobody`): a person who may not be named is not."""
    if getattr(item, "to_nobody", False):
        return item.department
    return item.person.name if item.person else item.department


def public_question(
    item: Question,
    supports: int,
    shown: Shown,
    delay_seconds: int,
    end: protocol.QuestionEnd | None = None,
) -> protocol.QuestionObject:
    """A public question with its supports, where it stands for who looks. Needs the person loaded."""
    acts = {"on_air": shown.on_air_at, "answered": shown.answered_at, "promised": item.promised_at}
    since = acts.get(shown.state) if delay_seconds else None
    return protocol.QuestionObject(
        key=f"question:{item.pk}",
        id=item.pk,
        text=masked(item),
        author=item.author_name,
        to=addressee(item),
        state=shown.state,  # type: ignore[arg-type]
        supports=supports,
        at=iso(item.public_at or item.created_at),
        on_air_at=iso_or_none(shown.on_air_at),
        answered_at=iso_or_none(shown.answered_at),
        shown_from=iso_or_none(since and since + dt.timedelta(seconds=delay_seconds)),
        end=end,
        badge=badge(item),
        affiliation=item.affiliation,
    )


def nameless() -> str:
    """The author of whom we know no name."""
    return _("网友")
