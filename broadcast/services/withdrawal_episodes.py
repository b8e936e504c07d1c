"""The ground floor's part of withdrawal by person: episodes, whole or the name alone, and the pages that list them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from broadcast import registry, shown_people
from broadcast.access import Actor
from broadcast.models import Airing, Appearance, Episode, Person, PersonWithdrawalItem
from broadcast.near_names import Near, near
from broadcast.services import episodes
from broadcast.templatetags.staff import when
from broadcast.withdrawing import KEEP, Address, Found

_C = PersonWithdrawalItem.Choice
_PUBLISHED = Episode.Publication.PUBLISHED


def register() -> None:
    """Called once when the app is ready."""
    registry.person_withdrawal.register(shown_people.SOURCE, Episodes)


class Episodes:
    """Episodes in which the person appears."""

    def found(self, person: Person) -> list[Found]:
        """Published ones, those still to come last; of each what may be done."""
        rows = Episode.objects.filter(appearances__person=person, publication=_PUBLISHED).distinct()
        rows = rows.exclude(pk__in=_taken(person).values("episode")).select_related("programme")
        rows = rows.order_by("-pk")
        company = Appearance.objects.filter(episode__in=rows).exclude(person=person).order_by()
        others = dict(company.values_list("episode").annotate(n=Count("person", distinct=True)))
        roles = _roles(person)
        airings: dict[int, list[Airing]] = {}
        for each in (
            Airing.objects.filter(episode__in=rows).exclude(kind=Airing.Kind.REHEARSAL).order_by("planned_start")
        ):
            airings.setdefault(each.episode_id, []).append(each)
        made = [_found(row, roles.get(row.pk, []), airings.get(row.pk, []), others.get(row.pk, 0)) for row in rows]
        return sorted(made, key=lambda each: each.coming)

    def take(self, actor: Actor, item: PersonWithdrawalItem) -> dict[str, Any]:
        """Withdraw the episode where the order says the whole of it; the name hides by the item itself."""
        if item.choice != _C.WHOLE or item.episode_id is None:
            return {}
        episode = Episode.objects.get(pk=item.episode_id)
        if episode.publication == Episode.Publication.WITHDRAWN:
            return dict(item.before)
        before = {"publication": episode.publication, "signed_off": episode.signed_off_at is not None}
        episodes.withdraw(actor, item.episode_id, item.withdrawal.reason)
        return before

    def give_back(self, actor: Actor, item: PersonWithdrawalItem) -> None:
        """Publish and sign off again what was; what somebody published since stays as it is."""
        if item.before.get("publication") != _PUBLISHED or item.episode_id is None:
            return
        if Episode.objects.get(pk=item.episode_id).publication == Episode.Publication.WITHDRAWN:
            episodes.publish(actor, item.episode_id)
            if item.before.get("signed_off"):
                episodes.sign_off(actor, item.episode_id)

    def settle(self, person: Person, found: Iterable[int]) -> None:
        """Nothing is remembered here."""

    def addresses(self, person: Person) -> list[Address]:
        """The lists, and the page of each episode in which they appear."""
        rows = shown_people.episodes_of(person).select_related("programme")
        found = [reverse("home"), reverse("programmes")]
        for row in rows.order_by("-pk"):
            found.append(reverse("programme", args=[row.programme.slug]))
            found.append(reverse("episode", args=[row.programme.slug, row.key]))
        return [Address(each) for each in dict.fromkeys(found)]


def unchanged(person: Person) -> list[Episode]:
    """Episodes in which the person appears that the public does not see now, and that no order touches."""
    rows = Episode.objects.filter(appearances__person=person).exclude(publication=_PUBLISHED).distinct()
    return list(rows.exclude(pk__in=_taken(person).values("episode")).select_related("programme").order_by("-pk"))


def _taken(person: Person) -> Any:
    held = PersonWithdrawalItem.objects.filter(state__in=["waiting", "done", "returning"], person=person)
    return held.filter(source=shown_people.SOURCE, kind=shown_people.EPISODE)


def _roles(person: Person) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for each in Appearance.objects.filter(person=person).order_by("position"):
        found.setdefault(each.episode_id, []).append(each.role)
    return found


def _found(episode: Episode, roles: list[str], airings: list[Airing], others: int) -> Found:
    over = [each for each in airings if each.state == Airing.State.ENDED]
    begun = [each for each in airings if each.state in {Airing.State.ON_AIR, Airing.State.WAITING}]
    coming = bool(airings) and not over and not begun
    names = "、".join(str(Appearance.Role(each).label) for each in roles)
    told = [names, when(airings[0].planned_start) if airings else ""]
    told.append(_("在播") if begun else _("还没有播") if coming else "")
    told.append(
        ngettext("同台另有 %(n)s 人", "同台另有 %(n)s 人", others) % {"n": others} if others else _("只有这一位")
    )
    return Found(
        source=shown_people.SOURCE,
        kind=shown_people.EPISODE,
        key=str(episode.pk),
        title=f"{episode.programme.name} {_number(episode)}{episode.title}",
        choices=(KEEP, _C.NAME) if coming else (_C.WHOLE, _C.NAME, KEEP),
        chosen=KEEP if coming else _C.NAME if others else _C.WHOLE,
        version=f"{episode.publication}.{'s' if episode.signed_off_at else ''}.{'c' if coming else ''}.{'+'.join(sorted(roles))}",
        episode=episode.pk,
        detail=" · ".join(each for each in told if each),
        url=reverse("staff:episode", args=[episode.pk]),
        coming=coming,
    )


def _number(episode: Episode) -> str:
    return f"{_('第 %(number)s 期') % {'number': episode.number}} " if episode.number else ""


def alike(person: Person) -> list[tuple[Person, str]]:
    """Other people on the list who may be the same one, written differently or entered twice, and why; no order on one touches another."""
    made = []
    for other in Person.objects.exclude(pk=person.pk).order_by("name", "pk"):
        why = near(other.name, person.name) or near(other.name_en, person.name, person.name_en)
        if other.name.strip() == person.name.strip():
            made.append((other, _("同名")))
        elif why == Near.SOUND:
            made.append((other, _("和姓名同音，或者是姓名的拼音")))
    return made


def mentioned(person: Person) -> list[dict[str, str]]:
    """Where the name stands in words that somebody wrote, which no order changes: titles and summaries of what is public, run-downs."""
    names = [each for each in (person.name, person.name_en) if each]
    rule = Q()
    for name in names:
        for column in ("title", "title_en", "description", "segments__title"):
            rule |= Q(**{f"{column}__icontains": name})
    rows = Episode.objects.filter(rule, publication=_PUBLISHED).select_related("programme").distinct().order_by("-pk")
    return [
        {
            "title": f"{row.programme.name} {_number(row)}{row.title}",
            "url": reverse("staff:episode-edit", args=[row.pk]),
        }
        for row in rows[:50]
    ]


__all__ = ["Episodes", "alike", "mentioned", "register", "unchanged"]
