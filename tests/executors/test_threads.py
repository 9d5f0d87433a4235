"""The executor of threads: workers, and a few threads beside them that compute meanwhile."""

import os
import threading
from concurrent.futures import CancelledError
from contextlib import suppress

import pytest

from sprites.executors.threads import ThreadExecutor
from sprites.models import SyncRun
from sprites.testing import PokeAPI
from sprites.worker.transport import client, give_back

from ..support.policies import fetch
from ..support.site import Site

PATIENCE = 10
PNG = "/sprites/pokemon/7.png"


def test_another_call_has_the_worker_of_one_that_computes() -> None:
    """Who has its reply gives its client back, and the next call begins before it has ended."""

    def computes() -> int:
        number = client().number
        assert give_back()
        assert others.wait(PATIENCE)
        return number

    def asks() -> int:
        others.set()
        return client().number

    others = threading.Event()
    with ThreadExecutor(1, spare=1) as executor:
        first, second = executor.submit(computes), executor.submit(asks)
        assert first.result(PATIENCE) == second.result(PATIENCE)


def test_a_get_leaves_its_worker_to_the_next_call(api: PokeAPI) -> None:
    """Once it is over, and however long its call goes on."""

    def gets() -> bool:
        return bool(fetch(api, PNG).body) and others.wait(PATIENCE)

    others = threading.Event()
    with ThreadExecutor(1, spare=1) as executor:
        first, second = executor.submit(gets), executor.submit(others.set)
        assert first.result(2 * PATIENCE)
        second.result(PATIENCE)


def test_a_call_that_waits_for_a_worker_can_be_cancelled() -> None:
    """Though there is a thread for it: it begins when a client is free, and not before."""
    began, end, wrong = threading.Event(), threading.Event(), threading.Event()

    def holds() -> None:
        began.set()
        assert end.wait(PATIENCE)

    with ThreadExecutor(1, spare=3) as executor:
        first, second = executor.submit(holds), executor.submit(wrong.set)
        assert began.wait(PATIENCE)
        assert not wrong.wait(0.2)
        assert second.cancel()
        end.set()
        first.result(PATIENCE)
        with pytest.raises(CancelledError):
            second.result(PATIENCE)


def test_a_call_that_keeps_its_worker_to_the_end_gives_it_back_then() -> None:
    """Also where it fails: as many calls as come get their turn."""
    with ThreadExecutor(2, spare=1) as executor:
        failed = [executor.submit(pow, 0, -1) for _ in range(10)]
        done = [executor.submit(pow, 2, 5) for _ in range(10)]
        assert {str(future.exception(PATIENCE)) for future in failed} == {
            "0.0 cannot be raised to a negative power"
        }
        assert [future.result(PATIENCE) for future in done] == [32] * 10


def opened() -> set[str]:
    """Return what this process has open; one that an earlier test left may close at any time."""
    found = set()
    for number in os.listdir("/proc/self/fd"):
        with suppress(OSError):  # closed since, as the one that lists them is
            found.add(os.readlink(f"/proc/self/fd/{number}"))
    return found


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="nobody counts files here")
def test_an_executor_that_is_shut_down_takes_no_call_and_has_no_connection(api: PokeAPI) -> None:
    """What was handed in before is done first."""
    executor, before = ThreadExecutor(2, spare=1), opened()
    done = [executor.submit(fetch, api, PNG) for _ in range(6)]
    executor.shutdown()
    assert all(future.result(0).body for future in done)
    assert opened() - before == set()
    with pytest.raises(RuntimeError, match="after shutdown"):
        executor.submit(pow, 2, 5)


def test_calls_that_wait_are_cancelled_where_the_caller_says_so() -> None:
    """The one that has begun goes on to its end."""
    began, end = threading.Event(), threading.Event()

    def holds() -> int:
        began.set()
        assert end.wait(PATIENCE)
        return 32

    executor = ThreadExecutor(1, spare=1)
    first, second = executor.submit(holds), executor.submit(pow, 2, 5)
    assert began.wait(PATIENCE)
    executor.shutdown(wait=False, cancel_futures=True)
    assert second.cancelled()
    end.set()
    assert first.result(PATIENCE) == 32


def test_a_thread_ends_that_nobody_waits_for() -> None:
    """Also one that has given its client back, for which there is none any more."""
    before, began, end = set(threading.enumerate()), threading.Event(), threading.Event()

    def computes() -> None:
        give_back()
        began.set()
        assert end.wait(PATIENCE)

    executor = ThreadExecutor(1, spare=1)
    executor.submit(computes)
    assert began.wait(PATIENCE)
    executor.shutdown(wait=False)
    end.set()
    for thread in set(threading.enumerate()) - before:
        thread.join(PATIENCE)
        assert not thread.is_alive()


def test_a_run_has_no_more_connections_than_workers(site: Site, api: PokeAPI) -> None:
    """Nor more lanes in its picture, none of which has more time than there was."""
    api.fault("*", delay=0.02)
    run = site.run("--executor", "threads", "--workers", "3", "--limit", "2", "--sprites", "all")
    assert run.exit_code == 0
    asked = api.requests()
    assert len({entry.connection for entry in asked}) == 3
    lanes = SyncRun.objects.get().picture["lanes"]
    assert len(lanes) == 3
    assert all(seconds <= run.report["seconds"] for _tasks, seconds in lanes)
