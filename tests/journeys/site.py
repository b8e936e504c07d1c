"""Pages alone, for journeys that need no running show: the tests' own server and database, and a producer's session."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from playwright.sync_api import Browser, Page

from broadcast.models import Programme


@dataclass
class Site:
    """The pages, and a producer's session."""

    url: str
    session: str
    brand: Programme

    def page(self, browser: Browser, size: dict[str, int], path: str, *, signed_in: bool = True) -> Page:
        """A window of its own on `path`: the producer's, or somebody's without an account."""
        context = browser.new_context(viewport=size, locale="zh-CN")  # type: ignore[arg-type]
        context.set_default_timeout(30_000)
        if signed_in:
            context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": self.session, "url": self.url}])
        page = context.new_page()
        page.goto(self.url + path)
        return page
