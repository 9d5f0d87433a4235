"""A lock that lets one thread of a process compute at a time, while the others use the network.

Python's own lock, the GIL, does that too, but passes on at every system call, however short. To
store a file takes some of them, and threads that take the GIL from each other at each one spend
more time on that than on the work. docs/benchmarks.md has what this lock saves.
"""

import threading
from collections import deque
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
        self._lock, self._state = threading.Lock(), threading.Lock()
        self._is_held = self._is_slow = False
        self._waiting: deque[None] = deque()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lock, or go on without it where its holder is slow."""
        is_mine = self._acquire()
        try:
            yield
        finally:
            if is_mine:
                self._release()

    def _acquire(self) -> bool:
        """Wait for the lock and tell whether we got it, or whether its holder is slow."""
        while not self._is_slow:
            is_mine = self._wait()
            with self._state:
                if is_mine and not self._is_slow:
                    self._is_held = True
                    return True
                if is_mine or (self._is_held and not self._is_slow):
                    self._is_slow = True
                    self._lock.release()  # and so lets in who waits, one after another
        return False

    def _wait(self) -> bool:
        """Wait with a timeout that grows with those who wait, for each timeout wakes a thread."""
        self._waiting.append(None)
        is_mine = self._lock.acquire(timeout=self.patience * len(self._waiting))
        self._waiting.pop()
        return is_mine

    def _release(self) -> None:
        """Release the lock, unless that was done for a slow holder."""
        with self._state:
            self._is_held = False
            if not self._is_slow:
                self._lock.release()
            self._is_slow = False
