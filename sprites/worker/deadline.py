"""Ends a GET from outside: one that has been silent for too long, or all of them with their run.

libcurl keeps the time that a GET may take in all, but knows of silence in whole seconds only, and
can't be woken up. So one daemon thread a process shuts the sockets of those whose time is over.
"""

import contextlib
import math
import selectors
import socket
import threading
import time
from typing import Self

_TICK = 0.1
"""Seconds between two looks at what is running."""

_running: set["Watch"] = set()
_Selector = getattr(selectors, "PollSelector", selectors.SelectSelector)  # without a file each
_lock = threading.RLock()
_changed = threading.Condition(_lock)
_reaper: threading.Thread | None = None


class Watch:
    """The sockets of one thread; a context manager around each GET over them.

    ``heard`` is when the last byte came, ``patience`` how many seconds without one are too many,
    and ``ended`` why the GET was ended, if it was.
    """

    def __init__(self) -> None:
        self.patience = self.heard = math.inf
        self.ended = ""
        self._sockets: set[int] = set()
        self._selector = _Selector()

    def __enter__(self) -> Self:
        self.ended, self.heard = "", math.inf
        with _lock:
            if not _running:
                _wake_reaper()
            _running.add(self)
        return self

    def __exit__(self, *error: object) -> None:
        with _lock:
            _running.discard(self)

    @property
    def is_stale(self) -> bool:
        """Tell, between two GETs, whether the other side of a socket has hung up."""
        return bool(self._selector.select(0))

    def adopt(self, sock: socket.socket) -> int:
        """Watch over a socket, and return its number, which is to be given to ``close``."""
        with _lock:
            self._sockets.add(number := sock.detach())
            self._selector.register(number, selectors.EVENT_READ)
        return number

    def close(self, number: int) -> int:
        """Close a socket; never while its number is being used to shut it."""
        with _lock:
            self._sockets.discard(number)
            self._selector.unregister(number)
            socket.close(number)
        return 0

    def end(self, why: str) -> None:
        """End the GET now: whoever waits for one of its sockets is told at once."""
        with _lock:
            self.ended = why
            for number in self._sockets:
                _shut(number)


def expire_all() -> None:
    """End every GET of this process, because the run is being stopped."""
    with _lock:
        for watch in _running:
            watch.end("the run was stopped")


def _shut(number: int) -> None:
    with contextlib.suppress(OSError):
        sock = socket.socket(fileno=number)
        try:
            sock.shutdown(socket.SHUT_RDWR)
        finally:
            sock.detach()


def _wake_reaper() -> None:
    """Wake the thread up, or start it: with the first GET, so that an import starts none."""
    global _reaper
    _changed.notify()
    if _reaper is None or not _reaper.is_alive():
        _reaper = threading.Thread(target=_reap, name="sprites-deadlines", daemon=True)
        _reaper.start()


def _reap() -> None:
    while True:
        with _lock:
            while not _running:
                _changed.wait()
            now = time.monotonic()
            for watch in _running:
                if watch.heard + watch.patience < now:
                    watch.end(f"no byte for {watch.patience:g} s")
        time.sleep(_TICK)
