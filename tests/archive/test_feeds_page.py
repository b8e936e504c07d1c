"""The page of the feeds: administrators say from where one is fetched; the address is kept sealed and never shown again."""

from __future__ import annotations

import pytest
from django.test import Client

from archive import pull
from archive.models import PullSource
from broadcast import clock
from broadcast.models import AuditEntry, Feed, RoleGrant, User

from .making import make_programme, make_staff

pytestmark = pytest.mark.django_db
PAGE = "/staff/recordings/feeds/"
URL = "rtmp://relay.example.org/live/s3cret-key"


@pytest.fixture
def feed() -> Feed:
    return Feed.objects.create(name="外场一", srt_port=29_999)


@pytest.fixture
def browser(client: Client) -> Client:
    user = User.objects.create_user("admin-of-feeds", password=None)
    RoleGrant.objects.create(user=user, programme=None, role="system_administrator", granted_at=clock.now())
    client.force_login(user)
    return client


def test_a_feed_is_fetched_and_waits_again(browser: Client, feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YISHI_PULL_ALLOW", "relay.example.org")
    assert "等编码器推流" in browser.get(PAGE).content.decode()
    assert browser.post(PAGE, {"feed": feed.pk, "url": URL, "act": "fetch"})["Location"] == PAGE
    shown = browser.get(PAGE).content.decode()
    assert "rtmp://relay.example.org" in shown
    assert "s3cret" not in shown
    assert pull.opened(Feed.objects.select_related("pull_source").get(pk=feed.pk)) == URL
    assert "s3cret" not in str(AuditEntry.objects.filter(act="feed.pull").values())
    browser.post(PAGE, {"feed": feed.pk, "url": "", "act": "wait"})
    assert not PullSource.objects.exists()


def test_what_may_not_be_fetched_is_refused_beside_its_field_and_kept_typed(browser: Client, feed: Feed) -> None:
    answer = browser.post(PAGE, {"feed": feed.pk, "url": "http://169.254.169.254/x", "act": "fetch"})
    assert answer.status_code == 422
    said = answer.content.decode()
    assert "YISHI_PULL_ALLOW" in said
    assert "http://169.254.169.254/x" in said
    assert browser.post(PAGE, {"feed": feed.pk, "url": " ", "act": "fetch"}).status_code == 422
    assert browser.post(PAGE, {"feed": "x", "url": URL, "act": "fetch"}).status_code == 422
    assert not PullSource.objects.exists()


def test_a_feed_is_nobodys_programme(client: Client, feed: Feed) -> None:
    programme = make_programme()
    client.force_login(make_staff(programme))
    assert client.get(PAGE).status_code == 403
    assert client.post(PAGE, {"feed": feed.pk, "url": URL, "act": "fetch"}).status_code == 403
    assert PAGE not in client.get(f"/staff/programmes/{programme.slug}/outputs/").content.decode()
