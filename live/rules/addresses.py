"""Finds addresses of the web and ways to be written to elsewhere (WeChat, QQ, mail) in a text, also disguised ones; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from live.rules.folding import Sort, fold, is_han
from live.rules.views import Span, View

_ENDINGS = (
    "com|cn|net|org|top|xyz|vip|cc|club|shop|site|online|info|io|me|tv|app|ltd|link|fun|icu|live|pro|work|wang|gov|edu|co|hk|tw|"
    "mo|us|uk|jp|kr|ru|biz|store|tech|space|cloud|ai|im|la|pw|win|bid|loan|asia|mobi|group|world|today|xin|ren|ink|one|be|ly|gg"
)
_LINK = re.compile(
    r"(?:https?|ftp)[:/\\]{2,5}[^\s\u3400-\u9fff]+"
    rf"|(?<![a-z0-9@._-])(?:[a-z0-9][a-z0-9-]{{0,62}}\.){{1,5}}(?:{_ENDINGS})(?![a-z0-9-])(?:[:/?#][^\s\u3400-\u9fff]{{0,200}})?"
    r"|(?<![a-z0-9@._-])www\.[a-z0-9-]{2,63}(?:\.[a-z0-9-]{1,63}){0,4}"
    r"|(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?::\d{2,5}|/)[^\s\u3400-\u9fff]{0,200}"
)
_HOST = re.compile(r"^(?:[a-z]+[:/\\]+)?([a-z0-9.-]+)")
_PLACE = (
    "微信|薇信|威信|维信|徽信|v信|vx|wx|weixin|wechat|weixn|qq|扣扣|企鹅|tg|telegram|电报|纸飞机|飞机|抖音|快手|小红书"
)
_WORDS = r"(?:号码|账号|帐号|联系|群号|群|号|同|是|为|我|加|名|搜|id|:|：)"
_ACCOUNT = r"(?:[a-z][a-z0-9_-]{4,19}|\d{5,12})(?![a-z0-9])"
_COME = r"(?<![增参])(?:加|私|拉|进|入|扫|\+)(?:一下|老师|本人|我们|我|你|下|个|的|到){0,3}"
_CONTACT = re.compile(
    rf"(?:{_COME})?(?<![a-z])(?:{_PLACE}){_WORDS}{{0,5}}{_ACCOUNT}"
    rf"|{_COME}(?:{_PLACE})(?:群|号|好友|二维码|$|[^a-z0-9支付公小端里平])"
    rf"|(?<![增参])(?:加|\+)(?:一下|我|下|个){{0,2}}(?:vx?|薇|wx|q)(?![a-z])(?:{_WORDS}{{0,3}}{_ACCOUNT})?"
    r"|[a-z0-9][a-z0-9._-]{1,40}@[a-z0-9-]{1,40}(?:\.[a-z]{2,6}){1,2}(?![a-z])"
)
# Without these there is nothing to look for, as in nearly all that people write.
_LATIN = re.compile(r"[a-z0-9]")
_MAY_BE_CONTACT = re.compile(rf"[a-z]|薇|{_PLACE}")
_DOTS = {"。": ".", "．": ".", "｡": ".", "点": ".", "丶": ".", "·": ".", "•": "."}
_KEPT = frozenset("./:\\?#&=%_-@+~")
_SAME = {"➕": "+", "✚": "+", "＋": "+", "：": ":", "／": "/", "＠": "@", "＿": "_", "－": "-"}


def links(source: str, spared: Iterable[str] = (), words: str | None = None) -> list[Span]:
    """Addresses of the web. `spared` are hosts, with all below them, that may be named. `words`: the folded text, if it is known."""
    if words is not None and not _LATIN.search(words):
        return []
    view = _with_dots(_written(source))
    harmless = tuple(each.lower().lstrip(".") for each in spared)
    return [view.span(*match.span()) for match in _LINK.finditer(view.text) if not _is_spared(match.group(), harmless)]


def contacts(source: str, words: str | None = None) -> list[Span]:
    """Accounts elsewhere, invitations to them, and mail addresses. `words`: the folded text, if it is known."""
    if words is not None and not _MAY_BE_CONTACT.search(words):
        return []
    view = _without_gaps(_written(source))
    return [view.span(*match.span()) for match in _CONTACT.finditer(view.text)]


def _is_spared(link: str, harmless: tuple[str, ...]) -> bool:
    found = _HOST.match(link)
    host = found.group(1).strip(".") if found else ""
    return any(host == each or host.endswith(f".{each}") for each in harmless)


def _written(source: str) -> View:
    """Folded, with the signs that addresses are made of and single spaces left in."""
    view = View(source)
    out: list[str] = []
    for at, character in enumerate(source):
        folded, sort = fold(character)
        character = _SAME.get(character, character)
        if sort is Sort.MARK:
            if view.end and view.end[-1] == at:
                view.end[-1] = at + 1
            continue
        kept = folded or (character if character in _KEPT or character in _DOTS else " ")
        for each in kept:
            out.append(each)
            view.first.append(at)
            view.end.append(at + 1)
    view.text = "".join(out)
    return view


def _with_dots(view: View) -> View:
    """Dots in words or of other shapes between letters are dots, and spaces beside them none."""
    text = view.text
    kept: list[int] = []
    out: list[str] = []
    for i, each in enumerate(text):
        before = text[:i].rstrip()[-1:] if each in _DOTS or each in " ." else ""
        after = text[i + 1 : i + 4].lstrip()[:1] if each in _DOTS or each in " ." else ""
        if each in _DOTS and _is_latin(before) and _is_latin(after):
            each = "."
        elif each == " " and (_is_dot(before) or _is_dot(after)) and _is_spaced_dot(text, i):
            continue
        out.append(each)
        kept.append(i)
    return View(view.source, "".join(out), [view.first[i] for i in kept], [view.end[i] for i in kept])


def _is_spaced_dot(text: str, i: int) -> bool:
    """Whether the dot beside this space has spaces on both sides, as nobody writes at the end of a sentence."""
    dot = i - 1 if i and _is_dot(text[i - 1]) else i + 1
    return 0 < dot < len(text) - 1 and text[dot - 1] == " " and text[dot + 1] == " "


def _is_dot(character: str) -> bool:
    return character == "." or character in _DOTS


def _is_latin(character: str) -> bool:
    return character.isascii() and character.isalnum()


def _without_gaps(view: View) -> View:
    kept = [
        i
        for i, each in enumerate(view.text)
        if each.isalnum() or is_han(each) or each in "@+_-:" or (each == "." and _is_inside(view.text, i))
    ]
    return View(
        view.source,
        "".join(view.text[i] for i in kept),
        [view.first[i] for i in kept],
        [view.end[i] for i in kept],
    )


def _is_inside(text: str, i: int) -> bool:
    return 0 < i < len(text) - 1 and _is_latin(text[i - 1]) and _is_latin(text[i + 1])
