"""One thread of a process computes at a time, while the others wait for the network.

Python's own lock sees to that as well, but passes on at each system call, however short. To store a
file takes a dozen of them, and eight threads that take the lock from each other at each one lose as
much time on that as the work itself takes.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_PATIENCE = 0.005
"""Seconds that others wait for one thread's turn to end."""


class Turn:
    """A lock that is not waited for while its holder is slow.

    Whoever holds it for longer than ``patience`` seconds waits for a disk or a network file system,
    where it helps to be many: until it is done, the others go ahead without the lock.
    """

    def __init__(self, patience: float = _PATIENCE) -> None:
        self.patience = patience
        self._lock, self._queue = threading.Lock(), threading.Lock()
        self._is_slow = False

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Work alone, as a rule."""
        is_mine = self._wait()
        try:
            yield
        finally:
            if is_mine:
                self._lock.release()

    def _wait(self) -> bool:
        """Wait for the turn, or until its holder is known to be slow; tell whether it is ours.

        Only the first in the queue looks at the clock, for each look wakes a thread up.
        """
        with self._queue:
            if self._is_slow and self._lock.locked():
                return False
            self._is_slow = not self._lock.acquire(timeout=self.patience)
            return not self._is_slow
