"""The figures of a show add up, name nobody, and are public only where the programme publishes them; reasons are worded per programme."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client

from broadcast.errors import InvalidInput, NotAllowed
from broadcast.models import AuditEntry
from live import commands, protocol
from live.models import Comment, Question, Reason, Report
from live.queries import reason_list
from live.queries.figures import Kind, figures
from live.services import reasons
from tests.live import making

pytestmark = pytest.mark.django_db


def adds_up(kind: Kind) -> bool:
    parts = (kind.waiting, kind.public, kind.hidden, kind.rejected, kind.withdrawn, kind.retracted, kind.merged)
    return kind.received == sum(parts)


def made(show: making.Show, states: tuple[str, ...], model: type[Comment] | type[Question] = Comment) -> list[int]:
    sent = making.comment if model is Comment else making.question
    items = []
    for state in states:
        item = int(commands.perform(making.make_viewer(), show.id, sent())["item"])
        model.objects.filter(pk=item).update(state=state)
        items.append(item)
    return items


def test_each_item_is_counted_in_one_place() -> None:
    show = making.make_show()
    made(show, ("pending", "held", "second", "escalated", "approved", "approved", "rejected", "withdrawn", "retracted"))
    made(show, ("pending", "approved", "queued", "on_air", "answered", "merged"), Question)
    found = figures(show.airing)
    assert adds_up(found.comments)
    assert adds_up(found.questions)
    assert (found.comments.received, found.comments.waiting, found.comments.public) == (9, 4, 2)
    assert (found.questions.public, found.questions.merged, found.questions.authors) == (4, 1, 6)


def test_refusals_are_counted_by_reason_and_rules_apart() -> None:
    show = making.make_show()
    items = made(show, ("rejected", "rejected", "withdrawn"))
    Comment.objects.filter(pk__in=items[:2]).update(reason="off_topic")
    Comment.objects.filter(pk=items[0]).update(decided_by=show.moderator)
    Comment.objects.filter(pk=items[2]).update(reason="advertising", decided_by=show.moderator)
    found = figures(show.airing)
    names = reason_list.names()
    assert [(why.name, why.rejected, why.withdrawn) for why in found.reasons] == [
        (names["off_topic"], 2, 0),
        (names["advertising"], 0, 1),
    ]
    assert found.comments.by_rule == 1


def test_reports_appeals_and_airtime_are_counted() -> None:
    show, author = making.make_show(), making.make_viewer()
    item = int(commands.perform(author, show.id, making.comment())["item"])
    approve = protocol.ApproveItem(id=making.command_id(), kind="comment", item=item, version=1)
    commands.perform(making.staff_actor(show.moderator), show.id, approve)
    for _ in range(2):
        report = protocol.ReportItem(id=making.command_id(), kind="comment", item=item, reason="other")
        commands.perform(making.make_viewer(), show.id, report)
    Report.objects.filter(pk=Report.objects.order_by("pk")[0].pk).update(state="dismissed")
    asked = made(show, ("answered",), Question)
    Question.objects.filter(pk__in=asked).update(
        on_air_at=show.airing.actual_start, answered_at=show.airing.actual_start
    )
    found = figures(show.airing)
    assert (found.reports, found.reported, found.dismissed, found.open_reports) == (2, 1, 1, 1)
    assert (found.on_air, found.answered, found.appeals) == (1, 1, 0)


def test_waits_are_of_what_people_decided() -> None:
    show = making.make_show()
    items = made(show, ("approved",) * 20 + ("rejected",))
    start = Comment.objects.get(pk=items[0]).created_at
    for number, item in enumerate(items):
        at = start + dt.timedelta(seconds=4 * (number + 1))
        Comment.objects.filter(pk=item).update(
            created_at=start, decided_at=at, public_at=at if number < 20 else None, decided_by=show.moderator
        )
    Comment.objects.filter(pk=items[20]).update(decided_by=None)
    waits = figures(show.airing).waits
    assert (waits.count, waits.half, waits.most, waits.longest, waits.in_a_minute) == (20, 40, 76, 80, 15)


def test_a_show_without_words_has_figures_too() -> None:
    found = figures(making.make_show().airing)
    assert (found.comments.received, found.waits.half, found.reasons) == (0, None, ())


def address(show: making.Show) -> str:
    return f"/programmes/{show.programme.slug}/{show.episode.number}/figures"


def test_the_public_reads_them_only_where_the_programme_publishes_them(client: Client) -> None:
    hidden, shown = making.make_show(), making.make_show(publishes_figures=True)
    assert client.get(address(hidden)).status_code == 404
    commands.perform(making.make_viewer(name="王小名"), shown.id, making.comment("说过的话"))
    page = client.get(address(shown))
    assert page.status_code == 200
    assert "王小名" not in page.content.decode()
    assert "说过的话" not in page.content.decode()


def test_staff_of_the_desk_read_and_fetch_them(client: Client) -> None:
    show = making.make_show()
    made(show, ("approved", "rejected"))
    there = f"/staff/airings/{show.id}/figures"
    client.force_login(show.host)
    assert client.get(there).status_code == 403
    client.force_login(show.moderator)
    assert client.get(there).status_code == 200
    table = client.get(f"{there}?format=csv")
    assert table["Content-Type"].startswith("text/csv")
    assert table.content.decode("utf-8-sig").splitlines()[1].endswith(",2")


def test_a_programme_words_its_own_reasons_and_others_do_not_see_them() -> None:
    one, other = making.make_show(), making.make_show()
    producer = making.staff_actor(one.producer)
    row = reasons.add(producer, one.programme.pk, "与本期议题无关", "Not on this agenda")
    assert row.code in {each["code"] for each in reason_list.offered(one.programme.pk)}
    assert not reason_list.is_offered(row.code, other.programme.pk)
    reasons.reword(producer, row.code, "与议题无关（本节目）", "Off this programme's topic")
    reasons.switch(producer, row.code, False)
    assert not reason_list.is_offered(row.code, one.programme.pk)
    assert AuditEntry.objects.filter(target=f"reason:{row.code}").count() == 3


def test_reasons_of_all_programmes_are_worded_by_who_may_in_all() -> None:
    show = making.make_show()
    with pytest.raises(NotAllowed):
        reasons.add(making.staff_actor(show.producer), None, "别的", "Else")
    with pytest.raises(NotAllowed):
        reasons.add(making.staff_actor(show.moderator), show.programme.pk, "别的", "Else")
    with pytest.raises(NotAllowed):
        reasons.switch(making.staff_actor(show.producer), "other", False)


@pytest.mark.parametrize(("zh", "en"), [("", "Else"), ("别的", " "), ("长" * 31, "Long"), ("好", "x" * 61)])
def test_a_reason_needs_both_names_at_a_readable_length(zh: str, en: str) -> None:
    show = making.make_show()
    with pytest.raises(InvalidInput):
        reasons.add(making.staff_actor(show.producer), show.programme.pk, zh, en)


def test_reasons_move_by_one_place() -> None:
    show = making.make_show()
    producer = making.staff_actor(show.producer)
    codes = [reasons.add(producer, show.programme.pk, name, "x").code for name in "甲乙丙"]
    reasons.shift(producer, codes[2], True)
    reasons.shift(producer, codes[0], True)
    own = Reason.objects.filter(programme=show.programme.pk).order_by("position")
    assert [row.name_zh for row in own] == ["甲", "丙", "乙"]


def test_the_page_of_reasons_keeps_what_was_typed_and_says_what_is_wrong(client: Client) -> None:
    show = making.make_show()
    client.force_login(show.producer)
    there = f"/staff/reasons/?programme={show.programme.slug}"
    assert client.get(there).status_code == 200
    page = client.post(there, {"act": "add", "name_zh": "有中文没有英文", "name_en": ""})
    assert page.status_code == 422
    assert "有中文没有英文" in page.content.decode()
    assert client.post(there, {"act": "add", "name_zh": "新理由", "name_en": "New"}).status_code == 302
    assert Reason.objects.filter(programme=show.programme.pk, name_zh="新理由").exists()
    client.force_login(show.moderator)
    assert client.get(there).status_code == 403
