"""Finds the texts that readers see, in Python, templates and scripts; it reads files and nothing else."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.template.base import Lexer, TokenType
from django.utils.text import smart_split
from django.utils.translation import trim_whitespace

PACKAGES = ("broadcast", "live", "scheduling", "archive")
# What the house prints on a terminal is in both languages by itself.
_SKIPPED = {"migrations", "house", "commands", "node_modules"}
# Function name → how many leading arguments, of which the first may be a context.
_PLAIN = {"gettext", "gettext_lazy", "gettext_noop", "_"}
_PLURAL = {"ngettext", "ngettext_lazy"}
_CONTEXT = {"pgettext", "pgettext_lazy"}
_SCRIPT = re.compile(r"""(?<![\w.$])(?:t|word)\(\s*("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`$\\]*`)""")
_SCRIPT_CONTEXT = re.compile(r"""(?<![\w.$])tc\(\s*"([^"\\\n]+)",\s*"([^"\\\n]+)"\)""")
_INLINE = re.compile(r"""_\(("[^"]*"|'[^']*')\)""")
_PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|\{(\w+)\}")


@dataclass
class Text:
    """One text: Chinese, perhaps with a plural and a context, and the files it stands in."""

    msgid: str
    plural: str | None = None
    context: str | None = None
    is_python: bool = True
    places: set[str] = field(default_factory=set)

    @property
    def key(self) -> tuple[str | None, str]:
        """What a catalogue finds it by."""
        return (self.context, self.msgid)

    @property
    def placeholders(self) -> set[str]:
        """Names that a translation may use."""
        return placeholders(self.msgid) | placeholders(self.plural or "")


def placeholders(text: str) -> set[str]:
    """The names in `%(name)s` and `{name}`."""
    return {first or second for first, second in _PLACEHOLDER.findall(text)}


def collect(root: Path) -> dict[str, list[Text]]:
    """All texts by catalogue: django (Python and templates) and djangojs (scripts), each in a stable order."""
    found: dict[str, dict[tuple[str | None, str], Text]] = {"django": {}, "djangojs": {}}
    for path in _files(root):
        reader, domain = _READERS[path.suffix]
        for text in reader(path.read_text(encoding="utf-8")):
            kept = found[domain].setdefault(text.key, text)
            kept.plural = kept.plural or text.plural
            kept.places.add(str(path.relative_to(root)))
    return {
        name: sorted(texts.values(), key=lambda text: (min(text.places), text.msgid)) for name, texts in found.items()
    }


def _files(root: Path) -> Iterator[Path]:
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*")):
            if path.suffix in _READERS and not _SKIPPED & set(path.relative_to(root).parts):
                yield path


def in_python(source: str) -> Iterator[Text]:
    """Literal arguments of gettext and its kin."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", None) or getattr(node.func, "attr", "")
        words = [each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
        if name in _PLAIN and words:
            yield Text(words[0])
        elif name in _PLURAL and len(words) > 1:
            yield Text(words[0], words[1])
        elif name in _CONTEXT and len(words) > 1:
            yield Text(words[1], context=words[0])


def in_template(source: str) -> Iterator[Text]:
    """What translate, blocktranslate and _("…") hold."""
    block: list[str] | None = None
    singular: str | None = None
    bits: list[str] = []
    for token in Lexer(source).tokenize():
        words = list(smart_split(token.contents)) if token.token_type == TokenType.BLOCK else [""]
        if block is not None:
            if words[0] == "plural":
                singular, block = "".join(block), []
            elif words[0] in {"endblocktranslate", "endblocktrans"}:
                yield _block(bits, singular, "".join(block))
                block, singular = None, None
            elif token.token_type == TokenType.VAR:
                block.append(f"%({token.contents})s")
            else:
                block.append(token.contents.replace("%", "%%"))
        elif words[0] in {"blocktranslate", "blocktrans"}:
            block, bits = [], words
        elif words[0] in {"translate", "trans"} and words[1][0] in "\"'":
            yield Text(
                words[1][1:-1].replace("%", "%%") if "%" in words[1] else words[1][1:-1], context=_context(words)
            )
        elif token.token_type in {TokenType.BLOCK, TokenType.VAR}:
            yield from (Text(each[1:-1]) for each in _INLINE.findall(token.contents))


def in_script(source: str) -> Iterator[Text]:
    """Literal arguments of t(), of tc() with its context, and of word(), which marks a text that is translated elsewhere."""
    for literal in _SCRIPT.findall(source):
        text = literal[1:-1] if literal[0] == "`" else ast.literal_eval(literal)
        yield Text(text, is_python=False)
    for context, text in _SCRIPT_CONTEXT.findall(source):
        yield Text(text, context=context, is_python=False)


def _block(bits: list[str], singular: str | None, last: str) -> Text:
    trim = trim_whitespace if "trimmed" in bits else str
    if singular is None:
        return Text(trim(last), context=_context(bits))
    return Text(trim(singular), trim(last), _context(bits))


def _context(bits: list[str]) -> str | None:
    return bits[bits.index("context") + 1][1:-1] if "context" in bits else None


_READERS = {
    ".py": (in_python, "django"),
    ".html": (in_template, "django"),
    ".txt": (in_template, "django"),
    ".js": (in_script, "djangojs"),
}
