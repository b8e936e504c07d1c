"""One key marks a suggestion or a promise when it is heard; everything else is written afterwards and nothing is lost meanwhile."""

from __future__ import annotations

import csv
import datetime as dt
import io

import pytest
from django.test import Client
from django.urls import reverse

from broadcast import clock
from broadcast.errors import Conflict, IllegalTransition, InvalidInput, NotAllowed
from broadcast.models import Airing, AuditEntry, Moment
from live import protocol, queries
from live.models import Commitment
from live.queries import follow
from tests.live import following, making
from tests.live.following import HARBOUR, asked, do, on_day

pytestmark = pytest.mark.django_db


@pytest.fixture
def show() -> making.Show:
    return making.make_show(questions="post")


def panel(show: making.Show) -> list[dict[str, object]]:
    return follow.panel(show.airing, making.staff_actor(show.producer))["marks"]


def test_one_press_marks_time_question_and_who_is_asked(show: making.Show) -> None:
    person = following.seat(show, "吴处长", HARBOUR)
    question = asked(show, person=person.pk)
    do(show, protocol.ShowQuestion, question=question.pk)
    with clock.shifted(dt.timedelta(minutes=7)):
        told = do(show, protocol.MarkCommitment, kind="promise")
    (mark,) = panel(show)
    assert (mark["id"], mark["speaker"], mark["department"]) == (told["commitment"], person.pk, HARBOUR)
    assert mark["question"] == question.pk
    assert 419_000 < int(str(mark["ms"])) < 480_000, "seven minutes into the show"
    moment = Moment.objects.get(kind="promise.mark")
    assert not moment.is_public
    assert "promise.mark" not in {each["kind"] for each in queries.marks(show.airing)}


def test_a_retry_marks_once(show: making.Show) -> None:
    command = making.command_id()
    first = do(show, protocol.MarkCommitment, kind="suggestion", id=command)
    assert do(show, protocol.MarkCommitment, kind="suggestion", id=command) == first
    assert Commitment.objects.count() == Moment.objects.filter(kind="suggestion.mark").count() == 1


def test_it_is_marked_on_air_and_written_any_time_after(show: making.Show) -> None:
    told = do(show, protocol.MarkCommitment, kind="suggestion")
    Airing.objects.filter(pk=show.id).update(state="ended", actual_end=clock.now())
    with pytest.raises(IllegalTransition):
        do(show, protocol.MarkCommitment, kind="promise")
    person = following.seat(show, "林局长", HARBOUR)
    written = {"text": "加开夜间接驳车", "speaker": person.pk, "department": HARBOUR, "due": on_day(30)}
    do(show, protocol.EditCommitment, commitment=told["commitment"], version=1, kind="promise", **written)
    (mark,) = panel(show)
    assert {name: mark[name] for name in written} == written
    assert (mark["kind"], mark["version"]) == ("promise", 2)
    assert Moment.objects.get().title == "加开夜间接驳车"


def test_the_second_of_two_who_write_is_told(show: making.Show) -> None:
    told = do(show, protocol.MarkCommitment, kind="promise")
    same = {"commitment": told["commitment"], "version": 1, "kind": "promise"}
    do(show, protocol.EditCommitment, text="甲写的", **same)
    with pytest.raises(Conflict) as refused:
        do(show, protocol.EditCommitment, text="乙写的", **same)
    assert refused.value.data["text"] == "甲写的"


def test_nobody_who_is_not_there_said_it(show: making.Show) -> None:
    told = do(show, protocol.MarkCommitment, kind="promise")
    stranger = following.seat(making.make_show(), "别处的人", HARBOUR)
    edit = {"commitment": told["commitment"], "version": 1, "kind": "promise", "speaker": stranger.pk}
    with pytest.raises(InvalidInput) as refused:
        do(show, protocol.EditCommitment, **edit)
    assert refused.value.data["field"] == "speaker"


def test_a_mark_is_taken_back_and_put_back_with_its_moment(show: making.Show) -> None:
    number = do(show, protocol.MarkCommitment, kind="promise")["commitment"]
    at = Moment.objects.get().at
    do(show, protocol.UndoCommitment, commitment=number)
    assert panel(show) == []
    assert not Moment.objects.exists()
    do(show, protocol.UndoCommitment, commitment=number, on=False)
    assert Moment.objects.get().at == at
    assert [entry.act for entry in AuditEntry.objects.filter(target=f"commitment:{number}").order_by("pk")] == [
        "commitment.mark",
        "commitment.undo",
        "commitment.redo",
    ]


def test_a_promise_is_late_until_it_is_kept(show: making.Show) -> None:
    number = do(show, protocol.MarkCommitment, kind="promise")["commitment"]
    do(show, protocol.EditCommitment, commitment=number, version=1, kind="promise", text="修好", due=on_day(1))
    secretariat = making.make_staff(show.programme, "secretariat")
    with clock.shifted(dt.timedelta(days=4)):
        assert [mark["days_late"] for mark in panel(show)] == [3]
        assert [days for _row, days in follow.overdue_commitments([show.programme.pk])] == [3]
        do(show, protocol.FulfilCommitment, secretariat, commitment=number, version=2, note="已通车")
        assert [mark["days_late"] for mark in panel(show)] == [0]
        assert follow.overdue_commitments([show.programme.pk]) == []


def test_only_those_who_run_the_show_mark(show: making.Show) -> None:
    for role in ("moderator", "secretariat", "department_respondent"):
        with pytest.raises(NotAllowed):
            do(show, protocol.MarkCommitment, making.make_staff(show.programme, role), kind="promise")


def test_the_list_of_a_show_leaves_as_a_table_that_runs_no_formula(show: making.Show) -> None:
    number = do(show, protocol.MarkCommitment, kind="promise")["commitment"]
    do(show, protocol.EditCommitment, commitment=number, version=1, kind="promise", text="=HYPERLINK(1)")
    client = Client()
    client.force_login(show.producer)
    answer = client.get(reverse("staff:commitments", args=[show.id]))
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[0][:5] == ["种类", "节目时间", "说话人", "责任部门", "内容"]
    assert (rows[1][0], rows[1][4]) == ("承诺", "'=HYPERLINK(1)")
