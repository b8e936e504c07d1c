"""Scheduling's part of withdrawal by person: the photo, hidden and not deleted, and the lists that name who appears."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from broadcast import registry, shown_people
from broadcast.access import Actor
from broadcast.models import Episode, Person, PersonWithdrawalItem
from broadcast.withdrawing import KEEP, Address, Found
from scheduling.models import Photo

SOURCE = "scheduling"


def register() -> None:
    """Called once when the app is ready."""
    registry.person_withdrawal.register(SOURCE, Photos)


class Photos:
    """The photo at its public address; `scheduling.views.photos` asks the item."""

    def found(self, person: Person) -> list[Found]:
        """The photo, where there is one."""
        photo = Photo.objects.filter(person=person).first()
        held = PersonWithdrawalItem.objects.filter(
            person=person, source=SOURCE, state__in=["waiting", "done", "returning"]
        )
        if photo is None or held.exists():
            return []
        return [
            Found(
                source=SOURCE,
                kind=shown_people.PHOTO,
                key=str(person.pk),
                title=_("照片"),
                choices=(PersonWithdrawalItem.Choice.TAKE, KEEP),
                chosen=PersonWithdrawalItem.Choice.TAKE,
                version=photo.name,
                detail=_("公开的地址打不开，照片留在名单里"),
                url=reverse("staff:roster-person", args=[person.pk]),
            )
        ]

    def take(self, actor: Actor, item: PersonWithdrawalItem) -> dict[str, Any]:
        """Nothing to do: the item hides it."""
        return {}

    def give_back(self, actor: Actor, item: PersonWithdrawalItem) -> None:
        """Nothing to do either."""

    def settle(self, person: Person, episodes: Iterable[int]) -> None:
        """Nothing is remembered here."""

    def addresses(self, person: Person) -> list[Address]:
        """The photo's, and calendars, feeds and widgets of all and of each programme."""
        gone = shown_people.standing().filter(person=person, kind=shown_people.PHOTO).exists()
        photos = [reverse("schedule:photo", args=[each.name]) for each in Photo.objects.filter(person=person)]
        found = [reverse(f"schedule:{name}-all") for name in ("calendar", "atom", "json", "widget")]
        slugs = Episode.objects.filter(appearances__person=person).values_list("programme__slug", flat=True)
        for slug in sorted(set(slugs)):
            found += [reverse(f"schedule:{name}", args=[slug]) for name in ("calendar", "atom", "json", "widget")]
        return [*(Address(each, gone) for each in photos), *(Address(each) for each in found)]
