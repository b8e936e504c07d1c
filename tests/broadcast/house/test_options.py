"""What `up` understands, and what it tells Django about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from broadcast.house import up
from broadcast.house.places import Places


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("YISHI_DEMO", "YISHI_WEB_HOST", "YISHI_WEB_PORT", "YISHI_HOSTS"):
        monkeypatch.delenv(name, raising=False)


def environ(tmp_path: Path, *words: str) -> dict[str, str]:
    return up.House(Places(tmp_path), up._parse(words))._environ()


def test_without_a_word_it_is_the_demo_on_loopback(tmp_path: Path) -> None:
    options = up._parse([])
    assert (options.demo, options.host, options.port) == (True, "127.0.0.1", 8000)
    assert options.address == "http://127.0.0.1:8000/"
    full = environ(tmp_path)
    assert (full["YISHI_DEMO"], full["YISHI_WEB_HOST"]) == ("1", "127.0.0.1")
    assert "YISHI_HOSTS" not in full


def test_no_demo_by_word_or_by_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert environ(tmp_path, "--no-demo")["YISHI_DEMO"] == "0"
    monkeypatch.setenv("YISHI_DEMO", "0")
    assert environ(tmp_path)["YISHI_DEMO"] == "0"


def test_told_to_listen_everywhere_it_answers_to_the_machines_names(tmp_path: Path) -> None:
    options = up._parse(["--host", "0.0.0.0", "--port", "81"])
    assert options.address == "http://127.0.0.1:81/"
    hosts = environ(tmp_path, "--host", "0.0.0.0")["YISHI_HOSTS"].split(",")
    assert {"localhost", "127.0.0.1"} < set(hosts)
    assert "0.0.0.0" not in hosts


def test_host_names_of_the_operator_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YISHI_HOSTS", "live.example.org")
    assert environ(tmp_path, "--host", "0.0.0.0")["YISHI_HOSTS"] == "live.example.org"


def test_an_address_of_version_6_is_written_as_browsers_want_it() -> None:
    assert up._parse(["--host", "::1"]).address == "http://[::1]:8000/"


@pytest.mark.parametrize("words", [["--port", "web"], ["--prot", "80"]])
def test_what_it_does_not_understand_is_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        up._parse(words)
    assert refused.value.code == 2
    assert words[0].lstrip("-") in capsys.readouterr().err


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "live.example.org"])
def test_a_demo_that_others_can_reach_is_refused(host: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert up.main(["--host", host]) == 1
    said = capsys.readouterr().out
    assert all(word in said for word in (host, "--no-demo", "YISHI_DEMO=1", "127.0.0.1"))


@pytest.mark.parametrize("words", [["--host", "0.0.0.0", "--no-demo"], ["--host", "127.0.0.2"], ["--host", "::1"], []])
def test_what_no_stranger_reaches_or_is_no_demo_may_start(words: list[str]) -> None:
    up._require_private_demo(up._parse(words))


def test_whoever_asks_for_an_open_demo_gets_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YISHI_DEMO", "1")
    options = up._parse(["--host", "0.0.0.0"])
    assert options.demo
    up._require_private_demo(options)


def test_edges_are_more_processes_on_the_ports_after_the_webs(tmp_path: Path) -> None:
    house = up.House(Places(tmp_path), up._parse(["--no-demo", "--port", "8100", "--edges", "2"]))
    commands = {child.name: list(child.command) for child in house._children({})}
    assert house.options.edge_ports == [8101, 8102]
    for name, port in (("edge1", "8101"), ("edge2", "8102")):
        assert commands[name][-5:] == ["edge", "--host", "127.0.0.1", "--port", port]
    assert up._parse([]).edge_ports == []
