"""A citizen from outside: plain HTTP with a cookie, who keeps what was acknowledged and can say later whether it is still there."""

from __future__ import annotations

import re
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

import httpx


def some_phone() -> str:
    """A mainland mobile number that nobody used before in this house."""
    return f"138{secrets.randbelow(10**8):08d}"


@dataclass
class Citizen:
    """One browser without JavaScript's help: a participant, verified by the code that the demo shows."""

    address: str
    http: httpx.Client = field(init=False)
    acked: dict[str, dict[str, Any]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.http = httpx.Client(base_url=self.address, timeout=10, headers={"Accept": "application/json"})

    def arrive(self, page: str, *, verified: bool = True) -> Citizen:
        """Open the page, agree to the notices and, if asked, verify a phone."""
        self.http.get(page, headers={"Accept": "text/html"}).raise_for_status()
        notices = self.http.get("/account/consent", headers={"Accept": "text/html"}).text
        versions = dict(re.findall(r'name="(privacy|agreement)" value="([^"]+)"', notices))
        self.form("/account/consent", age="over", **versions)
        if verified:
            phone = some_phone()
            code = self.form("/account/phone", phone=phone)["code"]
            self.form("/account/phone/code", phone=phone, code=code)
        return self

    @property
    def token(self) -> str:
        """What Django wants to see beside the cookie."""
        return self.http.cookies.get("csrftoken", "")

    def form(self, path: str, **values: str) -> dict[str, Any]:
        """Post a form as a page would; the answer as JSON. Raises on a refusal."""
        answer = self.http.post(path, data=values, headers={"X-CSRFToken": self.token, "Referer": self.address + "/"})
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def log_in(self, name: str, password: str) -> Citizen:
        """As staff, by password."""
        self.http.get("/account/login", headers={"Accept": "text/html"}).raise_for_status()
        self.form("/account/login", username=name, password=password)
        return self

    def panel(self, airing: str, name: str) -> dict[str, Any]:
        """What the control room shows of one part; staff only."""
        frame = self.http.get(f"/live/airings/{airing}/staff/snapshot").raise_for_status().json()
        found: dict[str, Any] = frame["panels"][name]
        return found

    def send(self, airing: str, kind: str, /, *, tries: float = 0, **values: Any) -> dict[str, Any]:
        """One command, tried again with the same id for `tries` seconds; what is acknowledged is remembered."""
        command = {"type": kind, "id": secrets.token_urlsafe(12), **values}
        deadline = time.monotonic() + tries
        while True:
            frame = self._once(airing, command)
            if frame["type"] == "ack":
                self.acked[command["id"]] = command | {"result": frame["result"]}
                return frame
            passing = frame["code"] in {"unavailable", "unreachable"}
            if not passing or time.monotonic() > deadline:
                self.refused.append(frame["code"])
                return frame
            time.sleep(0.2)

    def _once(self, airing: str, command: dict[str, Any]) -> dict[str, Any]:
        try:
            answer = self.http.post(
                f"/live/airings/{airing}/commands",
                json=command,
                headers={"X-CSRFToken": self.token, "Referer": self.address + "/"},
            )
            frame: dict[str, Any] = answer.json()
        except (httpx.HTTPError, ValueError):
            return {"type": "error", "code": "unreachable"}
        return frame

    def mine(self, airing: str) -> dict[str, Any]:
        """What the house says is this citizen's."""
        return self.http.get(f"/live/airings/{airing}/mine").raise_for_status().json()  # type: ignore[no-any-return]

    def state(self, airing: str) -> dict[str, dict[str, Any]]:
        """The public state: key → object."""
        frame = self.http.get(f"/live/airings/{airing}/state").raise_for_status().json()
        return {thing["key"]: thing for thing in frame["objects"]}


def airing_on_air(address: str) -> tuple[str, str]:
    """The page and airing id of the demo's show, which is on air: that of its programme, however many journeys made others since."""
    listed = httpx.get(address + "/programmes/members-forum/").text
    for page in re.findall(r'href="(/programmes/members-forum/[^"/]+/)"', listed):
        text = httpx.get(address + page).text
        found = re.search(r"/live/airings/([0-9a-f-]{36})/", text)
        if found and "直播中" in text:
            return page, found.group(1)
    raise AssertionError("no show of the demo is on air")
