"""A lost cache logs nobody out and keeps nobody from beginning."""

from __future__ import annotations

import pytest
from django.conf import LazySettings
from django.test import Client

from broadcast.house.places import free_port
from broadcast.models import User
from broadcast.sessions import SessionStore

pytestmark = pytest.mark.django_db


@pytest.fixture
def lose_the_cache(settings: LazySettings):
    """From then on nobody answers where the cache was."""

    def lose() -> None:
        gone = {**settings.CACHES["default"], "LOCATION": f"redis://127.0.0.1:{free_port()}/0"}
        settings.CACHES = {"default": gone}

    return lose


def test_a_session_holds_without_the_cache(settings: LazySettings, lose_the_cache) -> None:
    assert SessionStore.__module__ == settings.SESSION_ENGINE
    begun = SessionStore()
    begun["chosen"] = "elder"
    begun.save()
    lose_the_cache()
    found = SessionStore(begun.session_key)
    assert found["chosen"] == "elder"
    found["chosen"] = "plain"
    found.save()
    assert SessionStore(begun.session_key)["chosen"] == "plain"
    assert SessionStore("nobodyhasthiskeynobodyhasthiskey").get("chosen") is None


def test_who_is_logged_in_stays_so_and_a_new_session_begins_without_the_cache(client: Client, lose_the_cache) -> None:
    user = User.objects.create_user("lin", password="a-long-enough-word")
    client.force_login(user)
    lose_the_cache()
    assert client.session["_auth_user_id"] == str(user.pk)
    begun = SessionStore()
    begun["chosen"] = "elder"
    begun.save()
    assert SessionStore(begun.session_key)["chosen"] == "elder"
