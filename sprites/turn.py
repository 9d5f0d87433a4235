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
    where it helps to be many: the others go ahead without it.
    """

    def __init__(self, patience: float = _PATIENCE) -> None:
        self._lock = threading.Lock()
        self._patience = patience
        self._count = 0

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Work alone, as a rule."""
        is_mine = self._wait()
        self._count += is_mine
        try:
            yield
        finally:
            if is_mine:
                self._lock.release()

    def _wait(self) -> bool:
        """Wait for the turn; give up once one and the same holder has had it for too long."""
        seen = self._count
        while not self._lock.acquire(timeout=self._patience):
            if seen == self._count:
                return False
            seen = self._count
        return True
