"""A person has a file of all that is kept, and can be forgotten: words and salts go, counts and chains hold, holds are kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broadcast import audit_chain, clock
from broadcast.access import HOUSE, Actor
from broadcast.errors import Conflict, IdentityStale, NotAllowed
from broadcast.models import (
    AuditEntry,
    AuditPersonal,
    Consent,
    Erasure,
    EvidenceRecord,
    OneTimeCode,
    Participant,
    RoleGrant,
    User,
)
from broadcast.sealing import seal, unseal
from broadcast.services import erasing, holds, personal
from live import protocol
from live.models import BallotCast, Comment, Poll, Question, Report, Support
from live.queries import polls as counting
from live.queries import verify
from live.services import audience, moderation, polls
from live.services.forgetting import ERASED
from tests.live.making import (
    Show,
    command_id,
    comment,
    make_poll,
    make_show,
    make_viewer,
    question,
    staff_actor,
    vote,
)

DAY = dt.timedelta(days=1)
SECRET = "我住在海景路三号"


def account(name: str = "市民甲") -> Actor:
    """A citizen with a verified phone."""
    actor = make_viewer(name=name)
    number = User.objects.count() + 1
    user = User.objects.create(
        username=f"phone-{number}", display_name=name, phone_digest=f"digest-{number}", phone_sealed=seal("13800138000")
    )
    Participant.objects.filter(pk=actor.participant_id).update(user=user)
    return actor


def commit(show: Show, actor: Actor, command: Any) -> dict[str, Any]:
    return audience.commit_one(actor, show.id, command).result


def moderate(show: Show, kind: str, item: int, act: type[Any], **more: Any) -> None:
    moderation.decide(
        staff_actor(show.moderator), show.id, act(id=command_id(), kind=kind, item=item, version=1, **more)
    )


def full(show: Show, actor: Actor) -> tuple[int, list[int]]:
    """Somebody who did all that one can do; returns a poll and its options."""
    other = make_viewer(name="乙")
    said = commit(show, actor, comment(SECRET))["item"]
    refused = commit(show, actor, comment("电话 13800138000"))["item"]
    asked = commit(show, actor, question(f"{SECRET}，为什么？"))["item"]
    moderate(show, "comment", said, protocol.ApproveItem)
    moderate(show, "comment", refused, protocol.RejectItem, reason="off_topic")
    moderate(show, "question", asked, protocol.ApproveItem)
    others = commit(show, other, question("别人的问题"))["item"]
    moderate(show, "question", others, protocol.ApproveItem)
    commit(show, actor, protocol.SupportQuestion(id=command_id(), question=others))
    poll, options = make_poll(show)
    commit(show, actor, vote(poll, options[0]))
    commit(show, other, vote(poll, options[1]))
    return poll, options


def row_of(actor: Actor) -> Participant:
    return Participant.objects.get(pk=actor.participant_id)


def erase(actor: Actor) -> Erasure:
    wish = personal.ask(actor, row_of(actor))
    with clock.shifted(8 * DAY):
        erasing.carry_on()
    wish.refresh_from_db()
    return wish


def traces(word: str) -> list[str]:
    """The tables in whose rows a word stands anywhere, as text."""
    found = []
    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.table_names(cursor)):
            cursor.execute(f'SELECT count(*) FROM "{table}" AS row WHERE row::text LIKE %s', [f"%{word}%"])
            if cursor.fetchone()[0]:
                found.append(table)
    return found


pytestmark = pytest.mark.django_db(transaction=True)


def test_the_file_holds_what_one_did_and_whence():
    show, actor = make_show(), account()
    poll, _options = full(show, actor)
    sections = {each.code: each for each in personal.collect(actor, row_of(actor))}
    assert {row["text"] for row in sections["comments"].rows} == {SECRET, "电话 13800138000"}
    assert [row["text"] for row in sections["questions"].rows] == [f"{SECRET}，为什么？"]
    assert sections["account"].rows[0]["phone"] == "13800138000"
    assert sections["ballots"].rows[0]["chosen"] == "赞成"
    assert len(sections["supports"].rows) == 1
    assert {row["address"] for row in sections["evidence"].rows} == {"192.0.2.1"}
    assert {row["act"] for row in sections["acts"].rows} == {"comment.approve", "comment.reject", "question.approve"}
    assert AuditEntry.objects.get(act="personal.export").target == f"participant:{actor.participant_id}"
    assert Poll.objects.get(pk=poll).state == Poll.State.OPEN


def test_another_ones_file_is_for_those_who_keep_records_and_say_why():
    show, actor = make_show(), account()
    with pytest.raises(NotAllowed):
        personal.collect(staff_actor(show.producer), row_of(actor), "书面申请 12 号")
    with pytest.raises(NotAllowed):
        personal.collect(account("丙"), row_of(actor))


def test_after_erasure_no_word_name_or_number_of_the_person_is_left():
    show, actor = make_show(), account("王小明明")
    full(show, actor)
    wish = erase(actor)
    assert wish.state == Erasure.State.DONE
    assert traces(SECRET) == []
    assert traces("王小明明") == []
    assert traces("digest-1") == []
    assert set(Comment.objects.filter(author=actor.participant_id).values_list("text", flat=True)) == {ERASED}
    states = dict(Comment.objects.filter(author=actor.participant_id).values_list("reason", "state"))
    assert states == {"": "retracted", "off_topic": "rejected"}
    assert audit_chain.verify().is_whole
    assert AuditEntry.objects.filter(act="comment.reject").exists()
    assert AuditPersonal.objects.filter(subjects__contains=[actor.participant_id], words__isnull=False).count() == 0


def test_ballots_count_on_without_their_salts_and_the_chain_of_the_poll_holds():
    show, actor = make_show(publishes_ballots=True), account()
    poll, options = full(show, actor)
    polls.close(staff_actor(show.producer), show.id, protocol.ClosePoll(id=command_id(), poll=poll))
    before = counting.recount(poll)
    erase(actor)
    assert BallotCast.objects.get(participant=actor.participant_id).salt is None
    found = verify.verify(poll)
    assert (found.wrong, found.erased) == ([], 1)
    assert counting.recount(poll) == before == {options[0]: 1, options[1]: 1}


def test_no_token_of_the_erased_writes_again():
    show, actor = make_show(), account()
    full(show, actor)
    erase(actor)
    with pytest.raises(IdentityStale):
        commit(show, actor, comment("我回来了"))
    user = User.objects.get(username__startswith="erased-")
    assert (user.is_active, user.phone_digest, user.phone_sealed) == (False, None, None)


def test_the_phone_is_free_for_a_new_account_and_kept_sealed_as_long_as_evidence():
    actor = account()
    OneTimeCode.objects.create(phone_digest="digest-1", code_digest="x", sent_at=clock.now(), expires_at=clock.now())
    erase(actor)
    assert not OneTimeCode.objects.exists()
    record = EvidenceRecord.objects.get(kind="account.erase")
    assert unseal(record.sealed)["phone"] == "13800138000"
    assert record.expires_at > clock.now() + 170 * DAY


def test_what_is_kept_is_told_with_why_and_until_when():
    show, actor = make_show(), account()
    full(show, actor)
    wish = erase(actor)
    told = {each["what"]: each for each in wish.kept}
    assert len(told) == 5
    assert all(each["why"] for each in told.values())
    sealed = next(each for what, each in told.items() if "来源记录" in what)
    assert sealed["until"]
    assert Consent.objects.filter(participant=actor.participant_id).exists()
    assert Support.objects.filter(participant=actor.participant_id).count() == 1


def test_the_wish_can_be_taken_back_before_it_begins():
    actor = account()
    wish = personal.ask(actor, row_of(actor))
    with pytest.raises(Conflict):
        personal.ask(actor, row_of(actor))
    assert erasing.carry_on() == 0
    personal.cancel(actor, row_of(actor))
    with clock.shifted(8 * DAY):
        assert erasing.carry_on() == 0
    wish.refresh_from_db()
    assert wish.state == Erasure.State.CANCELLED
    assert row_of(actor).erased_at is None


def test_whoever_has_a_role_gives_it_back_first():
    actor = account()
    RoleGrant.objects.create(user=row_of(actor).user, role="member", granted_at=clock.now())
    with pytest.raises(NotAllowed):
        personal.ask(actor, row_of(actor))


def test_a_held_person_is_not_erased_until_the_hold_is_lifted():
    show, actor = make_show(), account()
    full(show, actor)
    hold = holds.place(HOUSE, "participant", str(actor.participant_id), reason="来函")
    wish = erase(actor)
    assert wish.state == Erasure.State.HELD
    assert Comment.objects.filter(text=SECRET).exists()
    assert row_of(actor).user is not None
    holds.lift(HOUSE, hold.pk, "已结")
    with clock.shifted(9 * DAY):
        erasing.carry_on()
    wish.refresh_from_db()
    assert wish.state == Erasure.State.DONE
    assert traces(SECRET) == []


@pytest.mark.parametrize("scope", ["airing", "item"])
def test_what_a_hold_names_stays_and_all_else_goes(scope):
    show, other, actor = make_show(), make_show(), account()
    full(show, actor)
    commit(other, actor, comment(f"{SECRET}（另一场）"))
    held = Comment.objects.get(text=SECRET)
    target = str(show.id) if scope == "airing" else f"comment:{held.pk}"
    hold = holds.place(HOUSE, scope, target, reason="来函")
    wish = erase(actor)
    assert wish.state == Erasure.State.HELD
    assert wish.kept
    held.refresh_from_db()
    assert held.text == SECRET
    assert not Comment.objects.filter(text__contains="另一场").exists()
    assert AuditPersonal.objects.filter(entry__target=f"comment:{held.pk}", words__isnull=False).exists()
    assert Question.objects.get(author=actor.participant_id).text == (
        f"{SECRET}，为什么？" if scope == "airing" else ERASED
    )
    holds.lift(HOUSE, hold.pk, "已结")
    with clock.shifted(9 * DAY):
        erasing.carry_on()
    assert traces(SECRET) == []
    assert audit_chain.verify().is_whole


def test_reports_of_what_is_gone_are_closed():
    show, actor = make_show(), account()
    full(show, actor)
    item = Comment.objects.get(text=SECRET)
    Report.objects.create(
        room_id=show.id, kind="comment", item=item.pk, by_id=make_viewer().participant_id, at=clock.now()
    )
    Comment.objects.filter(pk=item.pk).update(open_reports=1)
    erase(actor)
    assert Report.objects.get().state == Report.State.DISMISSED
    assert Comment.objects.get(pk=item.pk).open_reports == 0


def test_what_was_merged_into_the_person_goes_too():
    show, guest, actor = make_show(), make_viewer(name="访客"), account()
    commit(show, guest, comment(SECRET))
    Participant.objects.filter(pk=guest.participant_id).update(merged_into=actor.participant_id)
    erase(actor)
    assert traces(SECRET) == []
    assert traces("访客") == []


class Killed(BaseException):
    """As if the process had died here."""


@contextmanager
def killed_at(statement: int) -> Iterator[list[int]]:
    """The nth statement to the database is never sent."""
    seen = [0]

    def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        seen[0] += 1
        if seen[0] == statement:
            raise Killed
        return execute(sql, params, many, context)

    with connection.execute_wrapper(count):
        yield seen


def summary(person: UUID, wish: Erasure) -> dict[str, Any]:
    """What must be the same however often it was broken off."""
    wish.refresh_from_db()
    row = Participant.objects.get(pk=person)
    return {
        "done": {name: part["many"] for name, part in wish.done.items()},
        "kept": [(each["what"], each["many"]) for each in wish.kept],
        "states": sorted(Comment.objects.filter(author=person).values_list("text", "state")),
        "generation": row.generation,
        "evidence": EvidenceRecord.objects.filter(participant_id=person).count(),
        "casts": BallotCast.objects.filter(participant=person, salt=None).count(),
        "entries": AuditEntry.objects.filter(act="erasure.finish", target=f"erasure:{wish.pk}").count(),
        "traces": traces(SECRET),
        "whole": audit_chain.verify().is_whole,
    }


@settings(max_examples=14, deadline=None, suppress_health_check=list(HealthCheck))
@given(points=st.lists(st.integers(1, 70), min_size=1, max_size=3))
def test_broken_off_anywhere_any_number_of_times_it_ends_the_same(points):
    show = make_show()
    whole, broken = account("甲"), account("乙")
    full(show, whole)
    full(show, broken)
    expected = summary(whole.participant_id, erase(whole))
    wish = personal.ask(broken, row_of(broken))
    for point in points:
        with clock.shifted(8 * DAY), killed_at(point), suppress(Killed):
            erasing.carry_out(wish.pk)
    with clock.shifted(9 * DAY):
        erasing.carry_on()
    found = summary(broken.participant_id, wish)
    assert wish.state == Erasure.State.DONE
    assert found["done"] == expected["done"]
    assert {**found, "states": None} == {**expected, "states": None, "traces": []}
    assert [state for _text, state in found["states"]] == [state for _text, state in expected["states"]]
