"""A relay between a proxy and its origin: counts the requests that come through, and can be cut off or made to hang."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections import Counter


class Relay:
    """Listens on `port`, passes on to `origin`. `asked` counts request lines by path."""

    def __init__(self, origin: int) -> None:
        self._origin = origin
        self.asked: Counter[str] = Counter()
        self.mode = "pass"
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """The origin is away: what is open ends, what is new is closed at once."""
        self._end("cut")

    def hang(self) -> None:
        """The origin takes connections and says nothing."""
        self._end("hang")

    def restore(self) -> None:
        """The origin is back."""
        self._end("pass")

    def close(self) -> None:
        """For good."""
        self._listener.close()
        self._end("cut")

    def _end(self, mode: str) -> None:
        with self._lock:
            self.mode, known, self._open = mode, self._open, set()
        for each in known:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                asker, _address = self._listener.accept()
            except OSError:
                return
            with self._lock:
                mode = self.mode
                self._open.add(asker)
            if mode == "cut":
                asker.close()
            elif mode == "pass":
                threading.Thread(target=self._serve, args=(asker,), daemon=True).start()

    def _serve(self, asker: socket.socket) -> None:
        with contextlib.suppress(OSError):
            origin = socket.create_connection(("127.0.0.1", self._origin))
            with self._lock:
                self._open.add(origin)
            threading.Thread(target=self._pump, args=(origin, asker), daemon=True).start()
            self._pump(asker, origin, counting=True)

    def _pump(self, source: socket.socket, sink: socket.socket, *, counting: bool = False) -> None:
        with contextlib.suppress(OSError), source:
            while data := source.recv(65_536):
                if counting:
                    self._count(data)
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)

    def _count(self, data: bytes) -> None:
        """A proxy's GET fits into one segment and begins it."""
        method, _, rest = data.partition(b" ")
        if method in {b"GET", b"HEAD"}:
            with self._lock:
                self.asked[rest.partition(b" ")[0].decode("latin-1")] += 1
