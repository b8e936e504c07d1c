"""`up`: starts everything in order, says where it is, keeps it running and ends it again; the rules of supervision are elsewhere."""

from __future__ import annotations

import argparse
import contextlib
import http.client
import ipaddress
import os
import socket
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from broadcast import env
from broadcast.house import processes
from broadcast.house.environment import completed
from broadcast.house.logs import Logs
from broadcast.house.places import ROOT, Places, here, port_is_free
from broadcast.house.postgres import Postgres, ServerFailed
from broadcast.house.state import AlreadyRunning, State
from broadcast.house.supervisor import Child, StartFailed, Stopped, Supervisor
from broadcast.house.valkey import Valkey

SERVER_SECONDS = 60.0
WEB_SECONDS = 120.0


@dataclass(frozen=True)
class Options:
    """What the command line said."""

    demo: bool
    host: str
    port: int
    edges: int = 0

    @property
    def edge_ports(self) -> list[int]:
        """The ports of the edges: those after the web's."""
        return [self.port + 1 + each for each in range(self.edges)]

    @property
    def address(self) -> str:
        """Where a browser on this machine finds the web."""
        host = "127.0.0.1" if self.host in {"0.0.0.0", "::", "localhost"} else self.host
        return f"http://[{host}]:{self.port}/" if ":" in host else f"http://{host}:{self.port}/"


def main(arguments: Sequence[str]) -> int:
    """Run the house until it is told to stop; returns the exit code."""
    try:
        options = _parse(arguments)
        _require_private_demo(options)
        house = House(here(), options)
        house.begin()
    except (AlreadyRunning, StartFailed, ServerFailed, env.BadVariable, OSError) as error:
        _say(f"[!] {error}")
        return 1
    return house.live()


class House:
    """One run of `up` over one `var` folder."""

    def __init__(self, places: Places, options: Options) -> None:
        self.places = places
        self.options = options
        self.state = State(places)
        self.servers: list[Postgres | Valkey] = []

    def begin(self) -> None:
        """Take the house, end what a killed `up` left, check the port. Raises AlreadyRunning, StartFailed."""
        self.state.take()
        left = self.state.left_behind()
        server = Postgres(self.places).running() if (self.places.var / "postgres").exists() else None
        left += [server] if server and server not in left else []
        if left:
            _say(f"[·] 清理上次遗留的 {len(left)} 个进程 · ending {len(left)} processes that an earlier start left")
            processes.end(left)
        host = self.options.host
        for port in (self.options.port, *self.options.edge_ports):
            if not port_is_free(port, "127.0.0.1" if host == "localhost" else host):
                raise StartFailed(
                    f"端口 {port} 已被占用 · port {port} on {host} is taken by another program; "
                    "expected it free: stop that program or choose another with --port"
                )
        for variable, kind in (("RTMP_PORT", socket.SOCK_STREAM), ("SRT_PORT_FIRST", socket.SOCK_DGRAM)):
            number = env.read(variable)
            if not port_is_free(number, env.read("INGEST_HOST"), kind):
                _say(
                    f"[!] 推流端口 {number} 已被占用 · ingest port {number} is taken by another program; "
                    f"no stream will arrive there: stop it, or set YISHI_{variable}"
                )
        self.supervisor = Supervisor(Logs(self.places.logs), _say, self._write_state)

    def live(self) -> int:
        """Start all, supervise, stop all."""
        code = 0
        started = time.monotonic()
        try:
            environ = self._start_servers()
            self._prepare(environ)
            for server in self.servers:
                server.settle()
            self._start_children(environ, started)
            self.supervisor.forever()
        except Stopped:
            _say("\n[·] 正在停止… · stopping…")
        except (StartFailed, ServerFailed, OSError) as error:
            _say(f"[!] {error}")
            code = 1
        self.supervisor.stop()
        self.state.forget()
        _say("[·] 已全部停止 · all stopped")
        return code

    def _start_servers(self) -> dict[str, str]:
        """Start the embedded servers that no variable replaces; returns the environment of all that follows."""
        if not env.read("DATABASE_URL"):
            self.servers.append(Postgres(self.places))
        if not env.read("BUS_URL"):
            self.servers.append(Valkey(self.places))
        waiting = []
        for server in self.servers:
            if not port_is_free(server.port):
                self.places.new_port(server.name)
            child = Child(
                name=server.name,
                command=(),
                environ={"PATH": os.defpath, processes.MARK: self.state.mark},
                folder=server.data,
                account=server.account,
                stop_signal=server.stop_signal,
                patience_seconds=20.0,
                tier=0,
                before_start=server.prepare,
            )
            child.command = server.command()
            self.supervisor.start(child)
            waiting.append((server, child))
        for server, child in waiting:
            self.supervisor.wait_until(server.answers, child, SERVER_SECONDS)
            _say(f"[✓] {server.name} 就绪 · ready")
        return self._environ()

    def _environ(self) -> dict[str, str]:
        full = completed(os.environ, self.places)
        full["YISHI_DEMO"] = "1" if self.options.demo else "0"
        full["YISHI_WEB_HOST"] = self.options.host
        full["YISHI_WEB_PORT"] = str(self.options.port)
        if not _is_loopback(self.options.host) and not full.get("YISHI_HOSTS"):
            full["YISHI_HOSTS"] = ",".join(("localhost", "127.0.0.1", "[::1]", *_own_names(self.options.host)))
        full["PYTHONPATH"] = str(ROOT)
        full["PYTHONUNBUFFERED"] = "1"
        full[processes.MARK] = self.state.mark
        return full

    def _prepare(self, environ: dict[str, str]) -> None:
        code = f"from broadcast.house.prepare import prepare; prepare(demo={self.options.demo})"
        child = Child("once:prepare", [sys.executable, "-P", "-c", code], environ, ROOT)
        lines: list[str] = []

        def show(line: str) -> None:
            lines.append(line)
            _say(f"    {line}")

        status = self.supervisor.run(child, on_output=show)
        if status != 0:
            raise StartFailed(
                f"准备步骤失败 · preparing failed (exit {status}); the reason stands above and in "
                f"{self.places.logs / 'prepare.log'}. What was done stays; mend it and start again"
            )
        if self.options.demo and not _is_loopback(self.options.host):
            _say(
                "[!] 演示账号对外可见，切勿公开 · demo accounts can be reached from outside; do not open this to the public"
            )

    def _start_children(self, environ: dict[str, str], started: float) -> None:
        children = self._children(environ)
        for child in children:
            self.supervisor.start(child)
        web = children[0]
        self.supervisor.wait_until(lambda: _healthy(self.options), web, WEB_SECONDS)
        seconds = time.monotonic() - started
        _say(f"[✓] 已启动 · up in {seconds:.0f} s: {self.options.address}")
        if self.options.edges:
            ports = ", ".join(str(port) for port in self.options.edge_ports)
            _say(
                f"    边缘 · edges: {self.options.host}, {ports}（须由代理分发 · a proxy in front shares sockets out）"
            )
        _say(f"    日志 · logs: {self.places.logs}    停止 · stop: Ctrl-C")

    def _children(self, environ: dict[str, str]) -> list[Child]:
        """The processes of the house, in the order of starting; the web first, since it is waited for."""
        python = [sys.executable, "-P", "-m"]
        web = ["broadcast", "web", "--host", self.options.host, "--port", str(self.options.port)]
        worker = ["celery", "-A", "broadcast", "worker", "-c", "1", "-l", "info"]
        worker += ["--without-gossip", "--without-mingle"]
        commands = {"web": web, "worker": worker, "tick": ["broadcast", "tick"], "recorder": ["broadcast", "record"]}
        for number, port in enumerate(self.options.edge_ports, 1):
            commands[f"edge{number}"] = ["broadcast", "edge", "--host", self.options.host, "--port", str(port)]
        if self.options.demo:
            commands["publisher"] = ["broadcast", "publish_demo"]
        children = [Child(name, [*python, *words], environ, ROOT) for name, words in commands.items()]
        for child in children:
            if child.name == "web" or child.name.startswith("edge"):
                # It sends its viewers away first.
                child.patience_seconds = env.read("DRAIN_SECONDS") + 8.0
        return children

    def _write_state(self) -> None:
        identities = {
            child.name: identity
            for child in self.supervisor.children
            if child.process and (identity := processes.identify(child.process.pid))
        }
        facts = {"address": self.options.address, **asdict(self.options)}
        self.state.write(facts, identities)


def _parse(arguments: Sequence[str]) -> Options:
    parser = argparse.ArgumentParser(prog="yishi up", description="启动全部 · start everything")
    parser.add_argument("--no-demo", action="store_true", help="没有演示节目和账号 · no demo show and accounts")
    parser.add_argument("--host", default=env.read("WEB_HOST"), help="监听地址 · address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=env.read("WEB_PORT"), help="端口 · port (%(default)s)")
    parser.add_argument(
        "--edges",
        type=int,
        default=0,
        metavar="N",
        help="另起 N 个边缘进程，端口依次在后 · N more processes for sockets, on the ports after the web's",
    )
    words = parser.parse_args(arguments)
    told = os.environ.get("YISHI_DEMO")
    return Options(
        not words.no_demo and (env.read("DEMO") if told else True), words.host, words.port, max(0, words.edges)
    )


def _require_private_demo(options: Options) -> None:
    """Raise StartFailed for a demo that others can reach, unless the environment asks for just that: its codes stand on the page."""
    if not options.demo or _is_loopback(options.host) or os.environ.get("YISHI_DEMO"):
        return
    raise StartFailed(
        f"演示会把验证码显示在页面上，不能对外监听 · found the demo with host {options.host}, which other machines can reach: "
        "one-time codes stand on the demo's pages and its accounts are known; expected a loopback address (127.0.0.1). "
        "Add --no-demo, or listen on loopback, or set YISHI_DEMO=1 where everybody who can reach it may try the demo"
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _healthy(options: Options) -> bool:
    host = "127.0.0.1" if options.host in {"0.0.0.0", "localhost"} else options.host
    connection = http.client.HTTPConnection("::1" if host == "::" else host, options.port, timeout=2)
    try:
        connection.request("GET", "/healthz", headers={"Host": "localhost", "X-Forwarded-Proto": "https"})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _own_names(host: str) -> list[str]:
    """Names under which other machines may call this one."""
    if host not in {"0.0.0.0", "::"}:
        return [host]
    names = {socket.gethostname()}
    with contextlib.suppress(OSError):
        names.update(str(entry[4][0]) for entry in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, contextlib.suppress(OSError):
        # Sends nothing: it only asks the kernel which of our addresses would be used to reach others.
        probe.connect(("192.0.2.1", 9))
        names.add(str(probe.getsockname()[0]))
    return sorted(names)


def _say(text: str) -> None:
    # The terminal may be gone; the house goes on.
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
