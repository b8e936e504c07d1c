"""我的资料: everybody sees what is kept, takes it away, asks to be erased and can take that back, without scripts."""

from __future__ import annotations

import datetime as dt
import io
import json
import zipfile

import pytest
from django.conf import settings
from django.test import Client

from broadcast import clock, identity
from broadcast.identity import Identity
from broadcast.models import AuditEntry, Erasure, EvidenceRecord, Participant
from broadcast.services import erasing

pytestmark = pytest.mark.django_db(transaction=True)


def guest(**fields: object) -> tuple[Client, Participant]:
    row = Participant.objects.create(created_at=clock.now(), display_name="访客甲", **fields)
    client = Client()
    client.cookies[identity.COOKIE] = identity.sign(Identity(row.pk, 0, None, "访客甲"))
    return client, row


def test_whoever_only_watched_has_nothing_and_no_row_is_made():
    client = Client()
    page = client.get("/account/data")
    assert page.status_code == 200
    assert page.context["person"] is None
    assert client.post("/account/data/file").status_code == 302
    assert client.get("/account/data/erase").status_code == 302
    assert not Participant.objects.exists()


def test_the_file_has_a_page_and_data_and_taking_it_leaves_evidence_without_a_name_in_the_audit():
    client, row = guest()
    answer = client.post("/account/data/file")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.namelist() == ["data.json", "index.html"]
        assert json.loads(archive.read("data.json"))["participants"][0]["id"] == str(row.pk)
        assert "访客甲" in archive.read("index.html").decode()
    entry = AuditEntry.objects.get(act="personal.export")
    assert entry.personal.data == {"name": "", "address": ""}
    assert EvidenceRecord.objects.get(kind="personal.export").participant_id == row.pk


def test_hostile_words_are_text_in_the_file():
    client, row = guest()
    Participant.objects.filter(pk=row.pk).update(display_name="<script>alert(1)</script>")
    answer = client.post("/account/data/file")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert "<script>" not in archive.read("index.html").decode()


def test_erasure_asks_once_more_waits_and_can_be_taken_back():
    client, row = guest()
    assert client.post("/account/data/erase").status_code == 422
    assert client.post("/account/data/erase", {"sure": "1"}).status_code == 302
    wish = Erasure.objects.get()
    assert wish.begins_at - wish.asked_at == dt.timedelta(days=settings.ERASURE_DAYS)
    assert client.get("/account/data").context["wish"] == wish
    client.post("/account/data/keep")
    assert client.get("/account/data").context["wish"] is None
    with clock.shifted(dt.timedelta(days=30)):
        erasing.carry_on()
    assert Participant.objects.get(pk=row.pk).display_name == "访客甲"


def test_after_it_the_browser_is_a_fresh_guest_with_nothing():
    client, row = guest()
    client.post("/account/data/erase", {"sure": "1"})
    with clock.shifted(dt.timedelta(days=settings.ERASURE_DAYS, minutes=1)):
        erasing.carry_on()
        page = client.get("/account/data")
    assert page.context["person"] is None
    assert identity.read(client.cookies[identity.COOKIE].value).participant_id != row.pk
    assert Participant.objects.get(pk=row.pk).display_name == "已注销"


def test_a_guest_who_became_an_account_keeps_what_it_had():
    client, row = guest()
    client.post("/account/data/erase", {"sure": "1"})
    survivor = Participant.objects.create(created_at=clock.now())
    Participant.objects.filter(pk=row.pk).update(merged_into=survivor)
    with clock.shifted(dt.timedelta(days=30)):
        erasing.carry_on()
    assert Erasure.objects.get().state == Erasure.State.CANCELLED
    assert Participant.objects.get(pk=row.pk).erased_at is None
