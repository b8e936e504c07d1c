"""Four scripted moderators and a labelled evening: nobody waits long, nothing bad is public, nothing is lost or decided twice."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest

from broadcast import audit_chain, clock
from broadcast.models import AuditEntry
from live.models import Comment
from live.queries import desk as desk_queries
from live.queries import rules as rule_queries
from live.services import rule_seeds
from tests.live import desk, making
from tests.live.evening import Evening, Outcome, stream

pytestmark = pytest.mark.django_db
SLOWEST = 60.0


def hold_evening(many: int, minutes: float, *, away: float) -> Outcome:
    """Run it and hold it to all that must be true; `away` is the minute at which one moderator leaves, for five minutes."""
    show = making.make_show()
    rule_seeds.seed([])
    rule_queries.forget()
    leader = desk.leader(show)
    users = [show.moderator, desk.moderator(show), desk.moderator(show), leader]
    start = clock.now()
    evening = Evening(show, stream(many, minutes, start, seed=5), users, leader, seed=7)
    leaver = evening.moderators[1]

    def leave() -> None:
        leaver.away_until = evening.now + dt.timedelta(minutes=5)
        waiting = leaver._waiting()
        if waiting:
            leaver._claim(waiting[0])

    evening.later(away * 60, leave)
    outcome = evening.run()
    rows = {row.pk: row for row in Comment.objects.filter(room=show.id)}
    assert set(rows) == set(outcome.labels), "none lost"
    assert {row.state for row in rows.values()} <= {"approved", "rejected"}
    assert not outcome.bad_seen_public
    bad = {pk for pk, label in outcome.labels.items() if label == "bad"}
    assert {rows[pk].state for pk in bad} == {"rejected"}
    assert outcome.repeats_that_differ == 0
    _decided_once(show, rows)
    waits = sorted((row.decided_at - row.created_at).total_seconds() for row in rows.values() if row.decided_at)
    p95 = waits[int(len(waits) * 0.95)]
    with clock.frozen(outcome.ended or start):
        figures = desk_queries.decided(show.id)
    print(
        f"\n{len(rows)} comments in {minutes:g} minutes, {len(bad)} bad, {outcome.refused_writes} refused at the door: "
        f"wait p50 {waits[len(waits) // 2]:.0f} s, p95 {p95:.0f} s, longest {waits[-1]:.0f} s; "
        f"acts {dict(outcome.acts)}; refusals {dict(outcome.conflicts)}; desk says {figures}; "
        f"rules refused {sum(1 for row in rows.values() if row.decided_by_id is None)}, "
        f"held {sum(1 for row in rows.values() if row.hits)}"
    )
    assert len(waits) == len(rows)
    assert p95 <= SLOWEST
    return outcome


def _decided_once(show: making.Show, rows: dict[int, Comment]) -> None:
    """Of each item one decision stands, but for those that a rule refused: what was undone does not count."""
    verbs: dict[int, Counter[str]] = {pk: Counter() for pk in rows}
    for act, target in AuditEntry.objects.filter(airing_id=show.id).values_list("act", "target"):
        kind, _colon, number = target.partition(":")
        if kind == "comment":
            verbs[int(number)][act.partition(".")[2]] += 1
    for pk, counted in verbs.items():
        by_rule = rows[pk].decided_by_id is None
        assert counted["approve"] + counted["reject"] - counted["undo"] == (0 if by_rule else 1), (pk, counted)
    assert not audit_chain.verify().broken


def test_a_short_evening() -> None:
    outcome = hold_evening(200, 3.6, away=1)
    assert outcome.conflicts["conflict"] + outcome.conflicts["claimed"] > 0, "moderators did meet"


@pytest.mark.long
def test_ninety_minutes_and_five_thousand_comments() -> None:
    outcome = hold_evening(5_000, 90, away=40)
    assert len(outcome.labels) + outcome.refused_writes == 5_000
