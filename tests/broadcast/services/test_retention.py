"""What is past its time goes, piece by piece; what a legal hold keeps stays until it is lifted; both stand in the audit."""

from __future__ import annotations

import datetime as dt
from uuid import UUID, uuid4

import pytest
from django.conf import settings

from broadcast import audit, audit_chain, clock
from broadcast.access import HOUSE
from broadcast.errors import Conflict, InvalidInput, NotAllowed
from broadcast.models import AuditEntry, AuditPersonal, EvidenceRecord, Hold, Participant, RetentionRun
from broadcast.services import holds, retention
from tests.broadcast import making

DAY = dt.timedelta(days=1)


def person() -> UUID:
    return Participant.objects.create(created_at=clock.now()).pk


def kept(participant: UUID | None = None, *, ref: str = "comment:1", airing: UUID | None = None, days: int = -1) -> int:
    return EvidenceRecord.objects.create(
        at=clock.now(),
        kind="comment.post",
        ref=ref,
        participant_id=participant or uuid4(),
        airing_id=airing,
        sealed=b"",
        expires_at=clock.now() + days * DAY,
    ).pk


def left() -> set[int]:
    return set(EvidenceRecord.objects.values_list("pk", flat=True))


@pytest.mark.django_db
def test_only_what_is_past_its_time_goes_and_the_audit_says_so():
    kept()
    young = kept(days=1)
    retention.run()
    assert left() == {young}
    entry = AuditEntry.objects.get(act="retention.remove")
    assert (entry.target, entry.after["rows"]) == ("retention:evidence", 1)
    run = RetentionRun.objects.get(kind="evidence")
    assert (run.removed, run.held) == (1, 0)


@pytest.mark.django_db
def test_a_run_that_finds_nothing_writes_nothing():
    kept(days=1)
    retention.run()
    assert not RetentionRun.objects.filter(kind="evidence").exists()
    assert not AuditEntry.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("scope", Hold.Scope.values)
def test_what_is_held_stays_until_the_hold_is_lifted(scope):
    who, airing = person(), making.airing()
    held = kept(who, ref="comment:7", airing=airing.pk)
    kept(ref="comment:8")
    target = {
        "participant": str(who),
        "airing": str(airing.pk),
        "episode": str(airing.episode_id),
        "programme": airing.episode.programme.slug,
        "item": "comment:7",
    }[scope]
    hold = holds.place(HOUSE, scope, target, reason="公安机关来函")
    retention.run()
    assert left() == {held}
    assert RetentionRun.objects.get(kind="evidence").held == 1
    holds.lift(HOUSE, hold.pk, "案件已结")
    retention.run()
    assert left() == set()


@pytest.mark.django_db
def test_a_hold_of_a_person_holds_what_was_merged_into_it():
    survivor = person()
    guest = Participant.objects.create(created_at=clock.now(), merged_into_id=survivor)
    kept(guest.pk)
    holds.place(HOUSE, "participant", str(survivor), reason="来函")
    retention.run()
    assert len(left()) == 1


@pytest.mark.django_db
def test_words_leave_the_audit_after_their_time_and_the_chain_holds(settings):
    settings.AUDIT_WORDS_DAYS = 10
    with clock.frozen(clock.now() - 11 * DAY):
        old = audit.record_many(HOUSE, [audit.Act("comment.reject", "comment:1", words={"text": "旧话"})])[0]
        held = audit.record_many(HOUSE, [audit.Act("comment.reject", "comment:2", words={"text": "留着"})])[0]
    new = audit.record_many(HOUSE, [audit.Act("comment.reject", "comment:3", words={"text": "新话"})])[0]
    holds.place(HOUSE, "item", "comment:2", reason="来函")
    retention.run()
    words = dict(AuditPersonal.objects.values_list("pk", "words"))
    assert words[old.pk] is None
    assert words[held.pk] == {"text": "留着"}
    assert words[new.pk] == {"text": "新话"}
    assert AuditPersonal.objects.get(pk=old.pk).data["name"] == "system"
    walk = audit_chain.verify()
    assert (walk.is_whole, walk.erased) == (True, 1)


@pytest.mark.django_db
def test_many_go_in_pieces(monkeypatch):
    monkeypatch.setattr(retention, "PIECE", 3)
    for _number in range(7):
        kept()
    assert retention.run()["evidence"] == 7
    assert list(RetentionRun.objects.filter(kind="evidence").order_by("pk").values_list("removed", flat=True)) == [
        3,
        3,
        1,
    ]


@pytest.mark.django_db
def test_the_overview_counts_what_goes_soon():
    kept()
    kept(days=5)
    kept(days=settings.EVIDENCE_DAYS)
    told = {each["kind"]: each for each in retention.overview()}["evidence"]
    assert (told["many"], told["due"], told["soon"], told["held"]) == (3, 1, 2, 0)


@pytest.mark.django_db
def test_a_hold_needs_the_ability_a_reason_and_something_to_hold():
    who = str(person())
    with pytest.raises(NotAllowed):
        holds.place(making.actor("producer"), "participant", who, reason="来函")
    for scope, target, reason, field in (
        ("participant", who, " ", "reason"),
        ("participant", str(uuid4()), "来函", "target"),
        ("airing", "12", "来函", "target"),
        ("item", "poll:1", "来函", "target"),
        ("room", who, "来函", "scope"),
    ):
        with pytest.raises(InvalidInput) as refusal:
            holds.place(HOUSE, scope, target, reason=reason)
        assert refusal.value.data["field"] == field
    assert not Hold.objects.exists()


@pytest.mark.django_db
def test_one_thing_is_held_once_at_a_time():
    who = str(person())
    hold = holds.place(HOUSE, "participant", who, reason="来函")
    with pytest.raises(Conflict):
        holds.place(HOUSE, "participant", who, reason="又来函")
    holds.lift(HOUSE, hold.pk, "已结")
    with pytest.raises(Conflict):
        holds.lift(HOUSE, hold.pk, "已结")
    holds.place(HOUSE, "participant", who, reason="第三次")
    assert list(AuditEntry.objects.order_by("pk").values_list("act", flat=True)) == [
        "hold.place",
        "hold.lift",
        "hold.place",
    ]
