"""Ends GETs from outside: all of a process, because its run is being stopped.

Whoever waits for a socket is told at once when it is shut down.
"""

import contextlib
import socket
import threading
from typing import Self

_running: set["Sockets"] = set()
_lock = threading.RLock()


class Sockets:
    """The sockets of one client; a context manager around each GET over them.

    ``ended`` tells whether the GET was ended.
    """

    def __init__(self) -> None:
        self.ended = False
        self._numbers: set[int] = set()

    def __enter__(self) -> Self:
        with _lock:
            self.ended = False
            _running.add(self)
        return self

    def __exit__(self, *error: object) -> None:
        with _lock:
            _running.discard(self)

    def adopt(self, sock: socket.socket) -> int:
        """Watch over a socket, and return its number, which is to be given to ``close``."""
        with _lock:
            self._numbers.add(number := sock.detach())
        return number

    def close(self, number: int) -> int:
        """Close a socket; never while its number is being used to shut it."""
        with _lock:
            self._numbers.discard(number)
            socket.close(number)
        return 0

    def end(self) -> None:
        """End the GET now."""
        self.ended = True
        for number in self._numbers:
            _shut(number)


def end_all() -> None:
    """End every GET of this process."""
    with _lock:
        for sockets in _running:
            sockets.end()


def _shut(number: int) -> None:
    with contextlib.suppress(OSError):
        sock = socket.socket(fileno=number)
        try:
            sock.shutdown(socket.SHUT_RDWR)
        finally:
            sock.detach()
