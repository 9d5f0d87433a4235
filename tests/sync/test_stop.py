"""How a run ends early: what is still yielded, what is aborted, what is left behind."""

import threading

import pytest

from sprites.errors import Code, SpritesError
from sprites.sync.stop import ExitCode, Stop
from sprites.testing import PokeAPI
from sprites.worker.records import Outcome

from ..support.clock import within
from ..support.policies import fetch
from ..support.site import until
from .scripted import OK, Job, Script, Trace, failed, jobs, scheduled


def test_a_fatal_failure_ends_the_run() -> None:
    """A full disk stops the run at the first job that meets it, and that job is finished."""
    full = failed(Code.STORAGE, fatal=True)
    done = scheduled(Script({Job(5): [full]}), jobs(1000), workers=1, window=2)
    assert done.stop.exit_code is ExitCode.STOPPED
    assert done.codes()[Job(5)] is Code.STORAGE
    assert len(done.finished) <= 8


def test_a_stop_ends_the_run_with_what_has_finished() -> None:
    """Once a stop is asked nothing more is begun, and what runs is still yielded."""
    stop, trace = Stop(), Trace()

    def ask() -> Outcome:
        assert trace.wait(lambda: bool(trace.flying[Job(10)] and trace.flying[Job(11)]))
        stop.ask(ExitCode.INTERRUPTED, "by a test")
        assert trace.wait(lambda: not (trace.flying[Job(10)] or trace.flying[Job(11)]))
        return OK

    script = Script({Job(9): [ask]})
    done = scheduled(script, jobs(1000), workers=1, window=3, stop=stop, trace=trace)
    assert sorted(done.attempts()) == jobs(10)
    assert done.codes()[Job(9)] is None
    assert not stop.gave_up


def test_a_stop_ends_what_hangs_on_a_socket(api: PokeAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs that do not end by themselves are aborted: their sockets are shut."""
    monkeypatch.setattr("sprites.sync.stop.GRACE", 0.2)
    stop = Stop()
    api.fault("/silent", hang=True)

    def ask() -> None:
        until(lambda: api.requests("/silent"))
        stop.ask(ExitCode.TERMINATED, "by a test")

    def hang() -> Outcome:
        try:
            fetch(api, "/silent", READ_TIMEOUT=60, TIMEOUT=60)
        except SpritesError as error:
            return failed(error.code)
        return OK

    asking = threading.Thread(target=ask)
    asking.start()
    with within(1.5):
        done = scheduled(Script({Job(0): [hang]}), jobs(1), stop=stop)
    asking.join()
    assert done.finished == []
    assert [each.outcome.failure is not None for each in done.seen] == [True]
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
    assert done.finished == []


def test_a_parent_that_takes_its_time_leaves_no_job_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Though the time for stopping is over, what has come back is not taken for lost."""
    monkeypatch.setattr("sprites.sync.stop.GRACE", 0)
    monkeypatch.setattr("sprites.sync.stop._LAST", 0)
    stop = Stop()
    done = scheduled(Script({Job(0): [failed(Code.STORAGE, fatal=True)]}), jobs(1), stop=stop)
    assert done.codes() == {Job(0): Code.STORAGE}
    assert not stop.gave_up


def test_the_first_reason_to_stop_counts() -> None:
    """A second request changes neither exit code nor message."""
    stop = Stop()
    stop.ask(ExitCode.INTERRUPTED, "first")
    stop.ask(ExitCode.STOPPED, "second")
    stop.settle()
    assert (stop.exit_code, stop.message) == (ExitCode.INTERRUPTED, "first")
