"""What the ground floor gives to the search: titles, summaries, guests with their 界别, parts of the show; it says what stands on pages."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection

from broadcast import registry, shown_people
from broadcast.models import Airing, Appearance, Episode, SegmentRun
from broadcast.search_documents import Document

SOURCE = "broadcast"
_STAMPS = """
SELECT episode.id, md5(concat_ws(chr(31), episode.publication, episode.title, episode.title_en, episode.description, episode.number,
    episode.signed_off_at, episode.programme_id, programme.name_zh, programme.name_en, programme.audience,
    (SELECT string_agg(concat_ws(chr(31), one.id, one.role, person.name, person.name_en, person.sector, person.organisation,
        person.title), chr(30) ORDER BY one.id) FROM broadcast_appearance AS one JOIN broadcast_person AS person
        ON person.id = one.person_id WHERE one.episode_id = episode.id),
    (SELECT string_agg(concat_ws(chr(31), one.id, one.kind, one.state, one.actual_start, one.announced_at), chr(30) ORDER BY one.id)
        FROM broadcast_airing AS one WHERE one.episode_id = episode.id),
    (SELECT string_agg(concat_ws(chr(31), one.id, one.title, run.started_at), chr(30) ORDER BY one.id, run.id)
        FROM broadcast_segment AS one LEFT JOIN broadcast_segmentrun AS run ON run.segment_id = one.id
        WHERE one.episode_id = episode.id),
    (SELECT string_agg(concat_ws(chr(31), one.id, one.state), chr(30) ORDER BY one.id)
        FROM broadcast_personwithdrawalitem AS one WHERE one.episode_id = episode.id)))
FROM broadcast_episode AS episode JOIN broadcast_programme AS programme ON programme.id = episode.programme_id
WHERE episode.id = ANY(%s)
"""


def register() -> None:
    """Called once when the app is ready."""
    registry.search_documents.register(SOURCE, documents)
    registry.search_current.register(SOURCE, current)
    registry.search_stamps.register(SOURCE, stamps)


def documents(episode: Episode) -> list[Document]:
    """The head of the episode, its summary, and the parts that ran."""
    programme = episode.programme
    found = [
        Document("title", f"title:{episode.pk}", episode.title),
        Document("title", f"title-en:{episode.pk}", episode.title_en),
        Document("programme", f"programme:{episode.pk}", programme.name_zh),
        Document("programme", f"programme-en:{episode.pk}", programme.name_en),
        Document("summary", f"summary:{episode.pk}", episode.description),
    ]
    sectors: set[str] = set()
    for each in shown_people.named(episode.appearances.select_related("person")):
        found += _guest(each, sectors)
    runs = SegmentRun.objects.filter(segment__episode=episode).exclude(airing__kind=Airing.Kind.REHEARSAL)
    found += [
        Document("part", f"run:{run.pk}", run.segment.title, run.airing_id, run.started_at)
        for run in runs.select_related("segment")
    ]
    return [each for each in found if each.text]


def _guest(appearance: Appearance, sectors: set[str]) -> list[Document]:
    person = appearance.person
    names = [person.name, person.name_en, person.organisation, person.title]
    found = [Document("guest", f"guest:{appearance.pk}", "　".join(filter(None, names)))]
    if person.sector and person.sector not in sectors:
        sectors.add(person.sector)
        found.append(Document("sector", f"sector:{appearance.pk}", person.sector))
    return found


def current(keys: Sequence[str]) -> dict[str, str]:
    """By key the words that stand on the episodes' pages now."""
    numbers: dict[str, list[int]] = {}
    for key in keys:
        kind, _colon, number = key.partition(":")
        numbers.setdefault(kind, []).append(int(number))
    found: dict[str, str] = {}
    wanted = [number for kind in numbers if kind not in {"guest", "sector", "run"} for number in numbers[kind]]
    for episode in Episode.objects.filter(pk__in=wanted).select_related("programme") if wanted else ():
        found |= {
            f"title:{episode.pk}": episode.title,
            f"title-en:{episode.pk}": episode.title_en,
            f"programme:{episode.pk}": episode.programme.name_zh,
            f"programme-en:{episode.pk}": episode.programme.name_en,
            f"summary:{episode.pk}": episode.description,
        }
    shown = [*numbers.get("guest", ()), *numbers.get("sector", ())]
    for each in shown_people.named(Appearance.objects.filter(pk__in=shown).select_related("person")) if shown else ():
        found |= {document.key: document.text for document in _guest(each, set())}
    runs = numbers.get("run", ())
    for run in SegmentRun.objects.filter(pk__in=runs).select_related("segment") if runs else ():
        found[f"run:{run.pk}"] = run.segment.title
    return found


def stamps(ids: Sequence[int]) -> dict[int, str]:
    """A word of each episode that changes with any of it; one query."""
    with connection.cursor() as cursor:
        cursor.execute(_STAMPS, [list(ids)])
        return dict(cursor.fetchall())
