"""A lock that lets one thread of a process compute at a time, while the others use the network.

Python's own lock, the GIL, does that too, but passes on at every system call, however short. To
store a file takes a dozen of them, and threads that take the GIL from each other at each one spend
more time on that than on the work. docs/benchmarks.md has what this lock saves.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_PATIENCE = 0.005
"""Seconds that the others wait for the thread that holds it."""


class ComputeLock:
    """A lock that nobody waits for while its holder is slow.

    Whoever holds it for longer than ``patience`` seconds waits for a disk or a network file system,
    where many threads do better than one. Until that holder is done, the others work without it.
    """

    def __init__(self, patience: float = _PATIENCE) -> None:
        self.patience = patience
        self._lock, self._queue = threading.Lock(), threading.Lock()
        self._is_slow = False

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lock, or go on without it where its holder is slow."""
        is_mine = self._acquire()
        try:
            yield
        finally:
            if is_mine:
                self._lock.release()

    def _acquire(self) -> bool:
        """Wait for the lock and tell whether we got it, or whether its holder is slow.

        Only the first in the queue waits with a timeout, for each timeout wakes a thread up.
        """
        with self._queue:
            if self._is_slow and self._lock.locked():
                return False
            self._is_slow = not self._lock.acquire(timeout=self.patience)
            return not self._is_slow
