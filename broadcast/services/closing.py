"""Ends programmes: closes those that are not made any more, reopens them, deletes those that never had anything. It plans nothing."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.db.models import ForeignObjectRel
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from broadcast import audit, clock, registry
from broadcast.access import Ability, Actor, require
from broadcast.errors import Conflict, IllegalTransition, InvalidInput, NotFound
from broadcast.models import Airing, Episode, Programme, RoleGrant, SegmentRole
from broadcast.templatetags.staff import when

_COMING = (Airing.State.PLANNED, Airing.State.WAITING, Airing.State.ON_AIR)
# Counted by name, or gone with the programme without a loss.
_ITS_OWN = (Episode, RoleGrant, SegmentRole)
NAMED = 3


def future_of(programme: Programme) -> list[str]:
    """What is still to come of a programme, in sentences: its next airings by name, and what other apps plan (`programme_plans`)."""
    coming = Airing.objects.filter(episode__programme=programme, state__in=_COMING).order_by("planned_start")
    said = [
        _("%(when)s “%(title)s”（%(state)s）")
        % {"when": when(each.planned_start), "title": each.episode.title, "state": each.get_state_display()}
        for each in coming.select_related("episode")[:NAMED]
    ]
    more = coming.count() - len(said)
    if more > 0:
        said.append(_("还有 %(n)s 场已排定") % {"n": more})
    for _name, plans in registry.programme_plans:
        said += plans(programme)
    return said


def past_of(programme: Programme) -> list[str]:
    """What hangs on a programme that would be lost with it, in sentences."""
    episodes = programme.episodes.count()
    said = [ngettext("%(n)s 期节目", "%(n)s 期节目", episodes) % {"n": episodes}] if episodes else []
    for _name, plans in registry.programme_plans:
        said += plans(programme)
    others = sum(_rows_of(programme, each) for each in _relations())
    if others:
        said.append(ngettext("%(n)s 条别的记录", "%(n)s 条别的记录", others) % {"n": others})
    return said


def _relations() -> list[ForeignObjectRel]:
    """What hangs on a programme, of whatever app, beyond its own description and who works for it."""
    return [each for each in Programme._meta.related_objects if each.related_model not in _ITS_OWN]


def _rows_of(programme: Programme, relation: ForeignObjectRel) -> int:
    return int(relation.related_model._base_manager.filter(**{relation.field.name: programme}).count())


def close(actor: Actor, programme_id: int, reason: str) -> Programme:
    """Nothing new is planned for the programme from now on; its page and replays stay. Closing a closed one changes nothing.

    Raises Conflict (data: standing, the sentences of `future_of`) while anything of it is to come: nothing is cancelled by this.
    Needs ADMINISTER in the programme; locks it, so that nothing is planned meanwhile. Audited with the reason.
    """
    with transaction.atomic():
        programme = _locked(actor, programme_id, reason)
        if programme.closed_at is not None:
            return programme
        _refuse(_("“%(name)s”还有没播的安排，不能停办。请先取消或停用："), programme, future_of(programme))
        programme.closed_at = clock.now()
        programme.save(update_fields=["closed_at"])
        audit.record(actor, "programme.close", f"programme:{programme.slug}", reason=reason.strip())
        return programme


def reopen(actor: Actor, programme_id: int, reason: str) -> Programme:
    """Take a closed programme up again. Needs ADMINISTER in it; audited with the reason."""
    with transaction.atomic():
        programme = _locked(actor, programme_id, reason)
        if programme.closed_at is None:
            return programme
        before = {"closed_at": programme.closed_at.isoformat()}
        programme.closed_at = None
        programme.save(update_fields=["closed_at"])
        audit.record(actor, "programme.reopen", f"programme:{programme.slug}", reason=reason.strip(), before=before)
        return programme


def delete(actor: Actor, programme_id: int, reason: str) -> None:
    """Delete a programme on which nothing hangs, in whatever app, but its roles of segments and who was granted a role in it.

    Raises Conflict (data: standing) naming what stands in the way. Needs ADMINISTER; audited under its address, which is free again.
    """
    with transaction.atomic():
        programme = _locked(actor, programme_id, reason)
        words = _("“%(name)s”不是空的，不能删除。可以停办，回看会留着：")
        _refuse(words, programme, past_of(programme))
        target, before = f"programme:{programme.slug}", {"name": programme.name_zh, "name_en": programme.name_en}
        programme.delete()
        audit.record(actor, "programme.delete", target, reason=reason.strip(), before=before)


def require_open(programme: Programme) -> None:
    """Raise IllegalTransition for a closed programme; asked by whatever plans something new, with the programme locked."""
    if programme.closed_at is not None:
        raise IllegalTransition(_("“%(name)s”已停办，不能再排新的。要恢复请找系统管理员。") % {"name": programme.name})


def _locked(actor: Actor, programme_id: int, reason: str) -> Programme:
    require(actor, Ability.ADMINISTER, programme_id)
    if not reason.strip():
        raise InvalidInput(_("请写明原因，以后要能查到。"), field="reason")
    programme = Programme.objects.select_for_update().filter(pk=programme_id).first()
    if programme is None:
        raise NotFound(_("没有这个节目。"))
    return programme


def _refuse(words: str, programme: Programme, standing: Sequence[str]) -> None:
    if standing:
        said = words % {"name": programme.name} + _("；").join(standing) + _("。")
        raise Conflict(said, standing=list(standing))
