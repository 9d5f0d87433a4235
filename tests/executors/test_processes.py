"""The executor of processes with threads inside, without any sprite."""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Future, wait
from pathlib import Path

import pytest

from sprites.executors.processes import ProcessExecutor

from ..support.factories import meet
from ..support.scripts import printed

LOCAL = "pickle|local object"
"""What Pythons say of a function that can't be pickled."""


@pytest.fixture
def pool() -> Iterator[ProcessExecutor]:
    """Two processes at the most, of two threads each."""
    executor = ProcessExecutor(4)
    yield executor
    executor.shutdown(wait=False, cancel_futures=True)


class OddError(Exception):
    """An error that can be pickled and not be read again."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(first)


def odd() -> None:
    """Raise it."""
    raise OddError("one", "two")


def unpicklable() -> Callable[[], None]:
    """Return what can't travel."""
    return lambda: None


def leave() -> None:
    """End like a program that asked to."""
    raise SystemExit(3)


def place() -> tuple[int, int]:
    """Return the process and the thread that this is called on."""
    return os.getpid(), threading.get_ident()


def meeting_place(folder: str, count: int) -> tuple[int, int]:
    """Tell where this is called, once so many calls are at work at the same time."""
    meet(folder, count)
    return place()


def die_when(path: str) -> None:
    """Die as by the kernel's hand once a file is there."""
    hold(path)
    os._exit(9)


def hold(path: str) -> int:
    """Wait for a file and return the process."""
    end = time.monotonic() + 20
    while not os.path.exists(path) and time.monotonic() < end:
        time.sleep(0.01)
    return os.getpid()


def test_workers_are_threads_of_a_process_a_core(tmp_path: Path) -> None:
    """Thirty-two workers are thirty-two calls at once, and no more processes than cores."""
    executor = ProcessExecutor(32)
    futures = [executor.submit(meeting_place, str(tmp_path), 32) for _ in range(32)]
    places = {future.result(30) for future in futures}
    executor.shutdown()
    assert len(places) == 32
    assert len({process for process, _ in places}) == min(32, len(os.sched_getaffinity(0)))


def test_one_worker_is_one_process() -> None:
    """There is never a process without a thread to work on."""
    executor = ProcessExecutor(1)
    assert len({executor.submit(place).result(20) for _ in range(5)}) == 1
    executor.shutdown()


def test_a_process_is_started_when_there_is_work_for_it() -> None:
    """One call after another needs one process, whatever the number of workers."""
    executor = ProcessExecutor(8)
    assert len({executor.submit(os.getpid).result(20) for _ in range(6)}) == 1
    executor.shutdown()


def test_results_and_errors_come_back(pool: ProcessExecutor) -> None:
    """A Future has what its call returned or raised, whatever the order."""
    futures = [pool.submit(divmod, 100, number) for number in range(20)]
    with pytest.raises(ZeroDivisionError):
        futures[0].result(20)
    assert [future.result(20) for future in futures[1:]] == [divmod(100, n) for n in range(1, 20)]


@pytest.mark.parametrize(
    ("call", "error"),
    [(odd, "OddError: one"), (unpicklable, LOCAL), (leave, "3"), (lambda: None, LOCAL)],
)
def test_what_cannot_travel_is_an_error_of_its_call(
    pool: ProcessExecutor, call: Callable[[], None], error: str
) -> None:
    """Odd errors, SystemExit, and what can't be pickled break one call and never the pool."""
    with pytest.raises(BaseException, match=error):
        pool.submit(call).result(20)
    assert pool.submit(pow, 2, 3).result(20) == 8


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one core is one process")
def test_a_dead_process_breaks_its_own_calls_only(tmp_path: Path) -> None:
    """What others work on is finished, what none has begun is cancelled, and no more is taken."""
    go, die = tmp_path / "go", tmp_path / "die"
    executor = ProcessExecutor(2)
    try:
        met = [executor.submit(meeting_place, str(tmp_path), 2) for _ in range(2)]
        assert len({future.result(20)[0] for future in met}) == 2
        doomed = executor.submit(die_when, str(die))
        kept = executor.submit(hold, str(go))
        waiting = [executor.submit(hold, str(go)) for _ in range(8)]
        die.touch()
        with pytest.raises(BrokenExecutor):
            doomed.result(20)
        with pytest.raises(BrokenExecutor):
            executor.submit(place)
        go.touch()
        assert kept.result(20) > 0
        fates = [_fate(future) for future in waiting]
        assert "cancelled" in fates
    finally:
        executor.shutdown(wait=True)


def _fate(future: "Future[int]") -> str:
    wait([future], 20)
    if future.cancelled():
        return "cancelled"
    return "broken" if isinstance(future.exception(), BrokenExecutor) else "done"


def test_a_process_that_cannot_start_breaks_the_pool() -> None:
    """Where there is no interpreter to start, calls end with an error and do not wait for ever."""
    script = (
        "import multiprocessing.spawn; multiprocessing.spawn.set_executable('/nowhere/python');"
        "from sprites.executors.processes import ProcessExecutor;"
        "print(ProcessExecutor(1).submit(pow, 2, 3).exception(30))"
    )
    assert "no process could be started" in printed(script)


@pytest.mark.skipif(sys.platform == "win32", reason="it has no such signal")
def test_a_process_never_tells_of_ctrl_c() -> None:
    """The signal is held back from its first moment on, before it can ignore it."""
    script = (
        "import signal; from sprites.executors.processes import ProcessExecutor;"
        "pool = ProcessExecutor(2); held = (signal.pthread_sigmask, signal.SIG_BLOCK, ());"
        "print(*[signal.SIGINT in pool.submit(*held).result(60) for _ in range(2)],"
        " signal.SIGINT in signal.pthread_sigmask(*held[1:]))"
    )
    assert printed(script) == "True True False\n"


@pytest.mark.skipif(sys.platform == "win32", reason="nothing is forked there")
def test_what_all_workers_share_is_never_searched_for_garbage() -> None:
    """The modules of a job are loaded before the fork and frozen; what comes later is collected."""
    script = (
        "import gc; from sprites.executors.processes import ProcessExecutor;"
        "pool = ProcessExecutor(1, preload=['sprites.worker.preload']);"
        "print(pool.submit(gc.get_freeze_count).result(60) > 20_000,"
        " pool.submit(gc.isenabled).result(60))"
    )
    assert printed(script) == "True True\n"


def test_a_call_that_waits_can_be_cancelled(tmp_path: Path) -> None:
    """What has not been sent to a process is still the parent's to take back."""
    go = tmp_path / "go"
    executor = ProcessExecutor(1)
    futures = [executor.submit(hold, str(go)) for _ in range(10)]
    assert futures[-1].cancel()
    assert not futures[0].cancel()
    go.touch()
    assert all(future.result(20) for future in futures[:-1])
    executor.shutdown()


def test_shutdown_finishes_what_was_taken() -> None:
    """Everything that was submitted is done when shutdown returns, and nothing more is taken."""
    executor = ProcessExecutor(2)
    futures = [executor.submit(pow, 2, number) for number in range(30)]
    executor.shutdown(wait=True)
    assert [future.result(0) for future in futures] == [2**number for number in range(30)]
    with pytest.raises(RuntimeError, match="after shutdown"):
        executor.submit(pow, 2, 3)


def test_shutdown_can_drop_what_waits(tmp_path: Path) -> None:
    """With cancel_futures only what is at work is finished."""
    go = tmp_path / "go"
    executor = ProcessExecutor(1)
    futures = [executor.submit(hold, str(go)) for _ in range(10)]
    executor.shutdown(wait=False, cancel_futures=True)
    go.touch()
    assert futures[0].result(20) > 0
    assert futures[-1].cancelled()
