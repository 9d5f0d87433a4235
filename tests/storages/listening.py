"""An executor that keeps what it is given, as it would travel to another machine."""

import pickle
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

TRAVELLED: list[bytes] = []


class Listening(ThreadPoolExecutor):
    """Runs a call that has been packed and unpacked."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        """Pack a call, note it, and run what comes out."""
        TRAVELLED.append(pickle.dumps((fn, args, kwargs)))
        fn, args, kwargs = pickle.loads(TRAVELLED[-1])
        return super().submit(fn, *args, **kwargs)
