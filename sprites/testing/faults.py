"""The faults that a test asks for: which requests they hit, and what they make of a reply.

In: a fault's options as keyword arguments or JSON. Out: the first fault that matches a request,
counted; and ``dress``, which lets it change a reply as data. What a fault does to the wire
(``hang``, ``drip``, ``reset`` …) is carried out in ``wire.py``.
"""

from __future__ import annotations

import base64
import itertools
import time
import zlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from email.utils import formatdate
from fnmatch import fnmatchcase
from functools import lru_cache
from random import Random
from threading import Condition, Lock
from typing import Any

from .reply import Reply, error, etag_of

_serial = itertools.count(1)


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One misbehaviour, for the requests whose path (or path?query) matches a glob.

    Durations are in seconds, sizes in bytes. ``times=None`` lasts until it is cleared; ``hold``
    keeps a reply back until then.
    """

    path: str
    times: int | None = None
    each: bool = False
    probability: float = 1.0
    seed: int = 0

    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    retry_after: float | None = None
    http_date: bool = False
    body: str | None = None
    body_base64: str | None = None
    content_type: str | None = None
    etag: str | None = None
    redirect: str | None = None
    gzip_bomb: int | None = None

    delay: float = 0.0
    hold: bool = False
    hang: bool = False
    reset: str | None = None
    truncate: float | None = None
    no_length: bool = False
    content_length: int | None = None
    endless: bool = False
    drip: float | None = None
    drip_bytes: int = 1
    drip_headers: bool = False
    close_idle: bool = False

    def __post_init__(self) -> None:
        if self.reset not in (None, "before", "middle"):
            raise ValueError(f"reset must be 'before' or 'middle', not {self.reset!r}")
        if self.truncate is not None and self.truncate < 0:
            raise ValueError(f"truncate must not be negative: {self.truncate}")

    @classmethod
    def parse(cls, options: dict[str, Any]) -> Fault:
        """Build a fault from JSON; ValueError names an option that does not exist."""
        unknown = set(options) - {f.name for f in fields(cls)}
        if unknown or "path" not in options:
            raise ValueError(f"unknown options: {sorted(unknown)}" if unknown else "no path")
        return cls(**options)


def matches(glob: str, paths: Iterable[str], query: str) -> bool:
    """Whether a glob names a request, under any name of its path, with or without the query."""
    return any(
        fnmatchcase(path, glob) or (query and fnmatchcase(f"{path}?{query}", glob))
        for path in paths
    )


class FaultBook:
    """The faults in force, newest first, with their counters; safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._faults: list[tuple[Fault, Counter[str], Random]] = []
        self._cleared = Condition(self._lock)

    def add(self, fault: Fault) -> None:
        """Put a fault before the ones that are there."""
        with self._lock:
            self._faults.insert(0, (fault, Counter(), Random(fault.seed)))

    def clear(self) -> None:
        """Forget every fault, and let go of the replies that were held."""
        with self._lock:
            self._faults.clear()
            self._cleared.notify_all()

    def wait_for_end(self, fault: Fault) -> None:
        """Return as soon as a fault is no more in force."""
        with self._lock:
            self._cleared.wait_for(lambda: all(entry[0] is not fault for entry in self._faults))

    def hit(self, paths: tuple[str, ...], query: str) -> Fault | None:
        """The fault that this request meets, if any; its counter moves on."""
        with self._lock:
            for fault, hits, random in self._faults:
                if not matches(fault.path, paths, query):
                    continue
                key = paths[0] if fault.each else ""
                if fault.times is not None and hits[key] >= fault.times:
                    continue
                if random.random() >= fault.probability:
                    continue
                hits[key] += 1
                return fault
        return None


def dress(reply: Reply, fault: Fault) -> Reply:
    """Let a fault change status, headers and body; a 304 is decided afterwards."""
    if fault.redirect is not None:
        reply = Reply(302, b"", {"Location": fault.redirect})
    if fault.status is not None:
        reply = error(fault.status) if fault.status >= 400 else replace(reply, status=fault.status)
    reply = _with_body(reply, fault)
    headers = {**reply.headers, **_headers(fault)}
    return replace(reply, headers=headers, etag=_etag(reply, fault))


def _with_body(reply: Reply, fault: Fault) -> Reply:
    if fault.gzip_bomb is not None:
        headers = {**reply.headers, "Content-Encoding": "gzip"}
        return replace(reply, body=bomb(fault.gzip_bomb), headers=headers)
    if fault.body is None and fault.body_base64 is None and not fault.endless:
        return reply
    body = base64.b64decode(fault.body_base64 or "") or (fault.body or "").encode()
    headers = {k: v for k, v in reply.headers.items() if k != "Content-Encoding"}
    return replace(reply, body=body, headers=headers, etag=reply.etag and etag_of(body))


def _headers(fault: Fault) -> dict[str, str]:
    headers = dict(fault.headers)
    if fault.content_type is not None:
        headers["Content-Type"] = fault.content_type
    if fault.retry_after is not None:
        date = formatdate(time.time() + fault.retry_after, usegmt=True)
        headers["Retry-After"] = date if fault.http_date else f"{fault.retry_after:g}"
    return headers


def _etag(reply: Reply, fault: Fault) -> str | None:
    """A literal ETag, or the real one as a weak one, or one that no reply has had before."""
    if fault.etag == "weak":
        return reply.etag and f"W/{reply.etag}"
    return f'"rotated-{next(_serial)}"' if fault.etag == "rotate" else fault.etag or reply.etag


@lru_cache(maxsize=4)
def bomb(size: int) -> bytes:
    """A small gzip stream of valid JSON, ``{`` and spaces and ``}``, that unpacks to ``size``."""
    packer = zlib.compressobj(9, wbits=31)
    parts = [packer.compress(b"{")]
    blank = b" " * 2**20
    full, rest = divmod(max(size - 2, 0), len(blank))
    parts += [packer.compress(blank) for _ in range(full)]
    parts += [packer.compress(b" " * rest + b"}"), packer.flush()]
    return b"".join(parts)
