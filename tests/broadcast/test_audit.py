"""The chain of staff acts shows every change, and lets what is personal be erased."""

from __future__ import annotations

from contextlib import suppress

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from broadcast import audit, audit_chain
from broadcast.access import HOUSE
from broadcast.models import AuditEntry, AuditPersonal


def write(many: int) -> list[AuditEntry]:
    for n in range(many):
        audit.record(
            HOUSE, "item.reject", f"comment:{n}", reason="含联系方式", before={"n": n}, personal={"text": f"第{n}条"}
        )
    return list(AuditEntry.objects.order_by("-pk")[:many])[::-1]


def found() -> tuple[int, list[int]]:
    walk = audit_chain.verify()
    return walk.count, walk.broken


@pytest.mark.django_db
def test_an_untouched_chain_is_whole() -> None:
    write(5)
    assert found() == (5, [])


@pytest.mark.django_db
def test_what_several_acts_of_one_transaction_record_is_chained_at_its_end() -> None:
    with transaction.atomic(), audit.at_the_end():
        audit.record(HOUSE, "slot.edit", "slot:1")
        with audit.at_the_end():
            audit.record(HOUSE, "airing.move", "airing:1")
        with suppress(RuntimeError), transaction.atomic(), audit.at_the_end():
            audit.record(HOUSE, "airing.move", "airing:2")
            raise RuntimeError("taken back")
        assert not AuditEntry.objects.exists()
    assert list(AuditEntry.objects.order_by("pk").values_list("target", flat=True)) == ["slot:1", "airing:1"]
    assert found() == (2, [])
    with suppress(RuntimeError), transaction.atomic(), audit.at_the_end():
        audit.record(HOUSE, "slot.edit", "slot:2")
        raise RuntimeError("taken back")
    audit.record(HOUSE, "slot.edit", "slot:3")
    assert found() == (3, [])


@pytest.mark.django_db
def test_what_is_personal_can_be_erased_without_breaking_the_chain() -> None:
    entries = write(3)
    AuditPersonal.objects.filter(pk=entries[1].pk).delete()
    assert found() == (3, [])


@pytest.mark.django_db
def test_changed_personal_data_is_found() -> None:
    entries = write(3)
    AuditPersonal.objects.filter(pk=entries[1].pk).update(data={"text": "别的话"})
    assert found() == (3, [entries[1].pk])


@pytest.mark.django_db
def test_a_missing_entry_is_found_at_the_next_one() -> None:
    entries = write(4)
    AuditEntry.objects.filter(pk=entries[1].pk).delete()
    assert found() == (3, [entries[2].pk])


@pytest.mark.django_db
def test_an_act_that_is_rolled_back_leaves_no_entry() -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        write(1)
        raise RuntimeError
    assert found() == (0, [])


class AnyChange(TestCase):
    """Whatever field of whatever entry is changed, the chain says so."""

    @settings(max_examples=40, deadline=None)
    @given(
        at=st.integers(0, 3),
        change=st.sampled_from(
            [
                {"act": "item.approve"},
                {"actor_id": 99},
                {"target": "comment:77"},
                {"reason": ""},
                {"before": None},
                {"after": {"x": 1}},
                {"programme_ms": 1},
                {"personal_digest": "0" * 64},
                {"previous": "1" * 64},
                {"salt": "00"},
                {"digest": "2" * 64},
            ]
        ),
    )
    def test_is_found(self, at: int, change: dict[str, object]) -> None:
        entries = write(4)
        AuditEntry.objects.filter(pk=entries[at].pk).update(**change)
        assert entries[at].pk in found()[1] or (at < 3 and entries[at + 1].pk in found()[1])
