"""What work costs: CPU time of this thread, which others stretch less than a clock."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from sprites.worker.records import Policy

LIMITS = Policy()
"""What an image may be by default."""

_LOOPS, _QUICK = 2_000_000, 0.03
"""A loop in Python, and its seconds on the machine where the bounds were chosen."""


@contextmanager
def soon(seconds: float = 3.0) -> Iterator[None]:
    """Hold that little CPU time is taken; without a bound it would be half a minute, or hours.

    A slow machine, or one whose core another shares, is given as much more as it takes.
    """
    start = time.thread_time()
    yield
    spent = time.thread_time() - start
    assert spent < seconds or spent < seconds * _slowness()


def _slowness() -> float:
    start = time.thread_time()
    for _ in range(_LOOPS):
        pass
    return (time.thread_time() - start) / _QUICK
