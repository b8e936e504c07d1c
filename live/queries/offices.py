"""For whom somebody answers: the department (or the person) an account stands for, and what is addressed to it; it must not write."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q

from broadcast.access import Ability, Actor
from broadcast.models import Person
from live.models import Question


@dataclass(frozen=True)
class Office:
    """A respondent: `name` is the department's, or the person's own where it has none; `programmes` None: all of them."""

    name: str
    person: int
    department: str
    programmes: frozenset[int] | None

    def answers_in(self, programme_id: int) -> bool:
        """Whether the account is a respondent in that programme."""
        return self.programmes is None or programme_id in self.programmes

    def is_asked(self, row: Question) -> bool:
        """Whether the question is addressed or promised to it."""
        if row.state not in Question.PUBLIC:
            return False
        named = self.department and self.department in {row.department, row.promised_to}
        return bool(named) or row.promised_to == self.name or row.person_id == self.person

    def asked(self) -> Q:
        """The same for the database, of public questions."""
        names = [each for each in {self.department, self.name} if each]
        rule = Q(promised_to__in=names) | Q(person=self.person)
        if self.department:
            rule |= Q(department=self.department)
        if self.programmes is not None:
            rule &= Q(room__airing__episode__programme__in=self.programmes)
        return rule


def of(actor: Actor) -> Office | None:
    """Whom the account answers for; None where it is no respondent, or nobody's (bound to no Person)."""
    programmes = frozenset(key for key, found in actor.grants.items() if key is not None and Ability.RESPOND in found)
    everywhere = Ability.RESPOND in actor.grants.get(None, ())
    if not (programmes or everywhere):
        return None
    person = Person.objects.filter(user=actor.user_id).first()
    if person is None:
        return None
    department = person.organisation.strip()
    return Office(department or person.name, person.pk, department, None if everywhere else programmes)


def is_respondent(actor: Actor) -> bool:
    """Whether the account is a respondent anywhere, bound to a person or not."""
    return any(Ability.RESPOND in found for found in actor.grants.values())
