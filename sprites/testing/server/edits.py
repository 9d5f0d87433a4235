"""What a test changes in the served world until it clears it: bodies, JSON values, absences.

In: ``put``, ``edit`` and ``gone`` for globs of paths. Out: a reply instead of, or made from, the
world's. The newest edit that names a path wins; JSON edits add up.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any

from .faults import matches
from .reply import JSON, Reply, dump, error, etag_of

DELETE: Mapping[str, bool] = {"$delete": True}


@dataclass(frozen=True)
class Edit:
    """Changes of a JSON document by pointer (``sprites/other/home/front_default``) and by text."""

    path: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    text: Mapping[str, str] = field(default_factory=dict)

    def apply(self, body: bytes) -> bytes:
        """The edited JSON; KeyError, IndexError or ValueError for a pointer that leads nowhere."""
        if self.changes:
            document = json.loads(body)
            for pointer, value in self.changes.items():
                document = _change(document, pointer.strip("/"), value)
            body = dump(document)
        for old, new in self.text.items():
            body = body.replace(old.encode(), new.encode())
        return body


def _change(document: Any, pointer: str, value: Any) -> Any:
    if not pointer:
        return value
    *parents, last = pointer.split("/")
    target = document
    for step in parents:
        target = target[int(step) if isinstance(target, list) else step]
    key: Any = int(last) if isinstance(target, list) else last
    if value == DELETE:
        del target[key]
    else:
        target[key] = value
    return document


class Edits:
    """The edits in force; safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._fixed: list[tuple[str, Reply]] = []
        self._edits: list[Edit] = []

    def put(self, path: str, reply: Reply) -> None:
        """Answer a path with this reply."""
        with self._lock:
            self._fixed.insert(0, (path, reply))

    def gone(self, path: str, status: int = 404) -> None:
        """Answer a path with an error, as for a file that was taken away."""
        self.put(path, error(status))

    def edit(self, edit: Edit) -> None:
        """Change the JSON at a path."""
        with self._lock:
            self._edits.append(edit)

    def clear(self) -> None:
        """Forget every edit."""
        with self._lock:
            self._fixed.clear()
            self._edits.clear()

    def fixed(self, paths: tuple[str, ...], query: str) -> Reply | None:
        """The reply that was put at a path, if there is one."""
        with self._lock:
            fixed = list(self._fixed)
        return next((reply for path, reply in fixed if matches(path, paths, query)), None)

    def of(self, paths: tuple[str, ...], query: str) -> list[Edit]:
        """The JSON edits of a path, oldest first."""
        with self._lock:
            return [edit for edit in self._edits if matches(edit.path, paths, query)]


def apply(edits: Iterable[Edit], reply: Reply) -> Reply:
    """The reply with edits applied, under a new ETag; what is not JSON stays as it is."""
    if reply.headers.get("Content-Type") != JSON:
        return reply
    body = reply.body
    for edit in edits:
        try:
            body = edit.apply(body)
        except (LookupError, TypeError, ValueError) as problem:
            return error(500, f"the edit of {edit.path} fails here: {problem!r}")
    return replace(reply, body=body, etag=etag_of(body))
