"""Files come in by the browser piece by piece: each checked and counted once, from where it stopped, under a plain name."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from archive.importing import listing
from archive.models import Derivative, ImportBatch, ImportItem, Upload, UploadTray
from archive.storage import media
from archive.uploads import places, services, work
from broadcast.models import AuditEntry, Episode, Programme

from .importing_making import make
from .making import make_programme, make_staff

pytestmark = [pytest.mark.ffmpeg, pytest.mark.django_db(transaction=True)]
PIECE = "application/offset+octet-stream"


@pytest.fixture
def programme(media_root: Path) -> Programme:
    return make_programme()


@pytest.fixture
def browser(client: Client, programme: Programme) -> Client:
    client.force_login(make_staff(programme))
    return client


@pytest.fixture
def tray(browser: Client, programme: Programme) -> UploadTray:
    browser.post("/staff/imports/", {"programme": programme.slug})
    return UploadTray.objects.get()


def packed(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def says(**headers: Any) -> dict[str, str]:
    return {"Tus-Resumable": "1.0.0"} | {name.replace("_", "-"): str(value) for name, value in headers.items()}


def announce(browser: Client, tray: UploadTray, name: str, size: int, modified: str = "1") -> Any:
    facts = f"filename {packed(name)},modified {packed(modified)}"
    headers = says(Upload_Length=size, Upload_Metadata=facts)
    return browser.post(f"/staff/uploads/{tray.pk}/", headers=headers)


def patch(browser: Client, address: str, offset: int, piece: bytes, **more: Any) -> Any:
    return browser.patch(address, piece, content_type=PIECE, headers=says(Upload_Offset=offset, **more))


def send(browser: Client, tray: UploadTray, name: str, content: bytes) -> str:
    address = str(announce(browser, tray, name, len(content))["Location"])
    assert patch(browser, address, 0, content).status_code == 204
    return address


def seal(browser: Client, address: str, content: bytes) -> Any:
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    return browser.post(f"{address}/seal", headers=says(Upload_Checksum=f"sha256 {digest}"))


def all_of(upload: Upload) -> bytes:
    return (places.tray(upload.tray_id) / upload.name).read_bytes()


def test_a_file_goes_on_where_it_stopped(browser: Client, tray: UploadTray) -> None:
    address = str(announce(browser, tray, "第1期.mp3", 10)["Location"])
    first = patch(browser, address, 0, b"01234")
    assert (first.status_code, first["Upload-Offset"]) == (204, "5")
    asked = browser.head(address, headers=says())
    assert (asked["Upload-Offset"], asked["Upload-Length"], asked["Cache-Control"]) == ("5", "10", "no-store")
    # A writer that was killed after the disk and before the count.
    upload = Upload.objects.get()
    with places.coming(upload.pk).open("ab") as out:
        out.write(b"torn")
    assert announce(browser, tray, "第1期.mp3", 10)["Location"] == address, "the same file again is the same upload"
    wrong = patch(browser, address, 9, b"9")
    assert (wrong.status_code, wrong["Upload-Offset"]) == (409, "5")
    assert patch(browser, address, 5, b"56789").status_code == 204
    assert work.once()
    upload.refresh_from_db()
    assert (upload.state, upload.digest, all_of(upload)) == (
        "ready",
        hashlib.sha256(b"0123456789").hexdigest(),
        b"0123456789",
    )
    assert not places.coming(upload.pk).exists()


def test_a_damaged_piece_is_not_written(browser: Client, tray: UploadTray) -> None:
    address = str(announce(browser, tray, "a.mp3", 4)["Location"])
    other = base64.b64encode(hashlib.sha256(b"abcd").digest()).decode()
    assert patch(browser, address, 0, b"abxd", Upload_Checksum=f"sha256 {other}").status_code == 460
    assert Upload.objects.get().offset_bytes == 0
    assert patch(browser, address, 0, b"abcd", Upload_Checksum=f"sha256 {other}").status_code == 204


@pytest.mark.parametrize("late", [False, True])
def test_another_content_than_the_senders_is_refused(browser: Client, tray: UploadTray, late: bool) -> None:
    address = send(browser, tray, "a.mp3", b"what came")
    if late:
        work.once()
    seal(browser, address, b"what was sent")
    while work.once():
        pass
    upload = Upload.objects.get()
    assert (upload.state, upload.problem) == ("refused", "digest")
    assert [each for each in places.root().rglob("*") if each.is_file()] == []
    assert announce(browser, tray, "a.mp3", 9)["Location"] != address


def test_two_pages_cannot_write_at_once(browser: Client, tray: UploadTray) -> None:
    address = str(announce(browser, tray, "a.mp3", 4)["Location"])
    pk = Upload.objects.get().pk
    with connections["default"].copy().cursor() as other:
        other.execute("BEGIN")
        other.execute("SELECT 1 FROM archive_upload WHERE id = %s FOR UPDATE", [pk])
        assert patch(browser, address, 0, b"ab").status_code == 423
        other.execute("ROLLBACK")
        other.connection.close()
    assert patch(browser, address, 0, b"ab").status_code == 204


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("C:\\录音\\第1期.mp3", "第1期.mp3"),
        ("../../etc/passwd", "passwd"),
        (".hidden", ""),
        ("a\nb.mp3", ""),
        ("好" * 99, ""),
    ],
)
def test_no_name_leads_out_of_the_tray(browser: Client, tray: UploadTray, sent: str, kept: str) -> None:
    answer = announce(browser, tray, sent, 4)
    assert answer.status_code == (201 if kept else 422)
    assert [each.name for each in Upload.objects.all()] == ([kept] if kept else [])


def test_limits(browser: Client, tray: UploadTray, monkeypatch: pytest.MonkeyPatch) -> None:
    assert announce(browser, tray, "a.mp3", (64 << 30) + 1).status_code == 413
    assert announce(browser, tray, "a.csv", 6 << 20).status_code == 413, "a sheet is small"
    assert announce(browser, tray, "a.mp3", 0).status_code == 422
    address = str(announce(browser, tray, "a.mp3", 4)["Location"])
    assert announce(browser, tray, "a.mp3", 5).status_code == 409, "another file of the same name"
    assert patch(browser, address, 0, b"12345").status_code == 413
    assert browser.patch(address, b"1", content_type="text/plain", headers=says(Upload_Offset=0)).status_code == 415
    assert browser.patch(address, b"1", content_type=PIECE, headers={"Upload-Offset": "0"}).status_code == 412
    assert patch(browser, address, 0, bytes(services.MOST_PIECE + 1)).status_code == 413
    monkeypatch.setattr(services, "MOST_OPEN", 1)
    assert announce(browser, tray, "b.mp3", 4).status_code == 429
    monkeypatch.setattr(services, "MOST_OPEN", 2)
    monkeypatch.setenv("YISHI_DISK_KEEP_GB", "100000000")
    assert announce(browser, tray, "b.mp3", 4).status_code == 503
    assert patch(browser, address, 0, b"1234").status_code == 503
    assert Upload.objects.get().offset_bytes == 0


def test_nobody_else_and_no_other_site(programme: Programme, tray: UploadTray) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(make_staff(programme))
    assert announce(strict, tray, "a.mp3", 4).status_code == 403
    for user, status in ((make_staff(programme, "moderator"), 403), (make_staff(make_programme()), 403), (None, 302)):
        other = Client()
        if user is not None:
            other.force_login(user)
        assert announce(other, tray, "a.mp3", 4).status_code == status
    assert not Upload.objects.exists()


def test_what_nobody_goes_on_with_expires(browser: Client, tray: UploadTray) -> None:
    address = str(announce(browser, tray, "a.mp3", 4)["Location"])
    patch(browser, address, 0, b"ab")
    assert work.sweep() == 0
    Upload.objects.update(touched_at=dt.datetime.now(dt.UTC) - dt.timedelta(days=8))
    assert work.sweep() == 1
    assert browser.head(address, headers=says()).status_code == 404
    assert [each for each in places.root().rglob("*") if each.is_file()] == []


def _shelf(tmp_path: Path) -> dict[str, bytes]:
    """Two good files, one of no use, a sheet with a row too many."""
    files = {name: make(tmp_path, name, name.rpartition(".")[2]).read_bytes() for name in ("001.mp3", "002.avi")}
    rows = ["期号,日期,标题,嘉宾,文件", "1,2019-03-05,海绵城市,李明,001.mp3", "2,2019-03-12,夜间公交,,002.avi"]
    rows += ["3,2019-03-19,菜市场,,003.mp4", "4,2019-03-26,没有的,,004.mp3"]
    return files | {"003.mp4": b"no film at all" * 9, "目录.csv": "\r\n".join(rows).encode("gb18030")}


def test_uploads_are_foretold_then_imported_once(
    browser: Client, tray: UploadTray, programme: Programme, tmp_path: Path
) -> None:
    for name, content in _shelf(tmp_path).items():
        assert seal(browser, send(browser, tray, name, content), content).status_code == 204
    page = f"/staff/imports/uploads/{tray.pk}/"
    while work.once():
        pass
    browser.post(f"{page}act", {"act": "foretell"})
    while work.once():
        pass
    assert not Episode.objects.exists()
    shown = browser.get(page).content.decode()
    assert "2 期可以导入" in shown
    assert "没有找到这一行的文件" in shown
    for _time in range(2):
        browser.post(f"{page}act", {"act": "import"})
        for _step in range(9):
            work.once()
        tray.refresh_from_db()
        assert (tray.wanted, tray.problem) == ("", "")
        assert Episode.objects.filter(programme=programme, publication="draft").count() == 2
    states = dict(ImportItem.objects.values_list("file", "state"))
    assert states == {"001.mp3": "done", "002.avi": "done", "003.mp4": "refused"}
    assert AuditEntry.objects.filter(act="import.finish").count() == 1
    _the_originals_are_kept(tmp_path)
    _the_pages_say_so(browser, tray)


def _the_originals_are_kept(shelf: Path) -> None:
    """As they came, and for nobody but staff."""
    kept = Derivative.objects.filter(kind="original").order_by("key")
    assert {each.details["file"] for each in kept} == {"001.mp3", "002.avi"}
    for each in kept:
        content = (shelf / each.details["file"]).read_bytes()
        assert media().path(each.key).read_bytes() == content
        assert (each.digest, each.size_bytes) == (hashlib.sha256(content).hexdigest(), len(content))
        assert not each.is_public


def _the_pages_say_so(browser: Client, tray: UploadTray) -> None:
    batch = ImportBatch.objects.get()
    assert "已结束" in browser.get("/staff/imports/").content.decode()
    one = f"/staff/imports/{batch.pk}/"
    shown = browser.get(one).content.decode()
    for word in ("海绵城市", "不支持这种文件格式", "请转成", "004.mp3", "第 5 行"):
        assert word in shown
    assert "海绵城市" not in browser.get(f"{one}?state=refused").content.decode()
    sheet = browser.get(f"{one}?format=csv").content.decode("utf-8-sig").splitlines()
    assert len(sheet) == 5
    assert browser.get(f"{one}?format=xlsx").content.startswith(b"PK")
    other = Client()
    other.force_login(make_staff(make_programme()))
    assert other.get(one).status_code == 404
    assert "海绵城市" not in other.get("/staff/imports/").content.decode()


def test_no_cell_of_a_list_is_a_formula() -> None:
    assert listing.as_csv([("=1+1", "甲")]).decode("utf-8-sig").startswith("'=1+1,甲")
