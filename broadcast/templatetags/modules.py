"""The tag that names every module a script imports, so that a browser fetches them all at once; it fetches and runs nothing."""

from __future__ import annotations

import posixpath
import re
from functools import cache
from typing import Any

from django import template
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from broadcast.house.static import STATIC_IMPORT

register = template.Library()

_IMPORT = re.compile(STATIC_IMPORT)


@register.simple_tag(takes_context=True)
def preload_modules(context: template.Context, *names: str) -> SafeString:
    """`<link rel="modulepreload">` for the named scripts and all that they import, the nearest first, each once a page.

    After what the first paint needs: hence the low priority.
    """
    page: Any = context.render_context
    named: set[str] = page.setdefault(__name__, set())
    urls = [url for url in dict.fromkeys(url for name in names for url in _reached(name)) if url not in named]
    named.update(urls)
    return format_html_join(
        "\n  ", '<link rel="modulepreload" href="{}" fetchpriority="low">', ((url,) for url in urls)
    )


@cache
def _reached(name: str) -> tuple[str, ...]:
    """Addresses of a collected script and of every module that it needs before it runs."""
    found: dict[str, None] = {}
    waiting = [staticfiles_storage.url(name)]
    while waiting:
        url = waiting.pop(0)
        if url in found:
            continue
        found[url] = None
        waiting += [_joined(url, each) for each in _imports(url)]
    return tuple(found)


def _joined(url: str, imported: str) -> str:
    return (
        imported if imported.startswith("/") else posixpath.normpath(posixpath.join(posixpath.dirname(url), imported))
    )


def _imports(url: str) -> list[str]:
    """What a collected file imports: hashed, relative or below STATIC_URL. An `import()` is left for when it is needed."""
    with staticfiles_storage.open(url.removeprefix(settings.STATIC_URL)) as stored:
        return [found["url"] for found in _IMPORT.finditer(stored.read().decode("utf-8"))]
