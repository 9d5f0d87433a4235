"""An Executor of threads on one core, a few more than there are workers.

A worker is a client of ``worker.transport``: a call begins when one is free, and may give it back
before it ends. So as many calls use the network as there are workers, while others compute; and a
call that waits for a worker can still be cancelled.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import partial
from queue import SimpleQueue
from typing import Any, TypeVar

from ..worker.transport import Clients
from . import cores

T = TypeVar("T")
_Call = tuple[Future[Any], Callable[[], Any]]


class ThreadExecutor(Executor):
    """Runs calls on threads that stay on the core where their maker is.

    That stays there, too, until the end: it waits for them, so it has its turn between them.
    ``spare`` is how many threads there are beside ``max_workers``.
    """

    def __init__(self, max_workers: int, spare: int) -> None:
        self._clients = Clients(max_workers)
        self._calls: SimpleQueue[_Call | None] = SimpleQueue()
        self._most = max_workers + spare
        self._threads: list[threading.Thread] = []
        self._is_closed = False
        cores.stay_on(cores.current())  # a thread takes over the cores of the one that starts it

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> "Future[T]":
        """Put a call into the queue and return its Future; a thread is started until all are."""
        if self._is_closed:
            raise RuntimeError("cannot schedule new futures after shutdown")
        future: Future[T] = Future()
        if len(self._threads) < self._most:
            self._start()
        self._calls.put((future, partial(fn, *args, **kwargs)))
        return future

    def _start(self) -> None:
        thread = threading.Thread(target=self._work, name=f"sprites_{len(self._threads)}")
        thread.start()
        self._threads.append(thread)

    def _work(self) -> None:
        """Run calls until there are no more."""
        while True:
            with self._clients.borrowed():
                call = self._calls.get()
                if call is None:
                    return
                _run(*call)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more calls, and let the caller go wherever it could before."""
        self._is_closed = True
        while cancel_futures and not self._calls.empty():
            if call := self._calls.get():
                call[0].cancel()
        for _ in self._threads:
            self._calls.put(None)
        if wait:
            for thread in self._threads:
                thread.join()
            self._clients.close()
        cores.stay_on(cores.ALL)


def _run(future: Future[Any], call: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = call()
    except BaseException as error:
        future.set_exception(error)
    else:
        future.set_result(result)
