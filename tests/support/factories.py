"""What a test lets a worker do, and factories that somebody might name as an executor.

Workers import this module, so it must not need Django.
"""

import os
import sys
import threading
import time
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

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


def meet(folder: str, count: int) -> None:
    """Wait until so many calls are at work at the same time, each on a thread of its own."""
    Path(folder, str(threading.get_native_id())).touch()
    end = time.monotonic() + 20
    while len(os.listdir(folder)) < count and time.monotonic() < end:
        time.sleep(0.01)


def cores(folder: str, count: int) -> set[int]:
    """Return the cores that this may run on, once so many calls are at work."""
    meet(folder, count)
    return os.sched_getaffinity(0)
