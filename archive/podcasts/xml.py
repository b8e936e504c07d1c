"""Writes XML that any words fit in: escaped by the library, without the characters that XML cannot hold. It knows no feed."""

from __future__ import annotations

import re
from xml.etree import ElementTree

ITUNES = "http://www.itunes.com/dtds/podcast-1.0.dtd"
PODCAST = "https://podcastindex.org/namespace/1.0"
ATOM = "http://www.w3.org/2005/Atom"
HISTORY = "http://purl.org/syndication/history/1.0"
SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
VIDEO = "http://www.google.com/schemas/sitemap-video/1.1"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_CANNOT = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

for _prefix, _space in (("itunes", ITUNES), ("podcast", PODCAST), ("fh", HISTORY), ("video", VIDEO)):
    ElementTree.register_namespace(_prefix, _space)


def clean(text: str) -> str:
    """The text without control characters and half characters, which no XML holds even escaped."""
    return _CANNOT.sub("", text)


def node(tag: str, namespace: str = "") -> ElementTree.Element:
    """A root."""
    return ElementTree.Element(f"{{{namespace}}}{tag}" if namespace else tag)


def add(
    parent: ElementTree.Element, tag: str, text: str | None = None, namespace: str = "", /, **attributes: str
) -> ElementTree.Element:
    """Hang an element below; attributes and text may be anything that people typed."""
    found = ElementTree.SubElement(parent, f"{{{namespace}}}{tag}" if namespace else tag)
    for name, value in attributes.items():
        found.set(name, clean(value))
    if text is not None:
        found.text = clean(text)
    return found


def written(root: ElementTree.Element, default: str = "") -> bytes:
    """The document in UTF-8. `default`: the namespace that has no prefix; all its elements have one then."""
    if default:
        ElementTree.register_namespace("", default)
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + bytes(ElementTree.tostring(root, encoding="utf-8"))
