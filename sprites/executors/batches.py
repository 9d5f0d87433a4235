"""Jobs on their way to another machine: calls in, a packet that runs them, outcomes back."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from .. import __version__
from ..errors import UsageError
from ..worker.job import run_batch
from ..worker.records import Outcome


class Call(Future[Any]):
    """A job on its way, which can be cancelled until it is sent to a worker."""

    def __init__(self, run: Callable[[], Any]) -> None:
        super().__init__()
        self.run = run
        self.is_alone = False
        self.is_sent = False
        self._sending = threading.Lock()

    def cancel(self) -> bool:
        """Take the job back, unless it has been sent."""
        with self._sending:
            return not self.is_sent and super().cancel()

    def send(self) -> bool:
        """Note that the job goes out now; False where it has been taken back."""
        with self._sending:
            self.is_sent = not self.cancelled()
            return self.is_sent

    def recall(self) -> None:
        """Note that the job is to be sent again, in a batch of its own."""
        self.is_alone, self.is_sent = True, False

    def give_back(self) -> None:
        """Cancel a job that no worker has begun, sent or not."""
        super().cancel()


@dataclass(frozen=True, slots=True)
class Packet:
    """What runs when it is unpickled: dask's scheduler sees bytes, and needs no package of ours."""

    runs: Sequence[Callable[[], Outcome]]

    def __reduce__(self) -> tuple[Any, ...]:
        return _run, (__version__, self.runs)


def _run(release: str, runs: Sequence[Callable[[], Outcome]]) -> list[Outcome]:
    """Run a packet's jobs on a worker; raises UsageError where its records are other ones."""
    if release != __version__:
        raise UsageError(f"a worker has django-sprites {__version__}, this run has {release}")
    return run_batch(runs)


def settle(calls: Sequence[Call], outcomes: Sequence[Outcome]) -> None:
    """Bring outcomes to their calls; those that the worker has not begun are given back."""
    for call, outcome in zip(calls, outcomes, strict=False):
        call.set_result(outcome)
    for call in calls[len(outcomes) :]:
        call.give_back()
