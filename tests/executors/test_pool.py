"""Executors by name: ours, anybody's, and how a pool replaces workers that have died."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import contextmanager
from pathlib import Path

import pytest

from sprites.errors import UsageError
from sprites.executors.pool import InPlaceExecutor, Pool, open_pool
from sprites.sync.identity import process_name

from ..support import factories
from ..support.site import ROOT, until

needs_cores = pytest.mark.skipif(
    len(getattr(os, "sched_getaffinity", lambda pid: ())(0)) < 2, reason="no cores to choose from"
)


@contextmanager
def opened(name: str, workers: int = 2) -> Iterator[Pool]:
    """Open a pool and close it."""
    pool = open_pool(name, workers)
    try:
        yield pool
    finally:
        pool.close(wait=True)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "sync",
            "threads",
            "processes",
            "tests.support.factories.threads",
            "tests.support.factories.single",
        ),
        "concurrent.futures.ThreadPoolExecutor",
    ],
)
def test_a_name_gives_an_executor(name: str) -> None:
    """Our three names and any dotted path to an Executor, or to a factory of one."""
    with opened(name) as pool:
        assert pool.submit(pow, 2, 5).result(60) == 32
        with pytest.raises(LookupError, match="on purpose"):
            pool.submit(factories.fail).result(10)


@pytest.mark.parametrize(
    ("name", "workers", "window"),
    [("sync", 3, 1), ("threads", 3, 6), ("processes", 32, 64)],
)
def test_the_window_is_twice_the_workers(name: str, workers: int, window: int) -> None:
    """A worker that is done finds the next job waiting; in place there is only one."""
    with opened(name, workers=workers) as pool:
        assert pool.window == window


@needs_cores
def test_threads_share_a_core_as_they_share_the_lock() -> None:
    """They stay with the thread that waits for them, which is free again at the end."""
    before = os.sched_getaffinity(0)
    with opened("threads", workers=4) as pool:
        futures = [pool.submit(os.sched_getaffinity, 0) for _ in range(8)]
        here = os.sched_getaffinity(0)
        assert len(here) == 1
        assert [future.result(10) for future in futures] == [here] * 8
    assert os.sched_getaffinity(0) == before


@needs_cores
def test_a_process_has_a_core(tmp_path: Path) -> None:
    """Their threads do not move between cores, and no two processes wait for the same one."""
    with opened("processes", workers=2) as pool:
        futures = [pool.submit(factories.cores, str(tmp_path), 2) for _ in range(2)]
        found = [future.result(30) for future in futures]
    assert len(set.union(*found)) == sum(map(len, found)) == 2


def test_in_place_means_here_and_now() -> None:
    """``sync`` is an Executor that has done the call when ``submit`` returns."""
    executor = InPlaceExecutor()
    assert isinstance(executor, Executor)
    future = executor.submit(threading.get_ident)
    assert isinstance(future, Future)
    assert (future.done(), future.result()) == (True, threading.get_ident())
    assert list(executor.map(pow, [2, 3], [3, 2])) == [8, 9]


def test_threads_are_as_many_as_asked_for() -> None:
    """``threads`` runs so many calls at the same time, and no more."""
    barrier = threading.Barrier(3)
    with opened("threads", workers=3) as pool:
        futures = [pool.submit(barrier.wait, 10) for _ in range(3)]
        assert sorted(future.result(10) for future in futures) == [0, 1, 2]


def test_processes_are_never_forked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker process starts afresh: threads of this one hold locks that a fork would copy."""
    monkeypatch.setattr(factories, "MARK", "of this process")
    with opened("processes") as pool:
        assert pool.submit(factories.mark).result(20) == "of a fresh process"
        assert factories.mark() == "of this process"


def test_processes_load_no_models() -> None:
    """A worker is preloaded; it has no registry of apps, no settings and no database."""
    script = (
        "from sprites.executors.pool import open_pool; from tests.support.factories import loaded;"
        "names = ['sprites.worker.job', 'sprites.models', 'sprites.conf'];"
        "print(open_pool('processes', 1).submit(loaded, *names).result())"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "['sprites.worker.job']", done.stderr


def test_workers_leave_ctrl_c_to_the_parent() -> None:
    """The terminal signals every process of a group; a worker goes on with its job."""
    with opened("processes", workers=1) as pool:
        pid = pool.submit(os.getpid).result(20)
        os.kill(pid, signal.SIGINT)
        assert pool.submit(os.getpid).result(10) == pid


def test_a_broken_pool_is_replaced() -> None:
    """After a worker was killed the executor is of no use; the pool makes another one."""
    with opened("processes", workers=1) as pool:
        with pytest.raises(BrokenExecutor):
            pool.submit(os._exit, 1).result(20)
        with pytest.raises(BrokenExecutor):
            pool.submit(os.getpid)
        assert pool.generation == 0
        pool.rebuild()
        assert pool.generation == 1
        assert pool.submit(pow, 2, 5).result(20) == 32


def test_an_abort_ends_what_runs() -> None:
    """Processes that do not end by themselves are ended, and only those of the pool."""
    bystander = multiprocessing.get_context("spawn").Process(target=factories.wait)
    bystander.start()
    try:
        with opened("processes", workers=1) as pool:
            pool.submit(os.getpid).result(20)
            stuck = pool.submit(factories.wait)
            pool.abort()
            with pytest.raises(BrokenExecutor):
                stuck.result(10)
            assert bystander.is_alive()
    finally:
        bystander.kill()
        bystander.join()


def test_workers_die_with_their_parent() -> None:
    """kill -9 of the command leaves no worker behind."""
    script = (
        "from sprites.executors.pool import open_pool; import os, time;"
        "pool = open_pool('processes', 1);"
        "print(pool.submit(os.getpid).result(), flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    worker = int(parent.stdout.readline())
    assert process_name(worker)
    parent.kill()
    parent.communicate()
    until(lambda: not process_name(worker))


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("nope", "'nope' is not threads, processes, sync"),
        ("no.such.module", "No module named 'no'"),
        ("tests.support.factories.missing", "missing"),
        ("tests.support.factories.NOT_CALLABLE", "can't be called"),
        ("tests.support.factories.no_executor", "gives a list, not a concurrent.futures.Executor"),
        ("tests.support.factories.broken", "OSError: no cluster for 2"),
    ],
)
def test_a_name_without_an_executor_is_wrong_input(name: str, says: str) -> None:
    """The error names the path and the cause."""
    with pytest.raises(UsageError) as caught:
        open_pool(name, 2)
    assert says in str(caught.value)
    assert name in str(caught.value)
