"""How a run ends early: what is still yielded, what is aborted, what is left behind."""

import socket
import threading
import time

import pytest

from sprites.errors import Code
from sprites.sync.deadline import Deadline
from sprites.sync.records import Outcome
from sprites.sync.report import ExitCode
from sprites.sync.stop import Stop

from .scripted import (
    OK,
    Job,
    Script,
    failed,
    jobs,
    scheduled,
)


def test_a_fatal_failure_ends_the_run() -> None:
    """A full disk stops the run at the first job that meets it, and that job is finished."""
    full = failed(Code.STORAGE, fatal=True)
    done = scheduled(Script({Job(5): [full]}), jobs(1000), workers=1, window=2)
    assert done.stop.exit_code is ExitCode.STOPPED
    assert done.codes()[Job(5)] is Code.STORAGE
    assert len(done.finished) <= 8


def test_a_stop_ends_the_run_with_what_has_finished() -> None:
    """Once a stop is asked, nothing more is handed out and running jobs are still yielded."""
    stop = Stop()
    began, go = threading.Event(), threading.Event()

    def hold() -> Outcome:
        began.set()
        assert go.wait(10)
        return OK

    def ask() -> None:
        assert began.wait(10)
        stop.ask(ExitCode.INTERRUPTED, "by a test")
        go.set()

    asking = threading.Thread(target=ask)
    asking.start()
    done = scheduled(Script({Job(9): [hold]}), jobs(1000), workers=1, window=3, stop=stop)
    asking.join()
    assert done.codes()[Job(9)] is None
    assert len(done.finished) < 20
    assert not stop.gave_up


def test_a_stop_ends_what_hangs_on_a_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs that do not end by themselves are aborted: their sockets are shut."""
    monkeypatch.setattr("sprites.sync.stop.GRACE", 0.2)
    stop = Stop()
    silent, other = socket.socketpair()
    with silent, other:

        def hang() -> Outcome:
            with Deadline(60) as deadline:
                deadline.guard(silent)
                stop.ask(ExitCode.TERMINATED, "by a test")
                silent.recv(1)
                return failed(Code.TIMEOUT) if deadline.expired else OK

        began = time.monotonic()
        done = scheduled(Script({Job(0): [hang]}), jobs(1), stop=stop)
    assert time.monotonic() - began < 1.5
    assert done.finished == []
    assert [outcome.failure is not None for _, outcome in done.seen] == [True]
    assert not stop.gave_up


def test_a_job_that_nothing_ends_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where not even an abort helps, the run goes on to its end without that job."""
    monkeypatch.setattr("sprites.sync.stop.GRACE", 0.1)
    monkeypatch.setattr("sprites.sync.stop._LAST", 0.1)
    stop, never = Stop(), threading.Event()

    def hang() -> Outcome:
        stop.ask(ExitCode.INTERRUPTED, "by a test")
        never.wait(20)
        return OK

    done = scheduled(Script({Job(0): [hang]}), jobs(1), stop=stop)
    never.set()
    assert stop.gave_up
    assert done.schedule.lost_any
    assert done.finished == []


def test_the_first_reason_to_stop_counts() -> None:
    """A second request changes neither exit code nor message."""
    stop = Stop()
    stop.ask(ExitCode.INTERRUPTED, "first")
    stop.ask(ExitCode.STOPPED, "second")
    stop.settle()
    assert (stop.exit_code, stop.message) == (ExitCode.INTERRUPTED, "first")
