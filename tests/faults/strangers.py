"""Executors that do what none may; each is named by its dotted path in ``--executor``.

``at_once`` misbehave from their first call on, ``later`` after a few that went well.
"""

import sys
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any, NoReturn

_FEW = 4
"""Calls that go well: the probe of the storage, a list, and the first documents."""

Call = Callable[..., Any]
Submit = Callable[..., Any]


class Refusal(BaseException):
    """What is not even an Exception."""


class Stranger(ThreadPoolExecutor):
    """Threads on which ``odd(submit, fn, *args)`` stands for ``submit`` after some calls."""

    def __init__(self, odd: Call, after: int) -> None:
        super().__init__(2)
        self._odd, self._left = odd, after

    def submit(self, fn: Call, /, *args: Any, **kwargs: Any) -> "Future[Any]":
        """Take the call as an executor does, or oddly."""
        self._left -= 1
        if self._left >= 0:
            return super().submit(fn, *args, **kwargs)
        future: Future[Any] = self._odd(super().submit, fn, *args)
        return future


def _raises(error: BaseException) -> Call:
    def odd(submit: Submit, fn: Call, *args: Any) -> NoReturn:
        raise error

    return odd


def _gives(result: object) -> Call:
    return lambda submit, fn, *args: submit(lambda: result)


def _gives_the_same(submit: Submit, fn: Call, *args: Any) -> "Future[Any]":
    return _never


def _gives_back(submit: Submit, fn: Call, *args: Any) -> "Future[Any]":
    future: Future[Any] = Future()
    future.cancel()
    future.set_running_or_notify_cancel()
    return future


_never: "Future[Any]" = Future()

ODD: dict[str, Call] = {
    "raises": _raises(RuntimeError("cannot schedule new futures after shutdown")),
    "leaves": _raises(SystemExit(9)),
    "refuses": _raises(Refusal("not today")),
    "nothing": lambda submit, fn, *args: None,
    "own_result": lambda submit, fn, *args: fn(*args),
    "dict": _gives({"status": "ok"}),
    "none": _gives(None),
    "same": _gives_the_same,
    "back": _gives_back,
}
"""How an executor may misbehave when it is given a call."""


def closed() -> Executor:
    """Return an executor that has been shut down."""
    executor = ThreadPoolExecutor(1)
    executor.shutdown()
    return executor


def leaving() -> Executor:
    """Leave in place of returning anything."""
    sys.exit(9)


def refusing() -> Executor:
    """Raise what is not even an Exception."""
    raise Refusal("not today")


class _Unending(ThreadPoolExecutor):
    """Threads that raise, once all is done, when they are to be shut down."""

    error: BaseException = RuntimeError("the cluster is gone")

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Raise."""
        super().shutdown(wait, cancel_futures=cancel_futures)
        raise self.error


class _Leaving(_Unending):
    error = SystemExit(9)


def unending() -> Executor:
    """Return an executor that can't be shut down."""
    return _Unending(2)


def leaving_late() -> Executor:
    """Return an executor that leaves when it is to be shut down."""
    return _Leaving(2)


def __getattr__(name: str) -> Callable[[], Executor]:
    """Return the factory ``later_X`` or ``at_once_X`` of an odd executor X."""
    for prefix, after in {"at_once_": 0, "later_": _FEW}.items():
        if (odd := name.removeprefix(prefix)) != name:
            return lambda: Stranger(ODD[odd], after)
    raise AttributeError(name)
