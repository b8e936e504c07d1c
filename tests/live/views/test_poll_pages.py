"""The staff pages of polls: prepared, ordered, opened, published and voided by forms alone; codes shown once; exports that add up."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import openpyxl
import pytest
from django.test import Client

from broadcast.models import Segment
from broadcast.models.catalogue import Assurance
from live import commands, protocol
from live.models import Poll, Roll
from live.queries import poll_pages
from live.services import polls
from tests.live import making

pytestmark = pytest.mark.django_db

TYPED = {
    "question": "接驳车先开哪条线？",
    "kind": "single",
    "options": "渔港线\n\n 古城线 \n沙滩线",
    "electorate": "all",
    "secrecy": "secret",
    "revote": "until_close",
    "results": "after_close",
    "filling_seconds": "0",
    "adds_entered": "on",
    "opens": "hand",
}


@pytest.fixture
def show() -> making.Show:
    return making.make_show()


def logged_in(user: Any) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


def address(show: making.Show, rest: str = "") -> str:
    return f"/staff/airings/{show.id}/polls{rest}"


def prepare(show: making.Show, **changes: str) -> Poll:
    answer = logged_in(show.producer).post(address(show, "/new"), TYPED | changes)
    assert answer.status_code == 302, re.findall(r'class="err"[^>]*>([^<]+)', answer.content.decode())
    return Poll.objects.latest("pk")


def act(show: making.Show, name: str, poll: Poll, **more: str) -> int:
    return logged_in(show.producer).post(address(show), {"act": name, "poll": poll.pk, **more}).status_code


def cast(show: making.Show, poll: Poll, *places: int, assurance: int = Assurance.PHONE, **more: Any) -> None:
    options = list(poll.options.values_list("pk", flat=True))
    command = protocol.CastVote(
        id=making.command_id(), poll=poll.pk, options=tuple(options[at] for at in places), **more
    )
    commands.perform(making.make_viewer(assurance), show.id, command)


def test_what_was_typed_is_laid_down_and_can_be_laid_down_anew(show: making.Show) -> None:
    assert 'name="filling_seconds" value="10"' in logged_in(show.producer).get(address(show, "/new")).content.decode()
    poll = prepare(show)
    assert [option.text for option in poll.options.all()] == ["渔港线", "古城线", "沙滩线"]
    assert (poll.results, poll.filling_seconds, poll.state) == ("after_close", 0, "draft")
    page = logged_in(show.producer).get(address(show, f"/{poll.pk}/edit")).content.decode()
    assert "渔港线\n古城线\n沙滩线" in page.replace("\r", "")
    changed = TYPED | {"kind": "multiple", "fewest": "1", "most": "2", "seconds": "180"}
    assert logged_in(show.producer).post(address(show, f"/{poll.pk}/edit"), changed).status_code == 302
    poll.refresh_from_db()
    assert (poll.kind, poll.fewest, poll.most, poll.seconds) == ("multiple", 1, 2, 180)


def test_a_rule_a_segment_and_a_name_are_laid_down_too(show: making.Show) -> None:
    segment = Segment.objects.get(episode=show.episode)
    chosen = {
        "kind": "approval",
        "secrecy": "named",
        "revote": "never",
        "threshold": "two_thirds",
        "base": "cast",
        "tie": "undecided",
        "least_ballots": "3",
        "segment": str(segment.pk),
        "opens": "with",
        "opens_with": str(segment.pk),
    }
    poll = prepare(show, **chosen)
    (told,) = poll_pages.listed(show.airing)
    assert told.rule is not None
    assert (told.rule.threshold, told.rule.more_than, told.rule.tie, told.rule.least_ballots) == (
        (2, 3),
        False,
        "undecided",
        3,
    )
    assert (poll.segment_id, poll.opens_with_id, poll.secrecy, poll.revote) == (
        segment.pk,
        segment.pk,
        "named",
        "never",
    )
    page = logged_in(show.producer).get(address(show)).content.decode()
    for words in ("记名", "达到表态的票的 2/3", "随环节“开场”自动开始", "赞成、反对、弃权"):
        assert words in page


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"question": ""}, "question"),
        ({"options": "只有一个"}, "options"),
        ({"opens": "at"}, "opens_at"),
        ({"opens": "with"}, "opens_with"),
        ({"electorate": "roll"}, "roll"),
        ({"kind": "approval", "threshold": "most"}, "threshold"),
        ({"kind": "multiple", "fewest": "3", "most": "2"}, ""),
    ],
)
def test_a_refused_form_keeps_what_was_typed_and_makes_nothing(
    show: making.Show, changes: dict[str, str], field: str
) -> None:
    answer = logged_in(show.producer).post(address(show, "/new"), TYPED | {"eligible": "4321"} | changes)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "4321" in page
    assert 'id="errors"' in page
    assert not field or f'id="id_{field}_error"' in page
    assert not Poll.objects.exists()


def test_polls_are_ordered_opened_closed_published_and_voided_by_their_buttons(show: making.Show) -> None:
    first, second = prepare(show), prepare(show, question="第二题", results="after_publication")
    assert act(show, "up", second) == 302
    assert [poll.id for poll in poll_pages.listed(show.airing)] == [second.pk, first.pk]
    assert act(show, "open", second) == 302
    cast(show, second, 0)
    assert act(show, "close", second) == 302
    polls.freeze_due()
    page = logged_in(show.producer).get(address(show)).content.decode()
    assert "结果还没有公布" in page
    assert act(show, "publish", second) == 302
    second.refresh_from_db()
    assert (second.state, second.published_at is not None) == ("closed", True)
    assert act(show, "void", second) == 422
    assert act(show, "void", second, reason="题目写错了") == 302
    assert act(show, "discard", first) == 302
    assert [poll.id for poll in poll_pages.listed(show.airing)] == [second.pk]
    assert act(show, "open", second) == 409
    again = logged_in(show.producer).get(address(show, f"/new?replaces={second.pk}")).content.decode()
    assert "这是它的下一轮" in again
    assert "渔港线" in again


def test_whoever_only_sees_the_desk_reads_the_polls_and_moves_none(show: making.Show) -> None:
    poll = prepare(show)
    moderator = logged_in(show.moderator)
    page = moderator.get(address(show)).content.decode()
    assert poll.question in page
    assert "开始投票" not in page
    assert moderator.post(address(show), {"act": "open", "poll": poll.pk}).status_code == 403
    assert moderator.get(address(show, "/new")).status_code == 403
    assert logged_in(show.host).get(address(show)).status_code == 403


def test_codes_are_shown_once_open_the_poll_once_and_can_be_revoked(show: making.Show) -> None:
    poll = prepare(show, electorate="codes")
    producer, sheet = (
        logged_in(show.producer),
        {"act": "codes", "id": making.command_id(), "count": "3", "label": "蛇口"},
    )
    page = producer.post(address(show, f"/{poll.pk}"), sheet).content.decode()
    codes = re.findall(r"<b>([\d-]{14})</b>", page)
    assert len(set(codes)) == 3
    repeated = producer.post(address(show, f"/{poll.pk}"), sheet).content.decode()
    assert "已经发过" in repeated
    assert not any(code in repeated for code in codes)
    assert not any(code in producer.get(address(show, f"/{poll.pk}")).content.decode() for code in codes)
    act(show, "open", poll)
    cast(show, poll, 0, code=codes[0])
    page = producer.get(address(show, f"/{poll.pk}")).content.decode()
    assert "用了 1 个，共 3 个" in page
    sheet_id = re.search(r'name="sheet" value="(\d+)"', page)
    assert sheet_id
    assert producer.post(address(show, f"/{poll.pk}"), {"act": "revoke", "sheet": sheet_id[1]}).status_code == 302
    for wrong in ({"act": "codes", "count": "0"}, {"act": "codes", "count": "9999"}, {"act": "revoke"}):
        assert producer.post(address(show, f"/{poll.pk}"), wrong).status_code == 422


def test_a_roll_is_made_of_numbers_that_the_page_never_shows_again(show: making.Show) -> None:
    producer = logged_in(show.producer)
    typed = {"name": "蛇口工作站", "numbers": "13800000001\n13800000002\n13800000001"}
    assert producer.post(address(show, "/rolls"), typed).status_code == 302
    page = producer.get(address(show, "/rolls")).content.decode()
    assert "2 人" in page
    assert "13800000001" not in page
    wrong = producer.post(address(show, "/rolls"), {"name": "错的", "numbers": "13800000003\n不是号码"})
    assert (wrong.status_code, "第 2 行" in wrong.content.decode()) == (422, True)
    roll = Roll.objects.get(name="蛇口工作站")
    prepare(show, electorate="roll", roll=str(roll.pk))
    assert producer.post(address(show, "/rolls"), {"remove": roll.pk}).status_code == 409


def test_the_export_has_every_part_of_the_result_and_no_formula(show: making.Show) -> None:
    poll = prepare(show, question="=1+1 要不要？", kind="approval", secrecy="named", threshold="half", base="cast")
    act(show, "open", poll)
    for place in (0, 0, 1, 2):
        cast(show, poll, place, named=True)
    act(show, "close", poll)
    polls.freeze_due()
    producer = logged_in(show.producer)
    text = producer.get(address(show, f"/export?poll={poll.pk}&format=csv")).content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    whole = {row["选项"]: (row["票"], row["比例（%）"]) for row in rows if row["部分"] == "全部"}
    assert (whole["赞成"], whole["反对"]) == (("2", "66.7"), ("1", "33.3"))
    assert all(row["题目"].startswith("'=") for row in rows)
    assert any(row["部分"].startswith("身份：") for row in rows)
    book = openpyxl.load_workbook(io.BytesIO(producer.get(address(show, "/export")).content))
    told = dict(zip(*list(book["投票"].values), strict=True))
    assert (told["题目"], told["票"], told["结论"]) == ("=1+1 要不要？", 4, "通过")
    assert [row[3] for row in book["记名"].values][1:].count("赞成") == 2
    moderator = openpyxl.load_workbook(io.BytesIO(logged_in(show.moderator).get(address(show, "/export")).content))
    assert "记名" not in moderator.sheetnames
