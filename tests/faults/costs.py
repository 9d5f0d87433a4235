"""What work costs: in CPU time of this thread, which a busy machine does not stretch."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from sprites.worker.records import Policy

LIMITS = Policy()
"""What an image may be by default."""


@contextmanager
def soon(seconds: float = 3.0) -> Iterator[None]:
    """Hold that little CPU time is taken; without a bound it would be half a minute, or hours."""
    start = time.thread_time()
    yield
    assert time.thread_time() - start < seconds
