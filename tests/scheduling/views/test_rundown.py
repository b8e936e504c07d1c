"""The run-down by HTTP: what the page sends and is told, and a file that is looked at before it is taken."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from broadcast import clock, lifecycle
from broadcast.access import HOUSE
from broadcast.models import Airing, RoleGrant, User
from broadcast.rundown_lines import LinePlan
from broadcast.services import rundown
from tests.broadcast import making

pytestmark = pytest.mark.django_db


@pytest.fixture
def airing() -> Airing:
    made = making.airing()
    rundown.revise(
        HOUSE, made.pk, 1, [LinePlan("开场", 60), LinePlan("来电", 240, note="罗先生"), LinePlan("片尾", 30)]
    )
    return made


def browser(role: str | None, name: str = "u") -> Client:
    user = User.objects.create(username=f"{name}-{role}", display_name=f"{name}编导")
    if role:
        RoleGrant.objects.create(user=user, role=role, granted_at=clock.now())
    client = Client()
    client.force_login(user)
    return client


def address(name: str, airing: Airing) -> str:
    return reverse(f"staff:{name}", args=[airing.pk])


def sent(client: Client, name: str, airing: Airing, body: Any) -> tuple[int, dict[str, Any]]:
    answer = client.post(
        address(name, airing), json.dumps(body), "application/json", headers={"Accept": "application/json"}
    )
    return answer.status_code, answer.json()


def state(client: Client, airing: Airing) -> dict[str, Any]:
    return dict(client.get(address("rundown-state", airing)).json())


def wanted(shown: dict[str, Any], **seconds: int) -> dict[str, Any]:
    """The run-down that was shown, as the page sends it, with other lengths by title."""
    names = ("title", "seconds", "role", "start", "offset", "wait", "is_floating", "least", "most", "note")
    lines = [{name: line[name] for name in names} | {"pk": line["id"]} for line in shown["lines"]]
    return {
        "version": shown["version"],
        "lines": [line | {"seconds": seconds.get(line["title"], line["seconds"])} for line in lines],
    }


def test_the_page_can_be_read_without_its_script(airing: Airing) -> None:
    text = browser("producer").get(address("rundown", airing)).content.decode()
    assert re.search(r"来电.*罗先生.*04:00", text, re.DOTALL)
    assert '"version": 2' in text


def test_it_is_for_those_behind_the_scenes_alone(airing: Airing) -> None:
    assert browser("host").get(address("rundown", airing)).status_code == 200
    assert browser("member").get(address("rundown", airing)).status_code == 403
    host = browser("host", "v")
    assert sent(host, "rundown-revise", airing, wanted(state(host, airing)))[0] == 403


def test_of_two_producers_the_second_hears_who_changed_what_and_goes_on_from_there(airing: Airing) -> None:
    first, second = browser("producer", "周"), browser("producer", "方")
    seen = state(second, airing)
    status, now = sent(first, "rundown-revise", airing, wanted(state(first, airing), 来电=300))
    assert (status, now["version"], now["lines"][1]["seconds"]) == (200, 3, 300)
    status, told = sent(second, "rundown-revise", airing, wanted(seen, 片尾=40))
    assert status == 409
    (change,) = told["data"]["changes"]
    assert (change["who"], change["words"]) == ("周编导", ["“来电”：时长由 04:00 改为 05:00"])
    status, now = sent(second, "rundown-revise", airing, wanted(told["data"]["now"], 片尾=40))
    assert status == 200
    assert [line["seconds"] for line in now["lines"]] == [60, 300, 40]


def test_segments_begin_by_the_page_only_on_air(airing: Airing) -> None:
    producer = browser("producer")
    line = state(producer, airing)["lines"][0]["id"]
    assert sent(producer, "rundown-begin", airing, {"segment": line})[0] == 409
    lifecycle.start(HOUSE, airing.pk)
    status, now = sent(producer, "rundown-begin", airing, {"segment": line})
    assert (status, [run["segment"] for run in now["runs"]]) == (200, [line])


@pytest.mark.parametrize(
    "body",
    ["[]", "{", '{"version": 1}', '{"version": 1, "lines": [{"title": "a"}]}', '{"version": 1, "lines": [], "x": 1}'],
)
def test_a_body_that_is_no_run_down_is_refused(airing: Airing, body: str) -> None:
    answer = browser("producer").post(address("rundown-revise", airing), body, "application/json")
    assert answer.status_code == 422
    assert [line.title for line in rundown.plans(airing.episode)] == ["开场", "来电", "片尾"]


def proposed(client: Client, airing: Airing, data: bytes) -> str:
    answer = client.post(address("rundown-import", airing), {"file": SimpleUploadedFile("a.xlsx", data)})
    return str(answer.content.decode())


def taken(client: Client, airing: Airing, page: str) -> Any:
    found = re.search(r'name="take" value="([^"]+)"', page)
    assert found is not None, page
    return client.post(address("rundown-import", airing), {"take": found.group(1)}, follow=True)


def edited(client: Client, airing: Airing, cell: str, value: str) -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(client.get(address("rundown-sheet", airing)).content))
    book.worksheets[0][cell] = value
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def test_a_file_is_looked_at_before_it_is_taken(airing: Airing) -> None:
    producer = browser("producer")
    data = edited(producer, airing, "D6", "5:00")
    page = proposed(producer, airing, data)
    assert "“来电”：时长由 04:00 改为 05:00" in page
    assert [line.seconds for line in rundown.plans(airing.episode)] == [60, 240, 30]
    taken(producer, airing, page)
    assert [line.seconds for line in rundown.plans(airing.episode)] == [60, 300, 30]
    assert "没有要改的" in proposed(producer, airing, data)


def test_a_proposal_that_was_overtaken_is_compared_anew(airing: Airing) -> None:
    producer = browser("producer")
    page = proposed(producer, airing, edited(producer, airing, "D6", "5:00"))
    sent(producer, "rundown-revise", airing, wanted(state(producer, airing), 片尾=40))
    answer = taken(producer, airing, page)
    text = answer.content.decode()
    assert "有人改过" in text
    assert "“片尾”：时长由 00:40 改为 00:30" in text
    assert [line.seconds for line in rundown.plans(airing.episode)] == [60, 240, 40], "nothing was taken"
    taken(producer, airing, text)
    assert [line.seconds for line in rundown.plans(airing.episode)] == [60, 300, 30]


def test_a_proposal_belongs_to_its_show_and_cannot_be_written_by_hand(airing: Airing) -> None:
    producer, other = browser("producer"), making.airing()
    page = proposed(producer, airing, edited(producer, airing, "D6", "5:00"))
    assert taken(producer, other, page).status_code == 422
    assert producer.post(address("rundown-import", airing), {"take": "{}"}).status_code == 422
    assert rundown.plans(other.episode) == []


def test_a_hostile_file_is_refused_with_its_line_and_changes_nothing(airing: Airing) -> None:
    producer = browser("producer")
    page = proposed(producer, airing, edited(producer, airing, "C6", "=HYPERLINK(1)"))
    assert "第 6 行" in page
    assert "公式" in page
    assert "没有变" in page
    assert [line.title for line in rundown.plans(airing.episode)] == ["开场", "来电", "片尾"]
    assert browser("host").get(address("rundown-import", airing)).status_code == 403
