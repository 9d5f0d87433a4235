"""A total deadline for one job: when it passes, the job's socket is shut and its read returns.

``requests`` and ``urllib3`` time out between bytes only, so a server that drips one byte at a time
holds a worker for ever. One daemon thread a process shuts the sockets whose time is over.
"""

import contextlib
import socket
import threading
import time
from types import TracebackType
from typing import Self

from ..errors import Code, SpritesError

_TICK = 0.1
"""Seconds between two looks at the deadlines that are running."""

_running: set["Deadline"] = set()
_changed = threading.Condition()
_current = threading.local()
_reaper: threading.Thread | None = None


class Deadline:
    """The time that one job may take in all, in seconds; a context manager around the job.

    Leaving it raises SpritesError where the time was over, whatever came of the job: a body without
    a length looks whole where its socket was shut.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.expires = time.monotonic() + seconds
        self.expired = False
        self._socket: socket.socket | None = None

    def __enter__(self) -> Self:
        _current.deadline = self
        with _changed:
            _running.add(self)
            _start_reaper()
            _changed.notify()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        _current.deadline = None
        with _changed:
            _running.discard(self)
        self._socket = None  # from now on another job may be using it
        if self.expired and (kind is None or issubclass(kind, Exception)):
            raise SpritesError(Code.TIMEOUT, f"not done within {self._seconds:g} s") from None

    def guard(self, sock: socket.socket | None) -> None:
        """Watch over the socket that the job reads from now."""
        self._socket = sock
        if self.expired:
            self.expire()

    def expire(self) -> None:
        """End the job's time now; its read returns at once."""
        self.expired = True
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)


def current() -> Deadline | None:
    """Return the deadline of the job that this thread works on."""
    return getattr(_current, "deadline", None)


def expire_all() -> None:
    """End the time of every job of this process, because the run is being stopped."""
    with _changed:
        jobs = list(_running)
    for job in jobs:
        job.expire()


def _start_reaper() -> None:
    """Start the thread with the first deadline, so that importing this module starts none."""
    global _reaper
    if _reaper is None or not _reaper.is_alive():
        _reaper = threading.Thread(target=_reap, name="sprites-deadlines", daemon=True)
        _reaper.start()


def _reap() -> None:
    while True:
        with _changed:
            while not _running:
                _changed.wait()
            now = time.monotonic()
            late = [job for job in _running if job.expires <= now and not job.expired]
        for job in late:
            job.expire()
        time.sleep(_TICK)
