"""An Executor of a few processes that each run several threads: calls in, Futures out.

    submit ─> backlog ─> pipe ─> a process: one of its threads ─> pipe ─> Future

A process a core lets Python compute on all of them, and the threads inside wait for the network,
so that 32 workers do not need 32 interpreters. The standard library's pool has one call a process.
"""

import multiprocessing
import os
import pickle
import queue
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from functools import lru_cache
from itertools import count
from multiprocessing.connection import Connection
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

Call = tuple[int, bytes, bytes]
"""A call's number, its function and its arguments, the last two pickled."""
Answer = tuple[int, bytes]
"""A call's number, and pickled whether it returned and what it returned or raised."""

_AHEAD = 2
"""Calls that a process holds beyond its threads, so that none of them waits for the pipe."""


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
        processes = min(max_workers, _cores())
        shares = [len(range(n, max_workers, processes)) for n in range(processes)]
        self._children = [_Child(self, context, threads) for threads in shares]

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        """Pickle a call, put it into the backlog and return its Future."""
        future: Future[T] = Future()
        with self._lock:
            if self._is_broken:
                raise BrokenProcessPool("a process of the pool has died")
            if self._is_closed:
                raise RuntimeError("cannot schedule new futures after shutdown")
            try:
                call = (next(self._numbers), self._pickled(fn), pickle.dumps((args, kwargs)))
            except Exception as error:  # whatever an object's own pickling raises
                future.set_exception(error)
                return future
            self._backlog.append((future, call))
            self.feed(max(self._children, key=lambda child: child.room))
        return future

    def _pickled(self, fn: Callable[..., Any]) -> bytes:
        """Pickle a function, once for as long as the same one comes again."""
        if self._function[0] is not fn:
            self._function = (fn, pickle.dumps(fn))
        return self._function[1]

    def feed(self, child: "_Child") -> None:
        """Send a process what it has room for, as one message; at the end, that it may go."""
        with self._lock:
            calls: list[Call] = []
            while self._backlog and len(calls) < child.room:
                future, call = self._backlog.popleft()
                if future.set_running_or_notify_cancel():
                    child.futures[call[0]] = future
                    calls.append(call)
            if calls or (self._is_closed and not self._backlog and not child.futures):
                child.send(calls)

    def lost(self, child: "_Child", why: str) -> None:
        """Settle what a process leaves behind that has ended."""
        with self._lock:
            if self._is_closed and not child.futures:
                return
            self._is_broken = True
            backlog, self._backlog = self._backlog, deque()
        for future, _ in backlog:
            future.cancel()
            future.set_running_or_notify_cancel()
        for future in child.futures.values():
            future.set_exception(BrokenProcessPool(why))

    def terminate_workers(self) -> None:
        """End the processes in the middle of what they do, as the standard library's pool can."""
        for child in self._children:
            child.terminate()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more calls, finish or cancel those that wait, and let the processes go."""
        with self._lock:
            self._is_closed = True
            while cancel_futures and self._backlog:
                self._backlog.popleft()[0].cancel()
            for child in self._children:
                self.feed(child)
        for child in self._children if wait else ():
            child.join()


class _Child:
    """A process as its parent sees it: the calls that it has, and the thread that hears of them."""

    def __init__(self, executor: ProcessExecutor, context: Any, threads: int) -> None:
        self.futures: dict[int, Future[Any]] = {}
        self._executor, self._most, self._is_unwanted = executor, threads + _AHEAD, False
        self._pipe, self._theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(self._theirs, threads), daemon=True)
        self._thread = threading.Thread(target=self._attend, name="sprites-process", daemon=True)

    @property
    def room(self) -> int:
        """Return how many more calls it may be given."""
        return self._most - len(self.futures)

    def send(self, calls: list[Call]) -> None:
        """Give it calls, with which it is started, or the word that there will be no more."""
        if calls and not self._thread.ident:
            self._thread.start()
        with suppress(OSError):  # it has died, and its thread is about to hear of that
            self._pipe.send(calls)

    def terminate(self) -> None:
        """End it, or if it is just being started, as soon as it is."""
        self._is_unwanted = True
        if self._process.pid:
            self._process.terminate()

    def join(self) -> None:
        """Wait until it has ended."""
        if self._thread.ident:
            self._thread.join()

    def _attend(self) -> None:
        """Start the process, which takes a moment, and settle its calls until it ends."""
        try:
            self._process.start()
        except Exception as error:  # no memory, no more processes, a main module that can't be read
            self._executor.lost(self, f"no process could be started: {error}")
            return
        self._theirs.close()
        if self._is_unwanted:
            self._process.terminate()
        with suppress(EOFError, OSError):
            while True:
                self._settle(*self._pipe.recv())
        self._executor.lost(self, "the process died that ran this call")
        self._process.join()

    def _settle(self, number: int, answer: bytes) -> None:
        future = self.futures[number]
        try:
            returned, value = pickle.loads(answer)
        except Exception as error:  # whatever an object's own unpickling raises
            returned, value = False, error
        del self.futures[number]
        self._executor.feed(self)
        if returned:
            future.set_result(value)
        else:
            future.set_exception(value)


def serve(pipe: Connection, threads: int) -> None:
    """Be such a process: run calls on threads until there are no more, or the parent is gone.

    Ctrl-C, which a terminal sends to every process, is the parent's to answer.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    calls: queue.SimpleQueue[Call | None] = queue.SimpleQueue()
    sending = threading.Lock()
    workers = [
        threading.Thread(target=_work, args=(calls, pipe, sending), name=f"sprites_{n}")
        for n in range(threads)
    ]
    for worker in workers:
        worker.start()
    with suppress(EOFError, OSError):
        while batch := pipe.recv():
            for call in batch:
                calls.put(call)
        for _ in workers:
            calls.put(None)
        for worker in workers:
            worker.join()
    os._exit(0)  # the threads of a parent that was killed are not waited for


def _work(
    calls: "queue.SimpleQueue[Call | None]", pipe: Connection, sending: threading.Lock
) -> None:
    while call := calls.get():
        number, function, arguments = call
        answer = _answer(function, arguments)
        with sending:
            pipe.send((number, answer))


def _answer(function: bytes, arguments: bytes) -> bytes:
    try:
        args, kwargs = pickle.loads(arguments)
        return pickle.dumps((True, _load(function)(*args, **kwargs)))
    except BaseException as error:
        return _pickled_error(error)


def _pickled_error(error: BaseException) -> bytes:
    """Pickle an error, or if it can't be pickled and read again, one that tells of it."""
    try:
        answer = pickle.dumps((False, error))
        pickle.loads(answer)
    except Exception:
        return pickle.dumps((False, RuntimeError(f"{type(error).__name__}: {error}")))
    return answer


@lru_cache(maxsize=4)
def _load(function: bytes) -> Callable[..., Any]:
    loaded: Callable[..., Any] = pickle.loads(function)
    return loaded


def _cores() -> int:
    """Return how many cores this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
