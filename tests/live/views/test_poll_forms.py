"""Ballots of every kind by plain forms: what was chosen outlives a refusal, a named poll says so first, a final one stays."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from broadcast.access import Actor
from broadcast.identity import COOKIE
from broadcast.models.catalogue import Assurance
from live import protocol
from live.models import Ballot, Option
from live.services import poll_codes, poll_plans, polls
from tests.live import making

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def show() -> making.Show:
    return making.make_show()


def opened(show: making.Show, **terms: Any) -> tuple[int, list[int]]:
    producer = making.staff_actor(show.producer)
    command = protocol.CreatePoll(id=making.command_id(), **({"question": "先办哪几件？"} | terms))
    poll = poll_plans.create(producer, show.id, command)["poll"]
    polls.open_poll(producer, show.id, protocol.OpenPoll(id=making.command_id(), poll=poll))
    return poll, list(Option.objects.filter(poll=poll).values_list("pk", flat=True))


def browser(actor: Actor) -> Client:
    client = Client()
    client.cookies[COOKIE] = making.cookie(actor)
    return client


def address(show: making.Show) -> str:
    return f"/programmes/{show.programme.slug}/{show.episode.key}/"


def vote(client: Client, show: making.Show, poll: int, options: list[int], **more: str) -> Any:
    fields = {"act": "vote", "id": making.command_id(), "poll": poll, "option": options, "tab": "vote"}
    return client.post(address(show) + "act", fields | more)


def checked(page: str) -> list[str]:
    return re.findall(r'<input type="(?:checkbox|radio)" name="option" value="(\d+)" checked', page)


def test_several_options_are_ticked_and_kept_when_there_are_too_many(show: making.Show) -> None:
    poll, options = opened(
        show, kind="multiple", options=("接驳车", "淋浴", "停车"), fewest=1, most=2, results="always"
    )
    client = browser(making.make_viewer())
    page = client.get(address(show) + "?tab=vote").content.decode()
    assert "最多选 2 项" in page
    assert page.count('type="checkbox" name="option"') == 3
    refused = vote(client, show, poll, options)
    assert refused.status_code == 422
    assert checked(refused.content.decode()) == [str(each) for each in options]
    assert vote(client, show, poll, options[:2]).status_code == 303
    page = client.get(address(show) + "?tab=vote").content.decode()
    assert "已投：接驳车、淋浴" in page
    assert "可选多项" in page
    assert Ballot.objects.get(poll=poll).options == options[:2]


def test_a_named_poll_says_so_before_and_a_final_one_offers_no_change(show: making.Show) -> None:
    poll, options = opened(show, kind="approval", secrecy="named", revote="never", results="always")
    client = browser(making.make_viewer())
    page = client.get(address(show) + "?tab=vote").content.decode()
    assert "会写出您的名字和您选了什么。确认后不能修改。" in page
    assert vote(client, show, poll, options[:1]).status_code == 403
    assert vote(client, show, poll, options[:1], named="1").status_code == 303
    page = client.get(address(show) + "?tab=vote").content.decode()
    assert "已投：赞成" in page
    assert 'value="vote"' not in page


def test_a_code_is_asked_for_kept_when_wrong_and_asked_for_once(show: making.Show) -> None:
    poll, options = opened(show, options=("渔港线", "古城线"), electorate="codes")
    command = protocol.IssueCodes(id=making.command_id(), poll=poll, count=1)
    (code,) = poll_codes.issue(making.staff_actor(show.producer), show.id, command)["codes"]
    client = browser(making.make_viewer(Assurance.GUEST))
    assert f'id="code-{poll}"' in client.get(address(show) + "?tab=vote").content.decode()
    wrong = vote(client, show, poll, options[:1], code="1111-2222")
    assert wrong.status_code in {403, 422}
    assert 'value="1111-2222"' in wrong.content.decode()
    assert vote(client, show, poll, options[:1], code=code.replace("-", " ")).status_code == 303
    page = client.get(address(show) + "?tab=vote").content.decode()
    assert f'id="code-{poll}"' not in page
    assert vote(client, show, poll, options[1:]).status_code == 303


def test_a_scale_is_read_with_its_spread_and_ratings_asked_again_stand_side_by_side(show: making.Show) -> None:
    producer = making.staff_actor(show.producer)
    first, grades = opened(show, kind="scale", results="always", question="答得清楚吗？")
    for place in (0, 4, 4):
        vote(browser(making.make_viewer()), show, first, [grades[place]])
    polls.close(producer, show.id, protocol.ClosePoll(id=making.command_id(), poll=first))
    polls.freeze_due()
    again, grades = opened(show, kind="scale", results="always", question="现在清楚吗？", compares=first)
    client = browser(making.make_viewer())
    vote(client, show, again, [grades[4]])
    polls.close(producer, show.id, protocol.ClosePoll(id=making.command_id(), poll=again))
    polls.freeze_due()
    page = client.get(address(show) + "?tab=vote").content.decode()
    assert re.search(r"平均 3\.67，一致度 -?0\.\d\d", page)
    assert "和上次的“答得清楚吗？”比" in page
    assert "平均 5.00，一致度 1.00" in page


def test_results_that_wait_for_publication_say_so(show: making.Show) -> None:
    producer = making.staff_actor(show.producer)
    poll, options = opened(show, kind="satisfaction", results="after_publication")
    client = browser(making.make_viewer())
    vote(client, show, poll, options[:1])
    assert "结果在投票结束、核对后公布" in client.get(address(show) + "?tab=vote").content.decode()
    polls.close(producer, show.id, protocol.ClosePoll(id=making.command_id(), poll=poll))
    polls.freeze_due()
    page = client.get(address(show) + "?tab=vote").content.decode()
    assert "结果待公布" in page
    assert "共 1 票" not in page
    polls.publish(producer, show.id, protocol.PublishPoll(id=making.command_id(), poll=poll))
    assert "共 1 票" in client.get(address(show) + "?tab=vote").content.decode()


def test_the_names_of_a_named_poll_have_a_page_once_the_result_is_public(show: making.Show) -> None:
    producer = making.staff_actor(show.producer)
    poll, options = opened(show, kind="approval", secrecy="named", results="after_publication")
    vote(browser(making.make_viewer(name="<i>林</i>女士")), show, poll, options[1:2], named="1")
    polls.close(producer, show.id, protocol.ClosePoll(id=making.command_id(), poll=poll))
    polls.freeze_due()
    names = f"/live/polls/{poll}/names"
    assert Client().get(names, headers={"Accept": "text/html"}).status_code == 404
    polls.publish(producer, show.id, protocol.PublishPoll(id=making.command_id(), poll=poll))
    answer = Client().get(names, headers={"Accept": "text/html"})
    page = answer.content.decode()
    assert "&lt;i&gt;林&lt;/i&gt;女士" in page
    assert "反对" in page
    assert "Accept" in answer["Vary"]
    assert Client().get(names).json()["ballots"][0]["texts"] == ["反对"]
