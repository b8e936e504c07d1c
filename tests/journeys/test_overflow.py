"""A page that finds no room for its socket: it polls, says so, loses and doubles nothing, and gets a socket when the crowd thins."""

from __future__ import annotations

import contextlib
import json
import random
import statistics
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from broadcast.identity import COOKIE
from broadcast.models import Programme
from live import commands
from live.models import Ballot, BallotCast, Comment
from tests.journeys.pages import DESK, Person, wait_for
from tests.live import making
from tests.live.conftest import start_server
from tests.live.sockets import Server

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

COMMENTS = 14
HALF = "我想问一下，电梯"


class Holder:
    """Sits on the only socket there is, and notes when each comment came by it."""

    def __init__(self, server: Server, show: making.Show) -> None:
        url = f"ws://127.0.0.1:{server.port}/live/airings/{show.id}/socket"
        self.came: dict[str, float] = {}
        self._socket = connect(url, origin=server.http, proxy=None, max_size=2**22)  # type: ignore[arg-type]
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            self._read()

    def _read(self) -> None:
        for text in self._socket:
            frame = json.loads(text)
            for each in frame.get("put", ()):
                if each["kind"] == "comment":
                    self.came.setdefault(each["text"], time.time())

    def leave(self) -> None:
        self._socket.close()


@pytest.fixture
def server(transactional_db: None, tmp_path: Path) -> Iterator[Server]:
    """One web process with room for one socket."""
    running = start_server(tmp_path, {"YISHI_LIMITS": "sockets=1"})
    yield running
    running.stop()


@pytest.fixture
def show(server: Server) -> making.Show:
    return making.make_show(comments=Programme.Moderation.POST)


# Chromium runs an event loop in this thread, and the rows are the test's own.
@pytest.fixture(autouse=True)
def rows_beside_a_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")


def test_full_then_polling_then_room_again(server: Server, show: making.Show, browser: Browser) -> None:
    poll, options = making.make_poll(show)
    viewer, other = making.make_viewer(name="读者"), making.make_viewer(name="街坊")
    holder = Holder(server, show)
    person = Person(browser, server.http, DESK)
    sockets: list[Any] = []
    person.page.on("websocket", lambda opened: sockets.append(opened))
    person.context.add_cookies([{"name": COOKIE, "value": making.cookie(viewer), "url": server.http}])
    person.page.add_init_script(
        "window.came = {}; new MutationObserver(() => { for (const row of document.querySelectorAll('.talk li, .talk article, .talk p'))"
        " { const found = /第\\d+句/.exec(row.textContent); if (found && !window.came[found[0]]) window.came[found[0]] = Date.now(); } })"
        ".observe(document, { childList: true, subtree: true, characterData: true });"
    )
    person.open(f"/programmes/{show.programme.slug}/{show.episode.key}/")
    person.sees("在看的人很多")
    field = person.page.locator("#hall .composer .field")
    field.fill(HALF)
    for number in range(COMMENTS):
        commands.perform(other, show.id, making.comment(f"第{number}句"))
        time.sleep(random.uniform(0.3, 1.2))
    shown: dict[str, float] = {}

    def all_shown() -> bool:
        shown.update(person.page.evaluate("window.came"))
        return len(shown) == COMMENTS and len(holder.came) == COMMENTS

    wait_for(all_shown, 30, "every comment by polling")
    behind = [shown[words] / 1000 - at for words, at in holder.came.items()]
    print(f"behind the socket: mean {statistics.mean(behind):.2f} s, worst {max(behind):.2f} s, of {COMMENTS} comments")
    expect(field).to_have_value(HALF)

    # Commands by POST, counted once.
    person.tab("投票")
    person.page.get_by_text("赞成", exact=True).first.click()
    person.press("确认投票")
    wait_for(lambda: Ballot.objects.filter(poll=poll, options=[options[0]]).exists(), 30, "the vote")
    person.tab("讨论")
    expect(field).to_have_value(HALF)

    opened = len(sockets)
    holder.leave()
    wait_for(
        lambda: (person.page.wait_for_timeout(50), any(not each.is_closed() for each in sockets[opened:]))[1],
        60,
        "a socket",
    )
    person.does_not_see("在看的人很多", 30)
    expect(field).to_have_value(HALF)
    field.fill("现在说完了")
    field.press("Enter")
    wait_for(lambda: Comment.objects.filter(text="现在说完了").count() == 1, 30, "the comment")
    person.page.wait_for_timeout(1_000)
    assert Comment.objects.filter(text="现在说完了").count() == 1
    assert BallotCast.objects.filter(poll=poll).count() == 1
    assert person.errors == []
    person.context.close()
