"""nginx with the nchan module as a process of its own: the C that `fanout` is measured beside; absent where it is not installed."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

from benchmarks.servers import Process, Servers, free_port

SUBSCRIBE = "/sub"
PUBLISH = "/pub"
_MODULES = ("/usr/lib/nginx/modules", "/usr/share/nginx/modules", "/usr/lib64/nginx/modules")
_CONFIGURATION = """\
load_module {module};
daemon off;
master_process off;
error_log stderr warn;
pid {folder}/nginx.pid;
worker_rlimit_nofile 20000;
events {{ worker_connections 19000; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  nchan_shared_memory_size 128M;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location = {subscribe} {{ nchan_subscriber websocket; nchan_channel_id hall; nchan_subscriber_first_message newest; }}
    location = {publish} {{ nchan_publisher; nchan_channel_id hall; nchan_message_buffer_length 10; }}
    location = /healthz {{ return 200; }}
  }}
}}
"""


WHY = "no nginx with nchan here: apt-get install nginx libnginx-mod-nchan"


class Missing(RuntimeError):
    """The machine has no nginx with nchan."""


def begin(servers: Servers) -> Process | None:
    """nginx in one process, which accepts, writes and holds all; None where there is none."""
    from broadcast.house import processes

    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    module = next((found for each in _MODULES if (found := Path(each) / "ngx_nchan_module.so").exists()), None)
    if program is None or module is None:
        return None
    port, folder = free_port(), servers.folder / f"nchan-{len(servers.web)}"
    folder.mkdir(exist_ok=True)
    settings = folder / "nginx.conf"
    settings.write_text(
        _CONFIGURATION.format(module=module, folder=folder, port=port, subscribe=SUBSCRIBE, publish=PUBLISH)
    )
    log = folder / "nginx.log"
    words = [program, "-p", str(folder), "-c", str(settings), "-e", "stderr"]
    running = processes.start(words, log=log, environ={"PATH": "/usr/bin:/bin"}, death_signal=signal.SIGKILL)
    servers.web.append(Process(f"nchan-{port}", running, port, log))
    return servers.web[-1]
