"""``open_pool``: the name of an executor becomes a Pool around it.

``threads``, ``processes``, ``sync`` and ``dask`` are known by name. Any other name is the dotted
path of a factory that returns an Executor, called with ``max_workers`` where it takes that. Such
an executor is somebody else's code: whatever it does wrong becomes an error that names it.
"""

import inspect
import logging
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import Code, SpritesError, UsageError, plain
from ..hooks import load
from ..worker import interrupt
from ..worker.records import Failure, Outcome
from .batches import MAX_BATCH
from .processes import ProcessExecutor
from .threads import ThreadExecutor

if TYPE_CHECKING:
    from .dask import DaskExecutor

logger = logging.getLogger(__name__)

_MANY = 8
"""Workers that have enough to do while the parent rests."""
_REST = 0.001
"""Seconds in which threads do a few of the jobs that wait; the parent's own thread, woken up for
each of them, would take Python's lock from them each time."""

T = TypeVar("T")


def open_pool(name: str, workers: int, scheduler: str = "") -> "Pool":
    """Return a pool around the executor of a name; raises UsageError where there is none.

    As many jobs wait as there are workers, so that these have enough to do while the parent writes
    a batch. ``scheduler`` is the address of the cluster that ``dask`` means.
    """
    if name == "dask":
        return Cluster(name, partial(_dask, scheduler, workers), window=2 * MAX_BATCH * workers)
    makers: dict[str, Callable[[], Executor]] = {
        "sync": InPlaceExecutor,
        "threads": partial(ThreadExecutor, workers, spare=max(1, workers // 8)),
        "processes": partial(ProcessExecutor, workers, preload=["sprites.worker.preload"]),
    }
    make = makers.get(name) or partial(_made, name, _factory(name), workers)
    rest = _REST if name == "threads" and workers >= _MANY else 0.0
    return Pool(name, make, window=1 if name == "sync" else 2 * workers, rest=rest)


class InPlaceExecutor(Executor):
    """An executor that runs each call where it is submitted: one after another."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> "Future[T]":
        """Run the call now and return its Future, which is done."""
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except (Exception, SystemExit) as error:
            future.set_exception(error)
        return future


class Pool:
    """An executor that can be replaced when its workers have died, and be ended at once.

    ``window`` is how many jobs it should hold, ``rest`` how many seconds the first that comes back
    of them may wait for others, ``generation`` how often it was replaced. Its methods raise
    SpritesError, which names the executor, where that does something wrong.
    """

    def __init__(
        self, name: str, make: Callable[[], Executor], window: int, rest: float = 0.0
    ) -> None:
        self.name, self.window, self.rest = name, window, rest
        self.generation = 0
        self._make = make
        self._executor = make()

    @property
    def nodes(self) -> int:
        """Return how many machines there are, each of which may see another storage."""
        return 1

    def submit(self, fn: Callable[..., T], *args: Any, **kwargs: Any) -> "Future[T]":
        """Hand a call to the executor; raises BrokenExecutor where its workers have died."""
        try:
            future: object = self._executor.submit(fn, *args, **kwargs)
        except (BrokenExecutor, KeyboardInterrupt):
            raise
        except BaseException as error:
            raise self._fault("takes no call", error) from None
        if not isinstance(future, Future):
            raise self._fault(f"gives a {type(future).__name__} for a call, not a Future")
        return future

    def outcome(self, future: "Future[Outcome]") -> Outcome | None:
        """Return what a job came to, or None where it was given back; raises BrokenExecutor.

        What a job raised becomes its failure, but for KeyboardInterrupt: a terminal sends Ctrl-C to
        every process of a group, and the parent gets its own.
        """
        error = CancelledError() if future.cancelled() else future.exception()
        if isinstance(error, (CancelledError, KeyboardInterrupt)):
            return None
        if isinstance(error, BrokenExecutor):
            raise error
        if error is not None:
            text, fatal = plain(f"{type(error).__name__}: {error}"), isinstance(error, UsageError)
            return Outcome(failure=Failure(Code.INTERNAL, text, fatal=fatal))
        outcome: object = future.result()
        if not isinstance(outcome, Outcome):
            raise self._fault(f"gives a {type(outcome).__name__} for a job, not what came of it")
        return outcome

    def rebuild(self) -> None:
        """Replace an executor whose workers have died; raises UsageError where none is made."""
        with suppress(Exception, SystemExit):  # it is broken
            self._executor.shutdown(wait=False)
        self.generation += 1
        self._executor = self._make()

    def abort(self) -> None:
        """End what is running now: shut the jobs' sockets, and end the executor's processes.

        Only ours can do that, and the standard library's from Python 3.14.
        """
        interrupt.end_all()
        terminate = getattr(self._executor, "terminate_workers", lambda: None)
        try:
            terminate()
        except Exception as error:
            logger.warning("%s", self._fault("can't end its workers", error).detail)

    def close(self, *, wait: bool) -> None:
        """Release the workers; with ``wait``, return when their last call has ended."""
        try:
            self._executor.shutdown(wait=wait)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            raise self._fault("can't be shut down", error) from None

    def _fault(self, what: str, error: BaseException | None = None) -> SpritesError:
        why = "" if error is None else f": {type(error).__name__}: {error}"
        return SpritesError(Code.INTERNAL, plain(f"executor {self.name!r} {what}{why}"), fatal=True)


class Cluster(Pool):
    """A pool on a dask cluster, which replaces its own workers."""

    _executor: "DaskExecutor"

    @property
    def nodes(self) -> int:
        """Return how many workers there are."""
        return len(self._executor.nodes)

    def rebuild(self) -> None:
        """Go on with the workers that are left; connect anew if the scheduler is gone."""
        if self._executor.is_alive:
            self.generation += 1
        else:
            super().rebuild()

    def abort(self) -> None:
        """End what runs on the workers."""
        self._executor.abort()


def _dask(scheduler: str, workers: int) -> Executor:
    """Return an executor on a cluster; only those who use one have installed its package."""
    if not scheduler:
        raise UsageError("executor 'dask' needs SPRITES: DASK_SCHEDULER, as tcp://host:8786")
    try:
        from .dask import DaskExecutor
    except ImportError as error:
        raise UsageError(
            f"executor 'dask' needs 'pip install django-sprites[cluster]': {error}"
        ) from None
    return DaskExecutor(scheduler, workers)


def _factory(path: str) -> Callable[..., Any]:
    """Return the function behind a dotted path."""
    if "." not in path:
        known = "threads, processes, sync, dask"
        raise UsageError(f"executor {path!r} is not {known}, and no dotted path of a factory")
    return load("executor", path)


def _made(path: str, factory: Callable[..., Any], workers: int) -> Executor:
    try:
        executor = factory(**_arguments(factory, workers))
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        detail = plain(f"{type(error).__name__}: {error}")
        raise UsageError(f"executor {path!r} can't be made: {detail}") from None
    if not isinstance(executor, Executor):
        kind = type(executor).__name__
        raise UsageError(f"executor {path!r} gives a {kind}, not a concurrent.futures.Executor")
    return executor


def _arguments(factory: Callable[..., Any], workers: int) -> dict[str, int]:
    """Return ``max_workers`` if the factory takes it."""
    arguments = {"max_workers": workers}
    try:
        inspect.signature(factory).bind(**arguments)
    except (ValueError, TypeError):
        return {}
    return arguments
