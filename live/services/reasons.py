"""Words the reasons for refusing and reporting, of one programme or of all; what was given once keeps its name and is never deleted."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from broadcast import audit
from broadcast.access import Ability, Actor, can
from broadcast.errors import InvalidInput, NotAllowed, NotFound
from broadcast.models import Programme
from live import text
from live.models import Reason

MOST = 20
_MAY = (Ability.PRODUCE, Ability.LEAD)


def may_word(actor: Actor, programme_id: int | None) -> bool:
    """Whether `actor` words the reasons of this programme (producers and duty leaders), or (None) those of all programmes."""
    if programme_id is None:
        return any(ability in actor.grants.get(None, ()) for ability in _MAY)
    return any(can(actor, ability, programme_id) for ability in _MAY)


def add(actor: Actor, programme_id: int | None, name_zh: str, name_en: str) -> Reason:
    """A new reason at the end of the list. Raises NotAllowed, InvalidInput (field: name_zh, name_en) for empty, long or doubled
    names. Audited."""
    _require(actor, programme_id)
    with transaction.atomic():
        # One at a time, so that neither the name nor the place is taken twice.
        Programme.objects.select_for_update().order_by("pk").first()
        standing = Reason.objects.filter(programme=programme_id, is_active=True)
        if standing.count() >= MOST:
            raise InvalidInput(_("最多 %(most)s 个理由，请先停用一个。") % {"most": MOST}, field="name_zh")
        zh, en = _name(name_zh, 30, "name_zh"), _name(name_en, 60, "name_en")
        if Reason.objects.filter(programme=programme_id, name_zh=zh).exists():
            raise InvalidInput(_("已经有这个理由了。停用的可以重新启用。"), field="name_zh")
        last = Reason.objects.aggregate(last=Max("position"))["last"]
        row = Reason.objects.create(
            code=f"r-{secrets.token_hex(5)}",
            name_zh=zh,
            name_en=en,
            programme_id=programme_id,
            position=(last or 0) + 1,
        )
        _record(actor, "reason.add", row, {}, {"name_zh": zh, "name_en": en, "programme": programme_id})
    return row


def reword(actor: Actor, code: str, name_zh: str, name_en: str) -> Reason:
    """Another wording of the same reason, for all items that it was given to. Raises as `add`; audited."""
    with transaction.atomic():
        row = _locked(actor, code)
        before = {"name_zh": row.name_zh, "name_en": row.name_en}
        row.name_zh, row.name_en = _name(name_zh, 30, "name_zh"), _name(name_en, 60, "name_en")
        if Reason.objects.filter(programme=row.programme_id, name_zh=row.name_zh).exclude(pk=row.pk).exists():
            raise InvalidInput(_("已经有这个理由了。停用的可以重新启用。"), field="name_zh")
        row.save(update_fields=["name_zh", "name_en"])
        _record(actor, "reason.reword", row, before, {"name_zh": row.name_zh, "name_en": row.name_en})
    return row


def switch(actor: Actor, code: str, on: bool) -> Reason:
    """Offer it again, or no longer; items keep it. One of them at least stays. Raises NotAllowed, InvalidInput; audited."""
    with transaction.atomic():
        row = _locked(actor, code)
        others = Reason.objects.filter(programme=None, is_active=True).exclude(pk=row.pk)
        if not on and row.programme_id is None and not others.exists():
            raise InvalidInput(_("至少要留一个理由。"), field="on")
        before = {"is_active": row.is_active}
        row.is_active = on
        row.save(update_fields=["is_active"])
        _record(actor, "reason.switch", row, before, {"is_active": on})
    return row


def shift(actor: Actor, code: str, up: bool) -> Reason:
    """One place up or down among the offered ones of the same list: the digit that moderators press moves with it. Audited."""
    with transaction.atomic():
        row = _locked(actor, code)
        rows = list(Reason.objects.filter(programme=row.programme_id, is_active=True).order_by("position", "code"))
        at = next((index for index, each in enumerate(rows) if each.pk == row.pk), None)
        to = None if at is None else at + (-1 if up else 1)
        if at is not None and to is not None and 0 <= to < len(rows):
            places = sorted(each.position for each in rows)
            rows.insert(to, rows.pop(at))
            for place, each in zip(places, rows, strict=True):
                Reason.objects.filter(pk=each.pk).update(position=place)
            _record(actor, "reason.shift", row, {"place": at + 1}, {"place": to + 1})
    return row


def _require(actor: Actor, programme_id: int | None) -> None:
    if not may_word(actor, programme_id):
        raise NotAllowed(_("您没有这个节目的这项权限，请联系管理员。"), ability=str(Ability.PRODUCE))


def _locked(actor: Actor, code: str) -> Reason:
    row = Reason.objects.select_for_update().filter(pk=code).first()
    if row is None:
        raise NotFound(_("没有这个理由，请从列表里选。"))
    _require(actor, row.programme_id)
    return row


def _name(raw: str, most: int, field: str) -> str:
    try:
        return text.clean(raw, most)
    except text.BadText as error:
        if error.code == "empty":
            raise InvalidInput(_("请写理由的名称，中文和英文都要。"), field=field) from error
        raise InvalidInput(
            _("最多 %(most)s 个字，现在有 %(length)s 个。") % {"most": most, "length": error.length}, field=field
        ) from error


def _record(actor: Actor, act: str, row: Reason, before: Mapping[str, object], after: Mapping[str, object]) -> None:
    audit.record(actor, act, f"reason:{row.pk}", before=before, after=after)
