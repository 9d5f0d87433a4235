"""The window: how many jobs at once, how often each, and that none is lost."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sprites.errors import Code
from sprites.executors.pool import Pool
from sprites.sync.events import Attempt, Tick
from sprites.sync.schedule import Schedule
from sprites.sync.stop import Stop
from sprites.worker.records import Outcome

from ..support.clock import is_within
from .scripted import (
    BUSY,
    OK,
    RULES,
    Death,
    Job,
    Move,
    Outcomes,
    Script,
    Trace,
    failed,
    jobs,
    scheduled,
    wait_for,
)


def test_every_job_is_finished_once() -> None:
    """All jobs of a source come back, each once and after one attempt."""
    done = scheduled(Script(), jobs(100))
    assert sorted(done.attempts()) == jobs(100)
    assert len(done.finished) == len(done.seen) == 100
    assert set(done.attempts().values()) == {1}
    assert not done.retries


def test_no_more_than_a_window_is_in_flight() -> None:
    """The window fills up and is never exceeded."""
    trace = Trace()

    def hold() -> Outcome:
        assert trace.wait(lambda: trace.most == 6)
        return OK

    held = Script({job: [hold] for job in jobs(4)})
    done = scheduled(held, jobs(60), workers=4, window=6, trace=trace)
    assert set(done.codes().values()) == {None}
    assert trace.most == 6
    assert len(done.finished) == 60


def test_the_source_is_read_only_as_far_as_there_is_room() -> None:
    """Jobs that can't run yet are not piled up: a source is read a window and some ahead."""
    read = 0

    def source() -> Iterator[Job]:
        nonlocal read
        for job in jobs(5000):
            read += 1
            yield job

    most = 0

    def look(done: Outcomes, _: object) -> None:
        nonlocal most
        most = max(most, read - len(done.finished))

    scheduled(Script(), source(), window=8, on_finished=look)
    assert read == 5000
    assert most <= 2 * 8


def test_a_passing_fault_is_tried_again() -> None:
    """503, 503, 200 is a success after three attempts, two of them retries."""
    job = Job(1)
    done = scheduled(Script({job: [BUSY, BUSY]}), [job])
    assert done.codes() == {job: None}
    assert done.attempts() == {job: 3}
    assert done.retries == 2
    assert [each.outcome.failure is None for each in done.seen] == [False, False, True]


def test_a_fault_that_stays_is_given_up_after_its_retries() -> None:
    """A job has one attempt and as many more as the rules allow; the others are not touched."""
    done = scheduled(Script({Job(0): [BUSY] * 99}), jobs(10))
    assert done.codes() == {Job(0): Code.HTTP_5XX} | dict.fromkeys(jobs(9, first=1))
    assert done.attempts()[Job(0)] == RULES.retries + 1
    assert not done.stop.asked


def test_a_verdict_is_not_tried_again() -> None:
    """What would only fail again is asked once."""
    verdicts = [Code.NOT_FOUND, Code.BAD_IMAGE, Code.TOO_LARGE, Code.SCHEMA]
    script = {Job(number): [failed(code)] for number, code in enumerate(verdicts)}
    done = scheduled(Script(script), jobs(len(verdicts)))
    assert list(done.attempts().values()) == [1] * len(verdicts)
    assert done.codes() == dict(zip(jobs(len(verdicts)), verdicts, strict=True))


def test_the_back_off_grows_and_has_jitter() -> None:
    """The next attempt waits three quarters of the back-off to all of it, then twice that."""
    job = Job(1)
    later = failed(Code.CONNECTION)
    done = scheduled(Script({job: [later, later]}), [job], rules=RULES._replace(back_off=0.4))
    first, second, third = done.trace.times("a")
    assert second - first >= 0.3
    assert is_within(second - first, 0.4 + 0.5)
    assert third - second >= 0.6
    assert is_within(third - second, 0.8 + 0.5)


def test_an_error_of_the_executor_is_a_failure_of_its_job() -> None:
    """An exception that comes back instead of an outcome fails that job and no other."""
    done = scheduled(Script({Job(3): [RuntimeError("odd")]}), jobs(6))
    assert done.codes()[Job(3)] is Code.INTERNAL
    assert [code for code in done.codes().values() if code] == [Code.INTERNAL]


def test_pushed_jobs_run_in_the_same_window() -> None:
    """A job that another one's outcome asked for is run too, before the run ends."""

    def push(done: Outcomes, each: object) -> None:
        if len(done.finished) <= 3:
            done.schedule.push(Job(100 + len(done.finished), "b"))

    done = scheduled(Script(), jobs(3), on_finished=push)
    assert {job.number for job in done.attempts()} == {0, 1, 2, 101, 102, 103}


def test_a_last_job_that_asks_for_others_is_not_begun_last() -> None:
    """The source is read a window ahead: what its last job asks for has company at the end."""

    def push(done: Outcomes, each: Attempt[Job]) -> None:
        if each.job.host == "a":
            done.schedule.push(Job(each.job.number, "b"))

    done = scheduled(Script(), jobs(20), workers=2, window=4, on_finished=push)
    begun = [job for job, _ in done.trace.starts]
    assert len(begun) == 40
    assert begun.index(Job(19, "a")) < 36


class Manual(Executor):
    """Leaves its calls to the test, which ends them."""

    def __init__(self) -> None:
        self.calls: list[Future[Any]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Take a call and do nothing."""
        self.calls.append(Future())
        return self.calls[-1]


def manual(window: int) -> tuple[Manual, Schedule[Job]]:
    """Return an executor that the test ends the calls of, and a schedule on it."""
    executor = Manual()
    pool = Pool("manual", lambda: executor, window)
    stop = Stop()
    return executor, Schedule(pool, lambda job: OK, RULES, stop, lambda job: (job.host, job.kind))


def test_a_tick_comes_when_no_worker_is_idle() -> None:
    """Whoever writes a batch then keeps nobody from the next job."""
    executor, schedule = manual(window=1)
    events = schedule.events(jobs(3))
    for begun in (1, 2, 3):
        assert isinstance(next(events), Tick)
        assert len(executor.calls) == begun
        executor.calls[-1].set_result(OK)
        assert isinstance(next(events), Attempt)


def test_one_tick_tells_that_the_last_job_has_begun() -> None:
    """It is the first after that, whatever still runs."""
    executor, schedule = manual(window=2)
    events = schedule.events(jobs(4))
    ticks = []
    for number in range(4):
        ticks.append((next(events), len(executor.calls)))
        executor.calls[number].set_result(OK)
        assert isinstance(next(events), Attempt)
    assert list(events) == []
    assert ticks == [(Tick(), 2), (Tick(), 3), (Tick(is_tail=True), 4), (Tick(), 4)]


def test_the_loop_ticks_while_nothing_finishes() -> None:
    """The heart beats at least each half second, though every worker is busy."""
    beats = threading.Semaphore(0)
    done = scheduled(Script({Job(0): [wait_for(beats, 2)]}), jobs(1), on_tick=beats.release)
    assert done.codes() == {Job(0): None}


_UNMISTAKABLE = (failed(Code.RATE_LIMITED, 429), failed(Code.UNREACHABLE))
_MOVES: st.SearchStrategy[Move] = st.sampled_from(
    [
        *(OK, OK, OK, BUSY, failed(Code.TIMEOUT), failed(Code.TRUNCATED, 200), Death),
        *(failed(Code.NOT_FOUND, 404), failed(Code.BAD_IMAGE), RuntimeError("odd")),
        *(*_UNMISTAKABLE, failed(Code.BLOCKED, 403)),
    ]
)
_SCRIPTS = st.dictionaries(
    st.builds(Job, st.integers(0, 19), st.sampled_from("ab")),
    st.lists(_MOVES, max_size=6),
    max_size=12,
)


@settings(max_examples=150, deadline=None)
@given(_SCRIPTS, st.integers(1, 4), st.integers(1, 8))
def test_whatever_happens_the_account_is_right(
    script: dict[Job, list[Move]], workers: int, window: int
) -> None:
    """For any outcomes: no job is finished twice or is in flight twice, none is lost, all adds up.

    Only a stop may leave jobs out, and only a job that killed a worker fails with
    ``worker_died``.
    """
    source = [*jobs(20, "a"), *jobs(20, "b")]
    done = scheduled(Script(script), source, workers=workers, window=window)
    attempts = done.attempts()
    assert len(done.finished) == len(attempts)
    assert done.trace.twice == []
    assert done.trace.most <= window
    judged = Counter(each.job for each in done.seen)
    may_be_down = {job.host for job, moves in script.items() if {*_UNMISTAKABLE} & {*moves}}
    for job, count in attempts.items():
        if job.host not in may_be_down:  # else not all that its jobs fail is held against them
            assert judged[job] <= RULES.retries + 1
        assert 1 <= count <= 2 * (judged[job] + 1), "who was in flight at a death runs alone next"
    if not done.stop.asked:
        assert sorted(attempts) == sorted(source)
        assert done.retries == sum(attempts.values()) - len(source)
    for job, code in done.codes().items():
        if code is Code.WORKER_DIED:
            assert Death in script[job]
