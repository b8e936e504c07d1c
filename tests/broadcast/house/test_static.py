"""Static files as a browser gets them: hashed, compressed, and with imports that lead somewhere."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import FileSystemStorage
from django.test import override_settings

from broadcast.house import vendor
from broadcast.house.static import HashedStaticStorage, uncommented
from tests import npm

ROOT = Path(__file__).resolve().parents[3]
# Every word that a reader of the language sees, with its line; comments are none.
_TOKENS = """
import { readFileSync } from "node:fs";
const { tokenizer } = await import(process.argv[2]);
const told = (text) => [...tokenizer(text, { ecmaVersion: 2022, sourceType: "module", locations: true })]
  .map((each) => [each.type.label, String(each.value), each.loc.start.line, each.loc.start.column]);
for (const [path, text] of JSON.parse(readFileSync(0, "utf8"))) {
  if (JSON.stringify(told(text)) !== JSON.stringify(told(readFileSync(path, "utf8")))) console.log(path);
}
"""
VENDOR = {library.target: f"export const from_{index} = {index};" for index, library in enumerate(vendor.LIBRARIES)}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    for name, text in VENDOR.items():
        write(folder, f"vendor/{name}", text)
    return folder


def write(folder: Path, name: str, text: str) -> None:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def collect(source: Path) -> tuple[HashedStaticStorage, Path]:
    """Do what collectstatic does; raises what it would report."""
    target = source.parent / "target"
    storage = HashedStaticStorage(location=str(target), base_url="/static/")
    origin = FileSystemStorage(str(source))
    paths: dict[str, Any] = {}
    for file in source.rglob("*.*"):
        name = file.relative_to(source).as_posix()
        with file.open("rb") as stream:
            storage.save(name, stream)
        paths[name] = (origin, name)
    for _, _, processed in storage.post_process(paths):
        if isinstance(processed, Exception):
            raise processed
    return storage, target


def collected(storage: HashedStaticStorage, target: Path, name: str) -> str:
    return (target / storage.stored_name(name)).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("import { h } from 'preact';", r"import \{ h \} from '/static/vendor/preact\.\w{12}\.js';"),
        ('import{h as a}from"preact";', r'import\{h as a\}from"/static/vendor/preact\.\w{12}\.js";'),
        ('import {\n  useState,\n} from "preact/hooks"', r'from "/static/vendor/preact-hooks\.\w{12}\.js"'),
        ("import htm from 'htm'\n", r"import htm from '/static/vendor/htm\.\w{12}\.js'"),
        ('import Hls from "hls.js";', r'import Hls from "/static/vendor/hls\.\w{12}\.js";'),
        ('import * as all from "./other.js";', r'import \* as all from "\./other\.\w{12}\.js";'),
        ('import d, { e } from "../shared/deep.js";', r'import d, \{ e \} from "\.\./shared/deep\.\w{12}\.js";'),
        ('export { x } from "./other.js";', r'export \{ x \} from "\./other\.\w{12}\.js";'),
        ('export * from "./other.js";', r'export \* from "\./other\.\w{12}\.js";'),
        ('import "./other.js";', r'import "\./other\.\w{12}\.js";'),
        ('const p = await import("./other.js");', r'import\("\./other\.\w{12}\.js"\)'),
        ('const p = await import("hls.js");', r'import\("/static/vendor/hls\.\w{12}\.js"\)'),
        ('var a=1;import{b}from"./other.js";', r'import\{b\}from"\./other\.\w{12}\.js"'),
    ],
)
def test_imports_lead_to_hashed_files(source: Path, statement: str, expected: str) -> None:
    write(source, "live/page.js", statement)
    write(source, "live/other.js", "export const x = 1;")
    write(source, "shared/deep.js", "export const e = 1;")
    storage, target = collect(source)
    text = collected(storage, target, "live/page.js")
    assert re.search(expected, text), text
    for address in re.findall(r"""["'](/static/[^"']+)["']""", text):
        assert (target / address.removeprefix("/static/")).exists()


@pytest.mark.parametrize(
    "text",
    [
        'const words = "please import from \\"somewhere\\" else";',
        "f(); // we import nothing from 'preact/compat' here",
        'throw new Error(`cannot import "thing"`);',
        'import "https://example.org/module.js";',
    ],
)
def test_what_is_no_import_of_ours_stays(source: Path, text: str) -> None:
    write(source, "live/page.js", text)
    assert collected(*collect(source), "live/page.js") == text


def test_an_unknown_bare_import_is_refused_with_what_was_meant(source: Path) -> None:
    write(source, "live/page.js", 'import x from "room.js";')
    with pytest.raises(ValueError, match=r"live/page\.js imports 'room\.js'.*'\./room\.js'"):
        collect(source)


def test_an_import_of_a_missing_file_is_refused(source: Path) -> None:
    write(source, "live/page.js", 'import x from "./missing.js";')
    with pytest.raises(ValueError, match=r"missing\.js"):
        collect(source)


def test_a_change_deep_below_changes_every_name_above(source: Path) -> None:
    write(source, "live/page.js", 'import { h } from "preact";')
    before = collect(source)[0].stored_name("live/page.js")
    write(source, "vendor/preact.js", "export const changed = 1;")
    assert collect(source)[0].stored_name("live/page.js") != before


@override_settings(DEBUG=True)
def test_debug_gets_the_same_files(source: Path) -> None:
    storage, _ = collect(source)
    assert re.fullmatch(r"/static/vendor/preact\.\w{12}\.js", storage.url("vendor/preact.js"))


def test_what_the_run_collected_is_whole(collected_static: Path) -> None:
    """Every import in every collected script leads to a collected file, and there is no unhashed script."""
    scripts = sorted(collected_static.rglob("*.js"))
    assert {vendor_name.split(".")[0] for vendor_name in (f.name for f in scripts)} >= {
        "preact",
        "preact-hooks",
        "htm",
        "hls",
    }
    statement = re.compile(r"""(?:^|[;}\n])\s*(?:import|export)\b(?:[\w\s{},*$]*?\bfrom)?\s*["']([^"']+)["']""")
    for script in scripts:
        assert re.search(r"\.[0-9a-f]{12}\.js$", script.name), script
        for address in statement.findall(script.read_text(encoding="utf-8")):
            base = collected_static if address.startswith("/static/") else script.parent
            assert (base / address.removeprefix("/static/")).exists(), f"{script} imports {address}"


def test_scripts_are_compressed(collected_static: Path) -> None:
    script = next(collected_static.glob("vendor/hls.*.js"))
    assert gzip.decompress(script.with_name(f"{script.name}.gz").read_bytes()) == script.read_bytes()


def test_licences_go_with_the_libraries(collected_static: Path) -> None:
    names = {file.name.split(".")[0] for file in collected_static.glob("vendor/LICENSE-*")}
    assert names == {"LICENSE-preact", "LICENSE-htm", "LICENSE-hls"}


def test_comments_stay_at_home(source: Path) -> None:
    write(
        source,
        "a.js",
        "/* What it is for,\n   in two lines. */\n\n// Why.\nexport const a = 1; // kept\nconst b = '/* no */';\n",
    )
    write(source, "b.css", "/* Ground */\n.a { color: red; } /* kept */\n")
    write(source, "vendor/c.js", "/* somebody else's licence */\nexport const c = 1;\n")
    storage, target = collect(source)
    assert collected(storage, target, "a.js") == "\n\n\n\nexport const a = 1; // kept\nconst b = '/* no */';\n"
    assert collected(storage, target, "b.css") == "\n.a { color: red; } /* kept */\n"
    assert "licence" in collected(storage, target, "vendor/c.js")


def test_nothing_but_comments_is_left_out_of_any_script(tmp_path: Path) -> None:
    modules, node = npm.installed()
    scripts = [
        path for app in ("broadcast", "live", "scheduling", "archive") for path in (ROOT / app).glob("static/**/*.js")
    ]
    assert len(scripts) > 40
    (tmp_path / "tokens.mjs").write_text(_TOKENS, encoding="utf-8")
    given = json.dumps([[str(path), uncommented(path.read_text(encoding="utf-8"))] for path in scripts])
    command = [node, str(tmp_path / "tokens.mjs"), (modules / "acorn" / "dist" / "acorn.mjs").as_uri()]
    done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "", "a line of these is no comment"
