"""What the episode's page brings along before any of it runs: few bytes, every module named ahead, a card for chats, the size of print."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from live.views import later
from tests.live import making

pytestmark = pytest.mark.django_db(transaction=True)
OWN_BYTES_MOST = 60 * 1024
STATIC = re.compile(r'(?:href|src)="/static/([^"]+\.(?:js|css))"')
IMPORT = re.compile(r'^import[^"(]*"([^"]+)"', re.MULTILINE)
ASKED = re.compile(r'\b(?:ask|keepAsking|layer)\((?:room, )?"([\w-]+)", (?:\w+, )?\(\) => import\("([^"]+)"\)')


def stored(name: str) -> bytes:
    return (Path(settings.STATIC_ROOT) / name).read_bytes()


def page(show: making.Show, query: str = "", **cookies: str) -> str:
    client = Client()
    for name, value in cookies.items():
        client.cookies[name] = value
    return client.get(f"/programmes/{show.programme.slug}/{show.episode.key}/{query}").content.decode()


def test_its_own_script_and_style_are_light(collected_static: Path) -> None:
    names = set(STATIC.findall(page(making.make_show())))
    own = {name: len(gzip.compress(stored(name), 9)) for name in names if not name.startswith("vendor/")}
    assert len(own) > 10
    assert sum(own.values()) <= OWN_BYTES_MOST, sorted(own.items(), key=lambda each: -each[1])


def test_every_module_is_named_ahead_once(collected_static: Path) -> None:
    named = re.findall(r'rel="modulepreload" href="/static/([^"]+)"', page(making.make_show()))
    assert len(named) == len(set(named))
    for name in named:
        folder = name.rpartition("/")[0]
        for imported in IMPORT.findall(stored(name).decode()):
            whole = imported.removeprefix("/static/") if imported.startswith("/") else f"{folder}/{imported}"
            assert re.sub(r"[^/]+/\.\./|\./", "", whole) in named, f"{name} waits for {imported}"


def test_what_comes_later_can_be_asked_for_again(collected_static: Path) -> None:
    folder = Path(__file__).resolve().parents[3] / "live" / "static" / "live"
    asked = {}
    for script in folder.glob("*.js"):
        for name, path in ASKED.findall(script.read_text(encoding="utf-8")):
            asked[name] = path.replace("./", "live/").replace("hls.js", "vendor/hls.js")
    assert asked == later.LATER
    given = re.search(r'"modules": (\{[^}]+\})', page(making.make_show()))
    assert given
    addresses = json.loads(given[1])
    assert set(addresses) == set(asked)
    assert all(stored(address.removeprefix("/static/")) for address in addresses.values())


def test_a_chat_finds_the_title_the_words_and_a_picture() -> None:
    show = making.make_show()
    show.episode.description = "钱怎么出，\n一楼怎么办。" + "长" * 200
    show.episode.save()
    text = page(show, "?elder=1&tab=vote&language=zh-hans")
    told = dict(re.findall(r'<meta property="og:(\w+)" content="([^"]*)"', text))
    assert told["title"] == show.episode.title
    assert told["url"] == f"http://testserver/programmes/{show.programme.slug}/{show.episode.key}/", (
        "nobody's own choices"
    )
    assert told["image"].startswith("http://testserver/static/broadcast/still.")
    assert show.programme.name_zh in told["description"]
    assert "钱怎么出， 一楼怎么办。" in told["description"]
    assert len(told["description"]) <= 120
    first = re.search(r'<img [^>]*src="/static/([^"]+)"', text)
    assert first
    assert stored(first[1])[:4] == b"\x89PNG", "the first picture of the page too, for chats that read no meta"


@pytest.mark.parametrize(
    ("query", "cookies", "drawn"),
    [
        ("", {"yishi_elder": "1", "yishi_size": "largest"}, 'class="elder largest"'),
        ("?size=large", {"yishi_elder": "1", "yishi_size": "largest"}, 'class="elder large"'),
        ("?size=huge", {"yishi_elder": "1"}, 'class="elder"'),
        ("", {"yishi_size": "largest"}, '<html lang="zh-Hans">'),
    ],
)
def test_large_print_is_drawn_in_its_size(query: str, cookies: dict[str, str], drawn: str) -> None:
    assert drawn in page(making.make_show(), query, **cookies)


def test_the_page_travels_compressed() -> None:
    show = making.make_show()
    path = f"/programmes/{show.programme.slug}/{show.episode.key}/"
    answer = Client().get(path, headers={"Accept-Encoding": "gzip"})
    assert answer["Content-Encoding"] == "gzip"
    assert show.episode.title in gzip.decompress(answer.content).decode()
