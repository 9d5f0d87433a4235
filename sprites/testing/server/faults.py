"""The faults that a test asks for: which requests they hit, and what they make of a reply.

In: a fault's options as keyword arguments or JSON. Out: the first fault that matches a request,
counted; and ``dress``, which lets it change a reply as data. What a fault does to the wire
(``hang``, ``drip``, ``reset`` …) is carried out in ``wire.py``.
"""

from __future__ import annotations

import base64
import gzip
import itertools
import json
import math
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

from .reply import Reply, dump, error, etag_of

_serial = itertools.count(1)


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One misbehaviour, for the requests whose path (or path?query) matches a glob.

    Durations are in seconds, sizes in bytes. ``times=None`` lasts until it is cleared; ``hold``
    keeps a reply back until then. An outage spares the first requests (``after``) and ``lasts``
    from the one that it strikes first; where it ``blinks``, it is on and off by turns.
    """

    path: str
    times: int | None = None
    each: bool = False
    probability: float = 1.0
    seed: int = 0
    after: int = 0
    lasts: float | None = None
    blinks: float | None = None

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
    no_sprites: bool = False

    refuse: bool = False
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
        if self.blinks is not None and self.blinks <= 0:
            raise ValueError(f"blinks must be above 0: {self.blinks}")

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


class _Entry:
    """A fault in force, and its counters."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self._met: Counter[str] = Counter()
        self._hits: Counter[str] = Counter()
        self._random = Random(fault.seed)
        self._began = math.inf

    def strikes(self, path: str) -> bool:
        """Count a request that the fault may hit; tell whether it does."""
        fault, key = self.fault, path if self.fault.each else ""
        self._met[key] += 1
        if self._met[key] <= fault.after or not self.left():
            return False
        if fault.times is not None and self._hits[key] >= fault.times:
            return False
        if self._random.random() >= fault.probability:
            return False
        self._hits[key] += 1
        self._began = min(self._began, time.monotonic())
        return True

    def left(self) -> float:
        """Return the seconds until the fault is over, or off for a while; 0 where it is."""
        passed = max(time.monotonic() - self._began, 0.0)
        left = math.inf if self.fault.lasts is None else max(self.fault.lasts - passed, 0.0)
        if self.fault.blinks is None:
            return left
        turn, into = divmod(passed, self.fault.blinks)
        return 0.0 if turn % 2 else min(left, self.fault.blinks - into)


class FaultBook:
    """The faults in force, newest first, with their counters; safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._faults: list[_Entry] = []
        self._cleared = Condition(self._lock)

    def add(self, fault: Fault) -> None:
        """Put a fault before the ones that are there."""
        with self._lock:
            self._faults.insert(0, _Entry(fault))

    def clear(self) -> None:
        """Forget every fault, and let go of the replies that were held."""
        with self._lock:
            self._faults.clear()
            self._cleared.notify_all()

    def wait_for_end(self, fault: Fault) -> None:
        """Return as soon as a fault is no more in force."""
        with self._lock:
            while left := self._left(fault):
                self._cleared.wait(min(left, 60.0))

    def _left(self, fault: Fault) -> float:
        return next((entry.left() for entry in self._faults if entry.fault is fault), 0.0)

    def hit(self, paths: tuple[str, ...], query: str) -> Fault | None:
        """The fault that this request meets, if any; its counters move on."""
        with self._lock:
            for entry in self._faults:
                if matches(entry.fault.path, paths, query) and entry.strikes(paths[0]):
                    return entry.fault
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
    if fault.no_sprites and reply.status == 200:
        return _without_sprites(reply)
    if fault.gzip_bomb is not None:
        headers = {**reply.headers, "Content-Encoding": "gzip"}
        return replace(reply, body=bomb(fault.gzip_bomb), headers=headers)
    if fault.body is None and fault.body_base64 is None and not fault.endless:
        return reply
    body = base64.b64decode(fault.body_base64 or "") or (fault.body or "").encode()
    headers = {k: v for k, v in reply.headers.items() if k != "Content-Encoding"}
    return replace(reply, body=body, headers=headers, etag=reply.etag and etag_of(body))


def _without_sprites(reply: Reply) -> Reply:
    """A Pokémon's document with null in every slot, under an ETag of its own."""
    headers = {k: v for k, v in reply.headers.items() if k != "Content-Encoding"}
    packed = len(headers) < len(reply.headers)
    document = json.loads(gzip.decompress(reply.body) if packed else reply.body)
    body = dump({**document, "sprites": _nulls(document["sprites"])})
    return replace(reply, body=body, headers=headers, etag=etag_of(body))


def _nulls(slots: Any) -> Any:
    return {key: _nulls(value) for key, value in slots.items()} if isinstance(slots, dict) else None


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
