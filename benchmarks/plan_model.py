"""The arithmetic of the plan: from coefficients and a scenario to machines, bandwidth, memory and cost; it measures and prints nothing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

MEGA = 1e6
GIB = 1024**2  # KiB in a GiB
# What IP, TCP with time stamps, TLS and WebSocket add to one pushed frame.
FRAME_OVERHEAD_BYTES = 20 + 32 + 22 + 4
STORM_WINDOWS = (10, 60, 300)
VOTE_WINDOWS = (15, 60, 300)


@dataclass(frozen=True)
class Known:
    """One number the plan stands on. `figure` names the benchmark and its figure that bring it; none: an assumption."""

    name: str
    value: float
    unit: str
    meaning: str
    figure: str = ""
    source: str = ""


# Order and meaning; the values are what is used until a measurement brings another.
COEFFICIENTS: tuple[Known, ...] = (
    Known(
        "edge_us_per_frame", 0, "µs", "CPU of edge and bus for one delivered tick", "fanout.cpu_us_per_frame_uvicorn"
    ),
    Known("edge_kib_per_socket", 0, "KiB", "memory of the edge for one socket", "fanout.kib_per_socket_uvicorn"),
    Known("joins_per_cpu_second", 0, "1/s", "joins, snapshot included", "fanout.joins_per_cpu_second_uvicorn"),
    Known("queries_per_reconnect", 0, "", "database queries of one reconnect", "storm.queries_per_reconnect"),
    Known("votes_per_second", 0, "1/s", "durable votes, one database, two cores in all", "votes.votes_per_second"),
    Known("front_us_per_frame", 0, "µs", "CPU of nginx for one tick: proxy and TLS", "plan.front_us_per_frame"),
    Known("front_kib_per_socket", 0, "KiB", "memory of nginx for one proxied TLS socket", "plan.front_kib_per_socket"),
    Known("tls_us_full", 0, "µs", "CPU of nginx for a full handshake (P-256)", "plan.tls_us_full"),
    Known("tls_us_resumed", 0, "µs", "CPU of nginx for a resumed handshake", "plan.tls_us_resumed"),
    Known("poll_us", 0, "µs", "CPU of nginx for one cached state over TLS, kept alive", "plan.poll_us"),
    Known("poll_bytes", 0, "B", "one such answer on the wire, compressed, with headers", "plan.poll_bytes"),
    Known("tick_bytes", 500, "B", "one public tick", "plan.tick_bytes"),
    Known(
        "idle_us_per_second",
        3,
        "µs/s",
        "CPU of a socket at rest",
        source="assumption; published figures are 2.2 to 4.7",
    ),
    Known(
        "kernel_kib_per_socket", 4.1, "KiB", "kernel memory of one TCP socket", source="published; slab, inode, file"
    ),
    Known("sockets_per_process", 18_000, "", "admission limit of a process", source="live/limits.py"),
    Known("joins_per_process", 500, "1/s", "admission limit of a process", source="live/limits.py"),
    Known("connections_per_process", 22, "", "database connections of a process", source="docs/operations.md"),
    Known("front_connections", 32_768, "", "connections of an nginx worker", source="docker/nginx/nginx.conf"),
    Known("poll_seconds", 1, "s", "a page that polls asks so often", source="live/limits.py, poll_ms"),
    Known("cache_seconds", 1, "s", "the state is kept so long", source="live/overflow.py"),
    Known("turnout", 0.6, "", "share of viewers who vote in one poll", source="assumption"),
    Known("used_share", 0.5, "", "planned use of processors, so that a storm finds room", source="parameter"),
    Known("memory_share", 0.7, "", "planned use of memory", source="parameter"),
    Known("network_share", 0.6, "", "planned use of a machine's link", source="parameter"),
    Known("spare_share", 0.1, "", "machines beyond need, at least one of each kind", source="parameter"),
    Known("machine_cores", 16, "", "cores of a machine", source="parameter"),
    Known("machine_gib", 32, "GiB", "memory of a machine", source="parameter"),
    Known("machine_gbit", 10, "Gbit/s", "link of a machine", source="parameter"),
)

PRICES: tuple[Known, ...] = (
    Known("machine_hour", 4.0, "CNY/h", "a machine as above, by the hour", source="assumption"),
    Known("egress_gb", 0.80, "CNY/GB", "traffic out of a cloud's machine, by volume", source="assumption"),
    Known(
        *("cdn_gb", 0.12, "CNY/GB", "CDN traffic, tier 100 TB to 1 PB a month"),
        source="list price: cloud.baidu.com/doc/CDN/s/hjwvyfjc2-en, read 2026-11-22 in a stored copy",
    ),
    Known(
        *("cdn_10k_requests", 0.05, "CNY/10,000", "HTTPS requests to a CDN"),
        source="assumption; list prices seen: 0.0075 USD (cloud.google.com/cdn/pricing, 2026-09-20)",
    ),
    Known(
        *("cdn_mbit_day", 0.47, "CNY/Mbit/s/day", "CDN by daily peak instead, above 20 Gbit/s"),
        source="list price: cloud.baidu.com/doc/CDN/s/1jwvyfiac-en, read 2026-11-22 in a stored copy",
    ),
)


@dataclass(frozen=True)
class Scenario:
    """How many watch at once, which share of them by socket, and how many ticks a second there are."""

    viewers: float
    share: float
    ticks: float


@dataclass(frozen=True)
class Plan:
    """What a scenario needs. Cores are busy cores, before `used_share`; money is CNY an hour."""

    sockets: float
    pollers: float
    frames_per_second: float
    socket_gbit: float
    edge_cores: float
    front_cores: float
    socket_gib: float
    processes: int
    edge_machines: int
    edge_bound: str
    polls_per_second: float
    poll_gbit: float
    cache_cores: float
    cache_machines: int
    cache_bound: str
    origin_per_second: float
    bus_mbit: float
    database_connections: int
    storm_seconds: float
    storm_bound: str
    machines_cost: float
    socket_traffic_cost: float
    own_cache_traffic_cost: float
    cdn_cost: float
    cdn_peak_cost: float

    @property
    def own_cost(self) -> float:
        """All on machines of one's own in a cloud, by volume."""
        return self.machines_cost + self.socket_traffic_cost + self.own_cache_traffic_cost


Numbers = Mapping[str, float]


def compute(known: Numbers, prices: Numbers, scenario: Scenario) -> Plan:
    """The whole plan. `known` and `prices` hold a value for each name above. Raises KeyError, ZeroDivisionError without them."""
    sockets = scenario.viewers * scenario.share
    pollers = scenario.viewers - sockets
    frames = sockets * scenario.ticks
    edge_cores = (frames * known["edge_us_per_frame"] + sockets * known["idle_us_per_second"]) / MEGA
    front_cores = frames * known["front_us_per_frame"] / MEGA
    # Browser to nginx, nginx to edge, and the edge's end of it.
    kernel = 3 * known["kernel_kib_per_socket"]
    socket_gib = sockets * (known["edge_kib_per_socket"] + known["front_kib_per_socket"] + kernel) / GIB
    socket_gbit = 8 * frames * (known["tick_bytes"] + FRAME_OVERHEAD_BYTES) / 1e9
    processes = math.ceil(max(sockets / known["sockets_per_process"], edge_cores / known["used_share"]))
    # A proxied socket holds two connections of nginx.
    held = sockets / (known["front_connections"] * known["machine_cores"] / 2)
    edges, edge_bound = machines(known, edge_cores + front_cores, socket_gib, socket_gbit, held)

    polls = pollers / known["poll_seconds"]
    cache_cores = polls * known["poll_us"] / MEGA
    poll_gbit = 8 * polls * known["poll_bytes"] / 1e9
    poll_gib = pollers * (known["front_kib_per_socket"] + known["kernel_kib_per_socket"]) / GIB
    kept = pollers / (known["front_connections"] * known["machine_cores"])
    caches, cache_bound = machines(known, cache_cores, poll_gib, poll_gbit, kept)

    storm, storm_bound = storm_window(known, sockets, processes, edges)
    socket_gb, poll_gb = socket_gbit * 3600 / 8, poll_gbit * 3600 / 8
    return Plan(
        sockets=sockets,
        pollers=pollers,
        frames_per_second=frames,
        socket_gbit=socket_gbit,
        edge_cores=edge_cores,
        front_cores=front_cores,
        socket_gib=socket_gib,
        processes=processes,
        edge_machines=edges,
        edge_bound=edge_bound,
        polls_per_second=polls,
        poll_gbit=poll_gbit,
        cache_cores=cache_cores,
        cache_machines=caches,
        cache_bound=cache_bound,
        # Every cache asks for each of the two forms, plain and compressed, once while it is kept.
        origin_per_second=caches * 2 / known["cache_seconds"],
        bus_mbit=8 * processes * scenario.ticks * known["tick_bytes"] / MEGA,
        database_connections=math.ceil(processes * known["connections_per_process"]),
        storm_seconds=storm,
        storm_bound=storm_bound,
        machines_cost=(edges + caches) * prices["machine_hour"],
        socket_traffic_cost=socket_gb * prices["egress_gb"],
        own_cache_traffic_cost=poll_gb * prices["egress_gb"],
        cdn_cost=poll_gb * prices["cdn_gb"] + polls * 3600 / 10_000 * prices["cdn_10k_requests"],
        cdn_peak_cost=poll_gbit * 1000 * prices["cdn_mbit_day"],
    )


def machines(known: Numbers, cores: float, gib: float, gbit: float, held: float) -> tuple[int, str]:
    """How many machines, the spare ones among them, and what asks for the most. `held`: machines needed for connections alone."""
    asked = {
        "processors": cores / (known["machine_cores"] * known["used_share"]),
        "memory": gib / (known["machine_gib"] * known["memory_share"]),
        "network": gbit / (known["machine_gbit"] * known["network_share"]),
        "connections": held,
    }
    bound = max(asked, key=lambda name: asked[name])
    least = math.ceil(round(asked[bound], 9))
    if least == 0:
        return 0, "–"
    return least + max(1, math.ceil(least * known["spare_share"])), bound


def storm_window(known: Numbers, sockets: float, processes: int, edges: int) -> tuple[float, str]:
    """Seconds until all sockets are back when all were cut at once, while ticks go on: by the processors left, or by admission."""
    if not edges:
        return 0.0, "–"
    each = 1 / known["joins_per_cpu_second"] + known["tls_us_full"] / MEGA
    by_processor = sockets * each / (edges * known["machine_cores"] * (1 - known["used_share"]))
    by_admission = sockets / (processes * known["joins_per_process"])
    return max((by_processor, "processors"), (by_admission, "admission"))


def storm_cores(known: Numbers, sockets: float, window: float, *, resumed: bool) -> tuple[float, float, float]:
    """(connections a second, busy cores for TLS, busy cores for the joins) when they come back evenly within the window."""
    rate = sockets / window
    tls = known["tls_us_resumed" if resumed else "tls_us_full"]
    return rate, rate * tls / MEGA, rate / known["joins_per_cpu_second"]


def vote_burst(known: Numbers, viewers: float, window: float) -> tuple[float, float]:
    """(votes a second, databases of the measured kind needed) when the turnout votes evenly within the window."""
    rate = viewers * known["turnout"] / window
    return rate, rate / known["votes_per_second"]


def vote_window(known: Numbers, viewers: float) -> float:
    """Seconds over which the turnout must be spread for one database of the measured kind."""
    return viewers * known["turnout"] / known["votes_per_second"]


def values(rows: tuple[Known, ...]) -> dict[str, float]:
    """By name."""
    return {each.name: each.value for each in rows}
