"""Tries one cell of the table through the transport, and takes back what it did."""

from __future__ import annotations

import copy
import json
from typing import Any

from django.contrib.messages import get_messages
from django.db import transaction
from django.http import HttpResponse
from django.urls import reverse

from archive.views import forget_rights
from tests.live import making
from tests.permissions import examples, table
from tests.permissions.table import Row
from tests.permissions.world import Person, World

# Not "not_found": what the examples name is there, so who hears that was let through.
REFUSALS = frozenset({"not_allowed", "assurance_too_low", "consent_needed", "identity_stale"})

# How such a refusal begins where a page tells it as a notice and goes back to where it was.
SENTENCES = ("您没有这", "规则由值班长")


def outcome(world: World, row: Row, column: str) -> tuple[str, str]:
    """+ when it was let through, . when it was refused for who it is, - when there is no such method; and what was answered."""
    person = world.people[column]
    forget_rights()
    jar = copy.deepcopy(person.client.cookies)
    with transaction.atomic():
        answer = _page(world, row, person) if row.kind in {"GET", "POST"} else _command(world, row, person)
        transaction.set_rollback(True)
    # Whoever was logged out by it, or given another name, is who he was before.
    person.client.cookies = jar
    return answer


def _page(world: World, row: Row, person: Person) -> tuple[str, str]:
    kwargs = examples.address(world, row.name, row.place, table.addresses()[row.name])
    url = reverse(row.name, kwargs=kwargs) + examples.QUERIES.get(row.name, lambda _world: "")(world)
    if row.kind == "GET":
        answer: HttpResponse = person.client.get(url)
    else:
        example = examples.FORMS.get(row.name)
        data: Any = example(world, person) if example else {}
        more: dict[str, Any] = {}
        if row.name in examples.JSON:
            data, more = (
                json.dumps(data),
                {"content_type": "application/json", "headers": {"Accept": "application/json"}},
            )
        answer = person.client.post(url, data, **more)
    place = answer.headers.get("Location", "")
    told = f"{answer.status_code} {place}"
    assert answer.status_code < 500, f"{row}: {told}"
    if answer.status_code == 405:
        return "-", told
    refused = answer.status_code in {401, 403, 404} or place.startswith("/account/login?") or _told_so(answer)
    return "." if refused else "+", told


def _told_so(answer: HttpResponse) -> bool:
    """Whether a page goes back to where it was with the refusal as its notice."""
    request = getattr(answer, "wsgi_request", None)
    return request is not None and any(str(each).startswith(SENTENCES) for each in get_messages(request))


def _command(world: World, row: Row, person: Person) -> tuple[str, str]:
    if row.kind == "ACT":
        sent = {"type": "act.perform", "act": _act(world, row.name), "reason": "矩阵"}
    else:
        sent = {"type": row.name, **examples.COMMANDS[row.name](world, person)}
    body = json.dumps({"id": making.command_id(), **sent})
    url, more = reverse("live-commands", args=[world.shows[row.place].pk]), {"headers": {"Accept": "application/json"}}
    answer = person.client.post(url, body, content_type="application/json", **more)
    assert answer.status_code < 500, f"{row}: {answer.content!r}"
    told = answer.json()
    assert told.get("code") not in {"bad_field", "bad_json", "unknown_type"}, f"{row}: {told}"
    return "." if told.get("code") in REFUSALS else "+", str(told)


def _act(world: World, name: str) -> str:
    thing = examples.ACTS.get(name, str(world.things["target"]))
    return f"{name}:{thing}" if name in dict(table.registry.staff_acts_on) else name
