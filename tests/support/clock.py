"""Bounds in time, which a slow or a busy machine does not break."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_LOOPS, _QUICK = 2_000_000, 0.03
"""A loop in Python, and its seconds on the machine where the bounds were chosen."""

Clock = Callable[[], float]


@contextmanager
def within(seconds: float, clock: Clock = time.monotonic) -> Iterator[None]:
    """Hold that a block is done in time."""
    began = clock()
    yield
    took = clock() - began
    assert is_within(took, seconds, clock), f"took {took:.2f} s, over {seconds}"


def is_within(took: float, seconds: float, clock: Clock = time.monotonic) -> bool:
    """Tell whether that is little; a slow or busy machine is given as much more as it takes."""
    return took < seconds or took < seconds * slowness(clock)


def slowness(clock: Clock = time.monotonic) -> float:
    """Return how many times as long as there a loop takes here and now, by a clock; 1 at least."""
    began = clock()
    for _ in range(_LOOPS):
        pass
    return max((clock() - began) / _QUICK, 1.0)
