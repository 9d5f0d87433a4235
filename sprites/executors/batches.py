"""What travels to another machine: a Batch of calls in, a list of their Outcomes out.

A cluster's scheduler passes on a few hundred messages a second, so several calls share one.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any

from .. import __version__
from ..errors import UsageError
from ..worker.records import Outcome

MAX_BATCH = 16
"""Calls that travel together."""
_MAX_SECONDS = 1.0
"""Seconds after which a batch begins no other call."""


class Batch:
    """Calls that run when this is unpickled: the scheduler sees bytes and needs no package of ours.

    ``pickle.loads(pickle.dumps(Batch(calls)))`` is the list of what they returned.
    """

    def __init__(self, calls: Sequence[Callable[[], Outcome]]) -> None:
        self.calls = calls

    def __reduce__(self) -> tuple[Any, ...]:
        return _run, (__version__, self.calls)


def _run(version: str, calls: Sequence[Callable[[], Outcome]]) -> list[Outcome]:
    """Run calls until one fails or the time is over; the others are not begun.

    So the parent hears within a second what it needs to decide about them. Raises UsageError where
    the parent has another version, whose records differ.
    """
    if version != __version__:
        raise UsageError(f"a worker has django-sprites {__version__}, this run has {version}")
    outcomes: list[Outcome] = []
    end = time.monotonic() + _MAX_SECONDS
    for call in calls:
        if outcomes and (outcomes[-1].failure or time.monotonic() > end):
            break
        outcomes.append(call())
    return outcomes
