"""What the pages of the rules show: lists with their figures, the last hits, and a trial of rules on texts; it must not write."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from broadcast import clock
from broadcast.access import Ability, Actor
from broadcast.errors import NotFound
from broadcast.models import Airing
from live.models import Comment, Question, Reason, Rule, RuleHit
from live.rules.book import Book, Hit, gravest
from live.rules.flood import Recent, Said, print_of

DAYS = 30
HITS_SHOWN = 20
TRIED_MOST = 3_000
TRIED_SHOWN = 60
SHOWS_OFFERED = 8
KINDS = Rule.Kind.choices


@dataclass(frozen=True)
class Figures:
    """What a rule found in the last days, how often a moderator said that it was wrong, and how often it went public all the same."""

    hits: int = 0
    false: int = 0
    public: int = 0

    @property
    def false_percent(self) -> int | None:
        """Of a hundred hits so many were wrong; None without hits."""
        return round(100 * self.false / self.hits) if self.hits else None


def _programmes(actor: Actor, ability: Ability) -> list[int | None]:
    return [key for key, abilities in actor.grants.items() if ability in abilities]


def seen_by(actor: Actor) -> QuerySet[Rule]:
    """The rules of all programmes, and of those at whose desk one sits."""
    found = Rule.objects.select_related("programme", "reason")
    mine = _programmes(actor, Ability.SEE_DESK)
    return found if None in mine else found.filter(Q(programme=None) | Q(programme__in=mine))


def one(actor: Actor, number: int) -> Rule:
    """A rule that one may see. Raises NotFound."""
    rule = seen_by(actor).filter(number=number).first()
    if rule is None:
        raise NotFound(_("没有这条规则。"))
    return rule


def reasons() -> list[tuple[str, str]]:
    """The reasons in use, for a choice: code and name."""
    return [(row.pk, row.name) for row in Reason.objects.filter(is_active=True)]


def may_see(actor: Actor) -> bool:
    """Whether one sits at any desk."""
    return bool(_programmes(actor, Ability.SEE_DESK))


def figures(rules: Iterable[int]) -> dict[int, Figures]:
    """By rule, of the last `DAYS` days."""
    since = clock.now() - dt.timedelta(days=DAYS)
    public = Q()
    for kind, model in (("comment", Comment), ("question", Question)):
        public |= Q(Exists(model.objects.filter(pk=OuterRef("item"), state__in=Question.PUBLIC)), kind=kind)
    rows = (
        RuleHit.objects.filter(rule__in=list(rules), at__gte=since)
        .values("rule")
        .annotate(
            hits=Count("pk"), false=Count("pk", filter=Q(false_at__isnull=False)), public=Count("pk", filter=public)
        )
    )
    return {row["rule"]: Figures(row["hits"], row["false"], row["public"]) for row in rows}


def shows(actor: Actor) -> list[Airing]:
    """The last shows on whose words one may try a rule."""
    found = Airing.objects.filter(room__isnull=False).select_related("episode__programme")
    mine = _programmes(actor, Ability.SEE_DESK)
    if None not in mine:
        found = found.filter(episode__programme__in=mine)
    return list(found.order_by("-planned_start")[:SHOWS_OFFERED])


def words_of(airing: Airing) -> list[Comment | Question]:
    """What was last said and asked in a show, the newest first."""
    rows: list[Comment | Question] = []
    for model in (Comment, Question):
        rows += model.objects.filter(room=airing.pk).order_by("-pk")[: TRIED_MOST // 2]
    return sorted(rows, key=lambda row: row.created_at, reverse=True)


@dataclass(frozen=True)
class Shown:
    """One text with what was found in it: pieces (words, is marked), and the hits."""

    pieces: list[tuple[str, bool]]
    hits: list[Hit] = field(default_factory=list)
    state: str = ""
    is_public: bool = False
    is_false: bool = False
    at: dt.datetime | None = None

    @property
    def action(self) -> str:
        """What would happen with it, in words."""
        worst = gravest(self.hits)
        return str(Rule.Action(worst.rule.action).label) if worst else ""


@dataclass(frozen=True)
class Trial:
    """Of so many texts so many were found, of which so many are public now; the first of each are shown."""

    tried: int
    found: int
    public: int
    shown: list[Shown]
    left_out: int


def tried(book: Book, texts: Iterable[str | Comment | Question], programme: int | None = None) -> Trial:
    """Let the rules look at these texts, one after the other as if they came in that order."""
    count, found, recent = 0, [], Recent()
    for number, each in enumerate(texts):
        count += 1
        text, author = (each, number) if isinstance(each, str) else (each.text, each.author_id)
        hits = book.read(text, programme)
        if book.looks_around:
            said = Said(number, author, 0.0, print_of(text))
            hits += [hit for hit in book.weigh(recent, said, programme) if hit.rule not in {each.rule for each in hits}]
            recent.add(said)
        if hits:
            found.append(_shown(text, hits, None if isinstance(each, str) else each))
    public = sum(shown.is_public for shown in found)
    return Trial(count, len(found), public, found[:TRIED_SHOWN], max(0, len(found) - TRIED_SHOWN))


def _shown(text: str, hits: list[Hit], row: Comment | Question | None) -> Shown:
    spans = [span for hit in hits for span in hit.spans]
    return Shown(
        pieces=pieces(text, spans),
        hits=hits,
        state=str(row.get_state_display()) if row is not None else "",
        is_public=row is not None and row.state in Question.PUBLIC,
    )


def pieces(text: str, spans: Iterable[Iterable[int]]) -> list[tuple[str, bool]]:
    """The text cut at the borders of these spans: each piece with whether it lies in one."""
    inside = [False] * len(text)
    for first, end in spans:
        inside[first:end] = [True] * len(inside[first:end])
    out: list[tuple[str, bool]] = []
    begun = 0
    for at in range(1, len(text) + 1):
        if at == len(text) or inside[at] is not inside[at - 1]:
            out.append((text[begun:at], inside[at - 1]))
            begun = at
    return out


def last_hits(actor: Actor, rule: Rule) -> list[Shown]:
    """The newest items in which a rule found something, of the programmes at whose desk one sits."""
    found = RuleHit.objects.filter(rule=rule)
    mine = _programmes(actor, Ability.SEE_DESK)
    if None not in mine:
        found = found.filter(room__airing__episode__programme__in=mine)
    hits = list(found.order_by("-at", "-pk")[:HITS_SHOWN])
    rows: dict[tuple[str, int], Any] = {}
    for kind, model in (("comment", Comment), ("question", Question)):
        ids = [hit.item for hit in hits if hit.kind == kind]
        rows |= {(kind, pk): row for pk, row in model.objects.in_bulk(ids).items()}
    return [_hit(rule, hit, rows[hit.kind, hit.item]) for hit in hits if (hit.kind, hit.item) in rows]


def _hit(rule: Rule, hit: RuleHit, row: Comment | Question) -> Shown:
    spans = [span for each in row.hits if each["rule"] == rule.pk for span in each["spans"]]
    return Shown(
        pieces=pieces(row.text, spans),
        state=str(row.get_state_display()),
        is_public=row.state in Question.PUBLIC,
        is_false=hit.false_at is not None,
        at=hit.at,
    )
