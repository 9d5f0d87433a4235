"""Workers that die: whose jobs run again, and which job is given up."""

import threading
import time
from collections.abc import Callable

from sprites.errors import Code
from sprites.sync.stop import ExitCode
from sprites.worker.records import Outcome

from .scripted import BUSY, OK, Death, Job, Move, Outcomes, Script, Trace, jobs, scheduled, wait_for


def test_the_loop_rests_while_a_suspect_runs_alone() -> None:
    """Waiting for a suspect is no reason to spin, though other jobs could run."""
    beats, took = threading.Semaphore(0), 0.0

    def alone() -> Outcome:
        nonlocal took
        while beats.acquire(blocking=False):
            pass
        began = time.monotonic()
        outcome = wait_for(beats, 4)()
        took = time.monotonic() - began
        return outcome

    def push(done: Outcomes, _: object) -> None:
        for job in jobs(30 if len(done.finished) == 1 else 0, first=1):
            done.schedule.push(job)

    script = Script({Job(1): [Death, alone]})
    done = scheduled(script, jobs(1), on_tick=beats.release, on_finished=push)
    assert set(done.codes().values()) == {None}
    assert took > 1.0


def test_a_dead_worker_costs_no_job() -> None:
    """One death breaks all jobs in flight: they run again alone, and every one is finished."""
    done = scheduled(Script({Job(7): [Death]}), jobs(30))
    assert set(done.codes().values()) == {None}
    assert len(done.finished) == 30
    assert done.lost_any
    again = [job for job, alone in done.trace.alone.items() if len(alone) > 1]
    assert Job(7) in again
    assert all(done.trace.alone[job][-1] for job in again)


def test_a_job_that_kills_twice_is_given_up() -> None:
    """The killer alone fails, with ``worker_died``; those that were in flight with it do not."""
    done = scheduled(Script({Job(7): [Death] * 9}), jobs(30))
    killed = {job: code for job, code in done.codes().items() if code}
    assert killed == {Job(7): Code.WORKER_DIED}
    assert done.attempts()[Job(7)] == 2


def test_a_job_that_survived_alone_is_cleared() -> None:
    """Who was in flight at two deaths, and came back between them, is not taken for the killer."""
    trace, begun = Trace(), [threading.Event(), threading.Event()]

    def kill(number: int) -> Callable[[], Outcome]:
        def die() -> Outcome:
            assert begun[number].wait(60)
            raise Death

        return die

    def outlive(number: int) -> Callable[[], Outcome]:
        def live() -> Outcome:
            begun[number].set()
            assert trace.wait(lambda: trace.deaths > number)
            return OK

        return live

    moves: dict[Job, list[Move]] = {
        Job(0): [kill(0)],
        Job(1): [outlive(0), BUSY, outlive(1)],
        Job(2): [kill(1)],
    }
    done = scheduled(Script(moves), jobs(3), workers=2, window=2, trace=trace)
    assert trace.deaths == 2
    assert done.codes() == dict.fromkeys(jobs(3))


def test_workers_that_die_all_the_time_end_the_run() -> None:
    """Deaths without a single outcome between them stop the run instead of going on for ever."""
    done = scheduled(Script({job: [Death] * 9 for job in jobs(40)}), jobs(40))
    assert done.stop.exit_code is ExitCode.STOPPED
    assert "died" in done.stop.message
