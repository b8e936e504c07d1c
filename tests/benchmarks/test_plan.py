"""The plan's arithmetic by numbers that can be checked in the head, and a page whose tables are what its coefficients give."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import plan, plan_model, plan_page
from benchmarks.plan_model import COEFFICIENTS, PRICES, Scenario
from broadcast.house import connections
from broadcast.house.places import ROOT
from live.limits import Limits

# Round numbers, so that each result can be worked out by hand.
EASY = {
    **plan_model.values(COEFFICIENTS),
    "edge_us_per_frame": 10, "edge_kib_per_socket": 20, "joins_per_cpu_second": 1_000, "queries_per_reconnect": 0.5,
    "votes_per_second": 2_000, "front_us_per_frame": 5, "front_kib_per_socket": 8, "tls_us_full": 500, "tls_us_resumed": 100,
    "poll_us": 20, "poll_bytes": 1_000, "tick_bytes": 422, "idle_us_per_second": 0, "kernel_kib_per_socket": 4,
    "sockets_per_process": 20_000, "joins_per_process": 500, "connections_per_process": 20, "front_connections": 50_000,
    "poll_seconds": 2, "cache_seconds": 1, "turnout": 0.5, "used_share": 0.5, "memory_share": 0.5, "network_share": 0.5,
    "spare_share": 0.1, "machine_cores": 10, "machine_gib": 64, "machine_gbit": 10,
}  # fmt: skip
CHEAP = {"machine_hour": 2, "egress_gb": 1, "cdn_gb": 0.5, "cdn_10k_requests": 0.1, "cdn_mbit_day": 0.5}


def test_all_on_sockets() -> None:
    found = plan_model.compute(EASY, CHEAP, Scenario(1_000_000, 1.0, 2))
    assert found.frames_per_second == 2_000_000
    assert found.edge_cores == pytest.approx(20)  # 2 million frames of 10 µs
    assert found.front_cores == pytest.approx(10)
    assert found.socket_gbit == pytest.approx(2_000_000 * (422 + 78) * 8 / 1e9)  # 8 Gbit/s
    assert found.socket_gib == pytest.approx(1_000_000 * (20 + 8 + 12) / 1024 / 1024)  # 38 GiB
    assert found.processes == 50  # by the limit of sockets; 20 cores at half use would ask for 40
    # Processors: 30 / (10 · ½) = 6 machines; memory 38 / 32, network 8 / 5, connections 1,000,000 / 250,000 ask for fewer.
    assert (found.edge_machines, found.edge_bound) == (6 + 1, "processors")
    assert (found.polls_per_second, found.cache_machines, found.origin_per_second) == (0, 0, 0)
    assert found.database_connections == 1_000
    assert found.bus_mbit == pytest.approx(50 * 2 * 422 * 8 / 1e6)
    # Each join costs 1 ms and ½ ms of TLS; 7 machines have 35 cores free: 42.9 s. Admission would allow 40 s.
    assert found.storm_seconds == pytest.approx(1_000_000 * 0.0015 / 35)
    assert found.storm_bound == "processors"
    assert found.own_cost == pytest.approx(7 * 2 + 8 / 8 * 3600)


def test_all_polling() -> None:
    found = plan_model.compute(EASY, CHEAP, Scenario(1_000_000, 0.0, 2))
    assert (found.frames_per_second, found.edge_machines, found.processes, found.storm_seconds) == (0, 0, 0, 0)
    assert found.polls_per_second == 500_000
    assert found.cache_cores == pytest.approx(10)
    assert found.poll_gbit == pytest.approx(4)
    # Processors and connections ask for 2, memory (1,000,000 · 12 KiB = 11.4 GiB of 32) and network for less.
    assert found.cache_machines == 3
    assert found.origin_per_second == 6  # three caches, two forms
    assert found.cdn_cost == pytest.approx(1_800 * 0.5 + 500_000 * 3600 / 10_000 * 0.1)
    assert found.cdn_peak_cost == pytest.approx(4_000 * 0.5)


def test_a_storm_and_a_poll() -> None:
    assert plan_model.storm_cores(EASY, 600_000, 60, resumed=False) == pytest.approx((10_000, 5, 10))
    assert plan_model.storm_cores(EASY, 600_000, 60, resumed=True)[1] == pytest.approx(1)
    assert plan_model.vote_burst(EASY, 1_000_000, 25) == pytest.approx((20_000, 10))
    assert plan_model.vote_window(EASY, 1_000_000) == pytest.approx(250)


def test_admission_holds_back_what_processors_could_do() -> None:
    quick = {**EASY, "joins_per_cpu_second": 1e9, "tls_us_full": 0}
    assert plan_model.compute(quick, CHEAP, Scenario(1_000_000, 1.0, 2)).storm_bound == "admission"


@settings(max_examples=60, deadline=None)
@given(st.floats(1e3, 1e8), st.floats(0, 1), st.floats(0.1, 5))
def test_twice_the_viewers_never_take_less(viewers: float, share: float, ticks: float) -> None:
    one = plan_model.compute(EASY, CHEAP, Scenario(viewers, share, ticks))
    two = plan_model.compute(EASY, CHEAP, Scenario(2 * viewers, share, ticks))
    for each in fields(one):
        small, large = getattr(one, each.name), getattr(two, each.name)
        if isinstance(small, int | float) and each.name != "storm_seconds":
            assert large >= small, each.name
    assert one.sockets + one.pollers == pytest.approx(viewers)


def test_the_pages_tables_are_what_its_coefficients_give() -> None:
    page = plan_page.PAGE.read_text(encoding="utf-8")
    assert plan_page.render(plan_page.read(page)) == plan_page.generated(page)


def test_every_coefficient_of_the_page_says_where_it_is_from() -> None:
    stated = plan_page.read(plan_page.PAGE.read_text(encoding="utf-8"))
    for each in (*stated.coefficients, *stated.prices):
        assert each.source not in {"", "not measured"}, each.name
        # A reconnect may ask the database nothing at all.
        assert each.value > 0 or each.name == "queries_per_reconnect", each.name
    assert "cores" in stated.conditions
    page = plan_page.PAGE.read_text(encoding="utf-8")
    formulas = page[page.index("## Formulas") : page.index("## Numbers")]
    # Every name that a formula uses is one of the table.
    names = {word for word in formulas.split("`")[1::2] if "_" in word or word == "turnout"}
    assert names <= {each.name for each in (*COEFFICIENTS, *PRICES)}
    # And every coefficient is used, the parameters of shares and of costs by their columns.
    unused = {each.name for each in COEFFICIENTS} - names
    assert unused <= {"tick_bytes", "used_share", "queries_per_reconnect", "connections_per_process", "tls_us_resumed"}


def test_what_the_code_says_of_itself_is_what_the_plan_takes() -> None:
    known = plan_model.values(COEFFICIENTS)
    assert known["sockets_per_process"] == Limits().sockets
    assert known["joins_per_process"] == Limits().joins
    assert known["poll_seconds"] * 1000 == Limits().poll_ms
    assert known["connections_per_process"] == connections.A_PROCESS
    assert f"worker_connections {known['front_connections']:.0f};" in (ROOT / "docker/nginx/nginx.conf").read_text()


def test_figures_of_other_benchmarks_come_before_its_own(tmp_path: Path) -> None:
    figures = {
        "cpu_us_per_frame_uvicorn_2000": 9.0,
        "cpu_us_per_frame_uvicorn_10000": 8.0,
        "cpu_us_per_frame_stock": 400.0,
    }
    said = {"name": "fanout", "figures": figures, "conditions": {"cores": 2, "processor": "P"}}
    file = tmp_path / "fanout.json"
    file.write_text(f"some words\n{json.dumps(said)}\n")
    found, conditions = plan._given([str(file)])
    chosen = plan._chosen(found, {"edge_us_per_frame": 99.0, "poll_us": 20.0}, 400)
    assert chosen["edge_us_per_frame"] == (8.0, "`fanout`: cpu_us_per_frame_uvicorn_10000")
    assert chosen["poll_us"] == (20.0, "`plan` itself, 400 sockets")
    assert "2 cores" in conditions["fanout"]


def test_a_file_without_figures_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "none.txt"
    file.write_text("nothing\n")
    with pytest.raises(ValueError, match="holds no line of JSON"):
        plan._given([str(file)])
