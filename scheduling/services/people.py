"""Keeps people, their private contacts and the times they can or cannot; every reading of contacts is recorded. It books nobody."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils.translation import gettext as _

from broadcast import audit, clock, signals
from broadcast.access import Ability, Actor, require_anywhere
from broadcast.errors import Conflict, InvalidInput, NotFound
from broadcast.models import Appearance, Person
from broadcast.sealing import seal
from scheduling.models import Availability, PersonCard
from scheduling.queries import people as queries

_EMAIL = re.compile(r"[^@\s<>\"',;]+@[^@\s<>\"',;]+\.[^@\s<>\"',;.]+")
_PHONE = re.compile(r"\+?[0-9][0-9 -]{4,24}")
_LONGEST = dt.timedelta(days=366)
CONTACT_MOST = 120


@dataclass(frozen=True)
class PersonPlan:
    """All that is public of a person, and what only staff know, without contacts."""

    name: str
    name_en: str = ""
    is_member: bool = False
    sector: str = ""
    organisation: str = ""
    title: str = ""
    district: str = ""
    note: str = ""
    is_retired: bool = False


def require_producer(actor: Actor) -> None:
    """People belong to no programme: whoever produces any of them may keep them. Raises NotAllowed."""
    require_anywhere(actor, Ability.PRODUCE)


def add(actor: Actor, plan: PersonPlan) -> Person:
    """Somebody new. Raises InvalidInput (data: field), Conflict (data: person) for one of the same name, organisation and 界别. Audited."""
    require_producer(actor)
    with transaction.atomic():
        _check(plan)
        same = Person.objects.filter(name=plan.name.strip(), organisation=plan.organisation.strip())
        twin = same.filter(sector=plan.sector.strip()).first()
        if twin is not None:
            raise Conflict(_("已经有同名同单位的人，请先看看是不是同一位。"), field="name", person=twin.pk)
        person = Person.objects.create(**_public(plan))
        PersonCard.objects.create(person=person, **_private(plan))
        audit.record(actor, "person.add", f"person:{person.pk}")
        return person


def edit(actor: Actor, person_id: int, version: int, plan: PersonPlan) -> Person:
    """Change a person. Raises Conflict when somebody else changed them since `version`; nothing is written then. Audited; tells
    episode_changed of each episode that shows them."""
    require_producer(actor)
    with transaction.atomic():
        person, card = _locked(person_id)
        if card.version != version:
            raise Conflict(_("别人刚刚改过这位的资料，您填的还在，请对照后再保存。"), version=card.version)
        _check(plan)
        Person.objects.filter(pk=person.pk).update(**_public(plan))
        PersonCard.objects.filter(pk=card.pk).update(**_private(plan), version=card.version + 1)
        audit.record(actor, "person.edit", f"person:{person.pk}", before={"version": version})
        episodes = Appearance.objects.filter(person=person).values_list("episode_id", flat=True).distinct()
        for episode_id in episodes.order_by("-episode_id")[:20]:
            signals.tell(signals.episode_changed, episode_id=episode_id)
        person.refresh_from_db()
        return person


def contacts(actor: Actor, person_id: int) -> dict[str, str]:
    """Phone, e-mail and WeChat in clear, for whoever produces; that they were read is audited."""
    require_producer(actor)
    with transaction.atomic():
        person, _card = _locked(person_id)
        audit.record(actor, "person.contacts_read", f"person:{person.pk}")
        return queries.contacts_of(person.pk)


def set_contacts(actor: Actor, person_id: int, *, phone: str, email: str, wechat: str) -> None:
    """Keep these contacts, sealed, in place of those before; all empty forgets them. Raises InvalidInput (data: field). Audited
    without them."""
    require_producer(actor)
    given = {"phone": phone.strip(), "email": email.strip(), "wechat": wechat.strip()}
    if given["email"] and (len(given["email"]) > CONTACT_MOST or not _EMAIL.fullmatch(given["email"])):
        raise InvalidInput(_("邮箱地址不对，例如：name@example.cn。"), field="email")
    if given["phone"] and not _PHONE.fullmatch(given["phone"]):
        raise InvalidInput(_("电话号码不对，只填数字，可带区号。"), field="phone")
    if len(given["wechat"]) > CONTACT_MOST:
        raise InvalidInput(_("微信号太长。"), field="wechat")
    kept = {name: value for name, value in given.items() if value}
    with transaction.atomic():
        person, card = _locked(person_id)
        card.sealed_contacts = seal(kept) if kept else None
        card.save(update_fields=["sealed_contacts"])
        audit.record(actor, "person.contacts", f"person:{person.pk}", after={"kept": sorted(kept)})


def say_availability(
    actor: Actor, person_id: int, start: dt.datetime, end: dt.datetime, *, can: bool = False, note: str = ""
) -> Availability:
    """Note a time that the person cannot (or can). Raises InvalidInput (data: field). Audited."""
    require_producer(actor)
    if end <= start:
        raise InvalidInput(_("结束时间要晚于开始时间。"), field="last")
    if end - start > _LONGEST:
        raise InvalidInput(_("一次最长一年。"), field="last")
    with transaction.atomic():
        person, _card = _locked(person_id)
        made = Availability.objects.create(
            person=person, span=DateTimeTZRange(start, end), can=can, note=note.strip()[:120]
        )
        audit.record(actor, "person.availability", f"person:{person.pk}", after={"availability": made.pk, "can": can})
        return made


def drop_availability(actor: Actor, availability_id: int) -> int:
    """Forget it again; returns whose it was. Raises NotFound. Audited."""
    require_producer(actor)
    with transaction.atomic():
        row = Availability.objects.select_for_update().filter(pk=availability_id).first()
        if row is None:
            raise NotFound(_("这一条已经删了。"))
        row.delete()
        before = {"availability": availability_id}
        audit.record(actor, "person.availability_drop", f"person:{row.person_id}", before=before)
        return int(row.person_id)


def coming_availability(person_id: int) -> list[Availability]:
    """What is known of the person's time from now on."""
    return list(Availability.objects.filter(person=person_id, span__endswith__gt=clock.now()).order_by("span"))


def _locked(person_id: int) -> tuple[Person, PersonCard]:
    person = Person.objects.select_for_update(no_key=True, of=("self",)).filter(pk=person_id).first()
    if person is None:
        raise NotFound(_("没有这个人。"))
    card, _new = PersonCard.objects.get_or_create(person=person)
    return person, card


def _check(plan: PersonPlan) -> None:
    if not plan.name.strip():
        raise InvalidInput(_("请填写姓名。"), field="name")


def _public(plan: PersonPlan) -> dict[str, object]:
    return {
        "name": plan.name.strip(),
        "name_en": plan.name_en.strip(),
        "is_member": plan.is_member,
        "sector": plan.sector.strip(),
        "organisation": plan.organisation.strip(),
        "title": plan.title.strip(),
    }


def _private(plan: PersonPlan) -> dict[str, object]:
    return {"district": plan.district.strip(), "note": plan.note.strip(), "is_retired": plan.is_retired}
