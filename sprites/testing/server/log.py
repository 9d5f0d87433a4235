"""The log of requests: what came in, when, and what went out.

In: ``begin`` and ``finish`` around every request. Out: ``LoggedRequest`` records and totals.
"""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from threading import Lock
from typing import Any, Protocol, TextIO

_HEADERS = ("Accept-Encoding", "Authorization", "Cookie", "If-None-Match", "Referer", "User-Agent")


class Headers(Protocol):
    """Headers by name, whatever holds them."""

    def get(self, name: str, /) -> str | None:
        """The value of a header, or None."""


@dataclass(frozen=True)
class LoggedRequest:
    """One request; times are seconds since the server started, ``ended`` is None while it runs.

    ``path`` includes the query, ``headers`` are the kept ones that came, ``status`` is 0 where no
    status was sent, and ``bytes_sent`` counts the body only.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    connection: int
    started: float
    ended: float | None = None
    status: int = 0
    bytes_sent: int = 0
    faulted: bool = False


class RequestLog:
    """The last ``limit`` requests and their totals; safe to use from many threads."""

    def __init__(self, copy: TextIO | None = None, limit: int = 200_000) -> None:
        self._lock = Lock()
        self._serial = itertools.count()
        self._zero = time.monotonic()
        self._requests: dict[int, LoggedRequest] = {}
        self._running: set[int] = set()
        self._most = 0
        self._copy, self._limit = copy, limit

    def clear(self) -> None:
        """Forget what was logged; requests that still run go on counting as running."""
        with self._lock:
            self._requests.clear()
            self._most = len(self._running)

    def begin(self, method: str, path: str, headers: Headers, connection: int) -> int:
        """Enter a request that has just been read; returns the number to finish it by."""
        kept = {name: value for name in _HEADERS if (value := headers.get(name)) is not None}
        with self._lock:
            serial = next(self._serial)
            self._requests[serial] = LoggedRequest(method, path, kept, connection, self._now())
            self._running.add(serial)
            self._most = max(self._most, len(self._running))
            if len(self._requests) > self._limit:
                del self._requests[next(iter(self._requests))]
        return serial

    def finish(self, serial: int, status: int, bytes_sent: int, faulted: bool) -> None:
        """Close the entry of a request; only the first call counts."""
        with self._lock:
            request = self._requests.get(serial) if serial in self._running else None
            self._running.discard(serial)
            if request is None:
                return
            done = replace(
                request, ended=self._now(), status=status, bytes_sent=bytes_sent, faulted=faulted
            )
            self._requests[serial] = done
            if self._copy is not None:
                print(f"{done.ended:.3f} {status} {done.method} {done.path}", file=self._copy)

    def requests(self) -> list[dict[str, Any]]:
        """Every entry as plain data, oldest first."""
        with self._lock:
            entries = list(self._requests.values())
        return [asdict(entry) for entry in entries]

    def stats(self) -> dict[str, Any]:
        """Totals over the entries that are kept."""
        with self._lock:
            entries, running, most = list(self._requests.values()), len(self._running), self._most
        return {
            "requests": len(entries),
            "running": running,
            "max_concurrent": most,
            "connections": len({entry.connection for entry in entries}),
            "bytes_sent": sum(entry.bytes_sent for entry in entries),
            "statuses": Counter(str(entry.status) for entry in entries if entry.ended is not None),
        }

    def _now(self) -> float:
        return time.monotonic() - self._zero
