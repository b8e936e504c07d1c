"""Keeps the English catalogues in step with the Chinese texts in code, templates and scripts; it translates nothing itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polib
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from broadcast.house.messages import compile_all
from broadcast.texts import Text, collect, placeholders

LOCALE = Path("broadcast") / "locale" / "en" / "LC_MESSAGES"
METADATA = {
    "Project-Id-Version": "yishi",
    "Language": "en",
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Transfer-Encoding": "8bit",
    "Plural-Forms": "nplurals=2; plural=(n != 1);",
}


class Command(BaseCommand):
    """`python -m broadcast messages [--check | --compile]`."""

    help = "更新或核对英文词条 · update or check the English catalogues"

    def add_arguments(self, parser: Any) -> None:
        """One of three works."""
        parser.add_argument("--check", action="store_true", help="fail when a text has no English or an entry is stale")
        parser.add_argument("--compile", action="store_true", help="write the .mo files")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Update the .po files, keeping translations; or check, or compile."""
        root = Path(settings.BASE_DIR)
        if options["compile"]:
            self.stdout.write(f"{len(compile_all(root))} .mo")
            return
        faults: list[str] = []
        for domain, texts in collect(root).items():
            file = root / LOCALE / f"{domain}.po"
            if options["check"]:
                faults += check(file, texts)
            else:
                missing = update(file, texts)
                self.stdout.write(
                    f"{domain}.po: {len(texts)} 条，缺译 {missing} 条 · {len(texts)} texts, {missing} without English"
                )
        if faults:
            shown = "\n".join(faults[:40])
            raise CommandError(
                f"{len(faults)} 处词条要改；先运行 ./yishi messages · run ./yishi messages, then translate:\n{shown}"
            )


def update(file: Path, texts: list[Text]) -> int:
    """Make the catalogue hold exactly `texts`, with the translations it had; returns how many have none."""
    known = _entries(file)
    fresh = polib.POFile(wrapwidth=120)
    fresh.metadata = METADATA
    for text in texts:
        entry = polib.POEntry(
            msgid=text.msgid,
            msgctxt=text.context,
            occurrences=[(where, "") for where in sorted(text.places)],
            flags=["python-format"] if text.is_python and "%(" in text.msgid else [],
        )
        old = known.get(text.key)
        if text.plural is not None:
            entry.msgid_plural = text.plural
            entry.msgstr_plural = dict(old.msgstr_plural) if old and old.msgstr_plural else {0: "", 1: ""}
        elif old is not None:
            entry.msgstr = old.msgstr
        fresh.append(entry)
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh.save(str(file))
    return sum(not _is_translated(entry) for entry in fresh)


def check(file: Path, texts: list[Text]) -> list[str]:
    """What is wrong with the catalogue, one line each."""
    known = _entries(file)
    wanted = {text.key: text for text in texts}
    faults = [f"{file.name}: 多余 · stale: {entry.msgid!r}" for key, entry in known.items() if key not in wanted]
    for key, text in wanted.items():
        entry = known.get(key)
        where = min(text.places)
        if entry is None or not _is_translated(entry):
            faults.append(f"{file.name}: 缺译 · no English: {text.msgid!r} ({where})")
        elif any(not placeholders(words) <= text.placeholders for words in _words(entry)):
            faults.append(f"{file.name}: 占位符不符 · other placeholders: {text.msgid!r} ({where})")
    return faults


def _entries(file: Path) -> dict[tuple[str | None, str], polib.POEntry]:
    if not file.exists():
        return {}
    return {(entry.msgctxt, entry.msgid): entry for entry in polib.pofile(str(file)) if not entry.obsolete}


def _words(entry: polib.POEntry) -> list[str]:
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


def _is_translated(entry: polib.POEntry) -> bool:
    return "fuzzy" not in entry.flags and all(_words(entry))
