"""Why a run ends early, asked from anywhere (a signal, a guard, a button); the first counts."""

import queue
import threading
import time
from collections.abc import Callable
from enum import IntEnum

from ..errors import plain

GRACE = 3.0
"""Seconds that running jobs get to finish before they are aborted."""
_LAST = 1.5
"""Seconds that aborted jobs get to come back before the run goes on without them."""

_MAX_TEXT = 500
"""Characters of a reason, some of which may come from outside."""


class ExitCode(IntEnum):
    """How a run ended, as the command's exit code; these numbers never change."""

    DONE = 0
    FAILURES = 1
    USAGE = 2
    STOPPED = 3
    LOCKED = 4
    INTERRUPTED = 130
    TERMINATED = 143


class StoppedError(Exception):
    """Unwinds a run that has been asked to stop."""


class Stop:
    """A request to stop; ``exit_code`` is None until somebody asks.

    Asking takes no lock, so that a signal handler may, in the middle of anything, another handler
    too. ``gave_up`` says that jobs were left running, because not even an abort ended them.
    """

    def __init__(self) -> None:
        self.exit_code: ExitCode | None = None
        self.message = ""
        self.gave_up = False
        self._since = 0.0
        self._wake: Callable[[], None] = lambda: None
        self._events: queue.SimpleQueue[bool] = queue.SimpleQueue()

    def bind(self, wake: Callable[[], None], abort: Callable[[], None]) -> None:
        """Name what wakes the loop up, and what aborts the jobs that run."""
        self._wake = wake
        # Begun now, because a thread can't be started without a lock; the loop itself may be in a
        # job, where it works in place.
        watch = threading.Thread(target=self._watch, args=(abort,), name="sprites-stop")
        watch.daemon = True
        watch.start()

    @property
    def asked(self) -> bool:
        """Tell whether somebody asked."""
        return self.exit_code is not None

    @property
    def overdue(self) -> bool:
        """Tell whether even aborted jobs had time enough to come back."""
        return self.asked and time.monotonic() > self._since + GRACE + _LAST

    def ask(self, exit_code: ExitCode, message: str) -> None:
        """Ask the run to stop; every later request is ignored."""
        if self.asked:
            return
        self._since, self.message = time.monotonic(), plain(message, _MAX_TEXT)
        self.exit_code = exit_code
        self._events.put(True)
        self._wake()

    def settle(self) -> None:
        """Forget the abort, because the run has ended."""
        self._events.put(False)

    def _watch(self, abort: Callable[[], None]) -> None:
        """Wait for a request, then for the run's end, and abort what runs when the grace is over.

        A run that ends without having been asked is an event as well.
        """
        if self._events.get():
            try:
                self._events.get(timeout=GRACE)
            except queue.Empty:
                abort()
