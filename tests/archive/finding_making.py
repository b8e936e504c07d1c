"""Episodes for the tests of search: out as the public has them, with what was said and asked."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

from django.conf import settings

from archive.search import asking, finding, indexing, replays, results, stamps
from archive.search.results import Answer
from broadcast import clock
from broadcast.access import Actor
from broadcast.models import Airing, Appearance, Episode, Participant, Person
from live.models import Question, Room
from tests.archive.making import make_airing, make_programme

START = dt.datetime(2025, 6, 7, 3, 0, tzinfo=dt.UTC)


def make_out(title: str = "电梯", **facts: Any) -> Airing:
    """An ended airing whose replay is out; half an hour, with a hole from the tenth to the eleventh minute."""
    programme = facts.pop("programme", None) or make_programme()
    end = START + dt.timedelta(minutes=30)
    airing = make_airing(programme, state="ended", actual_start=START, actual_end=end, **facts)
    Episode.objects.filter(pk=airing.episode_id).update(title=title, signed_off_at=end)
    airing.refresh_from_db()
    Room.objects.create(airing=airing, created_at=START)
    write_spans(airing, [(0, 600), (660, 1140)])
    return airing


def write_spans(airing: Airing, runs: list[tuple[int, int]]) -> None:
    """The gap map of the replay: runs as seconds after the start and how long."""
    folder = Path(settings.MEDIA_ROOT) / "airings" / str(airing.pk)
    folder.mkdir(parents=True, exist_ok=True)
    rows, offset = [], 0
    for since, seconds in runs:
        at = (START + dt.timedelta(seconds=since)).isoformat().replace("+00:00", "Z")
        rows.append({"at": at, "offset": offset, "duration": seconds})
        offset += seconds
    (folder / "replay-spans.json").write_text(json.dumps({"spans": rows}))
    replays.forget()


def guest(airing: Airing, name: str, sector: str = "", role: str = "member", organisation: str = "") -> Person:
    person = Person.objects.create(name=name, sector=sector, organisation=organisation)
    Appearance.objects.create(episode=airing.episode, person=person, role=role)
    return person


def ask(airing: Airing, text: str, state: str = "answered", second: int | None = None, **facts: Any) -> Question:
    now = clock.now()
    author = Participant.objects.create(assurance=20, display_name="市民", created_at=now)
    at = None if second is None else START + dt.timedelta(seconds=second)
    return Question.objects.create(
        **{
            "room": airing.room,
            "author": author,
            "author_name": "市民",
            "assurance": 20,
            "text": text,
            "state": state,
            "public_at": now,
            "created_at": now,
            "command_id": f"c{author.pk}",
            "on_air_at": at,
            **facts,
        }
    )


def index(*airings: Airing) -> None:
    for each in airings:
        stamps.mark(each.episode_id)
        indexing.index(each.episode_id)


def search(typed: str, actor: Actor | None = None, page: int = 1, **narrowed: Any) -> Answer:
    return results.answer(actor or Actor(), asking.words(typed), finding.Narrowing(**narrowed), page)


def found(typed: str, **narrowed: Any) -> set[str]:
    """The texts of all hits, and the titles that were found."""
    answer = search(typed, **narrowed)
    texts = {hit.text for group in answer.groups for hit in group.hits}
    return texts | {group.title.text for group in answer.groups if group.title.marks}
