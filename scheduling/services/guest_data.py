"""What is kept of a person who appears, for the person with whose account they are: told on request, forgotten on request."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from broadcast import lifecycle
from broadcast.access import HOUSE
from broadcast.errors import NotFound
from broadcast.models import Appearance, Person
from broadcast.personal import Forgotten, Held, Kept, Section, Whose
from broadcast.services import holds
from scheduling.models import Availability, Invitation, Notice, PersonCard, Photo
from scheduling.queries import people
from scheduling.services import seats
from scheduling.services.photos import photo_address

APPEARANCES = gettext_noop("上过和将要上的节目（姓名、单位、身份）")
APPEARANCES_WHY = gettext_noop("节目是公开的履职记录")
CONTACTS = gettext_noop("联系方式、备注、没空的时间、邀请的留言和通知")


def sections(whose: Whose) -> list[Section]:
    """Contacts, times and invitations of the person whose account this is; empty sections for everybody else."""
    person = _of(whose)
    return [_card(person), _away(person), _asked(person), _told(person)]


def forget(whose: Whose, _held: Held) -> Forgotten:
    """Contacts, notes, times, what they answered and what was written to them go; that they appeared in public stays."""
    found = Forgotten()
    person = _of(whose)
    if person is None:
        return found
    with transaction.atomic():
        if holds.guard().holds(whose):
            found.hold(CONTACTS, 1)
            return found
        cleared = {"sealed_contacts": None, "note": "", "district": "", "is_retired": True}
        found.add("contacts", PersonCard.objects.filter(person=person).update(**cleared))
        found.add("photo", Photo.objects.filter(person=person).delete()[0])
        found.add("availability", Availability.objects.filter(person=person).delete()[0])
        found.add("notices", Notice.objects.filter(person=person).delete()[0])
        own = Invitation.objects.filter(person=person)
        found.add("invitations", own.update(answer="", message=""))
        own.filter(state__in=[Invitation.State.OPEN, Invitation.State.ALTERNATIVE]).update(
            state=Invitation.State.REVOKED
        )
    for key in list(person.seats.values_list("pk", flat=True)):
        _leave(person, key)
    appearances = Appearance.objects.filter(person=person).count()
    if appearances:
        found.kept.append(Kept(APPEARANCES, appearances, APPEARANCES_WHY))
    return found


def _leave(person: Person, key: int) -> None:
    """The seat is free where the person neither agreed nor appears. A transaction each, since locks of several episodes have no order."""
    with suppress(NotFound), transaction.atomic():
        seat = seats.locked(HOUSE, key)
        agreed = seat.invitations.filter(person=person, state=Invitation.State.ACCEPTED)
        appears = Appearance.objects.filter(episode=seat.episode_id, person=person)
        if seat.person_id == person.pk and not agreed.exists() and not appears.exists():
            seats.leave(seat)
            lifecycle.placed_all(seat.episode)


def _of(whose: Whose) -> Person | None:
    return Person.objects.filter(user=whose.user).first() if whose.user is not None else None


def _card(person: Person | None) -> Section:
    card = PersonCard.objects.filter(person=person).first() if person is not None else None
    rows: list[dict[str, Any]] = []
    if person is not None:
        rows.append(
            {
                "name": person.name,
                "sector": person.sector,
                "organisation": person.organisation,
                "title": person.title,
                "district": card.district if card else "",
                "note": card.note if card else "",
                "photo": photo_address(person.pk),
                **{name: people.contacts_of(person.pk).get(name, "") for name in ("phone", "email", "wechat")},
            }
        )
    columns = [
        ("name", _("姓名")),
        ("sector", _("界别")),
        ("organisation", _("单位")),
        ("title", _("职务")),
        ("district", _("所在区")),
        ("note", _("备注")),
        ("photo", _("照片")),
        ("phone", _("手机")),
        ("email", _("邮箱")),
        ("wechat", _("微信号")),
    ]
    return Section("guest", _("嘉宾资料"), columns, rows)


def _away(person: Person | None) -> Section:
    own = Availability.objects.filter(person=person) if person is not None else Availability.objects.none()
    rows = [{"from": each.span.lower, "to": each.span.upper, "note": each.note} for each in own]
    return Section("guest_away", _("没空的时间"), [("from", _("从")), ("to", _("到")), ("note", _("说明"))], rows)


def _asked(person: Person | None) -> Section:
    own = people.invitations_of(person.pk) if person is not None else Invitation.objects.none()
    rows = [
        {
            "episode": str(each.seat.episode),
            "made_at": each.made_at,
            "message": each.message,
            "state": each.get_state_display(),
            "answer": each.answer,
        }
        for each in own
    ]
    columns = [
        ("episode", _("节目")),
        ("made_at", _("时间")),
        ("message", _("编导的话")),
        ("state", _("答复")),
        ("answer", _("留言")),
    ]
    return Section("invitations", _("邀请"), columns, rows)


def _told(person: Person | None) -> Section:
    own = Notice.objects.filter(person=person) if person is not None else Notice.objects.none()
    rows = [
        {"at": each.made_at, "title": each.title, "text": each.text, "state": each.get_state_display()} for each in own
    ]
    columns = [("at", _("时间")), ("title", _("标题")), ("text", _("内容")), ("state", _("状态"))]
    return Section("notices", _("通知"), columns, rows)
