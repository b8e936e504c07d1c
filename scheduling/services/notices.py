"""Writes notices inside the acts they tell of, and hands each over at most once; what is not certain is left to people."""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError

from broadcast import audit, clock
from broadcast.access import Ability, Actor, require
from broadcast.celery import app
from broadcast.errors import Conflict, IllegalTransition, NotFound
from broadcast.models import Airing, Person
from scheduling import letters, notices
from scheduling.models import Invitation, Notice, Seat
from scheduling.queries import invitations as queries
from scheduling.queries import people
from scheduling.services import booking, seats

logger = logging.getLogger(__name__)

TASK = "scheduling.notices"
_K, _S = Notice.Kind, Notice.State
# A sender that has not come back for so long has died; whether it had sent is not known.
UNSURE_AFTER = dt.timedelta(minutes=5)
HINT_EVERY = dt.timedelta(seconds=10)
AT_ONCE = 50
_hinted_at: dt.datetime | None = None


def write(kind: str, key: str, person: Person, letter: letters.Letter, **more: Any) -> Notice:
    """The notice of this key; one that stands already is given back as it is. Call inside the transaction of the act it tells of."""
    channel = notices.way_to(people.contacts_of(person.pk))
    values = {
        "kind": kind,
        "person": person,
        "channel": channel,
        "title": letter[0][:200],
        "text": letter[1],
        "state": _S.BY_HAND if channel == "hand" else _S.OPEN,
        "made_at": clock.now(),
        **more,
    }
    made, new = Notice.objects.get_or_create(key=key[:120], defaults=values)
    if new and made.state == _S.OPEN:
        transaction.on_commit(hint)
    return made


def invite(actor: Actor, invitation_id: int, version: int) -> Notice:
    """Send the invitation's link, or note that people must give it. Once for each `version`, so that two clicks are one.

    Raises Conflict when the invitation changed meanwhile. Audited.
    """
    with transaction.atomic():
        found = Invitation.objects.select_related("person", "seat").filter(pk=invitation_id).first()
        if found is None:
            raise NotFound(_("没有这份邀请。"))
        seat = seats.locked(actor, found.seat_id)
        found.refresh_from_db()
        airing = queries.coming(seat.episode_id)
        if found.version != version or found.state != Invitation.State.OPEN or airing is None:
            raise Conflict(_("这份邀请刚刚变成“%(state)s”，请看过再决定。") % {"state": found.get_state_display()})
        url = settings.PUBLIC_URL + reverse("invitation", args=[queries.token_of(found)])
        place = queries.place_of(airing)
        letter = letters.invitation(found.person, airing, seat.role, place, found.message, url)
        made = write(_K.INVITATION, f"invitation:{found.pk}:{found.version}", found.person, letter, airing=airing)
        found.version += 1
        if made.channel != "hand":
            found.sent_at = clock.now()
        found.save(update_fields=["version", "sent_at"])
        audit.record(actor, "invitation.send", f"invitation:{found.pk}", after={"channel": made.channel})
        return made


def remind(airing_id: UUID, subject: str) -> str:
    """Write the reminder that `queries.reminders` asked for; the ledger calls it inside its own transaction. Returns by which way.

    Raises IllegalTransition when there is nothing to remind of any more.
    """
    airing = Airing.objects.select_related("episode__programme").filter(pk=airing_id).first()
    kind, _colon, number = subject.partition(":")
    if airing is None or not number.isdigit():
        raise IllegalTransition(_("没有可以提醒的事。"))
    person, is_answered, url = _reminded(kind, int(number))
    letter = letters.reminder(person, airing, queries.place_of(airing), url, is_answered)
    key = f"remind:{airing.pk}:{subject}:{'come' if is_answered else 'answer'}:{airing.planned_start:%Y%m%dT%H%M}"
    made = write(_K.REMINDER, key, person, letter, airing=airing, not_after=airing.planned_start)
    return str(made.get_channel_display())


def _reminded(kind: str, number: int) -> tuple[Person, bool, str]:
    gone = IllegalTransition(_("已经不在这一席，不用提醒。"))
    if kind == "seat":
        seat = Seat.objects.select_related("person").filter(pk=number).first()
        if seat is None or seat.person is None:
            raise gone
        return seat.person, True, ""
    found = Invitation.objects.select_related("person").filter(pk=number, state__in=Invitation.LIVING).first()
    if found is None:
        raise gone
    url = settings.PUBLIC_URL + reverse("invitation", args=[queries.token_of(found)])
    return found.person, found.state == Invitation.State.ACCEPTED, url


def tell_all(actor: Actor, airing: Airing, kind: str, words: str = "", to: dt.datetime | None = None) -> list[Notice]:
    """Tell everybody who counts on the airing what became of it (`kind` of Notice): who appears and who is invited. `to`: where it is
    about to go. Call inside the act's transaction; the same words for the same time are told once. The act itself is what is audited."""
    require(actor, Ability.PRODUCE, airing.episode.programme_id)
    return [_tell(airing, kind, words, person, to) for person in concerned(airing)]


def cancelled(airing: Airing) -> None:
    """Its airing will not be: tell whoever had agreed or was asked, unless they were told just now that another takes its place.

    Of a draft that nobody outside knows only those who were invited hear.
    """
    if Notice.objects.filter(airing=airing, kind=_K.PREEMPTED).exists():
        return
    asked = Invitation.objects.filter(seat__episode=airing.episode_id, state__in=Invitation.LIVING)
    invited = set(asked.values_list("person_id", flat=True))
    for person in concerned(airing):
        if airing.announced_at is not None or person.pk in invited:
            _tell(airing, _K.CANCELLED, "", person)


def _tell(airing: Airing, kind: str, words: str, person: Person, to: dt.datetime | None = None) -> Notice:
    letter = letters.change(person, airing, kind, words, to)
    print_ = hashlib.sha256(f"{airing.planned_start.isoformat()}\n{words}".encode()).hexdigest()[:16]
    return write(kind, f"{kind}:{airing.pk}:{person.pk}:{print_}", person, letter, airing=airing)


def concerned(airing: Airing) -> Iterable[Person]:
    """Who appears in its episode or has a seat there, each once; nobody for reruns and fillers, which need no one at the table."""
    if airing.kind not in booking.WITH_PEOPLE:
        return []
    found = {each.pk: each for each in Person.objects.filter(appearances__episode=airing.episode_id)}
    found |= {each.pk: each for each in Person.objects.filter(seats__episode=airing.episode_id)}
    return [found[key] for key in sorted(found)]


def told(actor: Actor, notice_id: int) -> Notice:
    """Somebody has told the person, or knows that they were: nothing more is to be done. Audited."""
    with transaction.atomic():
        found = _locked(actor, notice_id)
        if found.state not in {_S.BY_HAND, _S.UNSURE, _S.FAILED}:
            raise Conflict(_("这条通知现在是“%(state)s”。") % {"state": found.get_state_display()})
        found.state, found.told_by_id, found.tried_at = _S.TOLD, actor.user_id, clock.now()
        found.save(update_fields=["state", "told_by", "tried_at"])
        audit.record(actor, "notice.told", f"notice:{found.pk}")
        return found


def again(actor: Actor, notice_id: int) -> Notice:
    """Hand over once more what failed or is not certain; somebody decided that a second copy does less harm than none. Audited."""
    with transaction.atomic():
        found = _locked(actor, notice_id)
        channel = notices.way_to(people.contacts_of(found.person_id))
        if found.state not in {_S.BY_HAND, _S.UNSURE, _S.FAILED} or channel == "hand":
            raise Conflict(_("这条通知不能再发，请人工转达。"))
        found.state, found.channel, found.reason = _S.OPEN, channel, ""
        found.save(update_fields=["state", "channel", "reason"])
        audit.record(actor, "notice.again", f"notice:{found.pk}")
        transaction.on_commit(hint)
        return found


def _locked(actor: Actor, notice_id: int) -> Notice:
    found = Notice.objects.select_for_update(of=("self",)).filter(pk=notice_id).first()
    airing = found.airing if found is not None else None
    if found is None or airing is None:
        raise NotFound(_("没有这条通知。"))
    require(actor, Ability.PRODUCE, airing.episode.programme_id)
    return found


def hint() -> None:
    """Tell some worker that notices wait. A broker that is away is logged; the reconciler hints again."""
    try:
        app.send_task(TASK, expires=30, retry=False)
    except (OperationalError, OSError) as error:
        logger.warning("no hint sent: %s", type(error).__name__)


def reconcile() -> int:
    """Give up what a dead sender left, and hint at what waits; nothing is sent here, since the tick waits for nobody."""
    global _hinted_at
    now = clock.now()
    if _hinted_at is not None and abs(now - _hinted_at) < HINT_EVERY:
        return 0
    _hinted_at = now
    lost = Notice.objects.filter(state=_S.SENDING, tried_at__lt=now - UNSURE_AFTER)
    many = lost.update(state=_S.UNSURE, reason="发送途中中断")
    if Notice.objects.filter(state=_S.OPEN).exists():
        hint()
    return many


def hand_over() -> int:
    """Send what waits; returns how many were taken. Safe in any number of processes: a notice is claimed and committed first."""
    waiting = Notice.objects.filter(state=_S.OPEN).order_by("made_at", "pk").values_list("pk", flat=True)[:AT_ONCE]
    return sum(_hand_over(pk) for pk in list(waiting))


def _hand_over(pk: int) -> bool:
    now = clock.now()
    if not Notice.objects.filter(pk=pk, state=_S.OPEN).update(state=_S.SENDING, tried_at=now):
        return False
    notice = Notice.objects.select_related("person").get(pk=pk)
    if notice.not_after is not None and now > notice.not_after:
        _end(notice, _S.DROPPED, "")
        return False
    send = notices.sender(notice.channel)
    to = notices.address(notice.channel, people.contacts_of(notice.person_id))
    if send is None or not to:
        _end(notice, _S.BY_HAND, "")
        return False
    try:
        send(notices.Message(to=to, title=notice.title, text=notice.text, key=notice.key))
    except Exception as error:
        logger.warning("notice not sent notice=%d channel=%s: %s", pk, notice.channel, type(error).__name__)
        _end(notice, _S.FAILED, f"{type(error).__name__}")
        return False
    _end(notice, _S.SENT, "")
    return True


def _end(notice: Notice, state: str, reason: str) -> None:
    Notice.objects.filter(pk=notice.pk, state=_S.SENDING).update(state=state, reason=reason[:200])
