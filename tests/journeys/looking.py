"""What every page is looked at for, whoever drives it: serious barriers, and scrolling sideways; and words that break layouts."""

from __future__ import annotations

from functools import cache

from playwright.sync_api import Page

from tests import npm

HOSTILE = (
    "endless" * 60,
    "\u202e颠倒的字\u202c 和 <b>标签</b> <img src=x onerror=alert(1)>",
    "".join(letter + "\u0351\u036b\u0343\u0334" * 12 for letter in "ZALGO"),
)
_RUN = """() => axe.run(document, { resultTypes: ["violations"] }).then((found) => found.violations
  .filter((each) => ["serious", "critical"].includes(each.impact))
  .map((each) => each.id + ": " + each.nodes.slice(0, 3).map((node) => node.html.slice(0, 120)).join(" | ")))"""


@cache
def _axe() -> str:
    modules, _node = npm.installed()
    return (modules / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


def barriers(page: Page) -> list[str]:
    """What axe-core calls serious or critical on the page as it stands."""
    page.evaluate(_axe())
    found: list[str] = page.evaluate(_RUN)
    return found


def sideways(page: Page) -> int:
    """How many px the page is wider than the window."""
    wider: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return wider
