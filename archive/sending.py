"""Addresses of simulcast targets and the arguments that send to them: pure; it starts nothing and reads no setting."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit

from archive.ffmpeg import PEER_SILENT_US
from archive.mpegts import Streams
from archive.tls import UNTRUSTED

RTMP, SRT, ICECAST = "rtmp", "srt", "icecast"
SCHEMES = {"rtmp": RTMP, "rtmps": RTMP, "srt": SRT, "icecast": ICECAST, "icecasts": ICECAST}
LONGEST = 500
_PORTS = {"rtmp": 1935, "rtmps": 443, "icecast": 8000, "icecasts": 443}
_HOST = re.compile(r"^(?=.{1,253}$)[a-z0-9]([a-z0-9._-]*[a-z0-9])?$", re.IGNORECASE)
# Where clouds tell a machine its secrets; link-local ones are refused as such. Private networks are allowed: transmitters are there.
_TELLTALES = frozenset({"100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254"})
_TELLTALE_NAMES = frozenset({"metadata", "metadata.google.internal", "metadata.tencentyun.com", "instance-data"})
_SRT_OPTIONS = {"streamid", "passphrase", "pbkeylen", "latency", "mode"}
# What a resolver reads as an address though it is not written as one: 2852039166, 0xa9fea9fe, 0251.0376.0251.0376, 1.2.3.
_NUMBER = re.compile(r"^(0x[0-9a-f]*|[0-9]+)(\.(0x[0-9a-f]*|[0-9]+))*\.?$", re.IGNORECASE)
_MOST_LATENCY_MS = 8_000
_PROBE = ["-analyzeduration", "2000000", "-probesize", "8000000"]
_SILENCE_US = str(PEER_SILENT_US)


class BadAddress(ValueError):
    """An address that we do not send to; `code` is a stable word for why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Address:
    """Where to send to. `url` and `secrets` hold keys: never log or show them; `shown` is for people."""

    kind: str
    url: str
    shown: str
    secrets: tuple[str, ...] = ()

    @property
    def is_secure(self) -> bool:
        """Whether it is reached over TLS."""
        return self.shown.startswith(("rtmps:", "icecasts:"))


def parse(text: str) -> Address:
    """Read what a person gave. Raises BadAddress with code scheme, characters, host, port, key, passphrase, option or length."""
    text = text.strip()
    if len(text) > LONGEST:
        raise BadAddress("length")
    if not text.isascii() or any(not each.isprintable() or each in " \"'<>\\`|" for each in text):
        raise BadAddress("characters")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise BadAddress("port") from None
    scheme = parts.scheme.lower()
    if scheme not in SCHEMES:
        raise BadAddress("scheme")
    host = _host(parts.hostname or "")
    if port == 0 or (port is None and scheme not in _PORTS):
        raise BadAddress("port")
    place = host if port is None else f"{host}:{port}"
    make: dict[str, Callable[[SplitResult, str], Address]] = {RTMP: _rtmp, SRT: _srt, ICECAST: _icecast}
    return make[SCHEMES[scheme]](parts._replace(scheme=scheme), place)


def _host(name: str) -> str:
    """The host as an address shows it. Raises BadAddress for what is no host, or for an address that nobody listens on."""
    try:
        number = ipaddress.ip_address(name)
    except ValueError:
        if not _HOST.match(name) or _NUMBER.match(name) or name.lower().rstrip(".") in _TELLTALE_NAMES:
            raise BadAddress("host") from None
        return name.lower()
    meant = getattr(number, "ipv4_mapped", None) or number
    nobody = meant.is_link_local or meant.is_multicast or meant.is_unspecified
    if nobody or (meant.is_reserved and not meant.is_loopback) or str(meant) in _TELLTALES:
        raise BadAddress("host")
    return f"[{number}]" if number.version == 6 else str(number)


def _rtmp(parts: SplitResult, place: str) -> Address:
    """rtmp(s)://host/app/key: application and key are both needed."""
    path = [each for each in parts.path.split("/") if each]
    if len(path) < 2 or parts.fragment:
        raise BadAddress("key")
    login = _login(parts)
    query = f"?{parts.query}" if parts.query else ""
    key = f"{path[-1]}{query}"
    url = f"{parts.scheme}://{login}{place}/{'/'.join(path[:-1])}/{key}"
    return Address(RTMP, url, f"{parts.scheme}://{place}/…", _secrets(url, key, path[-1], parts))


def _srt(parts: SplitResult, place: str) -> Address:
    """srt://host:port?streamid=…&passphrase=…&latency=…; we always call. Latency is in ms, or in µs as other programs write it."""
    if parts.path.strip("/") or parts.fragment or parts.username:
        raise BadAddress("option")
    given = dict(parse_qsl(parts.query, keep_blank_values=True))
    if set(given) - _SRT_OPTIONS or given.get("mode", "caller") != "caller":
        raise BadAddress("option")
    phrase = given.get("passphrase", "")
    if phrase and not 10 <= len(phrase) <= 79:
        raise BadAddress("passphrase")
    latency = given.get("latency", "300")
    if not latency.isdigit() or given.get("pbkeylen", "16") not in {"0", "16", "24", "32"}:
        raise BadAddress("option")
    ms = int(latency) if int(latency) <= _MOST_LATENCY_MS else int(latency) // 1000
    if ms > _MOST_LATENCY_MS:
        raise BadAddress("option")
    options: dict[str, str | int] = {
        "mode": "caller",
        "latency": ms * 1000,
        "timeout": PEER_SILENT_US,
        # Without it the last moments of a show are dropped when the connection closes.
        "linger": 1,
    }
    options |= {name: given[name] for name in ("streamid", "passphrase") if given.get(name)}
    if phrase:
        options["pbkeylen"] = given.get("pbkeylen", "16")
    url = f"srt://{place}?{urlencode(options, quote_via=quote)}"
    hidden = [each for name in ("streamid", "passphrase") if (each := given.get(name, ""))]
    return Address(SRT, url, f"srt://{place}", (url, *hidden, *(quote(each) for each in hidden)))


def _icecast(parts: SplitResult, place: str) -> Address:
    """icecast(s)://user:password@host:port/mount; a mount that ends in .aac gets AAC, every other MP3."""
    mount = parts.path.strip("/")
    if not parts.password or not mount or parts.query or parts.fragment:
        raise BadAddress("key")
    login = f"{parts.username or 'source'}:{parts.password}@"
    host = place if parts.port else f"{place}:{_PORTS[parts.scheme]}"
    # ffmpeg's own icecast protocol asks nobody for a certificate: over TLS we speak HTTP to it, which is all that it is.
    url = f"{'https' if parts.scheme == 'icecasts' else 'icecast'}://{login}{host}/{mount}"
    return Address(ICECAST, url, f"{parts.scheme}://{place}/{mount}", _secrets(url, parts.password, "", parts))


def _login(parts: SplitResult) -> str:
    return f"{parts.username}:{parts.password or ''}@" if parts.username else ""


def _secrets(url: str, key: str, other: str, parts: SplitResult) -> tuple[str, ...]:
    found = [url, key, other, parts.password or "", unquote(parts.password or "")]
    return tuple(dict.fromkeys(each for each in found if each))


def restarts(kind: str, before: Streams, after: Streams) -> bool:
    """Whether a target of that kind needs a new connection where the line changes from one to the other.

    Its container carries a new picture size, FLV no new sound format; no muxer takes streams that were not there at first.
    """
    if kind == ICECAST:
        return _sound_numbers(before) != _sound_numbers(after)
    return before.kinds != after.kinds or (kind == RTMP and before.sound != after.sound)


def _sound_numbers(streams: Streams) -> tuple[tuple[int, int], ...]:
    return tuple(each for each in streams.kinds if each[1] in {0x03, 0x04, 0x0F, 0x11, 0x81})


def words(program: str, address: Address, streams: Streams, authorities: str = "") -> list[str]:
    """All words of the child that reads a joined transport stream from its standard input, paces it and sends it.

    Over TLS the target must prove its name to the authorities in that file. They hold the key: never log them.
    """
    begin = [program, "-hide_banner", "-nostdin", "-loglevel", "warning", "-nostats"]
    begin += ["-progress", "pipe:1", "-stats_period", "0.5"]
    begin += ["-re", "-copyts", *_PROBE, "-f", "mpegts", "-protocol_whitelist", "pipe", "-i", "pipe:0"]
    *how, target = _OUTPUTS[address.kind](address, streams)
    secure = ["-tls_verify", "1", "-ca_file", authorities] if address.is_secure else []
    return [*begin, *how, *secure, target]


def _to_rtmp(address: Address, streams: Streams) -> list[str]:
    # A new picture size inside the stream becomes a new sequence header only with the parameter sets as side data.
    picture = ["-bsf:v", "extract_extradata"] if streams.has_picture else []
    sound = ["-bsf:a", "aac_adtstoasc"] if streams.has_sound else []
    chosen = ["-map", "0:v:0?", "-map", "0:a:0?", "-c", "copy", *picture, *sound]
    return [*chosen, "-flvflags", "no_duration_filesize", "-rw_timeout", _SILENCE_US, "-f", "flv", address.url]


def _to_srt(address: Address, streams: Streams) -> list[str]:
    return ["-map", "0:v:0?", "-map", "0:a:0?", "-c", "copy", "-muxdelay", "0.1", "-f", "mpegts", address.url]


def _to_icecast(address: Address, streams: Streams) -> list[str]:
    # A hole on the line becomes silence, so that listeners' clocks do not run ahead.
    sound = ["-map", "0:a:0", "-af", "aresample=async=1:min_hard_comp=0.1", "-ac", "2"]
    if address.url.endswith(".aac"):
        coder = ["-ar", "48000", "-c:a", "aac", "-b:a", "96k", "-content_type", "audio/aac", "-f", "adts"]
    else:
        coder = ["-ar", "44100", "-c:a", "libmp3lame", "-b:a", "128k", "-content_type", "audio/mpeg"]
        coder += ["-write_xing", "0", "-id3v2_version", "0", "-f", "mp3"]
    secure = ["-method", "PUT", "-chunked_post", "0", "-send_expect_100", "1"] if address.is_secure else []
    return [*sound, *coder, *secure, "-rw_timeout", _SILENCE_US, address.url]


_OUTPUTS: dict[str, Callable[[Address, Streams], list[str]]] = {RTMP: _to_rtmp, SRT: _to_srt, ICECAST: _to_icecast}

# What ffmpeg says, in order of telling, to our stable codes.
_SAID = (
    ("refused", r"Connection refused|Connection setup failure: (?:unable to connect|connection rejected)"),
    ("unknown_host", r"Failed to resolve hostname|Name or service not known|Temporary failure in name resolution"),
    ("denied", r"401 |403 |Unauthorized|Forbidden|Authentication|ERROR:BADSECRET|wrong password|NetStream.Publish.Bad"),
    ("untrusted", UNTRUSTED),
    ("unreachable", r"No route to host|Network is unreachable"),
    # The second is what libsrt's callers say of a peer that is not there.
    ("no_answer", r"Connection timed out|Connection to \S+ failed: Input/output error|ERROR:TIMEOUT"),
    (
        "unsupported",
        r"not currently supported in container|incompatible with output codec|Unknown encoder|matches no streams",
    ),
    (
        "closed",
        r"Broken pipe|Connection reset|Input/output error|End of file|Connection was broken|Error writing|Invalid data",
    ),
)


def explain(said: str) -> str:
    """The stable code of why a child failed, from its last words."""
    return next((code for code, pattern in _SAID if re.search(pattern, said, re.IGNORECASE)), "failed")
