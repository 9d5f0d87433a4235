"""The sliding window over an executor: jobs in, finished jobs out, every decision in the parent.

It keeps at most ``pool.window`` jobs in flight, tries failed ones again when they are due, pauses a
host that asks for it, keeps the rate, opens the breaker of a host that only refuses, survives dying
workers, and stops when it is told to. It knows outcomes and hosts, and no Pokémon.
"""

import heapq
import itertools
import queue
import random
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Future
from dataclasses import dataclass
from typing import Generic, TypeVar

from ..errors import RETRIED, Code, UsageError
from .hosts import Host, Rules
from .pool import Pool
from .records import Failure, Outcome
from .report import ExitCode
from .stop import Stop

J = TypeVar("J")

_TICK = 0.5
"""Seconds that the loop sleeps at the most, so that its heart keeps beating."""
_MOST_WAITING = 1000
"""Jobs that wait at the most before no more are taken from the source."""
_FIRST_DELAY, _LONGEST_DELAY = 0.5, 10.0
"""Seconds of the shortest and the longest back-off, which doubles with each attempt."""


@dataclass(frozen=True, slots=True)
class Finished(Generic[J]):
    """A job that will not be tried again, its last outcome and how many attempts it took."""

    job: J
    outcome: Outcome
    attempts: int


@dataclass(slots=True, eq=False)
class _Task(Generic[J]):
    """A job on its way: ``kills`` counts the deaths in a row of workers that had it in flight."""

    job: J
    host: Host
    number: int
    attempts: int = 0
    kills: int = 0


class Schedule(Generic[J]):
    """Runs jobs on a pool until none is left or it is stopped.

    ``work`` is what the pool calls with a job, ``host_of`` names the host that a job asks,
    ``on_attempt`` sees every attempt's job and outcome, ``on_pause`` which host is left alone
    for how many seconds; ``on_tick`` is called at least each half second.
    """

    def __init__(
        self,
        pool: Pool,
        work: Callable[[J], Outcome],
        rules: Rules,
        stop: Stop,
        *,
        host_of: Callable[[J], str],
        on_attempt: Callable[[J, Outcome], None],
        on_tick: Callable[[], None],
        on_pause: Callable[[str, float], None] = lambda host, seconds: None,
    ) -> None:
        self._pool, self._work, self._rules, self._stop = pool, work, rules, stop
        self._host_of, self._on_attempt, self._on_tick = host_of, on_attempt, on_tick
        self._on_pause = on_pause
        self._hosts: dict[str, Host] = {}
        self._ready: dict[Host, deque[_Task[J]]] = {}
        self._later: list[tuple[float, int, _Task[J]]] = []
        self._suspects: deque[_Task[J]] = deque()
        self._suspected: set[_Task[J]] = set()
        self._running: dict[Future[Outcome], tuple[_Task[J], int]] = {}
        self._done: queue.SimpleQueue[Future[Outcome] | None] = queue.SimpleQueue()
        self._numbers = itertools.count()
        self._next_slot = 0.0
        self._deaths = 0
        self._exhausted = False
        self.lost_any = False
        self.retries = 0
        stop.bind(lambda: self._done.put(None), pool.abort)

    def push(self, job: J) -> None:
        """Add a job that another one's outcome asked for."""
        name = self._host_of(job)
        if name not in self._hosts:
            self._hosts[name] = Host(name)
            self._ready[self._hosts[name]] = deque()
        host = self._hosts[name]
        self._ready[host].append(_Task(job, host, next(self._numbers)))

    def run(self, source: Iterable[J]) -> Iterator[Finished[J]]:
        """Run a source's jobs, and those pushed meanwhile; yield each as it is finished.

        The source is read only as far as there is room. After a stop what has finished is still
        yielded; what has not is left.
        """
        feed, self._exhausted = iter(source), False
        while self._fill(feed) or self._running:
            for future in self._completed():
                yield from self._settle(future)
            self._on_tick()
            if self._stop.overdue and self._running and not self._any_done:
                self.lost_any = self._stop.gave_up = True
                return

    @property
    def _any_done(self) -> bool:
        """Tell whether a job came back while the parent was busy with others."""
        return any(future.done() for future in self._running)

    def _fill(self, feed: Iterator[J]) -> bool:
        """Hand out jobs while there is room; tell whether any job is left."""
        if self._stop.asked:
            for future in self._running:
                future.cancel()
            return False
        while self._has_room:
            task = self._next(feed)
            if task is None:
                break
            self._submit(task)
            if self._stop.asked:
                return False
        return bool(self._waiting()) or not self._exhausted

    @property
    def _has_room(self) -> bool:
        """Tell whether one more job may be in flight; a suspect runs alone."""
        return len(self._running) < (1 if self._suspected else self._pool.window)

    def _waiting(self) -> int:
        return len(self._suspects) + len(self._later) + sum(map(len, self._ready.values()))

    def _next(self, feed: Iterator[J]) -> "_Task[J] | None":
        """Return the job whose turn it is, or None where all must wait."""
        now = time.monotonic()
        if now < self._next_slot:
            return None
        if self._suspects:
            return self._suspects.popleft()
        while self._later and self._later[0][0] <= now:
            task = heapq.heappop(self._later)[2]
            self._ready[task.host].appendleft(task)
        # Read a window ahead, so that a last job that asks for others is not the last to be begun.
        while self._waiting() < self._pool.window and self._pull(feed):
            pass
        while True:
            for host, ready in self._ready.items():
                if ready and host.resume <= now:
                    return ready.popleft()
            if self._waiting() >= _MOST_WAITING or not self._pull(feed):
                return None

    def _pull(self, feed: Iterator[J]) -> bool:
        for job in feed:
            self.push(job)
            return True
        self._exhausted = True
        return False

    def _submit(self, task: "_Task[J]") -> None:
        if self._rules.rate:
            self._next_slot = max(self._next_slot, time.monotonic()) + 1 / self._rules.rate
        task.attempts += 1
        try:
            future = self._pool.submit(self._work, task.job)
        except BrokenExecutor:
            self._take_back(task)
            self._replace_workers(self._pool.generation)
            return
        except RuntimeError as error:  # an executor takes no more work once the interpreter ends
            self._take_back(task)
            self._stop.ask(ExitCode.TERMINATED, f"{error}; what was done is kept")
            return
        self._running[future] = task, self._pool.generation
        future.add_done_callback(self._done.put)

    def _take_back(self, task: "_Task[J]") -> None:
        """Put a job that no worker has begun back to the front."""
        task.attempts -= 1
        self._ready[task.host].appendleft(task)

    def _completed(self) -> Iterator["Future[Outcome]"]:
        """Yield what has finished; wait for it until something is due."""
        try:
            future = self._done.get(timeout=self._patience())
            while True:
                if future is not None:
                    yield future
                future = self._done.get_nowait()
        except queue.Empty:
            return

    def _patience(self) -> float:
        """Return the seconds until a job that waits may be handed out."""
        if self._stop.asked or not self._has_room:
            return _TICK
        now = time.monotonic()
        if now < self._next_slot:
            return min(self._next_slot - now, _TICK)
        due = [host.resume for host, ready in self._ready.items() if ready]
        due += [self._later[0][0]] if self._later else []
        return min(max(min(due, default=now + _TICK) - now, 0.001), _TICK)

    def _settle(self, future: "Future[Outcome]") -> Iterator[Finished[J]]:
        task, generation = self._running.pop(future)
        if future.cancelled():
            self._take_back(task)
            return
        error = future.exception()
        if isinstance(error, BrokenExecutor):
            yield from self._lost(task, generation)
        elif error is not None:
            text = f"{type(error).__name__}: {error}"[:300]
            failure = Failure(Code.INTERNAL, text, fatal=isinstance(error, UsageError))
            yield from self._judge(task, Outcome(failure=failure))
        else:
            yield from self._judge(task, future.result())

    def _lost(self, task: "_Task[J]", generation: int) -> Iterator[Finished[J]]:
        """Run a job again, alone, whose worker has died; give it up if it dies once more."""
        self.lost_any = True
        self._replace_workers(generation)
        task.kills += 1
        self._suspected.discard(task)
        if self._stop.asked:
            return
        if task.kills == 1:
            self.retries += 1
            self._suspects.append(task)
            self._suspected.add(task)
            return
        failure = Failure(Code.WORKER_DIED, "the worker died twice on this job")
        yield Finished(task.job, Outcome(failure=failure), task.attempts)

    def _replace_workers(self, generation: int) -> None:
        if generation != self._pool.generation or self._stop.asked:
            return
        self._deaths += 1
        if self._deaths > self._rules.breaker:
            self._stop.ask(ExitCode.STOPPED, f"the workers died {self._deaths} times in a row")
            return
        try:
            self._pool.rebuild()
        except UsageError as error:  # a factory that made an executor once, and now can't
            self._stop.ask(ExitCode.STOPPED, str(error))

    def _judge(self, task: "_Task[J]", outcome: Outcome) -> Iterator[Finished[J]]:
        """Decide what an attempt's outcome means for its job and for its host."""
        self._on_attempt(task.job, outcome)
        self._deaths = task.kills = 0
        self._suspected.discard(task)
        failure = outcome.failure
        if failure is None:
            task.host.answered()
        elif failure.fatal:
            self._stop.ask(ExitCode.STOPPED, failure.detail)
        elif (self._stop.asked and failure.code in RETRIED) or self._again(task, failure):
            return
        yield Finished(task.job, outcome, task.attempts)

    def _again(self, task: "_Task[J]", failure: Failure) -> bool:
        """Keep the host's account; tell whether the job is tried again."""
        delay = self._delay(task, failure)
        if failure.code is Code.RATE_LIMITED or (failure.code in RETRIED and failure.retry_after):
            self._pause(task.host, delay)
        elif why := task.host.failed(task.number, failure, self._rules):
            self._stop.ask(ExitCode.STOPPED, why)
        if failure.code not in RETRIED or task.attempts > self._rules.retries:
            return False
        self.retries += 1
        heapq.heappush(self._later, (time.monotonic() + delay, next(self._numbers), task))
        return True

    def _delay(self, task: "_Task[J]", failure: Failure) -> float:
        """Return the seconds to wait: what the host asks for, or a back-off with jitter."""
        if failure.retry_after is not None:
            return failure.retry_after
        longest = min(_FIRST_DELAY * 2 ** (task.attempts - 1), _LONGEST_DELAY)
        return random.uniform(longest / 2, longest)

    def _pause(self, host: Host, seconds: float) -> None:
        """Leave a host alone, for all workers; what waits for a worker is taken back."""
        if why := host.pause(seconds, self._rules):
            self._stop.ask(ExitCode.STOPPED, why)
        else:
            self._on_pause(host.name, seconds)
        for future, (task, _) in self._running.items():
            if task.host is host:
                future.cancel()
