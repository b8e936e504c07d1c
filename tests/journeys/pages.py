"""The pages as people use them, in a real Chromium: what a person sees and presses, in the words on the screen."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1440, "height": 900}
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]


def wait_for(truth: Callable[[], Any], seconds: float, what: str) -> Any:
    """Wait until `truth()` is something; the strict policy forbids Playwright's own waiting on a script."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = truth()
        if found:
            return found
        time.sleep(0.25)
    raise AssertionError(f"not within {seconds:g} s: {what}")


@dataclass
class Person:
    """Somebody with a browser of their own. Errors on the console fail the journey at the end."""

    browser: Browser
    address: str
    size: dict[str, int]
    java_script_enabled: bool = True
    context: BrowserContext = field(init=False)
    page: Page = field(init=False)
    errors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.context = self.browser.new_context(
            viewport=self.size, locale="zh-CN", java_script_enabled=self.java_script_enabled
        )  # type: ignore[arg-type]
        self.context.set_default_timeout(30_000)
        self.context.set_default_navigation_timeout(60_000)
        self.page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda message: self.errors.append(message.text) if _is_policy(message.text) else None)

    def open(self, path: str) -> Person:
        """Go to a path of the house."""
        self.page.goto(self.address + path)
        return self

    def log_in(self, name: str, password: str) -> Person:
        """With a password, as staff do."""
        self.open("/account/login")
        self.page.locator("#username").fill(name)
        self.page.locator("#password").fill(password)
        self.page.locator("main form button[type=submit]").click()
        expect(self.page).not_to_have_url(re.compile("login"))
        return self

    def sees(self, text: str, seconds: float = 15) -> Locator:
        """The text is on the page, visible, within that time."""
        found = self.page.get_by_text(text).locator("visible=true").first
        expect(found).to_be_visible(timeout=seconds * 1000)
        return found

    def does_not_see(self, text: str, seconds: float = 5) -> None:
        """The text is nowhere to be seen, within that time."""
        expect(self.page.get_by_text(text).locator("visible=true")).to_have_count(0, timeout=seconds * 1000)

    def press(self, name: str, *, exact: bool = True) -> None:
        """Press the button with this name."""
        self.page.get_by_role("button", name=name, exact=exact).first.click()

    def tab(self, name: str) -> None:
        """Go to one of the hall's tabs."""
        self.page.locator(".tabs a", has_text=name).click()

    def verify_phone(self, number: str) -> None:
        """In the sheet that asks for it: agree, ask for the code, type what the demo shows, submit."""
        sheet = self.page.locator("[role=dialog]")
        sheet.locator("input[type=checkbox]").check()
        sheet.locator("input[name=phone]").fill(number)
        sheet.get_by_role("button", name="获取验证码").click()
        shown = sheet.locator(".shown")
        expect(shown).to_be_visible()
        code = re.search(r"\d{6}", shown.inner_text())
        assert code
        sheet.locator("input[name=code]").fill(code.group())
        sheet.get_by_role("button", name="验证并提交").click()
        expect(sheet).to_have_count(0)

    def video(self) -> dict[str, float]:
        """Where the picture is: time, and how much of it there is."""
        found: dict[str, float] = self.page.locator("video").first.evaluate(
            "v => ({time: v.currentTime, width: v.videoWidth, end: v.seekable.length ? v.seekable.end(0) : 0,"
            " start: v.seekable.length ? v.seekable.start(0) : 0, paused: v.paused ? 1 : 0})"
        )
        return found

    def sees_picture_move(self, seconds: float = 60) -> None:
        """The video shows a picture and its time goes on."""
        wait_for(lambda: self.video()["width"] > 0, seconds, "a picture")
        before = self.video()["time"]
        wait_for(lambda: self.video()["time"] > before + 1, seconds, "a moving picture")


def _is_policy(text: str) -> bool:
    return "Content Security Policy" in text or "Content-Security-Policy" in text
