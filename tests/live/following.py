"""Short ways for tests of what becomes of questions: people of departments, questions in a state, answers in writing."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone

from broadcast import clock
from broadcast.access import Actor
from broadcast.models import Airing, Appearance, Episode, Person, User
from live import commands, protocol
from live.models import Question, Reply
from live.services import replies
from tests.live import making

HARBOUR, TRAFFIC = "市海洋局", "市交通局"


def seat(show: making.Show, name: str, department: str, role: str = "department") -> Person:
    person = Person.objects.create(name=name, organisation=department)
    Appearance.objects.create(episode=show.episode, person=person, role=role)
    return person


def respondent(show: making.Show, person: Person) -> User:
    user = making.make_staff(show.programme, "department_respondent")
    Person.objects.filter(pk=person.pk).update(user=user)
    return user


def asked(show: making.Show, text: str = "何时通车？", viewer: Actor | None = None, **more: Any) -> Question:
    """A public question; the show lets words out at once, or a moderator approves it."""
    sent = making.question(text, **more)
    item = commands.perform(viewer or making.make_viewer(), show.id, sent)["item"]
    if Question.objects.get(pk=item).state == "pending":
        approve = protocol.ApproveItem(id=making.command_id(), kind="question", item=item, version=1)
        commands.perform(making.staff_actor(show.moderator), show.id, approve)
    return Question.objects.get(pk=item)


def do(show: making.Show, made: type[Any], user: User | None = None, **fields: Any) -> dict[str, Any]:
    """One staff command, by the host unless somebody is named."""
    command = made(id=fields.pop("id", making.command_id()), **fields)
    return commands.perform(making.staff_actor(user or show.host), show.id, command)


def on_day(days: int) -> str:
    """The day so many days from today."""
    return (timezone.localdate(clock.now()) + dt.timedelta(days=days)).isoformat()


def promise(show: making.Show, question: Question, department: str = HARBOUR, days: int = 10) -> Question:
    do(show, protocol.PromiseReply, question=question.pk, department=department, due=on_day(days))
    question.refresh_from_db()
    return question


def written(question: Question, user: User, text: str = "十二月五日起开放。", *, public: bool = True) -> Reply:
    """Handed in by that respondent."""
    draft = replies.Draft(department="", text=text, is_public=public)
    return replies.write(making.staff_actor(user), question.pk, draft, submit=True)


def next_show(show: making.Show, days: int = 7) -> making.Show:
    """The same programme's show a week later, announced."""
    number = (show.episode.number or 0) + 10_000
    now = clock.now()
    episode = Episode.objects.create(
        programme=show.programme, number=number, title="下一期", publication="published", created_at=now
    )
    start = now + dt.timedelta(days=days)
    times = {"planned_start": start, "planned_end": start + dt.timedelta(hours=1)}
    airing = Airing.objects.create(episode=episode, announced_at=now, created_at=now, delay_seconds=0, **times)
    return making.Show(show.programme, episode, airing, show.moderator, show.producer, show.host)
