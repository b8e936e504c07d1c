"""What tells whether the search has read an episode as it is now: the sources' stamps, and the mark that it has not."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection

from broadcast import registry

_MARK = """
INSERT INTO archive_searchepisode (episode_id, wanted, done, stamp, year, guests, sectors, departments)
SELECT id, 1, 0, '', 0, '{}', '{}', '{}' FROM broadcast_episode WHERE id = ANY(%s)
ON CONFLICT (episode_id) DO UPDATE SET wanted = archive_searchepisode.wanted + 1
"""


def mark(*episode_ids: int) -> None:
    """These are to be read again; inside the transaction that changed them. Until then reading checks what it finds anyway."""
    with connection.cursor() as cursor:
        cursor.execute(_MARK, [sorted(episode_ids)])


def stamps(ids: Sequence[int]) -> dict[int, str]:
    """What all sources say of these episodes now."""
    found = dict.fromkeys(ids, "")
    for name, ask in registry.search_stamps:
        for episode_id, stamp in ask(ids).items():
            found[episode_id] += f"{name}={stamp};"
    return found
