"""Live's part of withdrawal by person: what they wrote from their own account, by the emergency switch; their calls name nobody."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from broadcast import registry, shown_people
from broadcast.access import Actor
from broadcast.models import Airing, Participant, Person, PersonWithdrawalItem
from broadcast.withdrawing import KEEP, Address, Found
from live import protocol
from live.models import Comment, Question
from live.queries import visible
from live.services import withdrawals

SOURCE = "live"


def register() -> None:
    """Called once when the app is ready."""
    registry.person_withdrawal.register(SOURCE, Written)


class Written:
    """Comments and questions of the person's account, in all shows."""

    def found(self, person: Person) -> list[Found]:
        """What is public of theirs, as one thing."""
        author = _participant(person)
        if author is None:
            return []
        rows = [visible.public_items(model).filter(author=author) for model in (Comment, Question)]
        comments, questions = (each.count() for each in rows)
        if not comments and not questions:
            return []
        return [
            Found(
                source=SOURCE,
                kind="written",
                key=str(author.pk),
                title=_("用自己的账号写的：%(written)s") % {"written": _counted(comments, questions)},
                choices=(PersonWithdrawalItem.Choice.TAKE, KEEP),
                chosen=PersonWithdrawalItem.Choice.TAKE,
                version="written",
                detail=_("所有节目里的一起撤下，以后写的也不公开"),
            )
        ]

    def take(self, actor: Actor, item: PersonWithdrawalItem) -> dict[str, Any]:
        """Hide all of the author in all shows."""
        if "withdrawal" in item.before:
            return dict(item.before)
        return {
            "withdrawal": withdrawals.of_author(actor, Participant.objects.get(pk=item.key), item.withdrawal.reason)
        }

    def give_back(self, actor: Actor, item: PersonWithdrawalItem) -> None:
        """Lift it; what another withdrawal hides stays hidden."""
        command = protocol.RestoreMany(
            id=f"person-item-{item.pk}", withdrawal=item.before["withdrawal"], note=item.restore_reason[:200]
        )
        withdrawals.restore(actor, None, command, allowed=True)

    def settle(self, person: Person, episodes: Iterable[int]) -> None:
        """The rooms hear of it by `episode_changed` and by the switch itself."""

    def addresses(self, person: Person) -> list[Address]:
        """States, comments and timelines of the shows in which they appear or wrote."""
        rows = Airing.objects.filter(episode__in=shown_people.episodes_of(person))
        author = _participant(person)
        if author is not None:
            rooms = {*Comment.objects.filter(author=author).values_list("room", flat=True)}
            rooms |= {*Question.objects.filter(author=author).values_list("room", flat=True)}
            rows = rows | Airing.objects.filter(pk__in=rooms)
        found = []
        for airing in rows.select_related("episode__programme"):
            found += [
                reverse(name, args=[airing.pk])
                for name in ("live-state", "live-comments", "live-captions", "live-captions-vtt", "live-timeline")
            ]
            episode = airing.episode
            found.append(reverse("episode-comments", args=[episode.programme.slug, episode.key]))
        return [Address(each) for each in dict.fromkeys(found)]


def _counted(comments: int, questions: int) -> str:
    said = [
        ngettext("%(n)s 条评论", "%(n)s 条评论", comments) % {"n": comments} if comments else "",
        ngettext("%(n)s 条提问", "%(n)s 条提问", questions) % {"n": questions} if questions else "",
    ]
    return _("，").join(each for each in said if each)


def _participant(person: Person) -> Participant | None:
    return Participant.objects.filter(user=person.user_id).first() if person.user_id is not None else None
