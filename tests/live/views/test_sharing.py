"""What a chat finds in a released replay's page: what plays it, for how long, since when; only what anybody may fetch."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from archive import views
from archive.models import Derivative, Recording
from broadcast import clock
from broadcast.models import Episode, Person
from tests.archive.making import make_programme
from tests.broadcast.services.withdrawing import SOUND, shown

pytestmark = pytest.mark.django_db


def told(address: str) -> dict[str, str]:
    text = Client().get(address).content.decode()
    return dict(re.findall(r'<meta property="((?:og|video|article):[\w:]+)" content="([^"]*)"', text))


def test_a_shared_replay_says_what_plays_it_and_when_it_went_out(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    views.forget_rights()
    programme = make_programme()
    airing = shown(programme, Person.objects.create(name="王小明"), tmp_path, "过街设施")
    page = f"/programmes/{programme.slug}/{airing.episode.key}/"
    heard = told(page)
    assert "og:video" not in heard
    assert heard["og:audio"].endswith("/derived/sound.m4a")
    (tmp_path / "airings" / str(airing.pk) / "derived" / "master.mp4").write_bytes(SOUND)
    Derivative.objects.create(
        recording=Recording.objects.get(pk=airing.pk),
        kind="master",
        key=f"airings/{airing.pk}/derived/master.mp4",
        size_bytes=len(SOUND),
        digest="0" * 64,
        algorithm="sha256",
        media_type="video/mp4",
        is_public=True,
        made_at=clock.now(),
    )
    film = told(page)
    assert film["og:video:type"] == "video/mp4"
    assert Client().get(film["og:video"].partition("://testserver")[2]).status_code == 200
    assert film["video:duration"] == "1800"
    assert airing.actual_start is not None
    assert film["video:release_date"] == film["article:published_time"]
    assert film["article:published_time"].startswith(f"{airing.actual_start:%Y-%m-%dT%H:%M:%S}")
    assert film["article:modified_time"] >= film["article:published_time"]
    Episode.objects.update(publication="withdrawn")
    views.forget_rights()
    assert Client().get(film["og:video"].partition("://testserver")[2]).status_code == 404
    assert "og:video" not in told(page)
