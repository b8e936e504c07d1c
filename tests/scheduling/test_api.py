"""The interface for partners' apps: tokens and scopes, pages, what it never tells, and a document that says all of it."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import msgspec
import pytest
from django.test import Client

from broadcast import clock
from broadcast.access import HOUSE
from broadcast.models import Airing, Episode
from scheduling import wire
from scheduling.services import allowance, tokens

from .making import NOON, airing

pytestmark = pytest.mark.django_db
WEEK = dt.timedelta(days=7)
EVERYTHING = [str(each) for each in tokens.Scope]


@pytest.fixture(autouse=True)
def friday_before():
    with clock.frozen(NOON - dt.timedelta(days=1)):
        yield


@pytest.fixture
def partner() -> Client:
    return bearing(tokens.make_api_token(HOUSE, "合作平台", EVERYTHING)[1])


def bearing(secret: str) -> Client:
    return Client(headers={"Authorization": f"Bearer {secret}"})


def shown(start: dt.datetime = NOON, number: int = 1, **columns: Any) -> Airing:
    made = airing(start, number=number, port=None, **columns)
    Episode.objects.filter(pk=made.episode_id).update(publication="published")
    return made


def over(number: int, **columns: Any) -> Airing:
    start = NOON - number * WEEK
    times = {"actual_start": start, "actual_end": start + dt.timedelta(minutes=30)}
    return shown(start, number, state="ended", **times, **columns)


def test_a_stranger_is_told_how_to_ask_in_json(client: Client):
    for asking in (client, bearing("ys_wrong"), Client(headers={"Authorization": "Basic abc"})):
        answer = asking.get("/api/v1/upcoming")
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"].startswith("Bearer")
        assert answer.json()["code"] == "token_unknown"
        assert not answer.cookies


def test_a_token_reads_its_scopes_and_nothing_else():
    one = bearing(tokens.make_api_token(HOUSE, "合作平台", ["on-air"])[1])
    assert one.get("/api/v1/on-air").status_code == 200
    for path in ("upcoming", "past", "programmes"):
        answer = one.get(f"/api/v1/{path}")
        assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")


def test_each_list_holds_what_it_says_and_fits_its_type(partner: Client):
    coming, on_air = shown(NOON, 1), shown(NOON - dt.timedelta(hours=25), 2, state="on_air", actual_start=NOON)
    past = over(3)
    shown(NOON + WEEK, 4, announced=False)
    shown(NOON + WEEK, 5, state="cancelled")
    shown(NOON + WEEK, 6, kind="rehearsal")
    lists = {"upcoming": [on_air, coming], "on-air": [on_air], "past": [past]}
    for path, wanted in lists.items():
        answer = partner.get(f"/api/v1/{path}")
        page = msgspec.json.decode(answer.content, type=wire.Airings, strict=True)
        assert [each.id for each in page.items] == [str(each.pk) for each in wanted], path
        assert page.next is None
    first = msgspec.json.decode(partner.get("/api/v1/upcoming").content, type=wire.Airings).items[1]
    assert (first.starts_at, first.url) == ("2026-11-28T11:00:00+08:00", "http://testserver/programmes/hotline/1/")
    programmes = msgspec.json.decode(partner.get("/api/v1/programmes").content, type=wire.Programmes)
    assert [each.calendar_url for each in programmes.items] == ["http://testserver/calendar/hotline.ics"]


def test_a_replay_is_told_when_everybody_may_watch_it(partner: Client):
    show = over(1)
    assert partner.get("/api/v1/past").json()["items"][0]["has_replay"] is False
    Episode.objects.filter(pk=show.episode_id).update(signed_off_at=clock.now())
    assert partner.get("/api/v1/past").json()["items"][0]["has_replay"] is True


@pytest.mark.parametrize("path", ["past", "upcoming"])
def test_pages_hold_each_once_even_where_times_are_the_same(partner: Client, path: str):
    for number in range(1, 8):
        if path == "past":
            made = over(number)
            Airing.objects.filter(pk=made.pk).update(actual_end=NOON - WEEK * (number // 3))
        else:
            shown(NOON + WEEK * (number // 3), number)
    seen: list[str] = []
    address: str | None = f"/api/v1/{path}?limit=2&programme=hotline"
    for _page in range(5):
        if address is None:
            break
        page = partner.get(address).json()
        seen += [each["id"] for each in page["items"]]
        address = page["next"]
    assert len(seen) == len(set(seen)) == 7
    assert address is None
    assert seen == [each["id"] for each in partner.get(f"/api/v1/{path}").json()["items"]]


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "limit=-1", "cursor=x", "cursor=%00", "cursor=YXxi"]
)
def test_what_cannot_be_read_is_a_refusal_that_names_the_field(partner: Client, query: str):
    answer = partner.get(f"/api/v1/upcoming?{query}")
    assert answer.status_code == 422
    assert answer.json()["data"]["field"] == query.partition("=")[0]


def test_the_same_answer_is_not_sent_twice(partner: Client):
    shown()
    first = partner.get("/api/v1/upcoming")
    again = partner.get("/api/v1/upcoming", headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    Airing.objects.update(planned_start=NOON + dt.timedelta(minutes=1))
    assert partner.get("/api/v1/upcoming", headers={"If-None-Match": first["ETag"]}).status_code == 200


def test_a_minute_holds_so_many_requests_of_a_token_and_fewer_of_a_stranger(
    partner: Client, monkeypatch, client: Client
):
    monkeypatch.setattr(allowance, "PER_TOKEN", 3)
    monkeypatch.setattr(allowance, "PER_STRANGER", 2)
    left = [partner.get("/api/v1/on-air").headers.get("RateLimit-Remaining") for _each in range(3)]
    assert left == ["2", "1", "0"]
    refused = partner.get("/api/v1/on-air")
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many")
    assert 0 < int(refused["Retry-After"]) <= 60
    found = {client.get("/api/v1/on-air", REMOTE_ADDR="192.0.2.99").status_code for _each in range(2)}
    assert found == {401}
    assert client.get("/api/v1/on-air", REMOTE_ADDR="192.0.2.99").status_code == 429
    with clock.frozen(clock.now() + dt.timedelta(minutes=1)):
        assert partner.get("/api/v1/on-air").status_code == 200


def test_nothing_but_reading(partner: Client):
    assert partner.post("/api/v1/upcoming").status_code == 405


def test_the_document_says_every_path_with_scope_and_type_and_leads_nowhere_else(client: Client):
    document = client.get("/api/v1/openapi.json").json()
    assert document["openapi"] == "3.1.0"
    assert set(document["paths"]) == {f"/{name}" for name, *_rest in wire.PATHS}
    scopes = {get["get"]["security"][0]["token"][0] for get in document["paths"].values()}
    assert scopes == set(EVERYTHING)
    schemas = document["components"]["schemas"]
    text = json.dumps(document)
    named = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert named <= set(schemas)
    assert {"Airings", "Programmes", "Refusal"} <= named
    assert set(schemas["Airing"]["properties"]) == set(wire.Airing.__struct_fields__)
    for path in document["paths"]:
        assert client.get(f"/api/v1{path}").status_code == 401


def test_answers_fit_the_document(partner: Client):
    """Each value is of the type that the document gives it, required ones are there, and nothing else is."""
    over(1)
    shown(NOON, 2)
    document = partner.get("/api/v1/openapi.json").json()
    schemas = document["components"]["schemas"]
    for path in ("past", "upcoming", "on-air", "programmes"):
        answer = document["paths"][f"/{path}"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        fits(partner.get(f"/api/v1/{path}").json(), answer, schemas)
    fits(Client().get("/api/v1/past").json(), {"$ref": "#/components/schemas/Refusal"}, schemas)


KINDS = {"string": str, "integer": int, "boolean": bool, "null": type(None), "array": list, "object": dict}


def fits(value: Any, schema: dict[str, Any], schemas: dict[str, Any]) -> None:
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rsplit("/", 1)[1]]
    if "anyOf" in schema:
        kinds = [KINDS[each["type"]] for each in schema["anyOf"]]
        assert isinstance(value, tuple(kinds)), (value, schema)
        return
    if "enum" in schema:
        assert value in schema["enum"]
        return
    assert isinstance(value, KINDS[schema["type"]]), (value, schema)
    if schema["type"] == "array":
        for each in value:
            fits(each, schema["items"], schemas)
    if schema["type"] == "object" and "properties" in schema:
        assert set(schema["required"]) <= set(value) <= set(schema["properties"])
        for name, each in value.items():
            fits(each, schema["properties"][name], schemas)
