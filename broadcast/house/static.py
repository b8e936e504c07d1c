"""Stores collected static files under hashed names and rewrites what modules import to those names; no bundler, no import map."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile, File
from django.utils.encoding import force_bytes
from whitenoise.storage import CompressedManifestStaticFilesStorage

from broadcast.house.vendor import IMPORTS

# `import "x"`, `import … from "x"`, `export … from "x"` where a statement begins, minified or not. What stands
# between the words holds only names, commas, braces and stars, so that prose in a string is never taken for it.
STATIC_IMPORT = (
    r"""(?m)(?P<matched>(?P<head>(?:^|[;}\n])[ \t]*(?:import|export)\b(?:[\w\s{},*$]*?\bfrom|)\s*)"""
    r"""(?P<quote>["'])(?P<url>[^"'\n]+)(?P=quote))"""
)
_DYNAMIC_IMPORT = r"""(?P<matched>(?P<head>\bimport\(\s*)(?P<quote>["'])(?P<url>[^"'\n]+)(?P=quote)(?=\s*\)))"""
_TEMPLATE = "%(head)s%(quote)s%(url)s%(quote)s"
# Whole lines of comment and nothing else: a fifth of what a phone would fetch, and of no use to it.
_COMMENT = re.compile(r"(?m)^[ \t]*(?://.*|/\*(?:[^*]|\*(?!/))*\*/)[ \t]*$")


def uncommented(text: str) -> str:
    """A script or style of ours without its lines of comment; every other line keeps its number."""
    return _COMMENT.sub(lambda found: "\n" * found[0].count("\n"), text)


class HashedStaticStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # whitenoise has no types
    """Hashed and compressed files, in DEBUG too, since a bare import has no other meaning."""

    patterns = (
        *(pattern for pattern in CompressedManifestStaticFilesStorage.patterns if pattern[0] != "*.js"),
        ("*.js", ((STATIC_IMPORT, _TEMPLATE), (_DYNAMIC_IMPORT, _TEMPLATE))),
    )
    keep_intermediate_files = False
    # The unhashed copies would still say `from "preact"`, which no browser understands.
    keep_only_hashed_files = True

    def _save(self, name: str, content: File[Any]) -> str:
        if name.endswith((".js", ".css")) and not name.startswith("vendor/"):
            content = ContentFile(uncommented(b"".join(map(force_bytes, content.chunks())).decode()).encode())
        return str(super()._save(name, content))

    def url(self, name: str | None, force: bool = False) -> str:
        return str(super().url(name, force=True))

    def url_converter(
        self, name: str, hashed_files: dict[str, str], template: str | None = None
    ) -> Callable[[re.Match[str]], str]:
        """Django's converter, which also understands the bare imports of `vendor.IMPORTS` and refuses unknown ones."""
        convert: Callable[[Any], str] = super().url_converter(name, hashed_files, template)
        if template != _TEMPLATE:
            return convert

        def converter(match: re.Match[str]) -> str:
            url = match["url"]
            if url in IMPORTS:
                return convert(_Replaced(match, settings.STATIC_URL + IMPORTS[url]))
            if url.startswith(("./", "../", "/")):
                return convert(match)
            if re.match(r"^[a-z]+:", url):
                return match["matched"]
            known = ", ".join(sorted(IMPORTS))
            raise ValueError(
                f"{name} imports {url!r}; expected a path that begins with ./ or ../, or one of {known}"
                f" (did you mean './{posixpath.basename(url)}'?)"
            )

        return converter


class _Replaced:
    """A match whose `url` is another; all that Django asks of a match is its groups."""

    def __init__(self, match: re.Match[str], url: str) -> None:
        self._groups = {**match.groupdict(), "url": url}

    def groupdict(self) -> dict[str, str]:
        return dict(self._groups)
