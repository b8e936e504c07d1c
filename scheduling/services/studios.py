"""Keeps the list of studios; which airing uses one is booking's."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from broadcast import audit
from broadcast.access import Actor
from broadcast.errors import InvalidInput, NotFound
from scheduling.models import Studio
from scheduling.services.people import require_producer


def keep(actor: Actor, studio_id: int | None, name: str, place: str, is_active: bool = True) -> Studio:
    """Make a studio, or change the one named. Raises InvalidInput (data: field) for an empty or taken name, NotFound. Audited.

    One that is not active any more is offered for nothing new; what is booked stays.
    """
    require_producer(actor)
    if not name.strip():
        raise InvalidInput(_("请填写演播室的名称。"), field="name")
    values = {"name": name.strip()[:60], "place": place.strip()[:120], "is_active": is_active}
    try:
        with transaction.atomic():
            if studio_id is None:
                studio = Studio.objects.create(**values)
            elif Studio.objects.filter(pk=studio_id).update(**values):
                studio = Studio.objects.get(pk=studio_id)
            else:
                raise NotFound(_("没有这个演播室。"))
            audit.record(actor, "studio.keep", f"studio:{studio.pk}", after=values)
            return studio
    except IntegrityError as error:
        raise InvalidInput(_("这个名称已经有了，请换一个。"), field="name") from error
