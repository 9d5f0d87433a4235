"""Executors whose workers misbehave for real; named by their dotted path in ``--executor``."""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from typing import Any

from sprites.worker.records import SpriteJob

Call = Callable[..., Any]


class OddError(Exception):
    """An exception that can be pickled, and not be unpickled."""

    def __init__(self, what: str, why: str) -> None:
        super().__init__(f"{what} {why}")


def _is_meant(job: object) -> bool:
    """Tell whether a job is the one to misbehave on: Pokémon 1's animation."""
    return isinstance(job, SpriteJob) and job.url.endswith("animated/1.gif")


def _die(work: Call, job: object) -> Any:
    if _is_meant(job):
        os.kill(os.getpid(), signal.SIGKILL)
    return work(job)


class OddText(str):
    """A URL that raises as soon as it is looked at."""

    __slots__ = ()

    def isprintable(self) -> bool:
        """Raise."""
        raise OddError("two", "arguments")


def _raise_oddly(work: Call, job: object) -> Any:
    if isinstance(job, SpriteJob) and _is_meant(job):
        return work(job._replace(url=OddText(job.url)))
    return work(job)


def _exit(work: Call, job: object) -> Any:
    if _is_meant(job):
        sys.exit(3)
    return work(job)


def _return_a_lock(work: Call, job: object) -> Any:
    return threading.Lock() if _is_meant(job) else work(job)


def _die_at_once() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Around(ProcessPoolExecutor):
    """A process pool whose workers call ``around(work, job)`` in place of ``work(job)``."""

    def __init__(self, around: Call, **options: Any) -> None:
        super().__init__(mp_context=multiprocessing.get_context("forkserver"), **options)
        self._around = around

    def submit(self, fn: Call, /, *args: Any, **kwargs: Any) -> "Future[Any]":
        """Hand the call to a worker, by way of ``around``."""
        return super().submit(self._around, fn, *args, **kwargs)


def deadly(max_workers: int) -> Executor:
    """Return a pool whose worker kills itself on one job."""
    return Around(_die, max_workers=2)


def stillborn(max_workers: int) -> Executor:
    """Return a pool whose workers die before their first job."""
    return Around(_die_at_once, max_workers=1, initializer=_die_at_once)


def odd(max_workers: int) -> Executor:
    """Return a pool whose worker raises what can't be unpickled."""
    return Around(_raise_oddly, max_workers=2)


def exits(max_workers: int) -> Executor:
    """Return a pool whose worker wants to leave."""
    return Around(_exit, max_workers=2)


def unpicklable(max_workers: int) -> Executor:
    """Return a pool whose worker returns what can't be pickled."""
    return Around(_return_a_lock, max_workers=2)


def _started_by(method: str) -> Callable[[int], Executor]:
    def factory(max_workers: int) -> Executor:
        context: Any = multiprocessing.get_context(method)
        return ProcessPoolExecutor(max_workers, mp_context=context)

    return factory


fork, forkserver, spawn = map(_started_by, ("fork", "forkserver", "spawn"))
