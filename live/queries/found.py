"""What live gives to the search: public questions, answers in writing and polls, as pages show them; it must not write."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection
from django.db.models import QuerySet

from broadcast import registry, shown_people
from broadcast.models import Airing, Episode
from broadcast.search_documents import Document
from live import wording
from live.models import Poll, Question, Reply
from live.queries import visible

SOURCE = "live"
_STAMPS = """
SELECT airing.episode_id, md5(string_agg(concat_ws('.', room.airing_id, room.staff_seq,
    (SELECT concat(count(*), '-', sum(reply.version)) FROM live_reply AS reply JOIN live_question AS question
        ON question.id = reply.question_id WHERE question.room_id = room.airing_id),
    (SELECT md5(string_agg(concat_ws('-', poll.id, poll.state, poll.question), ',' ORDER BY poll.id)) FROM live_poll AS poll
        WHERE poll.room_id = room.airing_id),
    (SELECT concat(max(hidden.id), '-', count(hidden.restored_at)) FROM live_withdrawal AS hidden
        WHERE hidden.room_id = room.airing_id OR hidden.room_id IS NULL)), ';' ORDER BY room.airing_id))
FROM live_room AS room JOIN broadcast_airing AS airing ON airing.id = room.airing_id
WHERE airing.episode_id = ANY(%s) GROUP BY airing.episode_id
"""


def register() -> None:
    """Called once when the app is ready."""
    registry.search_documents.register(SOURCE, documents)
    registry.search_current.register(SOURCE, current)
    registry.search_stamps.register(SOURCE, stamps)


def documents(episode: Episode) -> list[Document]:
    """Of all its airings but rehearsals."""
    found: list[Document] = []
    hidden = shown_people.hidden_names([episode.pk]).get(episode.pk, shown_people.NOBODY)
    for airing in episode.airings.exclude(kind=Airing.Kind.REHEARSAL):
        questions = visible.public_items(Question, airing.pk).order_by("pk").in_bulk()
        found += [_question(row) for row in questions.values()]
        for reply in _replies().filter(question__in=questions).order_by("pk"):
            asked = questions[reply.question_id]
            by = "" if hidden.means(reply.respondent) else reply.respondent
            words = Document("answer", f"reply:{reply.pk}", reply.text, airing.pk, asked.on_air_at)
            found.append(_with(words, by, reply.department))
        for poll in _polls().filter(room=airing.pk):
            found.append(Document("poll", f"poll:{poll.pk}", _poll_words(poll), airing.pk, poll.opened_at))
    return found


def _with(document: Document, speaker: str, department: str) -> Document:
    return Document(
        document.kind, document.key, document.text, document.airing, document.at, speaker=speaker, department=department
    )


def _question(row: Question) -> Document:
    is_promised = row.state == Question.State.PROMISED
    return Document(
        "promise" if is_promised else "question",
        f"question:{row.pk}",
        wording.masked(row),
        row.room_id,
        row.on_air_at,
        department=row.promised_to if is_promised else row.department,
    )


def _replies() -> QuerySet[Reply]:
    return Reply.objects.filter(state=Reply.State.RELEASED, is_public=True)


def _polls() -> QuerySet[Poll]:
    unseen = [*Poll.UNSEEN, Poll.State.VOID]
    return Poll.objects.exclude(state__in=unseen).filter(opened_at__isnull=False).prefetch_related("options")


def _poll_words(poll: Poll) -> str:
    return "　".join([poll.question, *(option.text for option in poll.options.all())])


def current(keys: Sequence[str]) -> dict[str, str]:
    """By key the words that are public now: by their state and by every withdrawal that stands."""
    numbers: dict[str, list[int]] = {}
    for key in keys:
        kind, _colon, number = key.partition(":")
        numbers.setdefault(kind, []).append(int(number))
    found: dict[str, str] = {}
    if "question" in numbers:
        rows = visible.public_items(Question).filter(pk__in=numbers["question"])
        found |= {f"question:{row.pk}": wording.masked(row) for row in rows}
    if "reply" in numbers:
        asked = visible.public_items(Question).filter(replies__in=numbers["reply"]).values("pk")
        rows_of = _replies().filter(pk__in=numbers["reply"], question__in=asked)
        found |= {f"reply:{row.pk}": row.text for row in rows_of}
    if "poll" in numbers:
        found |= {f"poll:{row.pk}": _poll_words(row) for row in _polls().filter(pk__in=numbers["poll"])}
    return found


def stamps(ids: Sequence[int]) -> dict[int, str]:
    """A word of each episode that changes with what is public in its rooms; one query."""
    with connection.cursor() as cursor:
        cursor.execute(_STAMPS, [list(ids)])
        return dict(cursor.fetchall())
