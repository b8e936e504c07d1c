"""Writes the wire protocol down for people and machines, from live/protocol/ alone; it must not add a meaning of its own."""

from __future__ import annotations

import inspect
import json
import types
from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import inspect as mi

from live import protocol

AUDIENCE = protocol.AudienceCommand.__args__
STAFF = protocol.StaffCommand.__args__
OBJECTS = protocol.PublicObject.__args__
DOWN = (protocol.Snapshot, protocol.Tick, protocol.Mine, protocol.Pace, protocol.Ack, protocol.Refused)
STAFF_DOWN = (protocol.StaffSnapshot, protocol.StaffChange)
INTRODUCTION = (protocol.Introduce, protocol.Introduced)
OVERLAY_DOWN = (protocol.OverlayScene,)
PARTS = (
    protocol.OptionResult,
    protocol.PollRule,
    protocol.Verdict,
    protocol.LevelResult,
    protocol.ScaleResult,
    protocol.EarlierResult,
    protocol.EnteredResult,
    protocol.PollOutcome,
    protocol.MyItem,
    protocol.MyReport,
    protocol.MyBallot,
    protocol.Hit,
    protocol.Claim,
    protocol.StaffItem,
    protocol.HallScene,
    protocol.StaffPoll,
)
GENERATED = "Generated from live/protocol/ by `python -m broadcast protocol`; do not edit."


def schema() -> str:
    """JSON Schema 2020-12 of every frame, up and down."""
    frames = [*AUDIENCE, *STAFF, *OBJECTS, *DOWN, *STAFF_DOWN, *OVERLAY_DOWN, *INTRODUCTION]
    _, components = msgspec.json.schema_components(frames, ref_template="#/$defs/{name}")
    groups = {
        "AudienceCommand": AUDIENCE,
        "StaffCommand": STAFF,
        "PublicObject": OBJECTS,
        "AudienceFrame": DOWN,
        "StaffFrame": (*STAFF_DOWN, protocol.Mine, protocol.Ack, protocol.Refused),
    }
    unions = {
        name: {"anyOf": [{"$ref": f"#/$defs/{each.__name__}"} for each in kinds]} for name, kinds in groups.items()
    }
    whole = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$comment": GENERATED,
        "title": "Yishi live protocol",
        "$defs": {**unions, **dict(sorted(components.items()))},
    }
    return json.dumps(whole, ensure_ascii=False, indent=2) + "\n"


def typescript() -> str:
    """Declarations for editors and for `// @ts-check` in the browser's modules."""
    lines = [f"// {GENERATED}", ""]
    for kind in (*PARTS, *OBJECTS, *AUDIENCE, *STAFF, *DOWN, *STAFF_DOWN, *OVERLAY_DOWN, *INTRODUCTION):
        info = _info(kind)
        lines += [f"/** {_sentence(kind)} */", f"export interface {kind.__name__} {{"]
        if info.tag_field:
            lines.append(f"  {info.tag_field}: {json.dumps(info.tag)};")
        for each in info.fields:
            lines.append(
                f"  {each.encode_name}{'' if each.required or kind in _ALWAYS_WHOLE else '?'}: {_ts(each.type)};"
            )
        lines += ["}", ""]
    unions = {"AudienceCommand": AUDIENCE, "StaffCommand": STAFF, "PublicObject": OBJECTS, "AudienceFrame": DOWN}
    unions["StaffFrame"] = (*STAFF_DOWN, protocol.Mine, protocol.Ack, protocol.Refused)
    for name, kinds in unions.items():
        lines += [f"export type {name} = {' | '.join(each.__name__ for each in kinds)};"]
    lines += ["", "export const enum CloseCode {"]
    lines += [f"  {name} = {code}," for name, code in _close_codes()]
    return "\n".join([*lines, "}", ""])


# The server never leaves a field out; a browser may leave out what has a default.
_ALWAYS_WHOLE = {*PARTS, *OBJECTS, *DOWN, *STAFF_DOWN, *OVERLAY_DOWN}


def markdown() -> str:
    """The protocol for a reader."""
    lines = [f"<!-- {GENERATED} -->", "# The wire protocol", "", *_introduction(), ""]
    chapters: list[tuple[str, Iterable[Any]]] = [
        ("What the audience may send", AUDIENCE),
        ("What staff may send besides", STAFF),
        ("What everybody receives", DOWN),
        ("Objects of the public state", OBJECTS),
        ("What staff receive besides", STAFF_DOWN),
        ("What an overlay receives (`/overlay/…/socket`, `/overlay/…/state`); it sends nothing", OVERLAY_DOWN),
        ("How a partner's page begins", INTRODUCTION),
        ("Parts", PARTS),
    ]
    for title, kinds in chapters:
        lines += [f"## {title}", ""]
        for kind in kinds:
            lines += _chapter(kind)
    lines += ["## Close codes", "", "| code | name | what the page does |", "|---|---|---|"]
    source = inspect.getsource(protocol.CloseCode)
    for name, code in _close_codes():
        said = next(line.partition("#")[2].strip() for line in source.splitlines() if f"{name} =" in line)
        lines.append(f"| {code} | {name} | {said} |")
    return "\n".join([*lines, ""])


def _introduction() -> list[str]:
    doc = inspect.getdoc(protocol) or ""
    return [
        *doc.splitlines(),
        "",
        f"A frame from a browser has at most {protocol.MAX_FRAME_BYTES:,} bytes, "
        f"a text at most {protocol.TEXT_MAX} characters after cleaning. "
        "Unknown types and unknown fields are refused with an `error` frame; the socket lives on.",
        "",
        f"A browser keeps a map from key to object. A `snapshot` replaces it, a `tick` with the same epoch and the next seq changes it; "
        f"of comments only the newest {protocol.COMMENTS_SHOWN} by (at, id) are kept, on both sides, so trimming is never sent.",
    ]


def _chapter(kind: Any) -> list[str]:
    info = _info(kind)
    name = f"`{info.tag}` ({kind.__name__})" if info.tag_field else f"{kind.__name__}"
    lines = [f"### {name}", "", _sentence(kind), "", "| field | type | default |", "|---|---|---|"]
    for each in info.fields:
        default = "required" if each.required else f"`{_default(each)}`"
        lines.append(f"| `{each.encode_name}` | {_words(each.type)} | {default} |")
    return [*lines, ""]


def _info(kind: Any) -> mi.StructType:
    found = mi.type_info(kind)
    if not isinstance(found, mi.StructType):
        raise TypeError(f"{kind} is no frame")
    return found


def _default(field: mi.Field) -> str:
    if field.default is not msgspec.NODEFAULT:
        return json.dumps(field.default)
    return "{}" if field.default_factory is dict else "[]"


def _sentence(kind: Any) -> str:
    return " ".join((inspect.getdoc(kind) or "").split())


def _close_codes() -> list[tuple[str, int]]:
    return [(name, code) for name, code in vars(protocol.CloseCode).items() if isinstance(code, int)]


def _words(kind: mi.Type) -> str:
    limits = []
    for name, word in (
        ("ge", "≥"),
        ("le", "≤"),
        ("min_length", "at least"),
        ("max_length", "at most"),
        ("pattern", "like"),
    ):
        value = getattr(kind, name, None)
        if value is not None:
            limits.append(f"{word} `{value}`" if name == "pattern" else f"{word} {value}")
    return f"`{_ts(kind)}`".replace("|", "\\|") + (f" ({', '.join(limits)})" if limits else "")


def _ts(kind: mi.Type) -> str:
    simple: dict[type[Any], str] = {
        mi.IntType: "number",
        mi.FloatType: "number",
        mi.StrType: "string",
        mi.BoolType: "boolean",
        mi.NoneType: "null",
        mi.AnyType: "unknown",
    }
    if type(kind) in simple:
        return simple[type(kind)]
    if isinstance(kind, mi.LiteralType):
        return " | ".join(json.dumps(value) for value in sorted(kind.values, key=str))
    if isinstance(kind, mi.UnionType):
        return " | ".join(_ts(each) for each in kind.types)
    if isinstance(kind, mi.VarTupleType | mi.ListType):
        inner = _ts(kind.item_type)
        return f"({inner})[]" if "|" in inner else f"{inner}[]"
    return _compound(kind)


def _compound(kind: mi.Type) -> str:
    if isinstance(kind, mi.TupleType):
        return f"[{', '.join(_ts(each) for each in kind.item_types)}]"
    if isinstance(kind, mi.DictType):
        return f"Record<{_ts(kind.key_type)}, {_ts(kind.value_type)}>"
    if isinstance(kind, mi.StructType):
        return str(kind.cls.__name__)
    raise TypeError(f"no words for {kind}")


FILES: types.MappingProxyType[str, Any] = types.MappingProxyType(
    {"docs/protocol.md": markdown, "docs/protocol.schema.json": schema, "live/static/live/protocol.d.ts": typescript}
)
