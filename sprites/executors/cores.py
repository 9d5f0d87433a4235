"""Which cores the threads of an executor run on, where the system lets us say so.

Python's lock lets one thread of a process compute at a time, and each waits for it some ten times a
sprite. To wake a thread up on another core, which sleeps, takes longer than what it then does. So
the threads of a process share a core, as they share the lock: docs/benchmarks.md has what it saves.
"""

import os
import sys
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

_PLACE = 36
"""Where a thread's status has its core, behind its name; see proc(5)."""


_affinity = getattr(os, "sched_getaffinity", None)

ALL: Collection[int] = sorted(_affinity(0)) if _affinity else range(os.cpu_count() or 1)
"""The cores that this process may use."""


def current() -> Collection[int]:
    """Return the core that this thread is on, or all of them where that can't be said."""
    try:
        status = Path("/proc/thread-self/stat").read_text()
    except OSError:
        return ALL
    return {int(status.rpartition(")")[2].split()[_PLACE])}


def stay_on(cores: Collection[int]) -> None:
    """Keep this thread, and those that it starts, on some cores, if Python has its lock."""
    has_lock = getattr(sys, "_is_gil_enabled", lambda: True)()
    if has_lock and hasattr(os, "sched_setaffinity"):
        with suppress(OSError):
            os.sched_setaffinity(0, cores)
