"""What went out, beside what the station says: as recorded, with the delay, day by day, page and workbook."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from archive.models import AsRunEntry
from broadcast import clock
from broadcast.access import HOUSE, Actor
from broadcast.errors import Conflict, NotAllowed
from broadcast.models import Airing, AuditEntry, Programme, RoleGrant, User
from scheduling.models import StationEntry, StationLog
from scheduling.queries import asrun
from scheduling.services import station_log

from .making import NOON, airing

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 11, 28)
HALF = dt.timedelta(minutes=30)
HEAD = "日期,开始,结束,节目,类型\n"


@pytest.fixture(autouse=True)
def afternoon(settings: Any):
    settings.SECOND_FACTOR = False
    with clock.frozen(NOON + dt.timedelta(hours=4)):
        yield


def second(number: int) -> dt.datetime:
    return NOON + dt.timedelta(seconds=number)


def gone_out(*stretches: tuple[str, int, int], delay: int = 6) -> Airing:
    show = airing(state="ended", actual_start=NOON, actual_end=NOON + HALF, delay_seconds=delay, number=1027)
    for number, (kind, start, end) in enumerate(stretches):
        AsRunEntry.objects.create(
            airing=show, first_sequence=number, kind=kind, started_at=second(start), ended_at=second(end), reason="rule"
        )
    return show


def day(programmes: Any = None) -> asrun.Day:
    return asrun.day(Programme.objects.all() if programmes is None else programmes, DAY, DAY)


def station(*lines: str, name: str = "log.csv") -> StationLog:
    return station_log.take(HOUSE, name, (HEAD + "\n".join(lines)).encode())


def producer(client: Client, role: str = "producer") -> Client:
    user = User.objects.create(username=role, password="x")
    RoleGrant.objects.create(user=user, role=role, programme=Programme.objects.first(), granted_at=clock.now())
    client.force_login(user)
    return client


def test_the_public_had_it_the_delay_later_and_holes_are_not_what_went_out():
    gone_out(("main", 0, 600), ("nothing", 600, 660), ("filler", 660, 1800))
    (row,) = day().rows
    assert row.log.recorded
    assert [each.kind for each in row.log.stretches] == ["main", "nothing", "filler"]
    assert row.log.spans == ((second(6), second(606)), (second(666), second(1806)))


def test_without_a_recorder_the_states_own_times_stand_and_say_so():
    gone_out()
    (row,) = day().rows
    assert not row.log.recorded
    assert row.log.spans == ((second(6), second(1806)),)


def test_of_a_show_on_air_no_more_is_told_than_the_public_has_by_now():
    airing(state="on_air", actual_start=NOON, delay_seconds=6)
    for seconds, spans in ((3, ()), (6, ()), (10, ((second(6), second(10)),))):
        with clock.frozen(second(seconds)):
            assert day().rows[0].log.spans == spans


def test_what_did_not_go_out_is_there_without_times():
    airing()
    (row,) = day().rows
    assert (row.log.spans, row.compared) == ((), None)


def test_both_logs_agree_to_the_second():
    gone_out(("main", 0, 1800))
    station("2026-11-28,11:00:06,11:30:06,政协热线,节目", "2026-11-28,11:30:06,11:31:00,热线广告,广告")
    found = day()
    (row,) = found.rows
    assert row.agrees
    assert (row.compared.start_seconds, row.compared.end_seconds) == (0, 0)
    assert not found.unmatched


def test_differences_are_told_to_the_second():
    gone_out(("main", 0, 600), ("nothing", 600, 660), ("main", 660, 1800))
    station("2026-11-28,11:00:16,11:30:01,FM89.8政协热线,", "2026-11-28,20:00:00,20:30:00,热线重播,")
    found = day()
    (row,) = found.rows
    assert not row.agrees
    assert (row.compared.start_seconds, row.compared.end_seconds) == (10, -5)
    assert row.compared.only_ours == ((second(6), second(16)), (second(1801), second(1806)))
    assert row.compared.only_theirs == ((second(606), second(666)),)
    assert [each.line for each in found.unmatched] == [3]


def test_a_day_is_beijings_and_another_days_lines_are_not_its_own():
    airing(NOON - dt.timedelta(hours=11), number=1)
    airing(NOON + dt.timedelta(hours=13), number=2)
    assert [each.log.airing.episode.number for each in day().rows] == [1]


def test_a_file_is_taken_whole_once_and_removed_with_a_reason():
    log = station("2026-11-28,11:00,11:30,热线,")
    assert StationEntry.objects.filter(log=log).count() == 1
    with pytest.raises(Conflict):
        station("2026-11-28,11:00,11:30,热线,", name="copy.csv")
    assert StationLog.objects.count() == 1
    station_log.remove(HOUSE, log.pk, "传错了")
    assert not StationEntry.objects.exists()
    assert list(AuditEntry.objects.values_list("act", flat=True)) == ["station_log.upload", "station_log.remove"]


def test_one_bad_line_and_nothing_is_taken():
    with pytest.raises(station_log.BadLog) as refused:
        station("2026-11-28,11:00,11:30,热线,", "2026-11-28,12:00,12:00,新闻,", "2026-11-28,x,12:00,新闻,")
    assert [line for line, _words in refused.value.data["lines"]] == [3, 4]
    assert not StationLog.objects.exists()


def test_the_same_hour_in_two_files_counts_once():
    gone_out(("main", 0, 1800))
    station("2026-11-28,11:00:06,11:30:06,热线,")
    station("2026-11-28,11:00:06,11:30:06,热线,", "2026-11-28,12:00:06,12:30:06,新闻,")
    assert len(day().rows[0].compared.lines) == 1


def test_who_may_read_and_who_may_import():
    airing()
    with pytest.raises(NotAllowed):
        asrun.readable(Actor())
    with pytest.raises(NotAllowed):
        station_log.take(Actor(), "a.csv", HEAD.encode())
    moderator = User.objects.create(username="m")
    RoleGrant.objects.create(user=moderator, role="moderator", programme=None, granted_at=clock.now())
    with pytest.raises(NotAllowed):
        asrun.readable(Actor(user_id=moderator.pk))


def test_as_many_queries_for_many_shows(django_assert_max_num_queries: Any):
    for number in range(1, 11):
        show = airing(NOON + number * dt.timedelta(minutes=40), number=number, state="ended")
        AsRunEntry.objects.create(
            airing=show, first_sequence=0, kind="main", started_at=show.planned_start, ended_at=show.planned_end
        )
    with django_assert_max_num_queries(6):
        assert len(day().rows) == 10


def test_the_pages_show_it_and_the_workbook_holds_it(client: Client):
    show = gone_out(("main", 0, 600), ("nothing", 600, 660), ("main", 660, 1800))
    show.episode.title = "=1+1"
    show.episode.save()
    producer(client)
    sent = SimpleUploadedFile("log.csv", (HEAD + "2026-11-28,11:00:16,11:30:01,热线,").encode())
    taken = client.post("/staff/as-run/import", {"file": sent})
    assert taken["Location"] == "/staff/as-run/?from=2026-11-28"
    page = client.get(taken["Location"]).content.decode()
    assert "有差异" in page
    assert "11:00:06–11:30:06" in page
    assert "+10 秒" in page
    one = client.get(f"/staff/as-run/airings/{show.pk}/").content.decode()
    assert "11:10:00–11:11:00" in one
    assert "0:01:00" in one
    answer = client.get("/staff/as-run/export?from=2026-11-28")
    assert answer["Content-Disposition"] == 'attachment; filename="yishi-as-run-2026-11-28.xlsx"'
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    stretches, compared, differences = (list(sheet.iter_rows(min_row=2, values_only=True)) for sheet in book.worksheets)
    assert [row[8].time() for row in stretches] == [dt.time(11, 0, 6), dt.time(11, 10, 6), dt.time(11, 11, 6)]
    assert compared[0][9:11] == (10, -5)
    assert book.worksheets[0]["C2"].data_type == "s"
    assert sum(row[6] for row in differences if row[3] == "我方") == 15
    alone = client.get(f"/staff/as-run/export?airing={show.pk}")
    assert openpyxl.load_workbook(io.BytesIO(alone.content)).worksheets[0].max_row == 4


def test_a_bad_file_is_answered_with_its_lines_and_changes_nothing(client: Client):
    airing()
    producer(client)
    for data, words in ((HEAD + "2026-11-28,12:00,11:00x,新闻,", "第 2 行"), ("a,b\nc,d", "没有找到"), ("", "空的")):
        answer = client.post("/staff/as-run/import", {"file": SimpleUploadedFile("a.csv", data.encode())})
        assert answer.status_code == 422
        assert words in answer.content.decode()
    assert client.post("/staff/as-run/import").status_code == 422
    assert not StationLog.objects.exists()


@pytest.mark.parametrize(
    "query", ["from=x", "from=2026-11-28&to=2026-11-27", "from=2026-01-01&to=2026-12-31", "from=0001-01-01"]
)
def test_odd_days_are_answered_in_words(client: Client, query: str):
    airing()
    producer(client)
    page = client.get(f"/staff/as-run/?{query}")
    assert page.status_code == 200
    assert 'role="alert"' in page.content.decode()
    assert client.get(f"/staff/as-run/export?{query}").status_code == 422


def test_who_reports_reads_and_does_not_import(client: Client):
    airing()
    producer(client, "secretariat")
    assert 'id="import"' not in client.get("/staff/as-run/").content.decode()
    assert client.post("/staff/as-run/import").status_code == 403
