"""A call's way through the desk: who may move it where, one on air, told of the recording first, forgotten after the show."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from django.db import connection

from broadcast import clock, lifecycle
from broadcast.access import HOUSE
from broadcast.errors import BroadcastError, IllegalTransition, InvalidInput, NotAllowed
from broadcast.models import Airing, AuditEntry, Moment
from live import protocol, queries
from live.models import Call, CallBlock
from live.queries import calls as reading
from live.queries.staff import StaffView, staff_change, staff_snapshot
from live.services import aftercare, callers, calls
from tests.live import calling, making

pytestmark = pytest.mark.django_db
S = Call.State


@pytest.fixture
def show() -> making.Show:
    return making.make_show()


class TestTheWay:
    def test_rings_is_written_down_waits_is_on_air_and_ends(self, show: making.Show) -> None:
        call = calling.rings(show, line="2")
        assert (call.state, call.number_tail, call.line) == (S.RINGING, "5678", "2")
        call = calling.screen(show, call)
        assert (call.state, call.district) == (S.SCREENED, "福田区")
        call = calling.air(show, calling.move(show, call, "waiting"))
        assert call.state == S.ON_AIR
        assert call.on_air_at is not None
        calling.do(show, calling.host(show), protocol.EndCall, call=call.pk, version=call.version)
        assert calling.now(call).state == S.ENDED

    def test_a_retry_rings_once(self, show: making.Show) -> None:
        for _again in range(2):
            calling.do(show, calling.screener(show), protocol.LogCall, id="the-same-command", number=calling.NUMBER)
        assert Call.objects.count() == 1

    def test_nobody_is_put_on_air_who_was_not_told_of_the_recording(self, show: making.Show) -> None:
        call = calling.screen(show, calling.rings(show), notice=False)
        with pytest.raises(InvalidInput) as refused:
            calling.move(show, call, "waiting")
        assert refused.value.data["field"] == "notice"
        # However it came to wait: the air asks again.
        Call.objects.filter(pk=call.pk).update(state=S.WAITING)
        with pytest.raises(InvalidInput):
            calling.air(show, call)
        assert calling.now(call).state == S.WAITING

    def test_what_was_told_stays_told(self, show: making.Show) -> None:
        call = calling.screen(show, calling.rings(show))
        assert calling.screen(show, call, notice=False, topic="别的").notice_given_at == call.notice_given_at

    def test_the_next_call_ends_the_one_on_air(self, show: making.Show) -> None:
        first = calling.air(show, calling.waits(show))
        second = calling.air(show, calling.waits(show, "13900001111"))
        assert (calling.now(first).state, second.state) == (S.ENDED, S.ON_AIR)

    def test_off_air_there_is_no_call_on_air(self) -> None:
        show = making.make_show(Airing.State.WAITING)
        with pytest.raises(IllegalTransition):
            calling.air(show, calling.waits(show))

    def test_each_state_leads_only_where_the_table_says(self, show: making.Show) -> None:
        call = calling.screen(show, calling.rings(show))
        for state in S:
            for to in set(S) - {S.ON_AIR, state}:
                Call.objects.filter(pk=call.pk).update(state=state)
                try:
                    after = calling.move(show, call, to).state
                except IllegalTransition:
                    after = calling.now(call).state
                assert after == (to if state in calls.FROM[to] else state), (state, to)

    def test_two_screeners_on_one_call_the_second_is_told_and_overwrites_nothing(self, show: making.Show) -> None:
        call = calling.screen(show, calling.rings(show))
        calling.screen(show, call, topic="先写的")
        with pytest.raises(calls.Stale) as refused:
            calling.screen(show, call, topic="后写的")
        assert calling.now(call).topic == "先写的"
        assert refused.value.data["version"] == calling.now(call).version

    def test_after_the_show_a_call_back_is_only_finished(self, show: making.Show) -> None:
        call = calling.move(show, calling.screen(show, calling.rings(show)), "callback")
        lifecycle.end(HOUSE, show.id)
        aftercare.follow_airing(show.id)
        with pytest.raises(IllegalTransition):
            calling.move(show, call, "ringing")
        assert calling.move(show, call, "ended").state == S.ENDED

    def test_the_end_of_the_show_leaves_nobody_on_the_line(self, show: making.Show) -> None:
        made = {
            S.ENDED: calling.air(show, calling.waits(show, "13900000001")),
            S.CALLBACK: calling.waits(show, "13900000002"),
            S.DROPPED: calling.rings(show, "13900000003"),
        }
        lifecycle.end(HOUSE, show.id)
        aftercare.reconcile()
        assert {state: calling.now(call).state for state, call in made.items()} == {each: each for each in made}
        assert aftercare.reconcile() == 0


class TestWho:
    def test_the_host_cannot_screen_nor_the_screener_put_on_air(self, show: making.Show) -> None:
        call = calling.waits(show)
        with pytest.raises(NotAllowed):
            calling.do(show, calling.host(show), protocol.MoveCall, call=call.pk, version=call.version, to="dropped")
        with pytest.raises(NotAllowed):
            calling.do(show, calling.screener(show), protocol.PutCallOnAir, call=call.pk, version=call.version)

    def test_a_call_of_another_show_is_not_found(self, show: making.Show) -> None:
        other = making.make_show()
        call = calling.rings(other)
        with pytest.raises(BroadcastError) as refused:
            calling.screen(show, call)
        assert refused.value.code == "not_found"

    def test_every_act_is_audited_without_words_or_number(self, show: making.Show) -> None:
        call = calling.air(show, calling.waits(show))
        entries = AuditEntry.objects.filter(target=f"call:{call.pk}").order_by("pk")
        assert [each.act for each in entries] == ["call.log", "call.screen", "call.pass", "call.air"]
        said = str([(each.before, each.after, each.reason) for each in entries])
        assert not any(word in said for word in ("李女士", "路灯", "5678", "福田"))


class TestWhatIsSeen:
    def test_the_desk_sees_all_the_host_only_who_is_ready(self, show: making.Show) -> None:
        ringing, waiting = calling.rings(show, "13900000001"), calling.waits(show, note="八十岁")
        desk = staff_snapshot(calling.screener(show), show.id, StaffView.CALLS)
        assert {each.id: each.tail for each in desk.calls} == {ringing.pk: "0001", waiting.pk: "5678"}
        assert desk.items == ()
        assert desk.panels["calls"]["blocks"] == []
        [seen] = staff_snapshot(calling.host(show), show.id, StaffView.HOST).calls
        assert (seen.id, seen.name, seen.note, seen.tail, seen.has_number) == (
            waiting.pk,
            "李女士",
            "八十岁",
            "",
            False,
        )

    def test_one_that_leaves_the_stage_comes_to_the_host_without_words(self, show: making.Show) -> None:
        call = calling.waits(show)
        before = queries.staff_seq(show.id)
        calling.move(show, call, "dropped")
        [seen] = staff_change(show.id, before, StaffView.HOST).calls
        assert (seen.state, seen.name, seen.topic, seen.note) == ("dropped", "", "", "")

    def test_no_frame_has_a_number(self, show: making.Show) -> None:
        calling.air(show, calling.waits(show))
        for view in StaffView:
            assert b"13900005678" not in protocol.encode(staff_snapshot(calling.screener(show), show.id, view))

    def test_the_whole_number_is_told_to_the_screener_and_audited(self, show: making.Show) -> None:
        call = calling.rings(show)
        told = calling.do(show, calling.screener(show), protocol.RevealNumber, call=call.pk)
        assert told["number"] == "+8613900005678"
        assert AuditEntry.objects.filter(act="call.number", target=f"call:{call.pk}").exists()

    def test_who_called_before_is_known_in_every_show(self, show: making.Show) -> None:
        calling.rings(making.make_show())
        calling.rings(show, "+86 139-0000-5678")
        [seen] = reading.staff_calls(show.id, screening=True)
        assert seen.earlier == 1

    def test_a_call_on_air_is_a_chapter_without_the_name(self, show: making.Show) -> None:
        calling.air(show, calling.waits(show))
        [mark] = [each for each in queries.marks(show.airing) if each["kind"] == "call.start"]
        assert mark["title"] == "福田区　路灯不亮"
        assert not Moment.objects.exclude(title="").exists()

    def test_an_emergency_takes_the_words_of_a_chapter_away_and_gives_them_back(self, show: making.Show) -> None:
        calling.air(show, calling.waits(show))
        leader = making.staff_actor(making.make_staff(show.programme, "duty_leader"))
        gone = calling.do(show, leader, protocol.WithdrawMany, scope="everything")
        assert "路灯" not in str(queries.marks(show.airing))
        calling.do(show, leader, protocol.RestoreMany, withdrawal=gone["withdrawal"])
        assert "路灯" in str(queries.marks(show.airing))

    def test_a_chapter_is_put_right_after_the_show(self, show: making.Show) -> None:
        call = calling.air(show, calling.waits(show))
        lifecycle.end(HOUSE, show.id)
        aftercare.reconcile()
        calling.screen(show, calling.now(call), topic="路灯已经修好")
        assert "路灯已经修好" in str(queries.marks(show.airing))
        with pytest.raises(IllegalTransition):
            calling.screen(show, calling.now(call), number="13900002222")


class TestTheList:
    def test_a_blocked_number_is_not_put_through_in_any_show(self, show: making.Show) -> None:
        screener = calling.screener(show)
        call = calling.rings(show)
        calling.do(show, screener, protocol.BlockCaller, call=call.pk, reason="谩骂", days=30)
        other = making.make_show()
        again = calling.screen(other, calling.rings(other))
        with pytest.raises(InvalidInput) as refused:
            calling.move(other, again, "waiting")
        assert "谩骂" in refused.value.message
        [seen] = reading.staff_calls(other.id, screening=True)
        assert seen.blocked == "谩骂"
        calling.do(show, screener, protocol.UnblockCaller, block=refused.value.data["block"])
        assert calling.move(other, again, "waiting").state == S.WAITING

    def test_a_block_ends_by_its_time_and_can_be_put_again(self, show: making.Show) -> None:
        call = calling.rings(show)
        for _again in range(2):
            calling.do(show, calling.screener(show), protocol.BlockCaller, call=call.pk, reason="谩骂", days=1)
        assert CallBlock.objects.count() == 1
        with clock.shifted(dt.timedelta(days=2)):
            assert reading.standing_block(call.number_digest) is None
            calling.do(show, calling.screener(show), protocol.BlockCaller, call=call.pk, reason="又来", days=1)
            assert reading.standing_block(call.number_digest) is not None

    def test_without_a_number_there_is_nothing_to_block(self, show: making.Show) -> None:
        call = calling.rings(show, "")
        with pytest.raises(BroadcastError) as refused:
            calling.do(show, calling.screener(show), protocol.BlockCaller, call=call.pk, reason="谩骂")
        assert refused.value.code == "not_found"


class TestForgetting:
    def test_after_the_show_the_number_is_gone_and_its_tail_stays(self, show: making.Show) -> None:
        call = calling.air(show, calling.waits(show))
        assert callers.mask_due() == 0
        lifecycle.end(HOUSE, show.id)
        aftercare.reconcile()
        row = calling.now(call)
        assert row.sealed_number is None
        assert row.masked_at is not None
        assert row.number_tail == "5678"
        with pytest.raises(BroadcastError) as refused:
            calling.do(show, calling.screener(show), protocol.RevealNumber, call=call.pk)
        assert refused.value.code == "not_found"

    def test_who_is_to_be_called_back_has_a_day(self, show: making.Show) -> None:
        call = calling.waits(show)
        lifecycle.end(HOUSE, show.id)
        aftercare.reconcile()
        assert calling.now(call).state == S.CALLBACK
        assert calling.now(call).sealed_number is not None
        with clock.shifted(dt.timedelta(hours=25)):
            aftercare.reconcile()
        assert calling.now(call).sealed_number is None


@pytest.mark.parametrize("bad", ["没有号码", "12", "1" * 21, "١٣٩٠٠٠٠٥٦٧٨"])
def test_what_is_no_number_is_refused(show: making.Show, bad: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        calling.rings(show, bad)
    assert refused.value.data["field"] == "number"
    assert not Call.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_hosts_put_two_calls_on_air_and_one_is_there(show: making.Show) -> None:
    waiting = [calling.waits(show, f"1390000000{number}") for number in range(4)]
    start = threading.Barrier(len(waiting))
    failed: list[Exception] = []

    def press(call: Call) -> None:
        try:
            start.wait(20)
            calling.air(show, call)
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=press, args=[call]) for call in waiting]
    for each in threads:
        each.start()
    for each in threads:
        each.join(30)
    states = [str(calling.now(call).state) for call in waiting]
    assert not failed
    assert states.count("on_air") == 1
    assert states.count("ended") == 3
    starts = Moment.objects.filter(kind="call.start").count()
    assert (starts, Moment.objects.filter(kind="call.end").count()) == (4, 3)
