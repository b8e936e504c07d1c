"""The walk of the chain: in pieces, from where it stood, by the house itself; it finds what was changed, removed or cut off."""

from __future__ import annotations

import random
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from broadcast import audit, audit_chain, readiness
from broadcast.access import HOUSE, Actor
from broadcast.models import AuditEntry, AuditPersonal, AuditWalk

pytestmark = pytest.mark.django_db


def write(many: int) -> list[AuditEntry]:
    acts = [
        audit.Act("comment.reject", f"comment:{n}", after={"n": n}, words={"text": f"第{n}条"}) for n in range(many)
    ]
    return audit.record_many(Actor(name="审核乙", address="192.0.2.7"), acts)


def test_many_acts_of_one_transaction_are_chained_in_their_order():
    one = audit.record_many(HOUSE, [audit.Act("item.note", "comment:0")])[0]
    many = write(3)
    assert [each.target for each in many] == ["comment:0", "comment:1", "comment:2"]
    assert many[0].previous == one.digest
    assert [each.previous for each in many[1:]] == [each.digest for each in many[:-1]]
    assert audit.record_many(HOUSE, []) == []
    assert audit_chain.verify().count == 4


def test_erased_words_leave_the_name_and_address_verifiable():
    entry = write(1)[0]
    AuditPersonal.objects.filter(pk=entry.pk).update(words=None, words_salt="")
    walk = audit_chain.verify()
    assert (walk.is_whole, walk.erased) == (True, 1)
    AuditPersonal.objects.filter(pk=entry.pk).update(data={"name": "别人", "address": ""})
    assert audit_chain.verify().broken == [entry.pk]


@pytest.mark.parametrize(
    "change", [{"words": {"text": "别的话"}}, {"words_digest": "0" * 64}, {"words_salt": "00"}, {"salt": "00"}]
)
def test_any_change_of_the_erasable_half_is_found(change):
    entry = write(2)[0]
    AuditPersonal.objects.filter(pk=entry.pk).update(**change)
    assert audit_chain.verify().broken == [entry.pk]


def test_words_that_are_put_where_there_were_none_are_found():
    entry = audit.record_many(HOUSE, [audit.Act("item.note", "comment:0")])[0]
    AuditPersonal.objects.filter(pk=entry.pk).update(words={"text": "补上的"})
    assert audit_chain.verify().broken == [entry.pk]


def test_a_walk_in_pieces_finds_what_the_whole_one_finds(monkeypatch):
    entries = write(11)
    AuditEntry.objects.filter(pk=entries[7].pk).update(reason="改过")
    whole = audit_chain.verify()
    monkeypatch.setattr(audit_chain, "PIECE", 3)
    walk = audit_chain.verify(most=4)
    assert walk.count == 4
    assert audit_chain.verify(walk) == whole
    assert whole.broken == [entries[7].pk]


def test_the_house_follows_what_is_new_and_goes_round_what_is_old(monkeypatch):
    monkeypatch.setattr(audit_chain, "ROUND_STEP", 4)
    write(6)
    audit_chain.keep_walking()
    ahead, round_ = AuditWalk.objects.get(name="ahead"), AuditWalk.objects.get(name="round")
    assert (ahead.count, round_.count) == (6, 4)
    assert ahead.finished_at is not None
    write(1)
    audit_chain.keep_walking()
    ahead.refresh_from_db()
    round_.refresh_from_db()
    assert ahead.count == 7
    assert (round_.finished_count, round_.count) == (7, 0)
    assert readiness.audit()[0][2] == ""


def test_what_is_changed_behind_the_walk_is_found_by_the_next_round():
    entries = write(3)
    audit_chain.keep_walking()
    AuditEntry.objects.filter(pk=entries[0].pk).update(act="comment.approve")
    audit_chain.keep_walking()
    assert AuditWalk.objects.get(name="round").finished_broken == 1
    assert "1 entries" in readiness.audit()[0][0]


def test_an_end_that_was_cut_off_is_found():
    entries = write(3)
    audit_chain.keep_walking()
    AuditEntry.objects.filter(pk=entries[2].pk).delete()
    assert audit_chain.verify().is_whole, "no link after it is broken"
    audit_chain.keep_walking()
    assert AuditWalk.objects.get(name="ahead").broken == [entries[2].pk]


def test_a_head_noted_before_shows_a_chain_that_was_made_anew(capsys):
    head = write(2)[-1].digest
    write(1)
    call_command("verify_audit", head=head)
    assert "记下的链尾是第" in capsys.readouterr().out
    AuditEntry.objects.all().delete()
    write(5)
    call_command("verify_audit")
    with pytest.raises(CommandError, match="made anew"):
        call_command("verify_audit", head=head)


_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.text(st.characters(exclude_categories=["Cs", "Cc"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc段", max_size=3), inner, max_size=3),
    max_leaves=6,
)
_acts = st.lists(st.tuples(_values, _values, st.booleans()), min_size=1, max_size=5)


class AnyHistory(TestCase):
    """However acts are written and words erased, the chain holds; and one that is taken out of the middle is always missed."""

    @settings(max_examples=40, deadline=None)
    @given(batches=st.lists(_acts, min_size=1, max_size=3), erase=st.integers(0, 2**15), gone=st.integers(0, 14))
    def test_holds(self, batches: list[list[tuple[object, object, bool]]], erase: int, gone: int) -> None:
        entries: list[AuditEntry] = []
        for batch in batches:
            acts = [
                audit.Act("item.note", f"item:{n}", "", before, after, {"text": after} if has else {}, (uuid4(),))
                for n, (before, after, has) in enumerate(batch)
            ]
            entries += audit.record_many(HOUSE, acts)
        for n, entry in enumerate(entries):
            if erase >> n & 1:
                half = AuditPersonal.objects.filter(pk=entry.pk)
                half.delete() if random.Random(n).random() < 0.5 else half.update(words=None, words_salt="")
        walk = audit_chain.verify()
        assert (walk.count, walk.broken) == (len(entries), [])
        if gone < len(entries) - 1:
            AuditEntry.objects.filter(pk=entries[gone].pk).delete()
            assert audit_chain.verify().broken == [entries[gone + 1].pk]
