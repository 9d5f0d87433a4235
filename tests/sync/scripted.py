"""Jobs whose outcomes a test writes down, and executors that show what a schedule did with them.

A ``Script`` says what each attempt at a job brings; ``Mortal`` is an executor on threads whose
workers can die as processes do, and ``Trace`` what it saw.
"""

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from sprites.errors import Code
from sprites.executors.pool import Pool
from sprites.sync.breaker import Rules
from sprites.sync.events import Attempt, Tick
from sprites.sync.schedule import Schedule
from sprites.sync.stop import Stop
from sprites.worker.records import Failure, Outcome

OK = Outcome()
RULES = Rules(retries=3, max_pause=5.0, max_outage=0.05, breaker=5, back_off=0.002)


@dataclass(frozen=True, order=True)
class Job:
    """A job that asks a host."""

    number: int
    host: str = "a"
    kind: str = ""


class Death(BaseException):
    """What a move raises to kill the worker that makes it."""


Move = Outcome | Exception | type[Death] | Callable[[], Outcome]


def failed(
    code: Code, status: int | None = None, retry_after: float | None = None, fatal: bool = False
) -> Outcome:
    """Return a failed attempt."""
    return Outcome(failure=Failure(code, f"made {code}", status, retry_after, fatal))


BUSY = failed(Code.HTTP_5XX, 503)


def wait_for(beats: threading.Semaphore, count: int) -> Callable[[], Outcome]:
    """Return a move that takes so many beats."""

    def wait() -> Outcome:
        for _ in range(count):
            assert beats.acquire(timeout=30)
        return OK

    return wait


def jobs(count: int, host: str = "a", first: int = 0) -> list[Job]:
    """Return some jobs at a host."""
    return [Job(number, host) for number in range(first, first + count)]


class Script:
    """What each attempt at each job brings; after its last move a job succeeds."""

    def __init__(self, moves: Mapping[Job, Iterable[Move]] | None = None) -> None:
        self._moves = {job: deque(mine) for job, mine in (moves or {}).items()}

    def __call__(self, job: Job) -> Outcome:
        mine = self._moves.get(job)
        move: Any = mine.popleft() if mine else OK
        if isinstance(move, Outcome):
            return move
        if isinstance(move, Exception) or move is Death:
            raise move
        outcome: Outcome = move()
        return outcome


@dataclass
class Trace:
    """What an executor was given, in order, with the time of each; and the most at once."""

    starts: list[tuple[Job, float]] = field(default_factory=list)
    flying: Counter[Job] = field(default_factory=Counter)
    most: int = 0
    deaths: int = 0
    twice: list[Job] = field(default_factory=list)
    alone: dict[Job, list[bool]] = field(default_factory=dict)
    lock: threading.Condition = field(default_factory=threading.Condition)

    def begin(self, job: Job) -> None:
        """Note that a job was handed out."""
        with self.lock:
            self.starts.append((job, time.monotonic()))
            self.alone.setdefault(job, []).append(not +self.flying)
            self.flying[job] += 1
            self.most = max(self.most, self.flying.total())
            if self.flying[job] > 1:
                self.twice.append(job)
            self.lock.notify_all()

    def wait(self, until: Callable[[], bool]) -> bool:
        """Wait until something holds; False if it does not within a minute."""
        with self.lock:
            return self.lock.wait_for(until, 60)

    def die(self) -> None:
        """Note that the executor is broken."""
        with self.lock:
            self.deaths += 1
            self.lock.notify_all()

    def end(self, job: Job) -> None:
        """Note that a job came back, done or cancelled."""
        with self.lock:
            self.flying[job] -= 1
            self.lock.notify_all()

    def times(self, host: str) -> list[float]:
        """Return when the jobs of a host were handed out."""
        return [at for job, at in self.starts if job.host == host]


class Mortal(Executor):
    """Threads whose death breaks the executor and all jobs in flight, as a process's does."""

    def __init__(self, workers: int, trace: Trace) -> None:
        self._threads, self._trace = ThreadPoolExecutor(workers), trace
        self._lock = threading.Lock()
        self._flying: dict[Future[Any], Job] = {}
        self._broken = False

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> "Future[Any]":
        future: Future[Any] = Future()
        with self._lock:
            if self._broken:
                raise BrokenExecutor("a worker died")
            self._flying[future] = job = args[0]
            self._trace.begin(job)
        # Only for who takes it back: a callback may come after the schedule has gone on.
        future.add_done_callback(lambda done: self._trace.end(job) if done.cancelled() else None)
        self._threads.submit(self._run, future, fn, args)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._threads.shutdown(wait=wait)

    def _run(self, future: "Future[Any]", fn: Any, args: Any) -> None:
        with self._lock:
            if future not in self._flying:
                return
            if not future.set_running_or_notify_cancel():
                del self._flying[future]
                return
        try:
            self._settle(future, fn(*args), None)
        except Death:
            self._die()
        except Exception as error:
            self._settle(future, None, error)

    def _settle(self, future: "Future[Any]", result: Any, error: Exception | None) -> None:
        with self._lock:
            if future not in self._flying:
                return
            self._trace.end(self._flying.pop(future))
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)

    def _die(self) -> None:
        with self._lock:
            self._broken = True
            lost, self._flying = self._flying, {}
        self._trace.die()
        for future, job in lost.items():
            if future.running() or future.set_running_or_notify_cancel():
                self._trace.end(job)
                future.set_exception(BrokenExecutor("a worker died"))


@dataclass
class Outcomes:
    """How a schedule's run ended: what was finished, every attempt, and what the executor saw."""

    schedule: Schedule[Job]
    stop: Stop
    trace: Trace
    finished: list[Attempt[Job]] = field(default_factory=list)
    seen: list[Attempt[Job]] = field(default_factory=list)
    lost_any: bool = False
    retries: int = 0

    def attempts(self) -> dict[Job, int]:
        """Return how many attempts each finished job took."""
        return {each.job: each.number for each in self.finished}

    def take(self, attempt: Attempt[Job]) -> None:
        """Note an attempt; a death of its worker is none."""
        self.retries += attempt.number > 1
        failure = attempt.outcome.failure
        if failure and failure.code is Code.WORKER_DIED:
            self.lost_any = True
        else:
            self.seen.append(attempt)
        if attempt.is_last:
            self.finished.append(attempt)

    def codes(self) -> dict[Job, Code | None]:
        """Return the code that each finished job failed with."""
        found = {each.job: each.outcome.failure for each in self.finished}
        return {job: failure.code if failure else None for job, failure in found.items()}


def scheduled(
    work: Callable[[Job], Outcome],
    source: Iterable[Job],
    *,
    workers: int = 4,
    window: int = 8,
    rules: Rules = RULES,
    stop: Stop | None = None,
    trace: Trace | None = None,
    on_tick: Callable[[], None] = lambda: None,
    on_finished: Callable[[Outcomes, Attempt[Job]], None] = lambda outcomes, each: None,
) -> Outcomes:
    """Run jobs through a schedule on a Mortal executor to the end, and return what happened."""
    stop, trace = stop or Stop(), trace or Trace()
    pool = Pool("scripted", lambda: Mortal(workers, trace), window)
    schedule = Schedule(pool, work, rules, stop, service_of=lambda job: (job.host, job.kind))
    result = Outcomes(schedule, stop, trace)
    try:
        for event in schedule.events(source):
            if isinstance(event, Tick):
                on_tick()
            elif isinstance(event, Attempt):
                result.take(event)
                if event.is_last:
                    on_finished(result, event)
    finally:
        pool.close(wait=not stop.gave_up)
        stop.settle()
    return result
