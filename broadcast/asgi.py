"""The ASGI application: Django for pages, live's router for sockets; it decides nothing else."""

import os
import socket

from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

from broadcast.backlog import Backlog
from broadcast.page_threads import PageThreads

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "broadcast.settings")
# The database's list of connections then says how many processes of this kind there are (`doctor` counts them).
os.environ.setdefault("PGAPPNAME", f"yishi-web {os.getpid()}@{socket.gethostname()}"[:63])
_http = Backlog(PageThreads(get_asgi_application()))

from live.routing import http, websocket  # noqa: E402  # needs the app registry that the line above loads

application = ProtocolTypeRouter({"http": http(_http), "websocket": websocket})
