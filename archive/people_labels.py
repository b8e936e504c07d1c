"""Labels of signed transcripts that may mean somebody whose name they do not hold, such as 林委员: proposed, never taken by themselves."""

from __future__ import annotations

import hashlib
import html
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from archive import people_spans
from archive.models import Transcript, TranscriptLine
from broadcast import shown_people
from broadcast.access import Actor
from broadcast.models import Airing, Appearance, Episode, Person, PersonWithdrawalItem
from broadcast.near_names import Near, near
from broadcast.withdrawing import KEEP, Found

_C = PersonWithdrawalItem.Choice


@dataclass(frozen=True)
class Label:
    """A label of an airing's signed transcript, why it may mean the person, and whom else of the show it may mean."""

    airing: Airing
    called: str
    why: Near
    others: tuple[str, ...]

    @property
    def key(self) -> str:
        """Its name in an order."""
        return f"{self.airing.pk}:{hashlib.sha256(self.called.encode()).hexdigest()[:16]}"


def labels(person: Person) -> list[Label]:
    """Of published episodes, the newest first, whether or not an order has taken them."""
    signed = TranscriptLine.objects.filter(
        transcript__state=Transcript.State.SIGNED,
        transcript__airing__episode__publication=Episode.Publication.PUBLISHED,
    )
    rows = signed.exclude(speaker="").order_by().values_list("transcript__airing", "speaker").distinct()
    known: dict[str, Near | None] = {}
    found: dict[UUID, list[str]] = defaultdict(list)
    for airing_id, called in rows:
        if called not in known:
            known[called] = near(called, person.name, person.name_en)
        if known[called]:
            found[airing_id].append(called)
    airings = Airing.objects.filter(pk__in=list(found)).select_related("episode__programme")
    company = _company(each.episode_id for each in airings)
    made = []
    for airing in airings.order_by("-actual_start", "pk"):
        people = company[airing.episode_id]
        for called in sorted(found[airing.pk]):
            why = known[called]
            if why and (why != Near.SURNAME or person.pk in people):
                others = tuple(one.name for one in people.values() if one.pk != person.pk and _may_mean(called, one))
                made.append(Label(airing, called, why, others))
    return made


def found(person: Person, source: str) -> list[Found]:
    """Those of them that no order has taken, nothing proposed."""
    held = PersonWithdrawalItem.objects.filter(person=person, source=source, kind=shown_people.LABEL)
    taken = set(held.filter(state__in=["waiting", "done", "returning"]).values_list("key", flat=True))
    return [_found(each, source) for each in labels(person) if each.key not in taken]


def take(actor: Actor, item: PersonWithdrawalItem) -> dict[str, Any]:
    """The words or the label hide by the item itself; where the order says so, what is heard is bleeped or cut."""
    if item.choice not in {_C.BLEEP, _C.CUT} or item.before.get("edits"):
        return dict(item.before)
    airing = airing_of(item)
    return people_spans.take(actor, airing, list(lines_called(airing.pk, item.called)), item)


def airing_of(item: PersonWithdrawalItem) -> Airing:
    """In which the label stands."""
    return Airing.objects.get(pk=item.key.partition(":")[0])


def lines_called(airing_id: UUID, called: str) -> QuerySet[TranscriptLine]:
    """The lines of the signed transcript with exactly this label."""
    rows = TranscriptLine.objects.filter(transcript__airing=airing_id, transcript__state=Transcript.State.SIGNED)
    return rows.filter(speaker=called).order_by("number")


def marks(person: Person) -> dict[int, tuple[str, ...]]:
    """By episode how its captions, transcripts and podcasts would write the labels that standing orders took from there."""
    made: dict[int, tuple[str, ...]] = defaultdict(tuple)
    rows = shown_people.standing().filter(person=person, kind=shown_people.LABEL).exclude(episode=None)
    for episode, called in rows.values_list("episode", "called"):
        voices = (f"<v {html.escape(called, quote=False)}>", f"\n{called}：", f"] {called}：")
        made[episode] += (
            *voices,
            f'"speaker": {json.dumps(called)}',
            f'"speaker": {json.dumps(called, ensure_ascii=False)}',
        )
    return made


def _company(episodes: Iterable[int]) -> dict[int, dict[int, Person]]:
    made: dict[int, dict[int, Person]] = defaultdict(dict)
    for each in Appearance.objects.filter(episode__in=set(episodes)).select_related("person"):
        made[each.episode_id][each.person_id] = each.person
    return made


def _may_mean(called: str, person: Person) -> bool:
    return person.name in called or near(called, person.name, person.name_en) is not None


def _found(label: Label, source: str) -> Found:
    lines = list(lines_called(label.airing.pk, label.called))
    may_be_edited = people_spans.may_be_edited(label.airing)
    transcript = Transcript.objects.get(pk=lines[0].transcript_id)
    kept = (_C.TAKE, _C.NAME, KEEP)
    return Found(
        source=source,
        kind=shown_people.LABEL,
        key=label.key,
        title=_("%(where)s 的文稿里的“%(label)s”") % {"where": people_spans.where(label.airing), "label": label.called},
        choices=(_C.CUT, _C.BLEEP, *kept) if may_be_edited else kept,
        chosen=KEEP,
        version=f"{transcript.pk}.{transcript.version}.{int(may_be_edited)}",
        episode=label.airing.episode_id,
        detail=" · ".join(filter(None, (_why(label.why), people_spans.told(lines), _others(label.others)))),
        url=people_spans.page(label.airing),
        maybe=True,
        called=label.called,
    )


def _why(why: Near) -> str:
    said = {
        Near.SOUND: _("和姓名同音，或者是姓名的拼音"),
        Near.GIVEN: _("只写了名，没有写姓"),
        Near.SURNAME: _("只写了姓，这一期有这位"),
    }
    return said[why]


def _others(names: tuple[str, ...]) -> str:
    return _("也可能是：%(names)s") % {"names": "、".join(names)} if names else ""
