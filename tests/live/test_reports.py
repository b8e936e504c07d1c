"""举报: who may report what, what the desk and the reporter learn of it, and that a report never hides anything by itself."""

from __future__ import annotations

from typing import Any

import pytest

from broadcast.access import Actor
from broadcast.errors import Conflict, IllegalTransition, InvalidInput, NotAllowed, NotFound, TooMany
from broadcast.models import AuditEntry, EvidenceRecord, Participant
from broadcast.services import identity
from live import commands, protocol, queries
from live.models import Comment, Question, Report, Room
from live.services import aftercare, audience, reports
from tests.live import making

pytestmark = pytest.mark.django_db


def published(show: making.Show, kind: str = "comment", author: Actor | None = None) -> int:
    sent = making.comment() if kind == "comment" else making.question()
    item = int(commands.perform(author or making.make_viewer(), show.id, sent)["item"])
    approve = protocol.ApproveItem(id=making.command_id(), kind=kind, item=item, version=1)  # type: ignore[arg-type]
    commands.perform(making.staff_actor(show.moderator), show.id, approve)
    return item


def report(item: int, kind: str = "comment", **more: Any) -> protocol.ReportItem:
    more.setdefault("reason", "off_topic")
    return protocol.ReportItem(id=making.command_id(), kind=kind, item=item, **more)  # type: ignore[arg-type]


def dismiss(item: int, version: int = 2) -> protocol.DismissReports:
    return protocol.DismissReports(id=making.command_id(), kind="comment", item=item, version=version)


@pytest.mark.parametrize("kind", ["comment", "question"])
def test_a_report_comes_up_at_the_desk_and_hides_nothing(kind: str) -> None:
    show, reporter = making.make_show(), making.make_viewer(0)
    item = published(show, kind)
    before = queries.staff_seq(show.id)
    commands.perform(reporter, show.id, report(item, kind, note="骂人"))
    row = (Comment if kind == "comment" else Question).objects.get(pk=item)
    assert (row.open_reports, row.state, row.version) == (1, "approved", 2)
    assert row.waiting_since is not None
    assert row.staff_seq > before
    assert Report.objects.get(kind=kind, item=item).note == "骂人"
    assert EvidenceRecord.objects.filter(kind="item.report", ref=f"{kind}:{item}").count() == 1
    assert f"{kind}:{item}" in {each.key for each in queries.public_objects(show.airing)}


def test_one_person_reports_an_item_once_and_many_persons_count() -> None:
    show, first = making.make_show(), making.make_viewer()
    item = published(show)
    again = [(first, show.id, report(item)), (first, show.id, report(item, reason="other"))]
    answers = audience.commit_batch([*again, (making.make_viewer(), show.id, report(item))])
    assert [type(each) for each in answers] == [audience.Answer] * 3
    commands.perform(first, show.id, report(item))
    assert Comment.objects.get(pk=item).open_reports == 2
    assert Report.objects.filter(item=item).count() == 2


def test_what_is_not_public_or_ones_own_cannot_be_reported() -> None:
    show, author, other = making.make_show(), making.make_viewer(), making.make_viewer()
    pending = int(commands.perform(author, show.id, making.comment())["item"])
    elsewhere = published(making.make_show())
    for hidden in (pending, elsewhere, 999_999):
        with pytest.raises(NotFound):
            commands.perform(other, show.id, report(hidden))
    own = published(show, author=author)
    with pytest.raises(IllegalTransition):
        commands.perform(author, show.id, report(own))
    assert not Report.objects.exists()


def test_a_reason_must_be_one_that_the_programme_offers() -> None:
    show = making.make_show()
    item = published(show)
    with pytest.raises(InvalidInput):
        commands.perform(making.make_viewer(), show.id, report(item, reason="nonsense"))


def test_nobody_floods_the_desk_with_reports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "MOST_IN_WINDOW", 2)
    show, reporter = making.make_show(), making.make_viewer()
    items = [published(show) for _ in range(3)]
    answers = audience.commit_batch([(reporter, show.id, report(item)) for item in items])
    assert [type(each) for each in answers] == [audience.Answer, audience.Answer, TooMany]


def test_dismissing_closes_all_reports_once_and_tells_who_reported() -> None:
    show, reporter = making.make_show(), making.make_viewer()
    item = published(show)
    commands.perform(reporter, show.id, report(item))
    commands.perform(making.make_viewer(), show.id, report(item))
    mine = queries.mine_of(show.airing, reporter).reports
    assert [(each.item, each.state) for each in mine] == [(item, "open")]
    after = queries.staff_seq(show.id)
    result = commands.perform(making.staff_actor(show.moderator), show.id, dismiss(item))
    assert result["closed"] == 2
    row = Comment.objects.get(pk=item)
    assert (row.open_reports, row.state, row.version) == (0, "approved", 3)
    entry: Any = AuditEntry.objects.get(act="comment.reports_dismiss")
    assert (entry.target, entry.before["reports"]) == (f"comment:{item}", 2)
    participant = Participant.objects.get(pk=str(reporter.participant_id))
    seat = identity.seat_of(participant.pk, participant.generation)
    _newest, told = queries.changed_own(show.id, after, lambda each: each == seat)
    assert [(each.item, each.state) for each in told[seat].reports] == [(item, "dismissed")]
    with pytest.raises(Conflict):
        commands.perform(making.staff_actor(show.moderator), show.id, dismiss(item, version=3))


def test_a_version_that_moved_is_not_dismissed() -> None:
    show = making.make_show()
    item = published(show)
    commands.perform(making.make_viewer(), show.id, report(item))
    with pytest.raises(Conflict):
        commands.perform(making.staff_actor(show.moderator), show.id, dismiss(item, version=1))
    assert Report.objects.filter(state="open").count() == 1


@pytest.mark.parametrize("who", ["producer", "host"])
def test_only_moderators_dismiss(who: str) -> None:
    show = making.make_show()
    item = published(show)
    commands.perform(making.make_viewer(), show.id, report(item))
    with pytest.raises(NotAllowed):
        commands.perform(making.staff_actor(getattr(show, who)), show.id, dismiss(item))


def test_the_reports_of_a_merged_guest_go_to_the_account_and_count_once() -> None:
    show, guest, account = making.make_show(), making.make_viewer(0), making.make_viewer()
    both, alone = published(show), published(show)
    for actor, item in ((guest, both), (account, both), (guest, alone)):
        commands.perform(actor, show.id, report(item))
    aftercare.merge(guest.participant_id, account.participant_id)  # type: ignore[arg-type]
    assert Comment.objects.get(pk=both).open_reports == 1
    assert Comment.objects.get(pk=alone).open_reports == 1
    assert {row.by_id for row in Report.objects.all()} == {account.participant_id}
    assert Room.objects.get(pk=show.id).staff_seq == Comment.objects.get(pk=both).staff_seq
