"""Feeds that we fetch: which addresses are allowed, kept sealed, and where they really lead; it fetches nothing (fetching.py)."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from urllib.parse import parse_qsl, unquote, urlsplit

from cryptography.fernet import InvalidToken
from django.db import transaction
from django.utils.translation import gettext as _

from archive.models import PullSource
from broadcast import audit, clock, env, sealing
from broadcast.access import Ability, Actor, require
from broadcast.errors import InvalidInput, NotFound
from broadcast.models import Feed

PORTS = {"http": 80, "https": 443, "rtmp": 1935, "rtmps": 443, "srt": None}
_SRT_OPTIONS = frozenset({"passphrase", "streamid", "latency", "pbkeylen"})
_LONGEST = 1_000
NO_PROGRAMME = 0


class Forbidden(Exception):
    """We do not fetch from there. `code` is address_invalid, address_not_allowed, address_unknown or address_private."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Address:
    """An address taken apart. `path` and `query` may hold a key."""

    scheme: str
    host: str
    port: int
    path: str = field(repr=False)
    query: str = field(repr=False)

    @property
    def shown(self) -> str:
        """For people: scheme, host and port alone."""
        return f"{self.scheme}://{bracketed(self.host)}:{self.port}"


def bracketed(host: str) -> str:
    """The host as it stands in an address."""
    return f"[{host}]" if ":" in host else host


def parse(url: str) -> Address:
    """Take an address apart. Raises Forbidden for a scheme we do not fetch, a user name, or an SRT option of its own."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port or PORTS.get(parts.scheme)
    except ValueError as error:
        raise Forbidden("address_invalid") from error
    strange = any(ord(letter) <= 32 or ord(letter) == 127 for letter in url.strip())
    if parts.scheme not in PORTS or not parts.hostname or port is None or "@" in parts.netloc or strange:
        raise Forbidden("address_invalid")
    if parts.scheme == "srt" and not {name for name, _value in parse_qsl(parts.query)} <= _SRT_OPTIONS | {"mode"}:
        raise Forbidden("address_invalid")
    if parts.scheme.startswith("rtmp") and parts.path.count("/") < 2:
        raise Forbidden("address_invalid")
    if len(url) > _LONGEST or parts.fragment:
        raise Forbidden("address_invalid")
    return Address(parts.scheme, parts.hostname.lower(), port, parts.path, parts.query)


def srt_options(address: Address) -> dict[str, str]:
    """The options of an SRT address that we pass on."""
    return {name: value for name, value in parse_qsl(address.query) if name in _SRT_OPTIONS}


def allowed(address: Address, patterns: Sequence[str]) -> str | None:
    """The first pattern (host or host:port, `*` for any part of a name) that allows the address; None when none does."""
    for pattern in patterns:
        host, port = _split(pattern.lower())
        if fnmatchcase(address.host, host) and port in {None, address.port}:
            return pattern
    return None


def _split(pattern: str) -> tuple[str, int | None]:
    if pattern.startswith("["):
        host, _bracket, rest = pattern[1:].partition("]")
        return host, int(rest[1:]) if rest[1:].isdigit() else None
    host, colon, port = pattern.rpartition(":")
    if colon and port.isdigit() and ":" not in host:
        return host, int(port)
    return pattern, None


def resolve(address: Address, patterns: Sequence[str]) -> str:
    """The number to connect to. Blocks on the name service. Raises Forbidden.

    Every number of the name must be a public one, unless the list names this very host or number literally. Who connects must
    use the number given here: asking the name again could lead elsewhere.
    """
    if allowed(address, patterns) is None:
        raise Forbidden("address_not_allowed")
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise Forbidden("address_unknown") from error
    numbers = list(dict.fromkeys(str(each[4][0]) for each in found))
    literal = {_split(pattern.lower())[0] for pattern in patterns}
    for number in numbers:
        if not is_public(number) and not {address.host, number} & literal:
            raise Forbidden("address_private")
    return numbers[0]


def is_public(number: str) -> bool:
    """Whether an IP address is one of the open internet; one wrapped into IPv6 is judged by what it wraps."""
    ip = ipaddress.ip_address(number.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


def patterns() -> tuple[str, ...]:
    """What YISHI_PULL_ALLOW says; empty: nothing is fetched from anywhere."""
    found: tuple[str, ...] = env.read("PULL_ALLOW")
    return found


def opened(feed: Feed) -> str | None:
    """The address that this feed is fetched from; None where it is not fetched, "" where it cannot be opened."""
    source: PullSource | None = getattr(feed, "pull_source", None)
    if source is None or not source.is_active:
        return None
    try:
        return str(sealing.unseal(source.sealed_url)["url"])
    except (InvalidToken, ValueError, KeyError, TypeError):
        return ""


def set_source(actor: Actor, feed_id: int, url: str) -> PullSource | None:
    """Fetch this feed from there from now on; an empty address: wait for encoders again. Needs ADMINISTER: a feed is nobody's programme.

    Raises NotFound, InvalidInput (field url) for an address that the list does not allow. Audited without the address.
    """
    with transaction.atomic():
        feed = Feed.objects.select_for_update().filter(pk=feed_id).first()
        if feed is None:
            raise NotFound(_("没有这路信号。"))
        require(actor, Ability.ADMINISTER, NO_PROGRAMME)
        before = PullSource.objects.filter(feed=feed).values_list("shown_url", flat=True).first() or ""
        source = _store(actor, feed, url) if url.strip() else None
        if source is None:
            PullSource.objects.filter(feed=feed).delete()
        after = source.shown_url if source else ""
        audit.record(actor, "feed.pull", f"feed:{feed.pk}", before=before, after=after)
        return source


def _store(actor: Actor, feed: Feed, url: str) -> PullSource:
    try:
        address = parse(url)
    except Forbidden as error:
        raise InvalidInput(
            _("拉流地址要以 srt、rtmp、rtmps、http 或 https 开头，写明主机，不含用户名。"), field="url"
        ) from error
    if allowed(address, patterns()) is None:
        raise InvalidInput(
            _("“%(host)s”不在允许拉流的主机名单里，请联系管理员（YISHI_PULL_ALLOW）。") % {"host": address.host},
            field="url",
        )
    facts = {
        "sealed_url": sealing.seal({"url": url.strip()}),
        "shown_url": address.shown[:120],
        "is_active": True,
        "made_by": actor.user_id,
        "made_at": clock.now(),
    }
    source, _made = PullSource.objects.update_or_create(feed=feed, defaults=facts)
    return source


def secrets_of(address: Address) -> list[str]:
    """What of an address must never be said: its path and the values of its query, as they stand and decoded."""
    words = [address.path.strip("/"), address.query, *(value for _name, value in parse_qsl(address.query))]
    words += [each for each in address.path.split("/") if len(each) >= 6]
    return [each for word in words if len(word) >= 4 for each in {word, unquote(word)}]
