"""What a process of ``ProcessExecutor`` does: pickled calls in, their pickled results out.

::

    pipe ─> Inbox ─> threads ─> Outbox ─> pipe

A message is a list of either, for to read one wakes up a thread on the other side.
"""

import os
import pickle
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import lru_cache
from multiprocessing import parent_process
from multiprocessing.connection import Connection
from typing import Any

from . import cores

Call = tuple[int, bytes, bytes]
"""A call on its way to a process: its number, and its function and arguments pickled."""
Result = tuple[int, bytes]
"""A call's number, and what came of it pickled: whether that is an error, and its value."""


def send(pipe: Connection, items: list[Call] | list[Result]) -> None:
    """Send items as one message; ``pipe.send`` takes twice as long, to pickle sockets as well."""
    pipe.send_bytes(pickle.dumps(items))


class Inbox:
    """Calls that have come; the thread that finds none reads the pipe, and the others wait for it.

    To read in a thread of its own would take Python's lock from the others for each message.
    """

    def __init__(self, pipe: Connection) -> None:
        self._pipe, self._reading = pipe, threading.Lock()
        self._calls: deque[Call] = deque()
        self._is_over = False

    def __iter__(self) -> Iterator[Call]:
        return iter(self._next, None)

    def _next(self) -> Call | None:
        """Return a call, or None where no more will come; ends the process if its parent did."""
        with self._reading:
            while not self._calls and not self._is_over:
                try:
                    self._calls.extend(self._pipe.recv())
                except (EOFError, OSError):
                    os._exit(0)  # the parent was killed
                self._is_over = not self._calls
            return self._calls.popleft() if self._calls else None


class Outbox:
    """Results on their way to the parent; those that come while others are sent share a message."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe, self._sending = pipe, threading.Lock()
        self._results: deque[Result] = deque()

    def put(self, result: Result) -> None:
        """Send a result, or leave it to the thread that is sending others."""
        self._results.append(result)
        while self._results and self._sending.acquire(blocking=False):
            try:
                send(self._pipe, [self._results.popleft() for _ in range(len(self._results))])
            finally:
                self._sending.release()


def run_calls(pipe: Connection, threads: int, core: int) -> None:
    """Run calls on threads until there are no more or the parent is gone: what a process does.

    Ctrl-C, which a terminal sends to every process, is left to the parent.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, name="sprites-parent", daemon=True).start()
    cores.stay_on({core})
    inbox, outbox = Inbox(pipe), Outbox(pipe)
    workers = [
        threading.Thread(target=_work, args=(inbox, outbox), name=f"sprites_{number}")
        for number in range(threads)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    os._exit(0)


def _end_with_parent() -> None:
    """End the process in the middle of its calls when its parent is killed.

    What they stored later would be a file without a row, and nobody might look for it any more.
    """
    parent = parent_process()
    assert parent is not None  # who started this process
    parent.join()
    os._exit(0)


def _work(inbox: Inbox, outbox: Outbox) -> None:
    for call in inbox:
        result = _run_call(call)
        with suppress(OSError):  # the parent is gone, and this process ends with it
            outbox.put((call[0], result))


def _run_call(call: Call) -> bytes:
    _, function, arguments = call
    try:
        args, kwargs = pickle.loads(arguments)
        return pickle.dumps((False, _load(function)(*args, **kwargs)))
    except BaseException as error:
        return _pickled_error(error)


def _pickled_error(error: BaseException) -> bytes:
    """Pickle an error; one that can't be pickled and read again becomes a RuntimeError."""
    try:
        result = pickle.dumps((True, error))
        pickle.loads(result)
    except Exception:
        return pickle.dumps((True, RuntimeError(f"{type(error).__name__}: {error}")))
    return result


@lru_cache(maxsize=4)
def _load(function: bytes) -> Callable[..., Any]:
    loaded: Callable[..., Any] = pickle.loads(function)
    return loaded
