"""A real nginx in front of a web process under test, with the repository's own configuration; only addresses are put in its place."""

from __future__ import annotations

import getpass
import shutil
import signal
import ssl
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from broadcast.house import processes
from broadcast.house.places import ROOT, free_port

CONFIGURATION = ROOT / "docker" / "nginx"
# All are this machine, so the web can tell the proxy from a visitor, and both from whoever comes past the proxy.
PROXY, VISITOR, STRANGER = "127.0.0.2", "127.0.0.3", "127.0.0.4"


def program() -> str | None:
    """nginx, where the machine has one."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


@dataclass
class Front:
    """nginx on 127.0.0.1; `port` speaks TLS, `plain_port` only sends there."""

    web_port: int
    folder: Path
    port: int = field(default_factory=free_port)
    plain_port: int = field(default_factory=free_port)
    connections: int = 512
    # Where sockets go; none: to the web.
    edge_ports: tuple[int, ...] = ()
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> Front:
        """Start it and return when it answers. Raises RuntimeError with its words."""
        nginx = program()
        assert nginx
        self._make_certificate()
        self._write_configuration()
        log = self.folder / "nginx.log"
        command = [
            nginx,
            "-p",
            str(self.folder),
            "-c",
            str(self.folder / "nginx.conf"),
            "-e",
            "stderr",
            "-g",
            "daemon off;",
        ]
        self.process = processes.start(command, log=log, environ={"PATH": "/usr/bin:/bin"}, death_signal=signal.SIGTERM)
        deadline = time.monotonic() + 30
        while True:
            try:
                self._ask()
                return self
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    self.stop()
                    raise RuntimeError(f"no nginx: {log.read_text()[-2000:]}") from None
                time.sleep(0.05)

    def _ask(self) -> None:
        ssl.get_server_certificate(("127.0.0.1", self.port), timeout=1)

    def stop(self) -> None:
        if self.process:
            processes.stop(self.process, signal.SIGTERM, patience_seconds=5)

    @property
    def tls(self) -> ssl.SSLContext:
        """What a visitor's browser would need to trust this certificate."""
        return ssl.create_default_context(cafile=str(self.folder / "tls" / "site.crt"))

    def _write_configuration(self) -> None:
        """As compose.yaml mounts it: the configuration, and the folder with what it includes."""
        included = self.folder / "yishi"
        shutil.copytree(CONFIGURATION, included)
        with (included / "visitor.conf").open("a") as more:
            more.write(f"proxy_bind {PROXY};\n")
        (self.folder / "nginx.conf").write_text(self._configuration())

    def _configuration(self) -> str:
        """Every replaced text must be there, so that the test fails when the configuration goes another way."""
        text = (CONFIGURATION / "nginx.conf").read_text()
        owner = f"user {getpass.getuser()};\n" if getpass.getuser() == "root" else ""
        places = "".join(
            f"    {kind}_temp_path {self.folder}/{kind};\n"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        edges = " ".join(f"server 127.0.0.1:{each};" for each in self.edge_ports or (self.web_port,))
        for there, here in (
            ("worker_rlimit_nofile 65536;\n", f"{owner}pid {self.folder}/nginx.pid;\n"),
            ("worker_connections 32768", f"worker_connections {self.connections}"),
            ("http {\n", f"http {{\n{places}"),
            ("/var/log/nginx/", f"{self.folder}/"),
            ("/var/cache/nginx/", f"{self.folder}/cache-"),
            ("/etc/nginx/tls/", f"{self.folder}/tls/"),
            ("server edge:8000 resolve;", edges),
            ("server web:8000", f"server 127.0.0.1:{self.web_port}"),
            # Docker's names; Debian's nginx is too old to follow them.
            ("    resolver 127.0.0.11 valid=5s;\n", ""),
            (" resolve;", ";"),
            ("listen 80;", f"listen 127.0.0.1:{self.plain_port};"),
            ("listen 443 ", f"listen 127.0.0.1:{self.port} "),
        ):
            assert there in text, f"{there!r} is not in {CONFIGURATION}"
            text = text.replace(there, here)
        return text

    def _make_certificate(self) -> None:
        folder = self.folder / "tls"
        folder.mkdir(parents=True)
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
             "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
             "-keyout", str(folder / "site.key"), "-out", str(folder / "site.crt")],
            check=True, capture_output=True,
        )  # fmt: skip
