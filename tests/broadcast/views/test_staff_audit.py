"""Auditors search, read and take away the record, each look at what is sealed is itself on record, and nobody else comes in."""

from __future__ import annotations

import csv
import io
import json
import warnings
import zipfile
from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import Client

from broadcast import audit, clock, evidence
from broadcast.access import HOUSE, Actor
from broadcast.models import AuditEntry, AuditPersonal, Hold, Participant, RoleGrant, User
from tests.broadcast import making

pytestmark = pytest.mark.django_db


def client_of(role: str | None, **grant: Any) -> Client:
    user = User.objects.create(username=f"{role}-{User.objects.count()}", display_name="审计甲")
    if role:
        RoleGrant.objects.create(user=user, role=role, granted_at=clock.now(), **grant)
    client = Client()
    client.force_login(user)
    return client


def body(response: Any) -> bytes:
    with warnings.catch_warnings():  # the test client is synchronous, servers are not
        warnings.simplefilter("ignore")
        return b"".join(response)


def entries() -> list[AuditEntry]:
    airing = making.airing()
    moderator = User.objects.create(username="mod", display_name="审核乙")
    who = Actor(user_id=moderator.pk, name="审核乙")
    audit.record(who, "comment.reject", "comment:1", airing=airing, reason="含联系方式", after={"state": "rejected"})
    audit.record(who, "comment.approve", "comment:2", airing=airing, personal={"text": "市民的话"})
    audit.record(HOUSE, "airing.start", f"airing:{airing.pk}", airing=airing)
    return list(AuditEntry.objects.order_by("pk"))


@pytest.mark.parametrize("address", ["", "retention", "holds", "evidence"])
def test_only_who_audits_comes_in(address):
    assert client_of("auditor").get(f"/staff/audit/{address}").status_code == 200
    for role in ("moderator", "producer", "system_administrator"):
        assert client_of(role).get(f"/staff/audit/{address}").status_code == 403
    assert Client().get(f"/staff/audit/{address}").status_code == 302


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"actor": "审核乙"}, {"comment:1", "comment:2"}),
        ({"actor": "mod", "act": "comment.reject"}, {"comment:1"}),
        ({"target": "comment:2"}, {"comment:2"}),
        ({"text": "联系"}, {"comment:1"}),
        ({"airing": "海边"}, {"comment:1", "comment:2", "airing"}),
        ({"actor": "system"}, {"airing"}),
        ({"until": "2020-01-01T00:00"}, set()),
        ({"since": "2020-01-01T00:00", "act": "comment."}, {"comment:1", "comment:2"}),
    ],
)
def test_entries_are_found_by_each_field(asked, found):
    entries()
    rows = client_of("auditor").get("/staff/audit/", asked).context["rows"]
    assert {
        row["entry"].target.split(":")[0] if "airing" in row["entry"].target else row["entry"].target for row in rows
    } == found


def test_a_time_that_cannot_be_read_is_refused_beside_its_field():
    answer = client_of("auditor").get("/staff/audit/", {"since": "gestern"})
    assert answer.status_code == 422
    assert answer.context["wrong"] == "since"


def test_many_entries_come_page_by_page(monkeypatch):
    monkeypatch.setattr("broadcast.audit_search.PAGE", 2)
    made = entries()
    client = client_of("auditor")
    first = client.get("/staff/audit/")
    assert [row["entry"].pk for row in first.context["rows"]] == [made[2].pk, made[1].pk]
    second = client.get(f"/staff/audit/{first.context['older']}")
    assert [row["entry"].pk for row in second.context["rows"]] == [made[0].pk]
    assert second.context["older"] == ""


def test_one_entry_shows_before_after_words_and_its_place_in_the_chain():
    made = entries()
    client = client_of("auditor")
    page = client.get(f"/staff/audit/{made[1].pk}/")
    assert page.context["fits"]
    assert (page.context["earlier"], page.context["later"]) == (made[0].pk, made[2].pk)
    assert "市民的话" in page.content.decode()
    AuditPersonal.objects.filter(pk=made[1].pk).update(words=None, words_salt="")
    page = client.get(f"/staff/audit/{made[1].pk}/")
    assert page.context["words_erased"]
    assert page.context["fits"]
    AuditEntry.objects.filter(pk=made[1].pk).update(target="comment:3")
    assert not client.get(f"/staff/audit/{made[1].pk}/").context["fits"]


def test_an_auditor_of_one_programme_sees_its_airings_alone():
    made, own, other = entries(), making.airing(), making.airing()
    audit.record(HOUSE, "airing.start", "airing:own", airing=own)
    audit.record(HOUSE, "airing.start", "airing:other", airing=other)
    client = client_of("auditor", programme=own.episode.programme)
    rows = client.get("/staff/audit/").context["rows"]
    assert [row["entry"].target for row in rows] == ["airing:own"]
    assert client.get(f"/staff/audit/{made[0].pk}/").status_code == 404


def test_an_export_is_written_down_before_it_leaves_and_holds_no_words_of_citizens():
    made = entries()
    answer = client_of("auditor").post("/staff/audit/export", {"format": "json", "reason": "季度检查", "actor": "mod"})
    rows = json.loads(body(answer))
    assert [row["target"] for row in rows] == ["comment:2", "comment:1"]
    assert rows[1]["digest"] == made[0].digest
    assert "市民的话" not in json.dumps(rows, ensure_ascii=False)
    entry = AuditEntry.objects.get(act="audit.export")
    assert entry.after == {"format": "json", "entries": 2, "last": made[2].pk, "wanted": {"actor": "mod"}}
    assert entry.reason == "季度检查"


def test_a_table_keeps_formulas_harmless():
    audit.record(HOUSE, "item.note", "comment:1", reason='=HYPERLINK("http://x")')
    client = client_of("auditor")
    text = body(client.post("/staff/audit/export", {"format": "csv", "reason": "季度检查"})).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert rows[-1]["理由"] == '\'=HYPERLINK("http://x")'
    book = body(client.post("/staff/audit/export", {"format": "xlsx", "reason": "季度检查"}))
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")
    space = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    tree = ElementTree.fromstring(sheet)
    assert not list(tree.iter(f"{space}f"))
    assert '=HYPERLINK("http://x")' in [each.text for each in tree.iter(f"{space}t")]


@pytest.mark.parametrize(
    ("sent", "field"),
    [({"format": "csv", "reason": ""}, "reason"), ({"format": "doc", "reason": "季度检查"}, "format")],
)
def test_an_export_needs_a_format_and_a_reason(sent, field):
    entries()
    answer = client_of("auditor").post("/staff/audit/export", sent)
    assert (answer.status_code, answer.context["wrong"]) == (422, field)
    assert not AuditEntry.objects.filter(act="audit.export").exists()


def sealed() -> Actor:
    who = Participant.objects.create(created_at=clock.now())
    actor = Actor(participant_id=who.pk, address="203.0.113.9", port=50_001, device="Mozilla")
    evidence.keep([(actor, "comment.post", "comment:12")])
    return actor


def test_evidence_opens_only_for_a_reason_and_that_is_written_down():
    actor = sealed()
    client = client_of("auditor")
    listed = client.get("/staff/audit/evidence", {"target": "comment:12"})
    assert len(listed.context["rows"]) == 1
    assert b"203.0.113.9" not in listed.content
    refused = client.post("/staff/audit/evidence", {"target": "comment:12", "reason": "看看"})
    assert refused.status_code == 422
    assert b"203.0.113.9" not in refused.content
    assert not AuditEntry.objects.exists()
    opened = client.post(
        "/staff/audit/evidence", {"target": str(actor.participant_id), "reason": "公安来函核查", "reference": "12号"}
    )
    assert b"203.0.113.9" in opened.content
    entry = AuditEntry.objects.get(act="evidence.read")
    assert (entry.reason, entry.after["reference"], len(entry.after["records"])) == ("公安来函核查", "12号", 1)


def test_evidence_without_its_key_says_so(settings):
    settings.EVIDENCE_KEYS = ["old"]
    sealed()
    settings.EVIDENCE_KEYS = ["new"]
    opened = client_of("auditor").post("/staff/audit/evidence", {"target": "comment:12", "reason": "公安来函核查"})
    assert "YISHI_EVIDENCE_KEYS" in opened.content.decode()


def test_who_keeps_records_holds_and_lifts_and_the_auditor_only_looks():
    airing = making.airing()
    sent = {"scope": "airing", "target": str(airing.pk), "reason": "法院来函", "review": "2026-12-01"}
    assert client_of("auditor").post("/staff/audit/holds", sent).status_code == 403
    keeper = client_of("security_administrator")
    wrong = keeper.post("/staff/audit/holds", {**sent, "target": "x"})
    assert (wrong.status_code, wrong.context["wrong"]) == (422, "target")
    assert keeper.post("/staff/audit/holds", sent).status_code == 302
    hold = Hold.objects.get()
    assert "海边的路" in keeper.get("/staff/audit/holds").content.decode()
    assert keeper.post(f"/staff/audit/holds/{hold.pk}/lift", {"reason": ""}).status_code == 422
    assert keeper.post(f"/staff/audit/holds/{hold.pk}/lift", {"reason": "已结案"}).status_code == 302
    assert Hold.objects.filter(lifted_at=None).count() == 0


def test_staff_hands_out_and_erases_for_who_asked_in_writing():
    who = Participant.objects.create(created_at=clock.now(), display_name="王小明")
    keeper = client_of("security_administrator")
    assert client_of("auditor").get("/staff/audit/people").status_code == 403
    assert keeper.get("/staff/audit/people", {"participant": "nobody"}).status_code == 422
    refused = keeper.post(f"/staff/audit/people/{who.pk}", {"act": "export", "reason": ""})
    assert (refused.status_code, refused.context["wrong"]) == (422, "reason")
    answer = keeper.post(f"/staff/audit/people/{who.pk}", {"act": "export", "reason": "书面申请 3 号"})
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert json.loads(archive.read("data.json"))["participants"][0]["name"] == "王小明"
        assert "王小明" in archive.read("index.html").decode()
    assert keeper.post(f"/staff/audit/people/{who.pk}", {"act": "erase", "reason": "书面申请 4 号"}).status_code == 302
    page = keeper.get("/staff/audit/people", {"participant": str(who.pk)})
    assert page.context["wish"].state == "asked"
    assert list(AuditEntry.objects.order_by("pk").values_list("act", "reason")) == [
        ("personal.export", "书面申请 3 号"),
        ("erasure.ask", "书面申请 4 号"),
    ]


def test_the_pages_stay_whole_with_hostile_words():
    audit.record(
        HOUSE,
        "item.note",
        "comment:<script>",
        reason="<img src=x onerror=alert(1)>\u202e",
        before={"<b>": "<script>"},
        personal={"text": "</dl><script>alert(1)</script>"},
    )
    client = client_of("auditor")
    for address in ("", f"{AuditEntry.objects.get().pk}/", "?target=%3Cscript%3E"):
        text = client.get(f"/staff/audit/{address}").content.decode()
        assert "<img src=x" not in text
        assert "<script>alert" not in text
