"""Keeps and drops photos of people; what was uploaded is never stored, only what `scheduling.portraits` makes of it."""

from __future__ import annotations

import secrets

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from broadcast import audit, clock
from broadcast.access import Actor
from broadcast.errors import InvalidInput, NotFound
from broadcast.models import Person
from scheduling import portraits
from scheduling.models import Photo
from scheduling.services.people import require_producer


def keep(actor: Actor, person_id: int, data: bytes, focus: str = "upper") -> Photo:
    """A portrait of JPEG, PNG or WebP bytes in place of the one before, under a new address; the old address is gone.

    `focus`: which part of a tall picture is kept, one of `portraits.FOCUS`. Raises InvalidInput (field: photo) saying what to do,
    NotFound. Audited without the picture.
    """
    require_producer(actor)
    if focus not in portraits.FOCUS:
        raise InvalidInput(_("请选择留下照片的哪一部分。"), field="photo")
    try:
        picture = portraits.square(data, focus)
    except portraits.BadPicture as error:
        raise InvalidInput(_refusal(error.code), field="photo", cause=error.code) from error
    with transaction.atomic():
        person = _locked(person_id)
        made = {"name": secrets.token_urlsafe(18), "picture": picture, "at": clock.now()}
        photo, new = Photo.objects.update_or_create(person=person, defaults=made)
        audit.record(actor, "person.photo", f"person:{person_id}", after={"bytes": len(picture), "new": new})
        return photo


def drop(actor: Actor, person_id: int) -> bool:
    """Forget the photo; whether there was one. Raises NotFound. Audited."""
    require_producer(actor)
    with transaction.atomic():
        person = _locked(person_id)
        gone, _rows = Photo.objects.filter(person=person).delete()
        if gone:
            audit.record(actor, "person.photo_drop", f"person:{person_id}")
        return bool(gone)


def photo_address(person_id: int) -> str:
    """Where the photo is; empty where there is none."""
    name = Photo.objects.filter(person=person_id).values_list("name", flat=True).first()
    return reverse("schedule:photo", args=[name]) if name else ""


def _locked(person_id: int) -> Person:
    person = Person.objects.select_for_update(no_key=True).filter(pk=person_id).first()
    if person is None:
        raise NotFound(_("没有这个人。"))
    return person


def _refusal(code: str) -> str:
    return {
        "type": _("这不是 JPEG、PNG 或 WebP 图片。请换一张。"),
        "size": _("图片太大：最多 5 MB、4000 万像素（PNG 和 WebP 1600 万）。请缩小后再传。"),
        "small": _("图片太小：每边至少 160 像素。请换一张。"),
        "broken": _("图片已损坏，打不开。请换一张，或者另存一次再传。"),
    }[code]
