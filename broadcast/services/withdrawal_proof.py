"""Proves what an order did: asks the public addresses, as a stranger would, whether the person is still there; it changes nothing."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from html import escape
from urllib.parse import quote

from django.core.handlers.base import BaseHandler
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from broadcast import registry
from broadcast.access import Ability, Actor, require_house
from broadcast.models import Person
from broadcast.withdrawing import Address

# So many are asked at a time; a person of more episodes is asked about the newest.
MOST = 300


@dataclass(frozen=True)
class Answer:
    """What an address answers a stranger: `names`, it holds the name; `is_there`, something is there that should be gone."""

    path: str
    status: int
    names: bool
    is_there: bool

    @property
    def is_well(self) -> bool:
        """Nothing of the person is there."""
        return not (self.names or self.is_there)


@dataclass(frozen=True)
class Proof:
    """All answers, the bad ones first; `left_out`: how many addresses were not asked."""

    answers: tuple[Answer, ...]
    left_out: int

    @property
    def shown(self) -> list[Answer]:
        """Those that still show the person."""
        return [each for each in self.answers if not each.is_well]

    @property
    def clean(self) -> list[Answer]:
        """Those that do not."""
        return [each for each in self.answers if each.is_well]

    @property
    def bad(self) -> int:
        """How many still show the person."""
        return len(self.shown)


def prove(actor: Actor, person: Person, host: str, *, secure: bool) -> Proof:
    """Ask them all, at most MOST, within this process, pages in English too. Not inside a transaction. Raises NotAllowed."""
    require_house(actor, Ability.WITHDRAW_PEOPLE)
    addresses = {each.path: each for _name, part in registry.person_withdrawal for each in part().addresses(person)}
    marks = _marks(name for name in (person.name, person.name_en) if name)
    found: list[Answer] = []
    # Each answer is in a language of its own; who asks keeps theirs.
    with translation.override(translation.get_language()):
        for each in list(addresses.values())[:MOST]:
            answer, is_page = _answer(each, marks, host, secure)
            found.append(answer)
            if is_page:
                english = replace(each, path=f"{each.path}{'&' if '?' in each.path else '?'}language=en")
                found.append(_answer(english, marks, host, secure)[0])
    return Proof(tuple(sorted(found, key=lambda each: each.is_well)), max(len(addresses) - MOST, 0))


def _marks(names: Iterable[str]) -> set[bytes]:
    """The names in every spelling that pages, XML, JSON and addresses have for them."""
    found: set[bytes] = set()
    for name in names:
        spelled = (name, escape(name), json.dumps(name)[1:-1], quote(name))
        found |= {each.encode() for each in spelled}
    return found


def _answer(address: Address, marks: set[bytes], host: str, secure: bool) -> tuple[Answer, bool]:
    response = _house().get_response(_request(address.path, host, secure))
    # Files are sent in pieces; whether they may be had is what matters of them.
    body = response.content if isinstance(response, HttpResponse) else b""
    # Calendars fold their lines, be it within a name.
    body = body.replace(b"\r\n ", b"")
    answer = Answer(
        path=address.path,
        status=response.status_code,
        names=any(mark in body for mark in (*marks, *(each.encode() for each in address.marks))),
        is_there=address.gone and response.status_code < 400,
    )
    return answer, response.status_code < 400 and response.headers.get("Content-Type", "").startswith("text/html")


def _request(path: str, host: str, secure: bool) -> HttpRequest:
    path, _mark, query = path.partition("?")
    return WSGIRequest(
        {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "HTTP_HOST": host,
            "SERVER_NAME": host.partition(":")[0],
            "SERVER_PORT": "443" if secure else "80",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_ACCEPT_LANGUAGE": "zh",
            "wsgi.url_scheme": "https" if secure else "http",
            "wsgi.input": io.BytesIO(),
        }
    )


@cache
def _house() -> BaseHandler:
    handler = BaseHandler()
    handler.load_middleware()
    return handler
