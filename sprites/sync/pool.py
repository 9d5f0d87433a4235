"""The name of an executor in, a Pool out: any ``concurrent.futures.Executor``, and how to end it.

``threads``, ``processes`` and ``sync`` are ours; any other name is the dotted path of a factory
that returns an Executor, called with ``max_workers`` where it takes that.
"""

import inspect
import multiprocessing
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

from ..errors import UsageError
from ..hooks import load
from . import deadline
from .processes import ProcessExecutor

_AHEAD = 8
"""Jobs that are handed out beyond the workers, or a quarter of them: enough to keep them busy, and
few that meet an upstream which has just gone away."""

P = ParamSpec("P")
T = TypeVar("T")


class InPlaceExecutor(Executor):
    """An executor that runs each call where it is submitted: one after another."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        """Run the call now and return its Future, which is done."""
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


class Pool:
    """An executor that can be replaced by a new one when its workers have died."""

    def __init__(self, make: Callable[[], Executor], window: int) -> None:
        self.window = window
        self.generation = 0
        self._make = make
        self._others = set(multiprocessing.active_children())
        self._executor = make()

    @property
    def nodes(self) -> int:
        """Return how many machines there are, each of which may see another storage."""
        return 1

    def submit(self, fn: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        """Hand a call to the executor."""
        return self._executor.submit(fn, *args, **kwargs)

    def rebuild(self) -> None:
        """Replace an executor whose workers have died."""
        self._executor.shutdown(wait=False)
        self.generation += 1
        self._executor = self._make()

    def abort(self) -> None:
        """End what is running now: shut its sockets, and end its processes if it has any."""
        deadline.expire_all()
        for process in set(multiprocessing.active_children()) - self._others:
            process.terminate()

    def close(self, *, wait: bool) -> None:
        """Release the workers; with ``wait``, once they have come to rest."""
        self._executor.shutdown(wait=wait)


def open_pool(name: str, workers: int, scheduler: str = "") -> Pool:
    """Return a pool for an executor's name; raises UsageError where there is none behind it.

    ``scheduler`` is the address of the cluster that ``dask`` means.
    """
    if name == "sync":
        return Pool(InPlaceExecutor, window=1)
    if name == "dask":
        return _cluster(scheduler, workers)
    makers = {"threads": _threads, "processes": _processes}
    make = makers[name] if name in makers else _factory(name)
    return Pool(lambda: make(workers), window=workers + min(workers, max(_AHEAD, workers // 4)))


def _cluster(scheduler: str, workers: int) -> Pool:
    """Return a pool on a dask cluster, whose package only those have who use it."""
    if not scheduler:
        raise UsageError("executor 'dask' needs SPRITES: DASK_SCHEDULER, as tcp://host:8786")
    try:
        from .cluster import Cluster
    except ImportError as error:
        raise UsageError(
            f"executor 'dask' needs 'pip install django-sprites[cluster]': {error}"
        ) from None
    return Cluster(scheduler, workers)


def _threads(workers: int) -> Executor:
    return ThreadPoolExecutor(workers, thread_name_prefix="sprites")


def _processes(workers: int) -> Executor:
    return ProcessExecutor(workers, preload=["sprites.worker"])


def _factory(path: str) -> Callable[[int], Executor]:
    if "." not in path:
        known = "threads, processes, sync, dask"
        raise UsageError(f"executor {path!r} is not {known}, and no dotted path of a factory")
    factory = load("executor", path)
    return lambda workers: _made(path, factory, workers)


def _made(path: str, factory: Callable[..., Any], workers: int) -> Executor:
    try:
        executor = factory(**_arguments(factory, workers))
    except Exception as error:  # a factory is somebody else's code
        raise UsageError(
            f"executor {path!r} can't be made: {type(error).__name__}: {error}"
        ) from None
    if not isinstance(executor, Executor):
        kind = type(executor).__name__
        raise UsageError(f"executor {path!r} gives a {kind}, not a concurrent.futures.Executor")
    return executor


def _arguments(factory: Callable[..., Any], workers: int) -> dict[str, int]:
    """Return ``max_workers`` if the factory takes it."""
    try:
        parameters = inspect.signature(factory).parameters
    except (ValueError, TypeError):
        return {}
    takes_any = any(item.kind is item.VAR_KEYWORD for item in parameters.values())
    return {"max_workers": workers} if "max_workers" in parameters or takes_any else {}
