"""What partners' apps are told, version 1, as types; the OpenAPI document is made of them. It reads nothing and decides nothing."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

VERSION = "1.0.0"
MOST_A_PAGE = 100
A_PAGE = 50

Instant = Annotated[
    str,
    Meta(extra_json_schema={"format": "date-time"}, description="ISO 8601 with the offset of the airing's own zone"),
]
Address = Annotated[str, Meta(extra_json_schema={"format": "uri"})]


class ProgrammeOut(Struct, frozen=True):
    """A programme that is for everybody."""

    slug: str
    name: str
    name_en: str
    kind: Annotated[str, Meta(description="radio, video or another kind of the house")]
    description: str
    url: Address
    calendar_url: Annotated[Address, Meta(description="iCalendar to subscribe to")]


class Airing(Struct, frozen=True):
    """One time that an episode goes out. `id` never changes; times may."""

    id: Annotated[str, Meta(extra_json_schema={"format": "uuid"})]
    programme: Annotated[str, Meta(description="slug of the programme")]
    episode: Annotated[str, Meta(description="number of the episode, or its name where it has none")]
    title: str
    title_en: str
    description: str
    kind: Literal["premiere", "rerun"]
    state: Literal["planned", "waiting", "on_air", "ended", "cancelled"]
    starts_at: Instant
    ends_at: Instant
    started_at: Annotated[Instant | None, Meta(description="when it really began")]
    ended_at: Annotated[Instant | None, Meta(description="when it really ended")]
    people: list[str]
    url: Annotated[Address, Meta(description="page to watch, take part, and see the replay")]
    has_replay: Annotated[bool, Meta(description="whether everybody may watch the replay now")]


class Programmes(Struct, frozen=True):
    """All programmes, in the house's order."""

    items: list[ProgrammeOut]


class Airings(Struct, frozen=True):
    """A page of airings. `next` is the address of the page after it, null on the last."""

    items: list[Airing]
    next: Address | None


class Refusal(Struct, frozen=True):
    """Why not: `code` is stable, `message` is for people."""

    type: Literal["error"]
    id: str
    code: str
    message: str
    data: dict[str, Any]


_REFUSALS = {
    "401": "No token, or one that does not count any more",
    "403": "The token is not for this",
    "422": "A parameter cannot be read",
    "429": "Too many requests; Retry-After says when again",
}
_PARAMETERS: dict[str, dict[str, Any]] = {
    "programme": {"description": "Only this programme, by its slug", "schema": {"type": "string"}},
    "limit": {
        "description": "How many on a page",
        "schema": {"type": "integer", "minimum": 1, "maximum": MOST_A_PAGE, "default": A_PAGE},
    },
    "cursor": {"description": "Where the page begins, as `next` of the one before says", "schema": {"type": "string"}},
}
# Path, scope, summary, type, parameters.
PATHS: tuple[tuple[str, str, str, type[Struct], tuple[str, ...]], ...] = (
    ("programmes", "programmes", "Programmes that are for everybody", Programmes, ()),
    (
        "upcoming",
        "upcoming",
        "What is announced and not over, the next first",
        Airings,
        ("programme", "limit", "cursor"),
    ),
    ("on-air", "on-air", "What is on air now", Airings, ("programme",)),
    ("past", "past", "What is over, the latest first", Airings, ("programme", "limit", "cursor")),
)


def openapi(title: str, server: str) -> dict[str, Any]:
    """The OpenAPI 3.1 document of this version."""
    types = [Programmes, Airings, Refusal]
    _references, components = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": VERSION, "description": "What goes out, for partners' apps. Read only."},
        "servers": [{"url": f"{server}/api/v1"}],
        "paths": {f"/{name}": {"get": _get(name, *rest)} for name, *rest in PATHS},
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _get(name: str, scope: Any, summary: Any, answer: Any, parameters: Any) -> dict[str, Any]:
    refusal = {"application/json": {"schema": {"$ref": "#/components/schemas/Refusal"}}}
    refused = {status: {"description": words, "content": refusal} for status, words in _REFUSALS.items()}
    schema = {"$ref": f"#/components/schemas/{answer.__name__}"}
    asked = [{"name": each, "in": "query", "required": False, **_PARAMETERS[each]} for each in parameters]
    matched = {"name": "If-None-Match", "in": "header", "required": False, "schema": {"type": "string"}}
    return {
        "operationId": name.replace("-", "_"),
        "summary": summary,
        "security": [{"token": [scope]}],
        "parameters": [*asked, matched],
        "responses": {
            "200": {
                "description": summary,
                "headers": {"ETag": {"schema": {"type": "string"}}},
                "content": {"application/json": {"schema": schema}},
            },
            "304": {"description": "The same as what If-None-Match names"},
            **refused,
        },
    }
