"""Changes the house's rules and switches them on and off; what they find is `screening`'s, what is public already `rescans`'."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from broadcast import audit, clock
from broadcast.access import Ability, Actor, can
from broadcast.errors import Conflict, InvalidInput, NotAllowed, NotFound
from broadcast.models import Programme
from live.models import Reason, Rule, Term
from live.queries import rules
from live.rules.matcher import folded
from live.services import rescans

TERMS_MOST = 20_000
TERM_LONGEST = 60
# So many added or removed terms are written into the audit by name; of more, their number alone.
TERMS_NAMED = 100


@dataclass(frozen=True)
class Draft:
    """A rule as somebody wrote it. `programme` None: of all programmes."""

    name: str
    kind: str
    action: str = Rule.Action.HOLD
    category: str = ""
    reason: str = ""
    programme: int | None = None
    words: tuple[str, ...] = ()
    except_words: tuple[str, ...] = ()
    by_pinyin: bool = False
    by_sound: bool = False
    many: int = 3
    minutes: int = 10


def may_edit(actor: Actor, programme: int | None) -> bool:
    """Rules are the duty leader's: of one programme, or, for those of all programmes, of all of them."""
    return can(actor, Ability.LEAD, 0 if programme is None else programme)


def create(actor: Actor, draft: Draft) -> Rule:
    """A new rule, switched off, with the next number. Audited. Raises NotAllowed, InvalidInput (field)."""
    _require(actor, draft.programme)
    checked = checked_draft(draft)
    with transaction.atomic():
        now = clock.now()
        # Two at once would take the same number.
        newest = Rule.objects.select_for_update().order_by("-number").first()
        rule = Rule(number=newest.number + 1 if newest else 1, created_at=now, changed_at=now)
        fill(rule, checked)
        rule.save(force_insert=True)
        _store_terms(rule, checked)
        _record(actor, rule, "create", None, _plain(rule, checked))
        _changed()
    return rule


def change(actor: Actor, number: int, version: int, draft: Draft) -> Rule:
    """Change a rule as seen in `version`. An active one holds at once, and looks again at what is public already.

    Raises Conflict when somebody changed it since; NotFound, NotAllowed, InvalidInput (field). Audited with the words that came and went.
    """
    checked = checked_draft(draft)
    with transaction.atomic():
        rule = locked(number)
        _require(actor, rule.programme_id)
        _require(actor, draft.programme)
        if rule.version != version:
            raise Conflict(_("这条规则刚刚有人改过，请看过新的内容再改。"), version=rule.version)
        before = _plain(rule)
        fill(rule, checked)
        came, went = _store_terms(rule, checked)
        _save(rule)
        words = {"came": _named(came), "went": _named(went)}
        _record(actor, rule, "change", before, {**_plain(rule, checked), **words})
        if rule.is_active:
            rescans.ask(actor, rule)
    return rule


def switch(actor: Actor, number: int, on: bool) -> Rule:
    """Let a rule hold from now on, or no longer. Switched on, it also looks at what is public already. Audited."""
    with transaction.atomic():
        rule = locked(number)
        _require(actor, rule.programme_id)
        if rule.is_active is on:
            return rule
        if on and rule.kind == Rule.Kind.TERMS and not rule.terms.filter(is_exception=False).exists():
            raise InvalidInput(_("这条规则还没有词，请先加词再启用。"), field="words")
        rule.is_active = on
        _save(rule)
        _record(actor, rule, "switch_on" if on else "switch_off", {"active": not on}, {"active": on})
        if on:
            rescans.ask(actor, rule)
    return rule


def add_words(actor: Actor, number: int, words: Sequence[str], except_words: Sequence[str]) -> tuple[int, int]:
    """Add words and exceptions to a rule, those it has already left alone. Returns how many came of each. Audited."""
    with transaction.atomic():
        rule = locked(number)
        _require(actor, rule.programme_id)
        known = dict(rule.terms.values_list("text", "is_exception"))
        draft = draft_of(rule)
        wanted = Draft(
            **{
                **vars(draft),
                "words": (*draft.words, *(each for each in words if each not in known)),
                "except_words": (*draft.except_words, *(each for each in except_words if each not in known)),
            }
        )
        checked = checked_draft(wanted)
        came, _went = _store_terms(rule, checked)
        if came:
            _save(rule)
            _record(actor, rule, "import", _plain(rule, draft), {**_plain(rule, checked), "came": _named(came)})
            if rule.is_active:
                rescans.ask(actor, rule)
    added = sum(not is_exception for _text, is_exception in came)
    return added, len(came) - added


def draft_of(rule: Rule) -> Draft:
    """A rule as it could be written again."""
    terms = list(rule.terms.values_list("text", "is_exception"))
    return Draft(
        name=rule.name,
        kind=rule.kind,
        action=rule.action,
        category=rule.category,
        reason=rule.reason_id or "",
        programme=rule.programme_id,
        words=tuple(text for text, is_exception in terms if not is_exception),
        except_words=tuple(text for text, is_exception in terms if is_exception),
        by_pinyin=rule.by_pinyin,
        by_sound=rule.by_sound,
        many=rule.many,
        minutes=rule.minutes,
    )


def checked_draft(draft: Draft) -> Draft:
    """The draft with its words trimmed and each once. Raises InvalidInput, naming the field and what is wrong with it."""
    if not draft.name.strip():
        raise InvalidInput(_("请给规则起个名字。"), field="name")
    if draft.kind not in Rule.Kind.values:
        raise InvalidInput(_("没有这种规则。"), field="kind")
    if draft.action not in Rule.Action.values:
        raise InvalidInput(_("没有这种处置。"), field="action")
    if not 1 <= draft.many <= 1_000:
        raise InvalidInput(_("条数要在 1 到 1000 之间。"), field="many")
    if not 1 <= draft.minutes <= 1_440:
        raise InvalidInput(_("分钟数要在 1 到 1440 之间。"), field="minutes")
    _check_reason(draft)
    if draft.programme is not None and not Programme.objects.filter(pk=draft.programme).exists():
        raise InvalidInput(_("没有这个节目。"), field="programme")
    words = _checked_words(draft.words, "words") if draft.kind == Rule.Kind.TERMS else ()
    spared = _checked_words(draft.except_words, "except_words") if draft.kind in _WITH_EXCEPTIONS else ()
    both = set(words) & set(spared)
    if both:
        raise InvalidInput(_("“%(word)s”既是词又是例外。") % {"word": min(both)}, field="except_words")
    fields = {**vars(draft), "name": draft.name.strip(), "category": draft.category.strip()}
    return Draft(**{**fields, "words": words, "except_words": spared})


_WITH_EXCEPTIONS = {Rule.Kind.TERMS, Rule.Kind.LINKS}


def locked(number: int) -> Rule:
    """A rule, locked until commit. Raises NotFound."""
    rule = Rule.objects.select_for_update().filter(number=number).first()
    if rule is None:
        raise NotFound(_("没有这条规则。"))
    return rule


def _require(actor: Actor, programme: int | None) -> None:
    if not may_edit(actor, programme):
        raise NotAllowed(_("规则由值班长修改。您可以试用，不能修改。"), ability=str(Ability.LEAD))


def _check_reason(draft: Draft) -> None:
    if draft.action != Rule.Action.REJECT and not draft.reason:
        return
    own = Q(programme=None) | Q(programme=draft.programme)
    if not Reason.objects.filter(own, pk=draft.reason, is_active=True).exists():
        raise InvalidInput(_("自动退回要告诉作者理由，请选一个。"), field="reason")


def _checked_words(words: Iterable[str], field: str) -> tuple[str, ...]:
    trimmed = tuple(dict.fromkeys(" ".join(each.split()) for each in words if each.strip()))
    if len(trimmed) > TERMS_MOST:
        raise InvalidInput(
            _("一条规则最多 %(most)s 个词，现在有 %(many)s 个。") % {"most": TERMS_MOST, "many": len(trimmed)},
            field=field,
        )
    for each in trimmed:
        if len(each) > TERM_LONGEST:
            raise InvalidInput(
                _("“%(word)s…”太长，一个词最多 %(most)s 个字。") % {"word": each[:10], "most": TERM_LONGEST},
                field=field,
            )
        if not folded(each):
            raise InvalidInput(_("“%(word)s”里没有可以比对的字。") % {"word": each}, field=field)
    return trimmed


def fill(rule: Rule, draft: Draft) -> None:
    """Give the row what the draft says; nothing is saved."""
    for name in ("name", "category", "kind", "action", "by_pinyin", "by_sound", "many", "minutes"):
        setattr(rule, name, getattr(draft, name))
    rule.reason_id = draft.reason or None
    rule.programme_id = draft.programme


def _save(rule: Rule) -> None:
    rule.version, rule.changed_at = rule.version + 1, clock.now()
    rule.save()
    _changed()


def _changed() -> None:
    transaction.on_commit(rules.forget)


Words = set[tuple[str, bool]]


def _store_terms(rule: Rule, draft: Draft) -> tuple[Words, Words]:
    """Make the stored terms those of the draft. Returns which came and which went."""
    wanted = [(text, False) for text in draft.words] + [(text, True) for text in draft.except_words]
    stored = {
        (text, is_exception): pk for pk, text, is_exception in rule.terms.values_list("pk", "text", "is_exception")
    }
    went = [each for each in stored if each not in set(wanted)]
    Term.objects.filter(pk__in=[stored[each] for each in went]).delete()
    came = [each for each in wanted if each not in stored]
    Term.objects.bulk_create(
        [Term(rule=rule, text=text, is_exception=spared) for text, spared in came], batch_size=2_000
    )
    return set(came), set(went)


def _named(words: Words) -> dict[str, Any]:
    return {
        "many": len(words),
        "words": [("!" if spared else "") + text for text, spared in sorted(words)][:TERMS_NAMED],
    }


def _plain(rule: Rule, draft: Draft | None = None) -> dict[str, Any]:
    found = draft or draft_of(rule)
    plain = {name: value for name, value in vars(found).items() if name not in {"words", "except_words"}}
    return {**plain, "words": len(found.words), "except_words": len(found.except_words), "version": rule.version}


def _record(actor: Actor, rule: Rule, verb: str, before: Any, after: Any) -> None:
    audit.record(actor, f"rule.{verb}", f"rule:{rule.number}", before=before, after=after)
