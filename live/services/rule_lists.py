"""Takes whole lists of words in and gives them out, as files: existing rules get what they lack, new ones begin switched off."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from broadcast import audit
from broadcast.access import Actor
from broadcast.errors import InvalidInput
from live.models import Rule
from live.rules import lists
from live.services import rules
from live.services.rules import Draft

BYTES_MOST = 2_000_000


@dataclass(frozen=True)
class Share:
    """What a file brings for one rule: words and exceptions that are new, and how many it has already. `number` None: a new rule."""

    name: str
    number: int | None
    category: str
    action: str
    words: tuple[str, ...]
    except_words: tuple[str, ...]
    known: int
    is_active: bool


def read(content: bytes) -> list[lists.Row]:
    """The rows of a file. Raises InvalidInput, saying which line and what to do."""
    if len(content) > BYTES_MOST:
        raise InvalidInput(_("文件太大，最多 2 MB。请分成几个文件。"), field="file")
    try:
        return lists.read(content)
    except lists.BadList as error:
        raise InvalidInput(_told(error), field="file", line=error.line) from error


def _told(error: lists.BadList) -> str:
    words = {
        "encoding": _("读不出文字。请存成 UTF-8 或 GB 18030 的 CSV。"),
        "columns": _("第一行要有列名，至少有“规则”和“词”。"),
        "action": _("第 %(line)s 行：没有“%(what)s”这种处置，只有暂扣、退回、蒙字。"),
        "word": _("第 %(line)s 行没有词。"),
        "rule": _("第 %(line)s 行没有规则名。"),
        "too_many": _("行数太多，最多 50000 行。请分成几个文件。"),
    }
    return words[error.code] % {"line": error.line, "what": error.what}


def plan(actor: Actor, rows: Iterable[lists.Row]) -> list[Share]:
    """What taking these rows in would change, a share for each rule; nothing is written. Rules of one programme stay alone."""
    gathered: dict[str, list[lists.Row]] = {}
    for row in rows:
        gathered.setdefault(row.rule, []).append(row)
    existing = {rule.name: rule for rule in Rule.objects.filter(programme=None, name__in=gathered)}
    return [_share(name, own, existing.get(name)) for name, own in gathered.items()]


def _share(name: str, own: list[lists.Row], rule: Rule | None) -> Share:
    known = set(rule.terms.values_list("text", flat=True)) if rule else set()
    fresh = {row.word: row.is_exception for row in own if row.word not in known}
    return Share(
        name=name,
        number=rule.number if rule else None,
        category=rule.category if rule else next((row.category for row in own if row.category), ""),
        action=rule.action if rule else next((row.action for row in own if row.action), Rule.Action.HOLD),
        words=tuple(word for word, spared in fresh.items() if not spared),
        except_words=tuple(word for word, spared in fresh.items() if spared),
        known=len(own) - len(fresh),
        is_active=bool(rule and rule.is_active),
    )


def take_in(actor: Actor, rows: Iterable[lists.Row]) -> list[Share]:
    """Add the rows: all of them or none. Existing rules keep category and action. Raises NotAllowed, InvalidInput. Audited."""
    shares = plan(actor, rows)
    with transaction.atomic():
        for share in shares:
            if share.number is not None:
                rules.add_words(actor, share.number, share.words, share.except_words)
                continue
            # A list cannot name a reason for its author; until somebody chooses one, it holds.
            action = Rule.Action.HOLD if share.action == Rule.Action.REJECT else share.action
            draft = Draft(
                name=share.name,
                kind=Rule.Kind.TERMS,
                action=action,
                category=share.category,
                words=share.words,
                except_words=share.except_words,
            )
            rules.create(actor, draft)
    return shares


def given_out(actor: Actor, found: Iterable[Rule]) -> str:
    """The words of these rules as CSV; that somebody took them out is audited, for the list tells how to slip through."""
    rows = []
    numbers = []
    for rule in found:
        numbers.append(rule.number)
        for text, is_exception in rule.terms.values_list("text", "is_exception"):
            rows.append(lists.Row(rule.name, text, rule.category, rule.action, is_exception))
    audit.record(actor, "rules.export", "rules:all", after={"rules": numbers, "words": len(rows)})
    return lists.written(rows)
