"""Which deployment a document's reply belongs to, as upstream says in a header of each.

In: ``deploy`` from a test, and each document's reply. Out: the reply with the header.
"""

from __future__ import annotations

from dataclasses import replace
from threading import Lock

from .reply import SNAPSHOT, Reply

FIRST = "first"


class Snapshots:
    """The deployment that is served now, and the one that follows it; for many threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.clear()

    def clear(self) -> None:
        """Serve the first deployment again."""
        with self._lock:
            self._now = self._next = FIRST
            self._left = 0

    def deploy(self, snapshot: str, after: int = 0) -> None:
        """Say that documents are of another deployment, once so many more have been served."""
        with self._lock:
            self._next, self._left = snapshot, after

    def stamp(self, reply: Reply) -> Reply:
        """The reply as one of the deployment that is served now; "" is not said."""
        with self._lock:
            if self._left == 0:
                self._now = self._next
            self._left -= 1
            snapshot = self._now
        return replace(reply, headers={**reply.headers, SNAPSHOT: snapshot}) if snapshot else reply
