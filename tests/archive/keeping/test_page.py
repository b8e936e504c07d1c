"""The page of what is kept: what is wrong stands there with its recording, and a person may have one read again at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client

from archive import fixity, manifest, tasks
from archive.models import FixityCheck, Recording
from broadcast import clock
from broadcast.celery import app
from broadcast.models import Airing, AuditEntry, User
from tests.archive.making import make_airing, make_staff
from tests.archive.stored import Show

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "/staff/keeping/"


@pytest.fixture
def airing(media_root: Path) -> Airing:
    now = clock.now()
    made = make_airing(state="ended", actual_start=now, actual_end=now)
    Recording.objects.create(airing=made, state="finished", replay_ready_at=now, reported_at=now)
    show = Show(media_root, made.pk)
    for _ in range(2):
        show.close_segment()
    manifest.write(made)
    return made


@pytest.fixture
def producer(airing: Airing, client: Client) -> User:
    user = make_staff(airing.episode.programme)
    client.force_login(user)
    return user


def test_what_is_wrong_stands_there_with_its_recording(
    airing: Airing, producer: User, client: Client, media_root: Path
) -> None:
    assert "还没有读过" in client.get(PAGE).content.decode()
    (media_root / f"airings/{airing.pk}/parts/001/000001.ts").write_bytes(b"rotten")
    fixity.audit_airing(airing.pk, rate=0)
    shown = client.get(PAGE).content.decode()
    assert "parts/001/000001.ts" in shown
    assert "损坏" in shown
    assert f"/staff/recordings/{airing.pk}/" in shown
    assert "只有一份" in shown


def test_one_is_read_again_when_somebody_asks(
    airing: Airing, producer: User, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    fixity.audit_airing(airing.pk, rate=0)
    before = FixityCheck.objects.filter(place=fixity.WHOLE).count()
    # The worker of this test works at once.
    monkeypatch.setattr(
        app, "send_task", lambda name, args, kwargs, **_: {fixity.TASK: tasks.keep}[name](*args, **kwargs)
    )
    assert client.post(f"{PAGE}{airing.pk}/audit")["Location"] == PAGE
    assert FixityCheck.objects.filter(place=fixity.WHOLE).count() == before + 1, "though it was not due"
    assert AuditEntry.objects.get(act="fixity.ask").target == f"airing:{airing.pk}"


def test_others_see_nothing_of_it_and_may_not_ask(airing: Airing, client: Client) -> None:
    other = make_airing()
    client.force_login(make_staff(other.episode.programme))
    assert str(airing.pk) not in client.get(PAGE).content.decode()
    assert client.post(f"{PAGE}{airing.pk}/audit").status_code == 403
    assert not AuditEntry.objects.filter(act="fixity.ask").exists()
