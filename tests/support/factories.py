"""What a test lets a worker do, and factories that somebody might name as an executor.

Workers import this module, so it must not need Django.
"""

import os
import sys
import threading
import time
from concurrent.futures import Executor, ThreadPoolExecutor

NOT_CALLABLE = "an executor"
MARK = "of a fresh process"


def mark() -> str:
    """Return what this process has in its memory."""
    return MARK


def loaded(*names: str) -> list[str]:
    """Return those of some modules that this process has imported."""
    return [name for name in names if name in sys.modules]


def fail() -> None:
    """Raise."""
    raise LookupError("on purpose")


def wait() -> None:
    """Do nothing for a minute."""
    threading.Event().wait(60)


def threads(max_workers: int) -> Executor:
    """Return an executor of so many workers."""
    return ThreadPoolExecutor(max_workers, thread_name_prefix="factory")


def single() -> Executor:
    """Return an executor, whatever the number of workers."""
    return ThreadPoolExecutor(1)


def no_executor(max_workers: int) -> object:
    """Return something else."""
    return [max_workers]


def broken(**options: int) -> Executor:
    """Fail, as a cluster that is not there."""
    raise OSError(f"no cluster for {options['max_workers']}")


def cores(seconds: float) -> set[int]:
    """Return the cores that this may run on, after some time in which others must do the rest."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass
    return os.sched_getaffinity(0)
