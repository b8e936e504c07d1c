"""The table of every YISHI_* variable: name, type, default, one line of help; it reads nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


def _text(value: str) -> str:
    return value


def _flag(value: str) -> bool:
    lowered = value.strip().lower()
    if lowered in {"1", "true", "yes", "on"}:
        return True
    if lowered in {"", "0", "false", "no", "off"}:
        return False
    raise ValueError("1 or 0")


def _whole(value: str) -> int:
    try:
        return int(value)
    except ValueError as error:
        raise ValueError("a whole number") from error


def _words(value: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in value.split(",") if word.strip())


def _numbers(value: str) -> dict[str, int]:
    pairs = (word.partition("=") for word in _words(value))
    try:
        return {name.strip(): int(number) for name, _equals, number in pairs}
    except ValueError as error:
        raise ValueError("name=number,…") from error


def _pairs(value: str) -> dict[str, str]:
    pairs = [tuple(each.strip() for each in word.partition("=")) for word in _words(value)]
    if not all(name and path for name, _equals, path in pairs):
        raise ValueError("name=path,…")
    return {name: path for name, _equals, path in pairs}


@dataclass(frozen=True)
class Variable:
    """One declared variable. `secret` values are never printed; `default` is in the parsed type."""

    name: str
    parse: Callable[[str], Any]
    default: Any
    help: str
    form: str = "text"
    secret: bool = False


TABLE: tuple[Variable, ...] = (
    Variable("DEBUG", _flag, False, "Django's debug pages; never in production.", "1 or 0"),
    Variable("DEMO", _flag, False, "The demo: shows one-time codes on the page, allows demo accounts.", "1 or 0"),
    Variable(
        "SECOND_FACTOR",
        _flag,
        None,
        "Staff roles count only for accounts with a second factor, where the page of roles says nothing of them; empty: yes, but"
        " not in the demo.",
        "1 or 0",
    ),
    Variable("SECRET_KEY", _text, "", "Signs cookies and addresses; at least 50 random characters.", secret=True),
    Variable("VAR", _text, "var", "Folder for everything written: database, bus, media, logs.", "a path"),
    Variable("HOSTS", _words, ("localhost", "127.0.0.1", "[::1]"), "Host names the web answers to.", "a,b,c"),
    Variable(
        "ORIGINS",
        _words,
        (),
        "Allowed page origins for sockets and forms, beside the host's own.",
        "https://a,https://b",
    ),
    Variable(
        "BEHIND_TLS", _flag, False, "A proxy ends TLS before us: secure cookies, HSTS, X-Forwarded-Proto.", "1 or 0"
    ),
    Variable(
        "PROXIES",
        _words,
        (),
        "Addresses of proxies whose X-Forwarded-For and X-Real-Port (the client's port) are believed.",
        "10.0.0.1,…",
    ),
    Variable(
        "DATABASE_URL",
        _text,
        "",
        "PostgreSQL 15-18; empty: the embedded one.",
        "postgresql://user:pass@host:port/name",
        True,
    ),
    Variable(
        "BUS_URL", _text, "", "Redis 7 or Valkey for ticks and hints; empty: the embedded one.", "redis://…", True
    ),
    Variable(
        "BUS_CLUSTER",
        _flag,
        False,
        "BUS_URL names a server of a cluster: sharded pub/sub. Broker and cache need a plain Redis of their own then.",
        "1 or 0",
    ),
    Variable("BROKER_URL", _text, "", "Redis for Celery; empty: the bus server, database 1.", "redis://…", True),
    Variable(
        "CACHE_URL", _text, "", "Redis for sessions and cache; empty: the bus server, database 2.", "redis://…", True
    ),
    Variable("MEDIA_ROOT", _text, "", "Folder of recordings; empty: VAR/media.", "a path"),
    Variable(
        "STORE",
        _text,
        "",
        "Where recordings are kept for good, beside the recorder's own disk; empty: the media folder alone.",
        "s3://bucket/prefix or a path",
    ),
    Variable(
        "STORE_COPY",
        _text,
        "",
        "A second copy of every recording, for the fixity audit to repair from; empty: none.",
        "s3://bucket/prefix or a path",
    ),
    Variable("S3_ENDPOINT", _text, "", "Address of the S3 service; empty: the region's own.", "https://host:port"),
    Variable("S3_REGION", _text, "us-east-1", "Region that S3 requests are signed for.", "a region"),
    Variable("S3_KEY", _text, "", "Access key of S3; empty: what the machine itself is given.", "text"),
    Variable("S3_SECRET", _text, "", "Secret that belongs to the access key.", "text", True),
    Variable(
        "MEDIA_REDIRECT",
        _flag,
        False,
        "Send players to short-lived addresses of S3 instead of passing media through the web (S3 must allow our origin by CORS).",
        "1 or 0",
    ),
    Variable("FIXITY_DAYS", _whole, 30, "How often every kept object is read again and compared; 0: never.", "days"),
    Variable(
        "COLD_CLASS",
        _text,
        "",
        "Storage class of S3 that programmes' old recordings go to, such as GLACIER or DEEP_ARCHIVE; empty: none goes.",
        "a class",
    ),
    Variable("COLD_BACK_DAYS", _whole, 7, "So long can be read what was asked back from cold storage.", "days"),
    Variable(
        "COLD_TIER",
        _text,
        "Standard",
        "How fast it comes back, and at what price: Bulk, Standard or Expedited.",
        "a tier",
    ),
    Variable("STEPS_AT_ONCE", _whole, 1, "Steps after a show that one machine works on at the same time.", "a number"),
    Variable(
        "STEPS_ON_AIR",
        _text,
        "idle",
        "Whether steps begin while a show is on air on this machine: when it is idle, always, never.",
        "idle, always or never",
    ),
    Variable(
        "RECOGNISER",
        _text,
        "none",
        "Who writes down what was said in a recording: whisper (on this machine, needs the extra `asr`), or a function of yours;"
        " a draft that nobody sees before a person signs it.",
        "none, whisper or package.module.function",
    ),
    Variable("SOUND_LUFS", _whole, -16, "Loudness of the sound made for listening.", "LUFS"),
    Variable("SOUND_PEAK", _whole, -1, "Highest true peak of it.", "dBTP"),
    Variable(
        "DISK_KEEP_GB",
        _whole,
        10,
        "Free space that the media folder should keep: with less the control room warns, with half no rungs are made and those"
        " of finished airings go; the recording is never given up for it.",
        "GB",
    ),
    Variable("STATIC_ROOT", _text, "", "Folder of collected static files; empty: VAR/static.", "a path"),
    Variable("FFMPEG", _text, "", "The ffmpeg program; empty: the machine's, else the wheel's.", "a path"),
    Variable("WEB_HOST", _text, "127.0.0.1", "Address the web listens on.", "an address"),
    Variable("WEB_PORT", _whole, 8000, "Port the web listens on.", "a port"),
    Variable("INGEST_HOST", _text, "127.0.0.1", "Address the recorder receives SRT and RTMP on.", "an address"),
    Variable("SRT_PORT_FIRST", _whole, 9000, "First UDP port for SRT; one port a feed from here on.", "a port"),
    Variable("RTMP_PORT", _whole, 19350, "Port of the RTMP gate.", "a port"),
    Variable(
        "PULL_ALLOW",
        _words,
        (),
        "Hosts that feeds may be fetched from; one on a private network must be named literally. Empty: none.",
        "host,host:port,*.example.org",
    ),
    Variable("DVR_MINUTES", _whole, 120, "How far back viewers can seek while a show runs.", "minutes"),
    Variable(
        "STRAIGHT",
        _flag,
        True,
        "Write ready-made frames straight to the transports of the servers we know; 0: always by the server's own send.",
        "1 or 0",
    ),
    Variable("TICK_MS", _whole, 500, "Composer's tick in milliseconds.", "100 to 10000"),
    Variable(
        "LADDER",
        _flag,
        True,
        "Rooms give way under pressure by themselves; 0: only by the hand of who runs the show.",
        "1 or 0",
    ),
    Variable(
        "LIMITS",
        _numbers,
        {},
        "Limits of one web process that differ from the defaults (their names and meaning: live/limits.py).",
        "sockets=18000,joins=500,…",
    ),
    Variable(
        "DRAIN_SECONDS",
        _whole,
        5,
        "Over how many seconds a process that is stopped sends its viewers to others.",
        "seconds",
    ),
    Variable(
        "EVIDENCE_KEYS",
        _words,
        (),
        "Keys that encrypt evidence, newest first; empty: derived from SECRET_KEY.",
        "key,key",
        True,
    ),
    Variable("EVIDENCE_DAYS", _whole, 180, "How long evidence of accepted writes is kept.", "days"),
    Variable("AUDIT_WORDS_DAYS", _whole, 1095, "How long citizens' words stay in the audit; its entries stay.", "days"),
    Variable("ERASURE_DAYS", _whole, 7, "How long a citizen can take back the wish to be erased.", "days"),
    Variable("SMS_SENDER", _text, "console", "How one-time codes are sent: console, log, or a dotted path.", "a name"),
    Variable("SMS_PRICE_FEN", _whole, 5, "What one code costs, in fen, for the day's bill.", "fen"),
    Variable(
        "SMS_DAY_MOST", _whole, 20_000, "How many codes the house sends a day; 0: as many as are asked for.", "a number"
    ),
    Variable("SMS_DAY_YUAN", _whole, 0, "How much the house pays for codes a day; 0: no such ceiling.", "yuan"),
    Variable(
        "TELEPHONY",
        _text,
        "manual",
        "The telephone system of the call desk: manual, or a dotted path (live/telephony.py says what it is told).",
        "a name",
    ),
    Variable(
        "EMAIL_URL",
        _text,
        "",
        "Mail server for notices to guests; empty: none, people tell them. smtp:// with STARTTLS by ?tls=1, or smtps://.",
        "smtp://user:password@host:port",
        True,
    ),
    Variable("EMAIL_FROM", _text, "yishi@localhost", "Whom notices by e-mail are from.", "name@host"),
    Variable(
        "NOTICE_SENDERS",
        _pairs,
        {},
        "Adapters that send notices to guests: sms and wechat, each a dotted path to a function.",
        "sms=a.b.c,wechat=a.b.d",
    ),
    Variable(
        "PUBLIC_URL", _text, "", "Where guests reach the house, for links in notices; empty: from HOSTS.", "a URL"
    ),
    Variable("COMMITTEE_NAME", _text, "", "Name of the committee shown in header and footer.", "text"),
    Variable("ICP", _text, "", "ICP filing number shown in the footer.", "text"),
    Variable("POLICE_FILING", _text, "", "公安备案 number shown in the footer.", "text"),
    Variable("PRIVACY_URL", _text, "", "Privacy notice; empty: our own page.", "a URL"),
    Variable("AGREEMENT_URL", _text, "", "User agreement; empty: our own page.", "a URL"),
    Variable("COMPLAINTS", _text, "", "Contact for complaints shown in the footer.", "text"),
    Variable(
        "OIDC_ISSUER", _text, "", "OpenID Connect: the provider's issuer; empty: none.", "https://id.example.gov.cn"
    ),
    Variable("OIDC_CLIENT", _text, "", "What that provider knows the house as.", "text"),
    Variable("OIDC_SECRET", _text, "", "The secret that belongs to it.", "text", True),
    Variable("OIDC_NAME", _text, "统一身份认证", "What the button of that provider says.", "text"),
    Variable("WECHAT_APP", _text, "", "AppID of the official account, for log-ins inside WeChat; empty: none.", "wx…"),
    Variable("WECHAT_SECRET", _text, "", "The AppSecret that belongs to it.", "text", True),
    Variable(
        "WECHAT_SITE_APP", _text, "", "AppID of the website at WeChat's open platform, for log-ins by QR code.", "wx…"
    ),
    Variable("WECHAT_SITE_SECRET", _text, "", "The AppSecret that belongs to it.", "text", True),
    Variable("WECHAT_API", _text, "https://api.weixin.qq.com", "Where WeChat's interface answers the house.", "a URL"),
    Variable(
        "WECHAT_OPEN", _text, "https://open.weixin.qq.com", "Where WeChat's log-in pages are for browsers.", "a URL"
    ),
    Variable(
        "PARTNERS",
        _text,
        "",
        "TOML file of the partners whose signed tokens are taken, with their public keys (broadcast/partner_keys.py).",
        "a path",
    ),
    Variable("LOG_LEVEL", _text, "INFO", "Level of the log.", "DEBUG, INFO, WARNING"),
)
