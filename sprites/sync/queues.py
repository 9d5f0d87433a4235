"""The jobs that wait, and which one is next: by its host, the time it is due, and the rate."""

import heapq
import itertools
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from .breaker import Host, Rules

J = TypeVar("J")

_MAX_WAITING = 1000
"""Jobs that wait at the most before no more are taken from the source."""

Service = tuple[str, str]
"""Whom a job asks, and for what: a host may serve its documents and fail at its images."""


@dataclass(slots=True, eq=False)
class Task(Generic[J]):
    """A job on its way.

    ``attempts`` were made and ``failures`` of them held against the job; ``kills`` counts the
    deaths in a row of workers that had it in flight, ``cost`` the requests that it was let out for.
    """

    job: J
    host: Host
    number: int
    attempts: int = 0
    failures: int = 0
    kills: int = 0
    sent: float = 0.0
    failed_at: float = 0.0
    cost: int = 1


@dataclass(slots=True)
class _Queue(Generic[J]):
    """What waits for one service; jobs that were tried before come first while it is well."""

    host: Host
    fresh: deque[Task[J]] = field(default_factory=deque)
    tried: deque[Task[J]] = field(default_factory=deque)
    probe: Task[J] | None = None
    cost: int = 1

    def __bool__(self) -> bool:
        return bool(self.fresh or self.tried)

    def pop(self) -> Task[J]:
        """Take the next job: in trouble a fresh one, whose failure would tell more."""
        first, second = self.tried, self.fresh
        if self.host.in_trouble:
            first, second = second, first
        return (first or second).popleft()


class Queues(Generic[J]):
    """Jobs in, the one whose turn it is out; reads a source only as far as there is room.

    ``service_of`` names what a job asks, ``window`` how many jobs are read ahead.
    """

    def __init__(self, rules: Rules, service_of: Callable[[J], Service], window: int) -> None:
        self._rules, self._service_of, self._window = rules, service_of, window
        self._queues: dict[Service, _Queue[J]] = {}
        self._of: dict[Host, _Queue[J]] = {}
        self._later: list[tuple[float, int, Task[J]]] = []
        self._count = 0
        self._numbers = itertools.count()
        self._next_slot = 0.0
        self._feed: Iterator[J] = iter(())
        self.is_read = True

    def read(self, feed: Iterator[J]) -> None:
        """Take jobs from this source from now on."""
        self._feed, self.is_read = feed, False

    def push(self, job: J) -> None:
        """Add a job that was never tried."""
        service = self._service_of(job)
        queue = self._queues.get(service)
        if queue is None:
            resume = max((host.resume for host in self._of if host.name == service[0]), default=0)
            queue = self._queues[service] = _Queue(Host(service[0], resume))
            self._of[queue.host] = queue
        queue.fresh.append(Task(job, queue.host, next(self._numbers)))
        self._count += 1

    def push_later(self, task: Task[J], delay: float) -> None:
        """Add a job that is to be tried again."""
        heapq.heappush(self._later, (time.monotonic() + delay, next(self._numbers), task))
        self._count += 1

    def take_back(self, task: Task[J]) -> None:
        """Put a job that no worker has begun back to the front."""
        task.attempts -= 1
        queue = self._of[task.host]
        (queue.tried if task.attempts else queue.fresh).appendleft(task)
        self._count += 1
        self.ended(task)

    def ended(self, task: Task[J]) -> None:
        """Note that a job is not in flight any more."""
        queue = self._of[task.host]
        if queue.probe is task:
            queue.probe = None

    def spent(self, task: Task[J], requests: int) -> None:
        """Count the requests that an attempt made, where it was let out for another number."""
        if self._rules.rate:
            self._of[task.host].cost = max(requests, 1)
            self._next_slot += (requests - task.cost) / self._rules.rate

    def pause(self, host: Host) -> None:
        """Leave all that a host serves alone for as long as it asked for."""
        for other in self._of:
            if other.name == host.name:
                other.pause(host.resume)

    def __len__(self) -> int:
        return self._count

    def next(self, now: float) -> "Task[J] | None":
        """Return the job whose turn it is, or None where all must wait."""
        if now < self._next_slot:
            return None
        while self._later and self._later[0][0] <= now:
            task = heapq.heappop(self._later)[2]
            self._of[task.host].tried.append(task)
        # Read a window ahead, so that a last job that asks for others is not the last to be begun.
        while self._count < self._window and self._pull():
            pass
        while True:
            for queue in self._queues.values():
                if queue and self._is_open(queue, now):
                    self._count -= 1
                    return queue.pop()
            if self._count >= _MAX_WAITING or not self._pull():
                return None

    def _pull(self) -> bool:
        for job in self._feed:
            self.push(job)
            return True
        self.is_read = True
        return False

    def _is_open(self, queue: _Queue[J], now: float) -> bool:
        """Tell whether a job may be sent: none in a rest, and behind it one at a time.

        Where all that is left has failed already, and is too little to prove that its host is
        down, there is nobody to be spared: each job has its own retries.
        """
        host = queue.host
        if now < host.resume:
            return False
        is_tail = self.is_read and not queue.fresh and not host.is_down
        return not host.in_trouble or queue.probe is None or is_tail

    def sent(self, task: Task[J], now: float) -> None:
        """Note that a job is on its way to a worker."""
        queue = self._of[task.host]
        if queue.host.in_trouble:
            queue.probe = task
        task.attempts += 1
        task.sent, task.cost = now, queue.cost
        if self._rules.rate:
            self._next_slot = max(self._next_slot, now) + task.cost / self._rules.rate

    def due(self, now: float) -> float:
        """Return when a job may be sent, as far as that depends on time alone."""
        if now < self._next_slot:
            return self._next_slot
        due = [queue.host.resume for queue in self._queues.values() if queue and not queue.probe]
        return min([*due, *(item[0] for item in self._later[:1])], default=float("inf"))
