"""The episode's page and its plain forms, as a browser without script uses them."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
from django.test import Client

from broadcast import registry
from broadcast.identity import COOKIE
from broadcast.models import Airing, Episode, Programme
from broadcast.models.catalogue import Assurance
from live import protocol
from live.models import Ballot, BallotCast, Comment, Question
from live.services import moderation
from tests.live import making

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def show() -> making.Show:
    return making.make_show()


def address(show: making.Show) -> str:
    return f"/programmes/{show.programme.slug}/{show.episode.key}/"


def browser(actor=None) -> Client:
    client = Client()
    if actor is not None:
        client.cookies[COOKIE] = making.cookie(actor)
    return client


def act(client: Client, show: making.Show, name: str, **fields: object):
    return client.post(address(show) + "act", {"act": name, "id": making.command_id(), **fields})


def approve(show: making.Show, item: Comment | Question) -> None:
    kind = "comment" if isinstance(item, Comment) else "question"
    command = protocol.ApproveItem(id=making.command_id(), kind=kind, item=item.pk, version=item.version)
    moderation.decide(making.staff_actor(show.moderator), show.id, command)


def test_the_page_says_everything_before_any_script_runs(show):
    making.make_person(show)
    poll, _options = making.make_poll(show)
    page = browser().get(address(show)).content.decode()
    assert show.episode.title in re.sub("<[^>]+>", "", page)
    assert "直播中" in page
    assert "开场" in page
    assert "同意吗？" in re.sub("<[^>]+>", "", page)
    assert 'id="boot"' in page
    assert 'style="' not in page
    agenda = browser().get(address(show) + "?tab=agenda").content.decode()
    assert "王委员" in agenda
    assert poll


def test_a_comment_is_pending_for_its_author_and_invisible_to_others(show):
    author = browser(making.make_viewer())
    answer = act(author, show, "comment", text="<b>支持</b>这个办法", tab="talk")
    assert (answer.status_code, answer["Location"]) == (303, address(show) + "?tab=talk#panel")
    own = author.get(answer["Location"].split("#")[0]).content.decode()
    assert "待审核" in own
    assert "&lt;b&gt;支持&lt;/b&gt;这个办法" in own
    assert "这个办法" not in browser().get(address(show)).content.decode()
    approve(show, Comment.objects.get())
    assert "这个办法" in browser().get(address(show)).content.decode()


def test_a_refused_comment_keeps_what_was_typed(show):
    guest = browser(making.make_viewer(Assurance.GUEST))
    answer = act(guest, show, "comment", text="我想说一句", tab="talk")
    page = answer.content.decode()
    assert answer.status_code == 403
    assert 'value="我想说一句"' in page
    assert "/account/phone?next=" in page
    assert not Comment.objects.exists()
    # And it is still there after the way to the phone page and back.
    assert 'value="我想说一句"' in guest.get(address(show)).content.decode()


def test_without_consent_the_way_to_it_is_shown(show):
    answer = act(browser(making.make_viewer(consent=False)), show, "comment", text="好")
    assert answer.status_code in {403, 409, 422}
    assert "/account/consent?next=" in answer.content.decode()


@pytest.mark.parametrize(
    ("name", "fields", "words"),
    [
        ("comment", {"text": "   "}, "还没有写内容"),
        ("ask", {"text": ""}, "还没有写问题"),
        ("vote", {}, "还没有选"),
        ("nonsense", {}, "不知道要做什么"),
    ],
)
def test_what_is_missing_is_said(show, name, fields, words):
    answer = act(browser(making.make_viewer()), show, name, **fields)
    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_voting_and_changing_ones_mind(show):
    poll, options = making.make_poll(show, results="after_vote")
    voter = browser(making.make_viewer(Assurance.GUEST))
    assert "投票后可以看到结果" in voter.get(address(show) + "?tab=vote").content.decode()
    assert act(voter, show, "vote", poll=poll, option=options[0]).status_code == 303
    assert act(voter, show, "vote", poll=poll, option=options[1]).status_code == 303
    assert Ballot.objects.get().options == [options[1]]
    page = voter.get(address(show) + "?tab=vote").content.decode()
    assert "已投：反对" in page
    assert "共 1 票" in page
    assert "投票后可以看到结果" in browser().get(address(show) + "?tab=vote").content.decode()


def test_asking_and_supporting(show):
    person = making.make_person(show)
    author = browser(making.make_viewer())
    assert act(author, show, "ask", text="谁来管？", person=person.pk, tab="ask").status_code == 303
    question = Question.objects.get()
    approve(show, question)
    other = browser(making.make_viewer())
    assert act(other, show, "support", question=question.pk, on="1").status_code == 303
    page = re.sub(r"\s+", "", other.get(address(show) + "?tab=ask").content.decode())
    assert "已支持<small>1人" in page
    assert "问王委员" in page


def test_a_second_press_of_the_same_form_counts_once(show):
    author = browser(making.make_viewer())
    fields = {"act": "comment", "id": making.command_id(), "text": "按了两次"}
    for _press in range(2):
        assert author.post(address(show) + "act", fields).status_code == 303
    assert Comment.objects.count() == 1


def test_who_may_not_see_the_room():
    members = making.make_show(audience=Programme.Audience.MEMBERS)
    answer = browser().get(address(members))
    assert answer.status_code == 403
    assert "只对委员开放" in answer.content.decode()
    assert members.episode.title not in answer.content.decode()
    hidden = making.make_show(announced=False)
    assert browser().get(address(hidden)).status_code == 404
    assert act(browser(making.make_viewer()), hidden, "like").status_code == 404


def test_a_withdrawn_episode_says_so_and_shows_nothing(show):
    Episode.objects.filter(pk=show.episode.pk).update(publication=Episode.Publication.WITHDRAWN)
    answer = browser().get(address(show))
    assert answer.status_code == 410
    assert "本期已撤下" in answer.content.decode()
    assert 'id="boot"' not in answer.content.decode()


def test_staff_are_offered_the_recording_from_the_end_on():
    show = making.make_show(Airing.State.ENDED)
    assert "tab=moments" not in browser().get(address(show)).content.decode()
    client = browser()
    client.force_login(show.producer)
    page = client.get(address(show)).content.decode()
    assert f"/media/airings/{show.id}/replay/master.m3u8" in page
    assert "只有工作人员能看到" in page


def test_elder_and_english(show):
    elder = browser().get(address(show) + "?elder=1").content.decode()
    assert 'class="elder"' in elder
    assert 'class="two"' in elder
    english = browser().get(address(show) + "?language=en").content.decode()
    assert '<html lang="en"' in english
    assert show.programme.name_en in english


@pytest.mark.parametrize("path", ["?airing=nonsense", "?airing=00000000-0000-4000-8000-000000000000"])
def test_another_airing_that_does_not_exist(show, path):
    assert browser().get(address(show) + path).status_code == 404


def test_an_episode_that_does_not_exist(show):
    assert browser().get(f"/programmes/{show.programme.slug}/99999/").status_code == 404
    assert browser().get(f"/programmes/{show.programme.slug}/{'9' * 40}/").status_code == 404


def test_forms_have_the_same_allowance_as_commands(show, monkeypatch):
    # A clock that stands still: a bucket that fills while a slow machine works would let more through.
    monkeypatch.setattr("live.allowance.time", SimpleNamespace(monotonic=lambda: 0.0))
    client, other = browser(making.make_viewer()), browser(making.make_viewer())
    poll, options = making.make_poll(show)
    answers = [act(client, show, "vote", poll=poll, option=options[n % 2]).status_code for n in range(40)]
    assert answers[:20] == [303] * 20
    assert 429 in answers
    assert BallotCast.objects.count() == answers.count(303) < 40
    assert act(client, show, "like").status_code == 429, "one allowance for every form"
    assert act(other, show, "vote", poll=poll, option=options[0]).status_code == 303


def test_after_the_end_a_part_that_never_ran_is_said_not_to_have_been_held(show):
    page = browser().get(address(show) + "?tab=agenda").content.decode()
    assert "没有进行" not in page
    Airing.objects.filter(pk=show.id).update(state="ended", actual_end=show.airing.actual_start)
    page = browser().get(address(show) + "?tab=agenda").content.decode()
    agenda = page[page.index('<table class="rundown">') : page.index("</table>", page.index('<table class="rundown">'))]
    assert "没有进行" in agenda
    assert "<time" not in agenda, "no start for what never started"


@pytest.mark.parametrize(("showing", "word"), [("live", "直播中"), ("filler", "垫播"), ("rerun", "重播")])
def test_the_page_says_what_stands_in_for_the_show(show, monkeypatch, showing, word):
    media = {"state": "live", "showing": showing}
    monkeypatch.setattr(registry, "public_state", [("media", lambda _airing: media)])
    page = browser().get(address(show)).content.decode()
    (shown,) = re.findall(r'<div id="onair">.*?<b class="[a-z]+">(.*?)</b>', page, re.DOTALL)
    assert shown == word
