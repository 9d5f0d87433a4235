"""O7, P10: executors that do what none may, and what is theirs to end."""

import multiprocessing
import os
import signal
import threading
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any

import pytest

from sprites.conf import Options
from sprites.executors.pool import Pool
from sprites.sync.breaker import Rules
from sprites.sync.preflight import checked_options
from sprites.sync.request import SyncRequest
from sprites.sync.run import sync
from sprites.sync.schedule import Schedule
from sprites.sync.stop import ExitCode, Stop
from sprites.worker.records import Outcome

from ..support import factories
from ..support.site import Run, until
from .lab import GIF, KEYS, HereLab, ShellLab
from .signalled import descendants, ended, start
from .strangers import ODD

HERE = "tests.faults.strangers"


def assert_named(run: Run, name: str) -> None:
    """Hold that a run was ended by its executor, which one line names."""
    named = [line for line in run.stderr.splitlines() if name in line]
    assert len(named) == 1, run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize(
    "name", ["closed", "leaving", "refusing", *(f"at_once_{odd}" for odd in ODD if odd != "same")]
)
def test_an_executor_that_is_of_no_use_is_known_before_any_request(lab: HereLab, name: str) -> None:
    """O7: closed, raising, leaving, or giving what is no Future or no outcome: exit 2, no row."""
    run = lab.run("--executor", f"{HERE}.{name}")
    assert run.exit_code == 2
    assert_named(run, f"executor '{HERE}.{name}'")
    assert lab.api.requests() == []
    assert lab.rows("sprites_syncrun") == []
    lab.heal()


def test_a_module_that_leaves_is_wrong_usage(lab: HereLab) -> None:
    """O7: ``sys.exit`` at the import of an executor's module, or of a hook's, ends nothing."""
    run = lab.run("--executor", "tests.faults.leaves.factory")
    assert run.exit_code == 2
    assert_named(run, "tests.faults.leaves.factory")
    lab.options(NAMING="tests.faults.leaves.name")
    assert_named(lab.run(), "tests.faults.leaves.name")


@pytest.mark.parametrize("odd", ODD)
def test_an_executor_that_goes_wrong_in_a_run_ends_it(lab: HereLab, odd: str) -> None:
    """O7: the same in the middle of a run: exit 3, what was done is kept, the lock is free."""
    run = lab.run("--executor", f"{HERE}.later_{odd}")
    assert run.exit_code == 3
    assert_named(run, f"executor '{HERE}.later_{odd}'")
    assert lab.rows("sprites_syncrun")[-1]["state"] == "stopped"
    lab.heal()


@pytest.mark.parametrize("name", ["unending", "leaving_late"])
def test_an_executor_that_can_not_be_shut_down_is_told_of(lab: HereLab, name: str) -> None:
    """O7: what it did is written and whole, the run says that it may have left something behind."""
    run = lab.settle(lab.run("--executor", f"{HERE}.{name}"), 3)
    assert_named(run, f"executor '{HERE}.{name}' can't be shut down")
    assert lab.state() == lab.ideal
    assert lab.rows("sprites_syncrun")[-1]["state"] == "stopped"
    lab.heal()


class _Silent(Executor):
    """An executor whose Futures never end."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> "Future[Any]":
        return Future()


def test_an_executor_that_brings_nothing_back_ends_the_run() -> None:
    """O7: silence has a limit, twice an attempt's time and half a minute; then the run stops."""
    stop = Stop()
    pool = Pool("silent", _Silent, 4)
    schedule: Schedule[int] = Schedule(
        pool,
        lambda job: Outcome(),
        Rules(retries=1, max_pause=5, max_outage=5, breaker=5, patience=0.2),
        stop,
        service_of=lambda job: ("", ""),
    )
    assert list(schedule.run(range(9))) == []
    stop.settle()
    assert stop.exit_code is ExitCode.STOPPED
    assert stop.message.startswith("executor 'silent' has brought no job back for")


def test_a_stop_ends_no_process_of_somebody_else(lab: HereLab) -> None:
    """P10: a process that the site starts while a run goes on outlives the run's abort."""
    lab.api.fault(GIF, hang=True)
    stop, others = Stop(), []

    def interfere() -> None:
        until(lambda: lab.api.requests(GIF))
        other = multiprocessing.get_context("spawn").Process(target=factories.wait)
        other.start()
        others.append(other)
        stop.ask(ExitCode.INTERRUPTED, "by a test")

    meddler = threading.Thread(target=interfere)
    meddler.start()
    options: Options = checked_options(EXECUTOR="processes", TIMEOUT=60, READ_TIMEOUT=60)
    report = sync(SyncRequest(ids=((1, 3),), sprites=KEYS), options, stop=stop)
    meddler.join()
    try:
        assert report.exit_code is ExitCode.INTERRUPTED
        assert not stop.gave_up
        assert others[0].is_alive()
    finally:
        others[0].kill()
        others[0].join()
    lab.heal()


def test_a_stop_leaves_no_worker_of_a_foreign_pool_behind(shell_lab: ShellLab) -> None:
    """P10: the standard library's pool can't be ended before 3.14; the command's end is theirs."""
    lab = shell_lab
    lab.api.fault(GIF, hang=True)
    executor = ("--executor", "tests.faults.executors.forkserver")
    process = start(lab, *executor, "--workers", "2", "--timeout", "60")
    until(lambda: lab.api.requests(GIF))
    workers = descendants(process.pid)
    process.send_signal(signal.SIGTERM)
    exit_code, out, err = ended(process)
    assert exit_code == 143, err
    lab.settle(Run(exit_code, out, err), 143, deaths=True)
    until(lambda: not [pid for pid in workers if os.path.exists(f"/proc/{pid}/exe")])
    lab.heal()


class _Ending(ThreadPoolExecutor):
    """Threads whose executor can't end them."""

    def terminate_workers(self) -> None:
        """Raise."""
        raise OSError("no such worker")


def test_an_abort_that_fails_is_a_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """O7: whoever can't end its workers is named, and the stop goes on."""
    pool = Pool("ending", lambda: _Ending(1), 1)
    pool.abort()
    pool.close(wait=True)
    assert "executor 'ending' can't end its workers: OSError: no such worker" in caplog.text
