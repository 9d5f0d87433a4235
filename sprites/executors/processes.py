"""An Executor of a few processes that each run several threads: calls in, their Futures out.

::

    submit ─> backlog ─> pipe ─> a process of several threads ─> pipe ─> Future

A process a core lets Python compute on all of them, and the threads inside wait for the network,
so that 32 workers do not need 32 interpreters. The standard library's pool has one call a process.
"""

import multiprocessing
import pickle
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from itertools import count
from multiprocessing import resource_tracker
from typing import Any, TypeVar

from . import cores
from .calls import Call, Result, run_calls, send

T = TypeVar("T")

_MIN_AHEAD, _MAX_AHEAD = 1, 3
"""Calls that a process holds beyond its threads, so that none of them waits for the pipe. It gets
more when there are fewer than the first, up to the second, so that a few travel together; what it
holds no other process can do."""


class ProcessExecutor(Executor):
    """Runs calls on ``max_workers`` threads, spread over a process a core.

    ``preload`` names modules that are imported once, before the processes are forked from a server
    that has no threads. When a process dies, its calls raise BrokenProcessPool, calls that have not
    begun are cancelled, and no more are taken; the other processes finish theirs.
    """

    def __init__(self, max_workers: int, preload: Sequence[str] = ()) -> None:
        method = "spawn" if sys.platform == "win32" else "forkserver"
        context: Any = multiprocessing.get_context(method)
        if preload and method == "forkserver":
            context.set_forkserver_preload(list(preload))
        self._lock = threading.RLock()
        self._backlog: deque[tuple[Future[Any], Call]] = deque()
        self._numbers = count()
        self._function: tuple[Any, bytes] = (None, b"")
        self._is_broken = self._is_closed = False
        chosen = list(cores.ALL)[:max_workers]
        shares = [len(range(n, max_workers, len(chosen))) for n in range(len(chosen))]
        self._processes = [
            _Process(self, context, threads, core)
            for threads, core in zip(shares, chosen, strict=True)
        ]

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> "Future[T]":
        """Pickle a call, put it into the backlog and return its Future."""
        future: Future[T] = Future()
        with self._lock:
            if self._is_broken:
                raise BrokenProcessPool("a process of the pool has died")
            if self._is_closed:
                raise RuntimeError("cannot schedule new futures after shutdown")
            try:
                function, arguments = self._pickled(fn), pickle.dumps((args, kwargs))
            except Exception as error:  # whatever an object's own pickling raises
                future.set_exception(error)
                return future
            self._backlog.append((future, (next(self._numbers), function, arguments)))
            self.feed(max(self._processes, key=lambda process: process.room))
        return future

    def _pickled(self, fn: Callable[..., Any]) -> bytes:
        """Pickle a function, once for as long as the same one comes again."""
        if self._function[0] is not fn:
            self._function = (fn, pickle.dumps(fn))
        return self._function[1]

    def feed(self, process: "_Process") -> None:
        """Send a process that needs some as many calls as it has room for, or that it may end."""
        with self._lock:
            if not process.is_hungry and not self._is_closed:
                return
            calls: list[Call] = []
            while self._backlog and len(calls) < process.room:
                future, call = self._backlog.popleft()
                if future.set_running_or_notify_cancel():
                    process.futures[call[0]] = future
                    calls.append(call)
            if calls or (self._is_closed and not self._backlog and not process.futures):
                process.send(calls)

    def ended(self, process: "_Process", why: str) -> None:
        """Settle what a process leaves behind that has ended."""
        with self._lock:
            if self._is_closed and not process.futures:
                return
            self._is_broken = True
            backlog, self._backlog = self._backlog, deque()
        for future, _ in backlog:
            future.cancel()
            future.set_running_or_notify_cancel()
        for future in process.futures.values():
            future.set_exception(BrokenProcessPool(why))

    def terminate_workers(self) -> None:
        """End the processes in the middle of what they do, as the standard library's pool can."""
        for process in self._processes:
            process.terminate()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more calls, finish or cancel those that wait, and let the processes end."""
        with self._lock:
            self._is_closed = True
            while cancel_futures and self._backlog:
                self._backlog.popleft()[0].cancel()
            for process in self._processes:
                self.feed(process)
        for process in self._processes if wait else ():
            process.join()


class _Process:
    """A process as its parent sees it: the Futures of its calls, and a thread that settles them."""

    def __init__(self, executor: ProcessExecutor, context: Any, threads: int, core: int) -> None:
        self.futures: dict[int, Future[Any]] = {}
        self._executor, self._threads = executor, threads
        self._is_terminated = False
        self._pipe, self._other_end = context.Pipe()
        self._process = context.Process(
            target=run_calls, args=(self._other_end, threads, core), daemon=True
        )
        self._thread = threading.Thread(target=self._run, name="sprites-process", daemon=True)

    @property
    def room(self) -> int:
        """Return how many more calls it may be given."""
        return self._threads + _MAX_AHEAD - len(self.futures)

    @property
    def is_hungry(self) -> bool:
        """Tell whether its threads may soon have nothing to do."""
        return len(self.futures) < self._threads + _MIN_AHEAD

    def send(self, calls: list[Call]) -> None:
        """Send it calls, the first of which start it; none tells it that there will be no more."""
        if calls and not self._thread.ident:
            self._thread.start()
        with suppress(OSError):  # it has died, and its thread is about to hear of that
            send(self._pipe, calls)

    def terminate(self) -> None:
        """End it; if it is being started, as soon as it has started."""
        self._is_terminated = True
        if self._process.pid:
            self._process.terminate()

    def join(self) -> None:
        """Wait until it has ended."""
        if self._thread.ident:
            self._thread.join()

    def _run(self) -> None:
        """Start the process, which takes a moment, and settle its calls until it ends."""
        try:
            with _left_to_the_parent(signal.SIGINT):
                self._process.start()
        except Exception as error:  # no memory, no more processes, a main module that can't be read
            self._executor.ended(self, f"no process could be started: {error}")
            return
        self._other_end.close()
        if self._is_terminated:
            self._process.terminate()
        with suppress(EOFError, OSError):
            while True:
                self._settle(self._pipe.recv())
        self._executor.ended(self, "the process died that ran this call")
        self._process.join()

    def _settle(self, results: list[Result]) -> None:
        """Settle the Futures of calls that have ended, once the process has got others for them."""
        ended = [(self.futures.pop(number), result) for number, result in results]
        self._executor.feed(self)
        for future, result in ended:
            _set(future, result)


@contextmanager
def _left_to_the_parent(number: signal.Signals) -> Iterator[None]:
    """Hold a signal back from what is started here; it has the mask of the thread that starts it.

    A process ignores Ctrl-C as soon as it runs. If that came before, it would print a traceback.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # it ends with the signal unblocked
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {number})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _set(future: Future[Any], result: bytes) -> None:
    try:
        is_error, value = pickle.loads(result)
    except Exception as error:  # whatever an object's own unpickling raises
        is_error, value = True, error
    if is_error:
        future.set_exception(value)
    else:
        future.set_result(value)
