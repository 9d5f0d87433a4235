"""What work costs: CPU time of this thread, which others stretch less than a clock."""

import time
from contextlib import AbstractContextManager

from sprites.worker.records import Policy

from ..support.clock import within

LIMITS = Policy()
"""What an image may be by default."""


def soon(seconds: float = 3.0) -> AbstractContextManager[None]:
    """Hold that little CPU time is taken; without a bound it would be half a minute, or hours."""
    return within(seconds, time.thread_time)
