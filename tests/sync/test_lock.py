"""The lock: one run at a time, taken over from the dead, never from the living."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.db.models.signals import post_save
from django.utils import timezone

from sprites.errors import LockHeldError, LockLostError
from sprites.models import SyncRun
from sprites.sync.identity import process_name, this_host
from sprites.sync.lock import RunLock, is_alive
from sprites.sync.report import SyncReport
from sprites.sync.stop import ExitCode

from ..support.site import until

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _conducts_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave no lock behind: the next test's run may have the number of one that was rolled back."""
    monkeypatch.setattr("sprites.sync.lock._conducted", set())


def new_run() -> SyncRun:
    """Return a run that wants to begin."""
    return SyncRun(trigger="command", executor="threads", workers=8)


def left(process: str, host: str = "", age: float = 0) -> SyncRun:
    """Leave a run behind that seems to be running, its heartbeat so many seconds old."""
    beat = timezone.now() - timedelta(seconds=age)
    return SyncRun.objects.create(
        trigger="command",
        executor="threads",
        workers=8,
        host=host or this_host(),
        process=process,
        started_at=beat,
        heartbeat_at=beat,
    )


@contextmanager
def seen(sender: Any) -> Iterator[list[bool]]:
    """Note whether a run looks alive as soon as others can see that it was saved."""
    found: list[bool] = []

    def look(instance: SyncRun, **_: Any) -> None:
        transaction.on_commit(lambda: found.append(is_alive(instance)))

    post_save.connect(look, sender=sender)
    try:
        yield found
    finally:
        post_save.disconnect(look, sender=sender)


@contextmanager
def another_process() -> Iterator["subprocess.Popen[bytes]"]:
    """Run a process that lives until the block ends."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_run_that_begins_is_the_lock() -> None:
    """The row names host and process, and nobody else can take the lock until it is released."""
    lock = RunLock.take(new_run())
    row = SyncRun.objects.get()
    assert (row.state, row.host) == ("running", this_host())
    assert row.process == process_name(os.getpid()) != ""
    with pytest.raises(LockHeldError, match=f"run {row.pk} holds the lock"):
        RunLock.take(new_run())
    lock.release(SyncReport("threads", 8), {}, swept=True)
    RunLock.take(new_run())


def test_a_dead_process_is_taken_over_at_once() -> None:
    """The heartbeat of a moment ago does not count where the process is gone."""
    with another_process() as process:
        name = process_name(process.pid)
    dead = left(name)
    lock = RunLock.take(new_run())
    dead.refresh_from_db()
    assert (dead.state, dead.finished_at is None) == ("interrupted", False)
    assert lock.run.state == "running"
    assert lock.after_stray


def test_a_process_that_has_ended_unseen_is_dead() -> None:
    """A zombie, which nobody has waited for yet, holds nothing."""
    with another_process() as process:
        holder = left(process_name(process.pid))
        process.kill()
        until(lambda: not process_name(process.pid))
        RunLock.take(new_run())
    holder.refresh_from_db()
    assert holder.state == "interrupted"


def test_a_reused_process_id_is_not_the_holder() -> None:
    """A living process with the id of a dead holder began at another time."""
    with another_process() as process:
        pid, began = process_name(process.pid).split(":")
        left(f"{pid}:{int(began) - 1}")
        assert RunLock.take(new_run()).run.pk


def test_a_living_process_is_never_robbed() -> None:
    """However old its heartbeat is, a process that lives on this host holds the lock."""
    with another_process() as process:
        holder = left(process_name(process.pid), age=86_400)
        with pytest.raises(LockHeldError):
            RunLock.take(new_run())
        holder.refresh_from_db()
        assert holder.state == "running"


@pytest.mark.parametrize(("age", "taken"), [(0, False), (50, False), (70, True)])
def test_another_host_is_judged_by_its_heartbeat(age: float, taken: bool) -> None:
    """A run elsewhere holds the lock for a minute after its last heartbeat."""
    left(process_name(os.getpid()), host="elsewhere/4026531836", age=age)
    if taken:
        assert RunLock.take(new_run()).run.pk
    else:
        with pytest.raises(LockHeldError):
            RunLock.take(new_run())


def test_a_heartbeat_carries_the_counts() -> None:
    """The row of a run shows how far it is, and that it lives."""
    lock = RunLock.take(new_run())
    SyncRun.objects.update(heartbeat_at=timezone.now() - timedelta(seconds=50))
    report = SyncReport("threads", 8, requests=7)
    report.sprites.stored = 5
    assert lock.beat(report, {})
    row = SyncRun.objects.get()
    assert (row.requests, row.sprites_stored) == (7, 5)
    assert row.heartbeat_at > timezone.now() - timedelta(seconds=10)


def test_a_stop_that_the_site_asked_for_is_heard() -> None:
    """The next heartbeat after a press of the button says that the run must end."""
    lock = RunLock.take(new_run())
    SyncRun.objects.update(stop_requested=True)
    assert not lock.beat(SyncReport("threads", 8), {})


def test_a_run_that_was_taken_over_ends_and_changes_nothing() -> None:
    """Who was taken for dead learns it at the heartbeat, and does not write over the verdict."""
    lock = RunLock.take(new_run())
    SyncRun.objects.update(state="interrupted", message="run 7 took over")
    with pytest.raises(LockLostError, match="run 7 took over"):
        lock.beat(SyncReport("threads", 8, requests=9), {})
    with pytest.raises(LockLostError):
        lock.hold()
    lock.release(SyncReport("threads", 8), {}, swept=True)
    row = SyncRun.objects.get()
    assert (row.state, row.requests) == ("interrupted", 0)


@pytest.mark.parametrize(
    ("code", "state"),
    [
        *((ExitCode.DONE, "done"), (ExitCode.FAILURES, "failed"), (ExitCode.STOPPED, "stopped")),
        *((ExitCode.INTERRUPTED, "cancelled"), (ExitCode.TERMINATED, "cancelled")),
    ],
)
def test_the_end_is_written(code: ExitCode, state: str) -> None:
    """State, exit code, message and times stand in the row of a run that has ended."""
    lock = RunLock.take(new_run())
    report = SyncReport("threads", 8, exit_code=code, message="x" * 900)
    lock.release(report, {}, swept=True)
    row = SyncRun.objects.get()
    assert (row.state, row.exit_code, row.message) == (state, code, "x" * 500)
    assert row.finished_at


def test_a_run_that_could_not_begin_leaves_no_row() -> None:
    """What was asked of it makes no sense: the row goes and the lock is free."""
    RunLock.take(new_run()).discard()
    assert not SyncRun.objects.exists()


@pytest.mark.parametrize("swept", [True, False])
def test_the_next_run_knows_whether_to_sweep(swept: bool) -> None:
    """Stray files are looked for where the last run did not end clean, or there was none."""
    lock = RunLock.take(new_run())
    assert lock.after_stray
    lock.release(SyncReport("threads", 8), {}, swept=swept)
    assert RunLock.take(new_run()).after_stray is not swept


@pytest.mark.django_db(transaction=True)
def test_of_many_that_begin_at_once_one_wins() -> None:
    """The database decides: a second running row can't be, however close the race."""
    start = threading.Barrier(6)
    outcomes: list[RunLock | LockHeldError] = []

    def begin() -> None:
        start.wait(60)
        try:
            outcomes.append(RunLock.take(new_run()))
        except LockHeldError as error:
            outcomes.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=begin) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(outcomes) == 6
    assert sum(isinstance(outcome, RunLock) for outcome in outcomes) == 1
    assert SyncRun.objects.filter(state="running").count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_run_is_alive_from_its_first_moment_to_its_last() -> None:
    """Other threads of its process never see a run that holds the lock as one that died."""
    with seen(SyncRun) as first:
        lock = RunLock.take(new_run())
    last = []

    def look(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith("UPDATE"):
            last.append(is_alive(lock.run))
        return execute(sql, *rest)

    with connection.execute_wrapper(look):
        lock.release(SyncReport("threads", 8), {}, swept=True)
    assert (first, last) == ([True], [True])
