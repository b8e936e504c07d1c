"""A filler is taken in by a producer alone, checked in the sandbox, and only what was encoded anew may go out."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from archive import fallback, fillers
from archive.models import Filler
from archive.storage.base import read_back
from broadcast.access import HOUSE, Actor
from broadcast.errors import InvalidInput, NotAllowed, Unavailable
from broadcast.models import AuditEntry

from . import hostile
from .making import make_programme, make_staff
from .s3_servers import Proxy

pytestmark = [pytest.mark.ffmpeg, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def programme(media_root: Path):
    return make_programme()


@pytest.fixture
def browser(client, programme):
    client.force_login(make_staff(programme))
    return client


@pytest.fixture(scope="module")
def clip_bytes(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return hostile.make(tmp_path_factory.mktemp("filler") / "a.mp4", *hostile.GOOD["a.mp4"], seconds=5).read_bytes()


def page(programme) -> str:
    return f"/staff/programmes/{programme.slug}/fillers/"


def send(browser, programme, content: bytes, name: str = "a.mp4"):
    return browser.post(page(programme), {"title": " 春节 垫片 ", "file": SimpleUploadedFile(name, content)})


def test_a_good_file_becomes_a_tape_that_can_go_out(browser, programme, clip_bytes: bytes, media_root: Path) -> None:
    assert send(browser, programme, clip_bytes)["Location"] == page(programme)
    filler = Filler.objects.get()
    assert (filler.state, filler.title, filler.programme) == ("checking", "春节 垫片", programme)
    assert fallback.filler(filler) is None, "what was not checked is not played"
    shown = browser.get(page(programme)).content.decode()
    assert 'http-equiv="refresh"' in shown
    assert fillers.check(filler.pk) == "ready"
    filler.refresh_from_db()
    assert 4_900 <= filler.duration_ms <= 5_200
    assert filler.has_picture
    ref = fallback.filler(filler)
    assert ref is not None
    tape = fallback.Shelf(media_root).tape((ref,))
    assert tape is not None
    assert len(tape.segments) == 3
    assert not fillers.incoming(filler.pk).exists(), "the upload itself is kept nowhere"
    assert AuditEntry.objects.filter(act="filler.upload").count() == 1
    shown = browser.get(page(programme)).content.decode()
    assert "可以播出" in shown
    assert 'http-equiv="refresh"' not in shown
    assert fillers.check(filler.pk) == "ready", "asking again changes nothing"


def test_a_hostile_file_is_refused_in_words(browser, programme, media_root: Path) -> None:
    send(browser, programme, b"#EXTM3U\n#EXTINF:2,\nfile:///etc/passwd\n")
    filler = Filler.objects.get()
    assert fillers.check(filler.pk) == "refused"
    filler.refresh_from_db()
    assert filler.problem == "media_format"
    assert fallback.filler(filler) is None
    assert "不支持这种文件格式" in browser.get(page(programme)).content.decode()
    assert not fillers.incoming(filler.pk).exists()
    assert not (media_root / "fillers").exists()


def test_mistakes_are_said_on_the_page_and_leave_nothing(browser, programme, media_root: Path) -> None:
    assert browser.post(page(programme), {"title": "x"}).status_code == 422
    answer = browser.post(page(programme), {"title": " ", "file": SimpleUploadedFile("a.mp4", b"x")})
    assert answer.status_code == 422
    assert "请填写名称" in answer.content.decode()
    assert not Filler.objects.exists()
    with pytest.raises(InvalidInput):
        fillers.upload(HOUSE, programme, "x", [b"12", b"34"], limits=fillers.Limits(bytes=3))
    with pytest.raises(InvalidInput):
        fillers.upload(HOUSE, programme, "x", [])
    assert not list((media_root / "incoming").iterdir())


def test_only_producers_upload_and_remove(client, programme, clip_bytes: bytes) -> None:
    assert client.get(page(programme))["Location"].startswith("/account/login")
    for user in (make_staff(programme, "moderator"), make_staff(make_programme())):
        client.force_login(user)
        assert client.get(page(programme)).status_code == 403
        assert send(client, programme, clip_bytes).status_code == 403
    with pytest.raises(NotAllowed):
        fillers.upload(Actor(), programme, "x", [b"x"])
    assert not Filler.objects.exists()
    filler = fillers.upload(HOUSE, programme, "x", [b"x"])
    assert client.post(f"{page(programme)}{filler.pk}/remove").status_code == 403
    client.force_login(make_staff(programme))
    client.post(f"{page(programme)}{filler.pk}/remove")
    assert not Filler.objects.exists()
    assert AuditEntry.objects.filter(act="filler.remove").count() == 1


def test_only_so_many_wait_at_once(programme) -> None:
    for _ in range(fillers._MOST_CHECKING):
        fillers.upload(HOUSE, programme, "x", [b"x"])
    with pytest.raises(Unavailable):
        fillers.upload(HOUSE, programme, "x", [b"x"])


def test_a_ready_filler_lies_in_the_store_too(programme, clip_bytes: bytes, proxy: Proxy) -> None:
    filler = fillers.upload(HOUSE, programme, "x", [clip_bytes])
    assert fillers.check(filler.pk) == "ready"
    names = [key.rsplit("/", 1)[-1] for key in proxy.storage.list(f"fillers/{filler.pk}")]
    assert names == ["000000.ts", "000001.ts", "000002.ts", "i.m3u8"]
    assert read_back(proxy.storage, f"fillers/{filler.pk}/000000.ts").size > 1_000
