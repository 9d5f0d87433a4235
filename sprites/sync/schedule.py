"""A sliding window of jobs over an executor; every decision is made here, in the parent.

It keeps at most ``pool.window`` jobs in flight, tries failed ones again when they are due, rests a
host that fails or asks for a pause, survives dying workers, and stops when it is told to. It knows
outcomes and hosts, and no Pokémon.
"""

import logging
import queue
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Future
from typing import Generic, TypeVar

from ..errors import RETRIED, Code, SpritesError, UsageError
from ..executors.pool import Pool
from ..worker.records import Failure, Outcome
from .breaker import Host, Rules
from .events import Attempt, Event, Pause, Tick
from .queues import Queues, Service, Task
from .stop import ExitCode, Stop

logger = logging.getLogger(__name__)

J = TypeVar("J")

_TICK = 0.5
"""Seconds that the loop sleeps at the most, so that its heart keeps beating."""
_MAX_GIVEN_BACK = 10
"""Windows of jobs in a row that an executor may give back without having begun one."""


class Schedule(Generic[J]):
    """Runs jobs on a pool until none is left or it is stopped.

    ``work`` is what the pool calls with a job, ``service_of`` names what a job asks.
    """

    def __init__(
        self,
        pool: Pool,
        work: Callable[[J], Outcome],
        rules: Rules,
        stop: Stop,
        service_of: Callable[[J], Service],
    ) -> None:
        self._pool, self._work, self._rules, self._stop = pool, work, rules, stop
        self._waiting: Queues[J] = Queues(rules, service_of, pool.window)
        self._suspects: deque[Task[J]] = deque()
        self._suspected: set[Task[J]] = set()
        self._running: dict[Future[Outcome], tuple[Task[J], int]] = {}
        self._done: queue.SimpleQueue[Future[Outcome] | None] = queue.SimpleQueue()
        self._deaths = self._given_back = 0
        self._silence = 0.0
        self.push = self._waiting.push
        stop.bind(lambda: self._done.put(None), pool.abort)

    def run(self, source: Iterable[J]) -> Iterator[Attempt[J]]:
        """Run a source's jobs, and those pushed meanwhile; yield the last attempt at each.

        The source is read only as far as there is room. After a stop what has finished is still
        yielded; what has not is left.
        """
        for event in self.events(source):
            if isinstance(event, Attempt) and event.is_last:
                yield event

    def events(self, source: Iterable[J]) -> Iterator[Event[J]]:
        """Run jobs as ``run`` does; yield all that happens."""
        self._waiting.read(iter(source))
        was_left = True
        while (is_left := self._fill()) or self._running:
            # With no worker idle, for whoever hears it may take a while.
            yield Tick(is_tail=was_left and not is_left)
            was_left = is_left
            for future in self._completed():
                yield from self._settle(future)
            if self._silence > self._rules.patience:
                self._blame(f"has brought no job back for {self._silence:.0f} s")
            # Not where one came back while the parent was busy with others.
            if self._stop.overdue and self._running and not any(map(Future.done, self._running)):
                self._stop.gave_up = True
                return

    def _fill(self) -> bool:
        """Hand out jobs while there is room; tell whether any job is left."""
        while self._has_room and not self._stop.asked:
            now = time.monotonic()
            task = self._suspects.popleft() if self._suspects else self._waiting.next(now)
            if task is None:
                break
            self._waiting.sent(task, now)
            self._submit(task)
        if self._stop.asked:
            for future in self._running:
                future.cancel()
            return False
        return bool(self._suspects or self._waiting) or not self._waiting.is_read

    @property
    def _has_room(self) -> bool:
        """Tell whether one more job may be in flight; a suspect runs alone."""
        return len(self._running) < (1 if self._suspected else self._pool.window)

    def _submit(self, task: Task[J]) -> None:
        try:
            future = self._pool.submit(self._work, task.job)
        except BrokenExecutor:
            self._waiting.take_back(task)
            self._replace_workers(self._pool.generation)
            return
        except SpritesError as error:
            self._waiting.take_back(task)
            self._stop.ask(ExitCode.STOPPED, error.detail)
            return
        if future in self._running:
            self._blame("gives one Future for two calls")
            return
        self._running[future] = task, self._pool.generation
        future.add_done_callback(self._done.put)

    def _completed(self) -> Iterator["Future[Outcome]"]:
        """Yield what has finished; wait for it until something is due."""
        began = time.monotonic()
        try:
            future = self._done.get(timeout=self._patience())
            if self._pool.rest and len(self._running) >= self._pool.window and self._done.empty():
                time.sleep(self._pool.rest)  # others of a full window are still to come
            while True:
                if future is not None:
                    yield future
                future = self._done.get_nowait()
        except queue.Empty:
            # Not more than a tick: a machine that was asleep has not waited.
            self._silence += min(time.monotonic() - began, _TICK) if self._running else 0.0

    def _blame(self, why: str) -> None:
        """Stop the run because of what its executor does."""
        self._stop.ask(ExitCode.STOPPED, f"executor {self._pool.name!r} {why}")

    def _patience(self) -> float:
        """Return the seconds until a job that waits may be handed out."""
        if self._stop.asked or not self._has_room:
            return _TICK
        now = time.monotonic()
        return min(max(self._waiting.due(now) - now, 0.001), _TICK)

    def _settle(self, future: "Future[Outcome]") -> Iterator[Event[J]]:
        task, generation = self._running.pop(future)
        self._silence = 0.0
        try:
            outcome = self._pool.outcome(future)
        except BrokenExecutor:
            self._waiting.ended(task)
            yield self._lost(task, generation)
        except SpritesError as error:
            self._stop.ask(ExitCode.STOPPED, error.detail)
        else:
            yield from self._judge(task, outcome) if outcome else self._not_begun(task)

    def _not_begun(self, task: Task[J]) -> tuple[()]:
        """Keep a job for later that came back as it was."""
        self._waiting.take_back(task)
        self._given_back += 1
        if self._given_back > _MAX_GIVEN_BACK * self._pool.window:
            self._blame("gives back every job")
        return ()

    def _lost(self, task: Task[J], generation: int) -> Attempt[J]:
        """Run a job again, alone, whose worker has died; give it up if it dies once more."""
        self._replace_workers(generation)
        task.kills += 1
        self._suspected.discard(task)
        if task.kills == 1 and not self._stop.asked:
            self._suspects.append(task)
            self._suspected.add(task)
        times = "" if task.kills == 1 else " twice"
        failure = Failure(Code.WORKER_DIED, f"the worker died{times} on this job")
        is_last = task.kills > 1 and not self._stop.asked
        return Attempt(task.job, Outcome(failure=failure), task.attempts, is_last)

    def _replace_workers(self, generation: int) -> None:
        if generation != self._pool.generation or self._stop.asked:
            return
        self._deaths += 1
        if self._deaths > self._rules.breaker:
            self._blame(f"lost its workers {self._deaths} times in a row: they died")
            return
        try:
            self._pool.rebuild()
        except UsageError as error:  # a factory that made an executor once, and now can't
            self._stop.ask(ExitCode.STOPPED, str(error))

    def _judge(self, task: Task[J], outcome: Outcome) -> Iterator[Event[J]]:
        """Decide what an attempt's outcome means for its job and for its host."""
        self._waiting.ended(task)
        self._deaths = self._given_back = task.kills = 0
        self._suspected.discard(task)
        if outcome.meter is not None:
            self._waiting.spent(task, outcome.meter.requests)
        failure, host, before = outcome.failure, task.host, task.host.resume
        if failure is None:
            host.answered(task.sent)
        elif failure.fatal:
            self._stop.ask(ExitCode.STOPPED, failure.detail)
        is_left = failure is not None and not failure.fatal and self._is_left(task, failure)
        yield Attempt(task.job, outcome, task.attempts, is_last=not is_left)
        if host.resume > before and not self._stop.asked:
            seconds = round(host.resume - time.monotonic(), 3)
            yield Pause(host.name, time.time(), seconds)

    def _is_left(self, task: Task[J], failure: Failure) -> bool:
        """Tell whether a job that failed is not done: it is tried again, or a stop keeps it."""
        if self._stop.asked and failure.code in RETRIED:
            return True
        self._blame_host(task, failure)
        return self._again(task, failure)

    def _blame_host(self, task: Task[J], failure: Failure) -> None:
        """Keep the host's account."""
        host, before, was_well = task.host, task.host.resume, not task.host.in_trouble
        if why := host.failed(task.number, task.sent, failure, self._rules):
            self._stop.ask(ExitCode.STOPPED, why)
        elif host.resume > before:
            if was_well:
                logger.warning("%s: %s; it is asked again now and then", host.name, failure.detail)
            self._pause(host, failure)

    def _again(self, task: Task[J], failure: Failure) -> bool:
        """Try a job again whose failure may pass; tell whether there is another attempt left."""
        host = task.host
        # What a host that is down fails is not held against its jobs, but where others were served.
        if not host.is_down or host.answered_at > task.failed_at > 0:
            task.failures += 1
        task.failed_at = time.monotonic()
        if failure.code not in RETRIED or task.failures > self._rules.retries:
            return False
        delay = max(failure.retry_after or 0.0, self._rules.delay(max(task.failures, 1)))
        self._waiting.push_later(task, delay)
        return True

    def _pause(self, host: Host, failure: Failure) -> None:
        """Leave a host alone, for all workers; what waits for a worker is taken back."""
        self._given_back = 0
        if failure.retry_after:
            self._waiting.pause(host)
        for future, (task, _) in self._running.items():
            if task.host.resume >= host.resume and task.host.name == host.name:
                future.cancel()
