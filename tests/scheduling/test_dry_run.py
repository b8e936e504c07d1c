"""The list of what the house will do by itself says what it then does, and why it will not."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.management import CommandError, call_command

from archive.models import PlayoutRule
from broadcast import clock, lifecycle
from broadcast.access import HOUSE
from broadcast.models import Airing, Programme, RoleGrant, User
from broadcast.services import episodes
from scheduling.models import AiringPlan, Firing
from scheduling.queries import dry_run
from scheduling.services import firing, ledger

from .making import NOON, airing, programme

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def _thursday():
    with clock.frozen(NOON - 2 * DAY + dt.timedelta(minutes=1)):
        yield


def verdicts(hours: int) -> list[tuple[str, str]]:
    return [(each.action, each.verdict) for each in dry_run.next_hours(hours)]


def whys(action: str) -> str:
    (found,) = [each for each in dry_run.next_hours(72) if each.action == action]
    return found.why


def whole_plan(of: Airing) -> AiringPlan:
    return AiringPlan.objects.create(
        airing=of,
        auto_announce=True,
        announce_hours_before=24,
        auto_start=True,
        auto_end=True,
        auto_publish=True,
        publish_minutes_after=10,
    )


def test_a_whole_show_is_foretold_in_order_with_reasons():
    whole_plan(airing(announced=False))
    found = dry_run.next_hours(72)
    assert [(each.action, each.verdict) for each in found] == [
        (name, "will") for name in ("announce", "open_feed", "start", "end", "publish")
    ]
    assert [each.why for each in found] == [
        "开播前 24 小时",
        "开播前 10 分钟",
        "计划开播时间，最多晚 300 秒",
        "计划结束时间",
        "结束后 10 分钟",
    ]
    assert dry_run.count(hours=1) == 0
    assert dry_run.count(hours=72) == 5
    assert dry_run.count([programme("other").pk], hours=72) == 0


def test_what_is_foretold_is_what_happens():
    """Goes from due time to due time and holds the list of the beginning against the ledger of the end."""
    for number, columns in enumerate(({}, {"announced": False}, {"kind": Airing.Kind.REHEARSAL}), start=1):
        whole_plan(airing(NOON + number * dt.timedelta(hours=2), number=number, **columns))
    drafted = airing(NOON, number=8, announced=False)
    AiringPlan.objects.create(airing=drafted, auto_start=True, auto_end=True)
    foretold = [each for each in dry_run.next_hours(96) if each.verdict != dry_run.PEOPLE]
    for moment in sorted({each.at for each in foretold} | {NOON + DAY}):
        with clock.frozen(moment):
            firing.tick()
    fired = {(row.airing_id, row.action, row.due_at) for row in Firing.objects.filter(outcome="fired")}
    assert {(each.airing.pk, each.action, each.at) for each in foretold if each.will} == fired
    assert len(fired) == 3 * 5 - 1 - 2, "one needs no announcement, a rehearsal neither that nor a public replay"
    assert {each.verdict for each in foretold if each.airing == drafted} == {"cannot"}


def test_what_nobody_announces_cannot_begin():
    AiringPlan.objects.create(airing=airing(announced=False), auto_start=True)
    assert verdicts(72) == [("open_feed", "cannot"), ("start", "cannot"), ("end", "people")]
    assert "没有预告" in whys("start")


def test_shows_of_people_stand_in_the_list():
    airing()
    assert verdicts(72) == [("start", "people"), ("end", "people")]


def test_what_people_did_already_is_not_needed():
    show = airing()
    whole_plan(show)
    lifecycle.open_feed(HOUSE, show.pk)
    assert ("announce", "needless") in verdicts(72)
    assert whys("open_feed") == "信号已经打开"


def test_a_replay_that_is_out_at_once_needs_no_publishing():
    whole_plan(airing())
    Programme.objects.update(replay_release=Programme.Release.AT_ONCE)
    assert whys("publish") == "结束时就公开"


def test_what_was_withdrawn_is_said_to_fail():
    show = airing()
    whole_plan(show)
    episodes.withdraw(HOUSE, show.episode_id, "内容有误")
    assert whys("start") == "这一期已撤下"


def test_a_feed_that_may_still_be_used_is_named():
    before = airing(NOON - dt.timedelta(hours=1), number=7)
    AiringPlan.objects.create(airing=before, auto_start=True)
    whole_plan(airing(NOON - dt.timedelta(minutes=25), number=8))
    found = [each for each in dry_run.next_hours(72) if each.action == "open_feed" and each.airing.episode.number == 8]
    assert "第 7 期" in found[0].notes[0] or "7 一期" in found[0].notes[0]


def test_it_says_what_goes_out_when_the_feed_is_missing():
    whole_plan(airing())
    PlayoutRule.objects.create(
        programme=programme(), fallback=PlayoutRule.Fallback.RERUN, early_seconds=300, missing_seconds=8
    )
    (start,) = [each for each in dry_run.next_hours(72) if each.action == "start"]
    assert "开播前 300 秒起录制。" in start.notes
    assert "信号中断 8 秒后垫播：本台垫片。" in start.notes


def test_the_number_of_queries_does_not_grow(django_assert_max_num_queries):
    for number in range(1, 13):
        made = airing(NOON + number * dt.timedelta(hours=1), number=number)
        AiringPlan.objects.create(airing=made, auto_open=False, auto_end=True)
    with django_assert_max_num_queries(5):
        assert dry_run.count(hours=96) == 12


def test_the_command_prints_the_same(capsys):
    whole_plan(airing())
    call_command("schedule", "--next", "72h")
    said = capsys.readouterr().out
    assert "+ 2026-11-28 Sat 11:00:00  开播  热线第 1 期" in said
    assert "未来 72 小时自动执行 4 个动作" in said
    for nonsense in ("soon", "0h", "-3h", "99999h"):
        with pytest.raises(CommandError):
            call_command("schedule", f"--next={nonsense}")


def test_the_page_shows_it_to_those_who_run_shows(client):
    whole_plan(airing())
    user = User.objects.create_user("zheng")
    client.force_login(user)
    assert client.get("/staff/schedule/next").status_code == 403
    RoleGrant.objects.create(user=user, role="producer", granted_at=clock.now())
    page = client.get("/staff/schedule/next?days=7").content.decode()
    assert "自动执行 4 个动作" in page
    assert "计划开播时间" in page
    assert "还没有预告" not in page


def test_a_producer_changes_the_plan_on_its_page(client):
    show = airing()
    user = User.objects.create_user("zheng")
    RoleGrant.objects.create(user=user, role="producer", granted_at=clock.now())
    client.force_login(user)
    address = f"/staff/schedule/airings/{show.pk}"
    assert "全由人工操作" in client.get(address).content.decode()
    numbers = {name: value for name, value in ledger.facts_of(AiringPlan()).items() if not isinstance(value, bool)}
    typed = {**numbers, "auto_start": "on", "auto_end": "on", "start_late_seconds": "60"}
    assert client.post(address, typed).status_code == 302
    plan = AiringPlan.objects.get(airing=show)
    assert (plan.auto_open, plan.auto_start, plan.auto_end, plan.start_late_seconds) == (False, True, True, 60)
    answer = client.post(address, {**typed, "announce_hours_before": "999999"})
    assert answer.status_code == 422
    assert "999999" in answer.content.decode(), "what was typed stays"
