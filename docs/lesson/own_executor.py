"""An Executor of one's own: what has ``submit`` and gives Futures can do the work.

``PYTHONPATH=docs/lesson python manage.py fetch_sprites --executor own_executor.ThreadPerCall``
"""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from threading import Thread
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class ThreadPerCall(Executor):
    """No pool at all: each call starts a thread of its own, which ends with it."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        """Start a call and return its Future."""

        def call() -> None:
            try:
                future.set_result(fn(*args, **kwargs))
            except Exception as error:
                future.set_exception(error)

        future: Future[T] = Future()
        Thread(target=call).start()
        return future
