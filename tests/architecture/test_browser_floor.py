"""What browsers are given keeps to the floor: iOS 14 and Chromium 86, which is what WeChat brings along; staff's pages too."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests import npm

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = tuple(ROOT / f"{app}/static/{app}" for app in ("broadcast", "live", "scheduling", "archive"))
# All pages of archive are for staff.
STAFF = re.compile(r"staff|archive/static")
# Each came to Safari after 14.0 or to Chromium after 86. Called without a way out they end the script.
TOO_NEW_CALLS = re.compile(
    r"structuredClone|reportError|requestIdleCallback|WeakRef|FinalizationRegistry|BroadcastChannel|OffscreenCanvas"
    r"|Object\.(?:hasOwn|groupBy)|Map\.groupBy|Array\.fromAsync|Promise\.(?:withResolvers|try)|URL\.(?:canParse|parse)"
    r"|AbortSignal\.(?:timeout|any)|(?:\w+\.)?crypto\.randomUUID|Intl\.(?:Segmenter|ListFormat|DisplayNames)"
    r"|navigator\.(?:locks|storage|scheduling)\..*|scheduler\..*|document\.startViewTransition"
    r"|.*\.(?:at|findLast|findLastIndex|toSorted|toReversed|toSpliced|isWellFormed|toWellFormed|throwIfAborted"
    r"|showModal|showPicker|showPopover|togglePopover|checkVisibility|getHTML|setHTMLUnsafe)"
    r"|dateStyle:|timeStyle:"
)
TOO_NEW_ELEMENTS = re.compile(r"<dialog\b|<search\b|<[a-z]+\s[^>]*\b(?:inert|popover|popovertarget)\b|\.inert = ")
TOO_NEW_STYLE = re.compile(
    r":has\(|(?<![-\w])inset(?:-block|-inline)?:|:is\(|:where\(|:not\([^()]*,|@layer|@container|@property|@scope|@starting-style"
    r"|color-mix|oklch\(|oklab\(|(?<![-\w])lab\(|(?<![-\w])lch\(|light-dark\(|overflow(?:-[xy])?: clip|overflow-clip"
    r"|(?<![-\w])(?:margin|padding|border)-(?:inline|block):|border-(?:start|end)-(?:start|end)-radius"
    r"|(?<![-\w])(?:translate|rotate|scale):|\((?:width|height|[\w.]+) *[<>]|@supports selector|\d(?:lh|rlh|cap|ic|cq[wh])\b|(?m:^\s*&)"
)
FLEX = re.compile(r"display: (?:inline-)?flex[^}]*[ ;{]gap:|[ ;{]gap:[^}]*display: (?:inline-)?flex")
# Newer ones that may stand after what the floor knows: in the same rule, the older one first.
WITH_FALLBACK = {
    r"\d[dsl]vh": r"\d+vh[;) ]",
    r"(?<![-\w])aspect-ratio:": r"padding-(?:top|bottom):|(?<![-\w])height:",
    r"(?<![-\w])appearance:": r"-webkit-appearance:",
    r"(?<![-\w])user-select:": r"-webkit-user-select:",
    r"(?<![-\w])backdrop-filter:": r"-webkit-backdrop-filter:",
}
RULE = re.compile(r"[^{}]*\{[^{}]*\}")

Report = Callable[..., list[dict[str, Any]]]


def files(suffix: str) -> list[Path]:
    return [path for folder in FOLDERS for path in sorted(folder.rglob(f"*.{suffix}"))]


@pytest.fixture(scope="module")
def read() -> Report:
    """Reads scripts with acorn."""
    modules, node = npm.installed()
    acorn = modules / "acorn" / "dist" / "acorn.mjs"

    def report(*paths: Path) -> list[dict[str, Any]]:
        command = [node, str(ROOT / "tests/architecture/parse.mjs"), str(acorn), *map(str, paths)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
        assert done.returncode == 0, done.stderr
        return list(json.loads(done.stdout))

    return report


def too_new(report: list[dict[str, Any]]) -> list[str]:
    """Every call of a report that the floor does not know, with file and line."""
    return [
        f"{Path(each['path']).name}:{lines[0]} {name}"
        for each in report
        for name, lines in each["calls"].items()
        if TOO_NEW_CALLS.fullmatch(name)
    ]


def served(static: Path) -> dict[str, Path]:
    """What pages load, by the name it had: our modules and the libraries, as they were collected."""
    manifest = json.loads((static / "staticfiles.json").read_text())["paths"]
    return {name: static / hashed for name, hashed in manifest.items() if name.endswith((".js", ".mjs"))}


def test_every_script_that_is_served_can_be_read(collected_static: Path, read: Report) -> None:
    """Staff's too: it is the language of 2021, all of which both browsers of the floor read."""
    scripts = served(collected_static)
    assert {"vendor/hls.js", "vendor/preact.js", "vendor/htm.js", "live/room.js", "broadcast/site.js"} <= set(scripts)
    assert [(each["path"], each["errors"]) for each in read(*scripts.values()) if each["errors"]] == []


def test_scripts_and_libraries_call_nothing_newer(collected_static: Path, read: Report) -> None:
    report = read(*served(collected_static).values())
    assert sum(len(each["calls"]) for each in report) > 500
    assert too_new(report) == []


@pytest.mark.parametrize(
    "planted",
    ["class A { static { } }", "class A { #a = 1 }", "class A { a = 1 }", "await 1", "a = /(?<=b)c/", 'export * as a from "./b.js"',
     "a = /b/v", "import b from './b.json' with { type: 'json' }", "#a in b", "{ using a = b }"],
)  # fmt: skip
def test_newer_language_is_found(tmp_path: Path, read: Report, planted: str) -> None:
    script = tmp_path / "planted.js"
    script.write_text(f"let a, b;\n{planted};\n")
    (found,) = read(script)
    assert found["errors"], planted


@pytest.mark.parametrize(
    ("planted", "expected"),
    [
        ("[1].at(-1)", ".at"),
        ("list.of.some.at(0)", "list.of.some.at"),
        ("structuredClone({})", "structuredClone"),
        ("fetch('/', { signal: AbortSignal.timeout(5) })", "AbortSignal.timeout"),
        ("self.crypto.randomUUID()", "self.crypto.randomUUID"),
        ("new WeakRef({})", "WeakRef"),
        ("navigator.locks.request('a', f)", "navigator.locks.request"),
        ("new Intl.DateTimeFormat('zh', { dateStyle: 'long' })", "dateStyle:"),
        ("try { a() } catch { structuredClone({}) }", "structuredClone"),
    ],
)
def test_newer_calls_are_found(tmp_path: Path, read: Report, planted: str, expected: str) -> None:
    script = tmp_path / "planted.js"
    script.write_text(f"\n{planted};\n")
    assert too_new(read(script)) == [f"planted.js:2 {expected}"]


@pytest.mark.parametrize(
    "allowed",
    ["try { structuredClone({}) } catch { b() }", "list.at?.(0)", "row.at = 1; f(row.at)", "a ?? b?.c", "a ||= 1_000",
     "'a'.replaceAll('a', 'b')"],
)  # fmt: skip
def test_what_has_a_way_out_may_stay(tmp_path: Path, read: Report, allowed: str) -> None:
    script = tmp_path / "allowed.js"
    script.write_text(f"{allowed};\n")
    report = read(script)
    assert report[0]["errors"] == []
    assert too_new(report) == []


def test_pages_hold_no_newer_elements() -> None:
    templates = [path for app in ("broadcast", "live") for path in sorted((ROOT / app / "templates").rglob("*.html"))]
    assert len(templates) > 20
    assert [path.name for path in [*templates, *files("js")] if TOO_NEW_ELEMENTS.search(path.read_text())] == []


@pytest.mark.parametrize("planted", ["<dialog open>", '<div class="a" inert>', "<p popover>", "page.inert = true"])
def test_newer_elements_are_found(planted: str) -> None:
    assert TOO_NEW_ELEMENTS.search(planted)


def style_faults(text: str, *, gaps: bool = False) -> list[str]:
    """What in a style sheet the floor does not know and nothing older stands in for; with `gaps`, flex boxes may have some."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    found = [line.strip() for line in text.splitlines() if TOO_NEW_STYLE.search(line)]
    # Gaps in flex boxes came with Safari 14.1: use grid or margins.
    found += [] if gaps else [rule.strip()[:120] for rule in FLEX.findall(text)]
    for rule in RULE.findall(text):
        for new, old in WITH_FALLBACK.items():
            late = re.search(new, rule)
            if late and not re.search(old, rule[: late.start()]):
                found.append(rule.strip()[:120])
    return found


@pytest.mark.parametrize("path", files("css"), ids=lambda path: path.name)
def test_styles_use_nothing_newer(path: Path) -> None:
    # Staff on iOS 14.0 see their buttons closer together, nothing else: that is not worth margins on every box.
    assert style_faults(path.read_text(), gaps=bool(STAFF.search(str(path.relative_to(ROOT))))) == []


@pytest.mark.parametrize(
    "planted",
    [
        ".a:has(b) { color: red }", ".a { inset: 0 }", ".a { inset-inline: 0 }", ":is(a, b) { color: red }", "a:not(.b, .c) { color: red }",
        "@layer a { }", "@container (width > 1px) { }", ".a { color: color-mix(in srgb, red, blue) }", ".a { padding-inline: 1px }",
        ".a { margin-block: 1px }", ".a { display: flex; gap: 1px }", ".a { gap: 1px; display: inline-flex }", ".a { overflow: clip }",
        ".a { height: 100dvh }", ".a { height: 100dvh; height: 100vh }", ".a { aspect-ratio: 1 }", ".a { appearance: none }",
        ".a { user-select: none }", "@media (width >= 60em) { a { color: red } }", ".a { rotate: 45deg }", ".a {\n  & b { color: red }\n}",
    ],
)  # fmt: skip
def test_newer_styles_are_found(planted: str) -> None:
    assert style_faults(planted) != []


@pytest.mark.parametrize(
    "allowed",
    [
        ".a { box-shadow: inset 0 0 1px red; inset-inline-start: 0 }", "a:not(.b):focus { color: red }", ".a { display: grid; gap: 1px }",
        ".a { height: 100vh; height: 100dvh }", ".a { height: 0; padding-top: 56%; aspect-ratio: 16 / 9 }", ".a { accent-color: red }",
        ".a { -webkit-appearance: none; appearance: none }", ".a { transform: rotate(1deg) scale(2) }", "/* :has( */ a > b { color: red }",
        "@media (min-width: 60em) { a { color: red } }",
    ],
)  # fmt: skip
def test_older_styles_may_stay(allowed: str) -> None:
    assert style_faults(allowed) == []
