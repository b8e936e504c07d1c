"""The staff pages of a programme's outputs, as a browser without scripts uses them."""

from __future__ import annotations

import pytest
from django.test import Client

from archive.models import PlayoutRule, SimulcastTarget
from broadcast.models import Programme

from .making import make_programme, make_staff

pytestmark = pytest.mark.django_db
RTMP = "rtmp://live.example.cn/app/s3cret-key"
RULE = {
    "form": "rule",
    "rule-early_minutes": "5",
    "rule-late_minutes": "10",
    "rule-missing_seconds": "8",
    "rule-silence_seconds": "0",
    "rule-steady_seconds": "6",
    "rule-fallback": "filler",
    "rule-return_by": "hand",
    "rule-rungs": ["480", "240"],
}


@pytest.fixture
def programme() -> Programme:
    return make_programme()


@pytest.fixture
def browser(programme: Programme, client: Client) -> Client:
    client.force_login(make_staff(programme))
    return client


def add(browser: Client, programme: Programme, **facts: str):
    data = {"form": "target", "target-name": "视频号", "target-address": RTMP, **facts}
    return browser.post(f"/staff/programmes/{programme.slug}/outputs/", data)


def test_a_target_is_added_changed_switched_off_and_removed_and_its_key_never_shown(browser, programme) -> None:
    page = f"/staff/programmes/{programme.slug}/outputs/"
    assert "还没有转推目标" in browser.get(page).content.decode()
    assert add(browser, programme)["Location"] == page
    target = SimulcastTarget.objects.get()
    shown = browser.get(page).content.decode()
    assert "rtmp://live.example.cn/…" in shown
    assert "s3cret" not in shown + browser.get(f"{page}{target.pk}/").content.decode()
    browser.post(f"{page}{target.pk}/", {"name": "区融媒", "address": ""})
    browser.post(f"{page}{target.pk}/switch", {"on": "0"})
    target.refresh_from_db()
    assert (target.name, target.is_active, target.kind) == ("区融媒", False, "rtmp")
    browser.post(f"{page}{target.pk}/", {"name": "区融媒", "address": "srt://a.example:9000"})
    target.refresh_from_db()
    assert target.kind == "srt"
    assert "删去这个转推目标" in browser.get(f"{page}{target.pk}/remove").content.decode()
    assert SimulcastTarget.objects.exists(), "asking removes nothing"
    browser.post(f"{page}{target.pk}/remove")
    assert not SimulcastTarget.objects.exists()


def test_mistakes_stand_beside_their_field_and_what_was_typed_stays(browser, programme) -> None:
    answer = add(browser, programme, **{"target-address": "http://example.cn/live"})
    assert answer.status_code == 422
    shown = answer.content.decode()
    assert "地址要以 rtmp://" in shown
    assert 'value="视频号"' in shown
    answer = browser.post(f"/staff/programmes/{programme.slug}/outputs/", RULE | {"rule-missing_seconds": "1"})
    assert answer.status_code == 422
    assert not PlayoutRule.objects.exists()


def test_the_rule_is_saved_in_minutes_and_seconds(browser, programme) -> None:
    page = f"/staff/programmes/{programme.slug}/outputs/"
    assert browser.post(page, RULE)["Location"] == page
    rule = PlayoutRule.objects.get()
    assert (rule.early_seconds, rule.late_seconds, rule.missing_seconds) == (300, 600, 8)
    assert (rule.fallback, rule.return_by, rule.rungs) == ("filler", "hand", [480, 240])
    shown = browser.get(page).content.decode()
    assert 'value="10"' in shown
    assert shown.count("checked") == 2


def test_only_producers_of_the_programme_come_in(client, programme) -> None:
    page = f"/staff/programmes/{programme.slug}/outputs/"
    assert client.get(page)["Location"].startswith("/account/login")
    for user in (make_staff(programme, "moderator"), make_staff(make_programme())):
        client.force_login(user)
        assert client.get(page).status_code == 403
        assert add(client, programme).status_code == 403
    assert not SimulcastTarget.objects.exists()
