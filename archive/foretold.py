"""What play-out will do by itself around an airing, in sentences for the list of what is coming; the recorder and the line do it."""

from __future__ import annotations

from django.utils.translation import gettext as _

from archive import fallback, orders
from archive.models import Filler, PlayoutRule
from broadcast.models import Airing


def sentences(airing: Airing) -> list[str]:
    """When recording begins, and what goes out in the place of a feed that is missing or silent."""
    rule = orders.rule_of(airing)
    if airing.feed_id is None:
        return [_rerun(airing)] if airing.kind == Airing.Kind.RERUN else []
    said = []
    if rule.early_seconds:
        said.append(_("开播前 %(n)s 秒起录制。") % {"n": rule.early_seconds})
    if rule.fallback == PlayoutRule.Fallback.NONE:
        return [*said, _("信号中断时没有垫播，只有等待画面。")]
    named = [_named(each.source) for each in fallback.references(airing, rule)]
    words = {"n": rule.missing_seconds, "tapes": _("，没有就用").join(named)}
    said.append(_("信号中断 %(n)s 秒后垫播：%(tapes)s。") % words)
    if rule.silence_seconds:
        said.append(_("静音 %(n)s 秒也算中断。") % {"n": rule.silence_seconds})
    return said


def _rerun(airing: Airing) -> str:
    found = fallback.rerun(airing, airing.rerun_of)
    if found is None:
        return _("要重播的那一期现在没有公开的回看，放不出来。")
    return _("重播：%(tape)s。") % {"tape": _named(found.source)}


def _named(source: str) -> str:
    """A tape in words; `source` is as in the log of the line."""
    if source == fallback.HOUSE:
        return _("本台垫片")
    kind, _colon, key = source.partition(":")
    if kind == "rerun":
        earlier = Airing.objects.select_related("episode__programme").filter(pk=key).first()
        return _("%(episode)s的重播") % {"episode": earlier.episode} if earlier else source
    row = Filler.objects.filter(pk=key).first()
    return _("垫片“%(name)s”") % {"name": row.title} if row else source
