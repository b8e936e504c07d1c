"""The pages of the rules: tried before saved, saved before switched on, closed to whom they are not for."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from broadcast.models import RoleGrant, User
from live.models import Comment, Rule
from live.services import audience
from tests.live import making
from tests.live.rules.making import make_rule

pytestmark = pytest.mark.django_db

FORM = {
    "name": "博彩",
    "category": "违法",
    "kind": "terms",
    "action": "hold",
    "reason": "",
    "programme": "",
    "words": "博彩\n!反博彩\n",
    "many": "3",
    "minutes": "10",
    "sample": "说博*彩的\n公交\n",
    "show": "",
}


@pytest.fixture
def show() -> making.Show:
    return making.make_show()


def page_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def leader(show: making.Show) -> Client:
    user = making.make_staff(show.programme, "duty_leader")
    RoleGrant.objects.filter(user=user).update(programme=None)
    return page_of(user)


def test_a_trial_shows_what_would_be_found_and_saves_nothing(leader: Client) -> None:
    page = leader.post("/staff/rules/new", {**FORM, "do": "try"}).content.decode()
    assert "试了 2 条，命中 1 条" in page
    assert "<mark>博*彩</mark>" in page
    assert "!反博彩" in page, "what was typed is kept"
    assert not Rule.objects.exists()


def test_a_trial_on_a_show_counts_what_is_public(leader: Client, show: making.Show) -> None:
    audience.commit_one(making.make_viewer(), show.id, making.comment("博彩史"))
    Comment.objects.update(state="approved")
    page = leader.post("/staff/rules/new", {**FORM, "sample": "", "show": str(show.id), "do": "try"}).content.decode()
    assert "试了 1 条，命中 1 条" in page
    assert "其中 1 条已由人放出去" in page


def test_it_is_made_changed_and_switched_on(leader: Client) -> None:
    assert leader.post("/staff/rules/new", {**FORM, "do": "save"}).status_code == 302
    rule = Rule.objects.get()
    assert not rule.is_active
    changed = {**FORM, "words": "赌球", "version": str(rule.version), "do": "save"}
    assert leader.post(f"/staff/rules/{rule.number}/", changed).status_code == 302
    assert list(rule.terms.values_list("text", flat=True)) == ["赌球"]
    leader.post(f"/staff/rules/{rule.number}/switch", {"on": "1"})
    assert Rule.objects.get().is_active
    assert "启用中" in leader.get("/staff/rules/").content.decode()


def test_an_error_stands_beside_its_field_and_nothing_typed_is_lost(leader: Client) -> None:
    answer = leader.post("/staff/rules/new", {**FORM, "words": "★", "name": "", "do": "save"})
    assert answer.status_code == 422
    assert "请填写名称。" in answer.content.decode()
    answer = leader.post("/staff/rules/new", {**FORM, "words": "★", "do": "save"})
    assert answer.status_code == 422
    assert "“★”里没有可以比对的字。" in answer.content.decode()
    assert not Rule.objects.exists()


def test_a_moderator_reads_and_tries_but_saves_nothing(show: making.Show) -> None:
    rule = make_rule("博彩", words=["博彩"])
    page = page_of(show.moderator)
    shown = page.get(f"/staff/rules/{rule.number}/").content.decode()
    assert "您可以试用，不能保存" in shown
    assert 'value="save"' not in shown
    assert "<mark>博彩</mark>" in page.post("/staff/rules/try", {"sample": "来博彩"}).content.decode()
    refused = page.post(f"/staff/rules/{rule.number}/", {**FORM, "version": rule.version, "do": "save"})
    assert refused.status_code == 403
    page.post(f"/staff/rules/{rule.number}/switch", {"on": "0"})
    assert Rule.objects.get().is_active
    assert page.get("/staff/rules/new").status_code == 403
    assert page.post("/staff/rules/export.csv").status_code == 403


def test_those_without_a_desk_do_not_read_the_rules(show: making.Show) -> None:
    rule = make_rule("博彩", words=["博彩"])
    host = page_of(show.host)
    for address in ("", "try", f"{rule.number}/"):
        assert host.get(f"/staff/rules/{address}").status_code == 403
    assert Client().get("/staff/rules/").status_code == 302


def test_a_rule_of_another_programme_is_not_there(show: making.Show) -> None:
    other = make_rule("别家", words=["词语"], programme=making.make_show().programme)
    page = page_of(show.moderator)
    assert page.get(f"/staff/rules/{other.number}/").status_code == 404
    assert "别家" not in page.get("/staff/rules/").content.decode()


def test_hostile_words_are_shown_as_words(leader: Client, show: making.Show) -> None:
    rule = make_rule("<script>alert(1)</script>", words=["<b>博彩"])
    audience.commit_one(making.make_viewer(), show.id, making.comment("<b>博彩</b><script>alert(2)</script>"))
    for address in ("/staff/rules/", f"/staff/rules/{rule.number}/"):
        shown = leader.get(address).content.decode()
        assert "<script>alert" not in shown
        assert "<b>博彩" not in shown


def test_lists_go_out_and_come_in_after_a_look(leader: Client) -> None:
    make_rule("博彩", words=["博彩"])
    out = leader.post("/staff/rules/export.csv")
    assert out["Content-Type"].startswith("text/csv")
    content = out.content + "新规则,,暂扣,新词,\n".encode()
    page = leader.post("/staff/rules/import", {"file": SimpleUploadedFile("a.csv", content)}).content.decode()
    assert "新规则，先停着" in page
    assert Rule.objects.count() == 1
    typed = content.decode("utf-8-sig")
    assert leader.post("/staff/rules/import", {"content": typed, "do": "save"}).status_code == 302
    assert Rule.objects.get(name="新规则").terms.get().text == "新词"


def test_a_file_that_is_no_list_is_refused_in_words(leader: Client) -> None:
    answer = leader.post("/staff/rules/import", {"file": SimpleUploadedFile("a.csv", b"a,b\n1,2\n")})
    assert answer.status_code == 422
    assert "第一行要有列名" in answer.content.decode()
