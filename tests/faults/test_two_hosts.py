"""Two hosts and one mirror: who may write, who may delete, and whose clock counts."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, connections

from sprites.executors.pool import InPlaceExecutor
from sprites.models import Sprite, SyncRun
from sprites.worker.storage import INCOMING

from ..support.background import DEAD, running
from ..support.clock import is_within
from ..support.site import ROOT, Run, until
from .lab import GIF, SELECTION, HereLab, ShellLab
from .signalled import ended, kill, start
from .storages import Watched
from .test_database import on_postgres

ELSEWHERE = "elsewhere/4026531836"


def stray(lab: HereLab) -> Path:
    """Leave a file of ours without a row: its name has the head of its hash."""
    lab.clean()
    row = lab.row()
    data = lab.files()[row["file"]]
    path = lab.media / f"sprites/3/other.{row['sha256'][:8]}.png"
    path.write_bytes(data)
    return path


def overtake() -> None:
    """Take the running run over, as another host would."""
    holder = SyncRun.objects.filter(state="running")
    holder.update(state="interrupted", message="run 99 took over")


@pytest.fixture
def watched(lab: HereLab) -> Iterator[HereLab]:
    """A mirror whose storage tells which folder it is about to list."""
    backend = {"BACKEND": "tests.faults.storages.Watched"}
    lab.settings.STORAGES = {**lab.settings.STORAGES, "default": backend}
    yield lab
    Watched.on_list, Watched.seconds = staticmethod(lambda path: None), 0.0


@contextmanager
def held_in(folder: str) -> Iterator[tuple[threading.Event, threading.Event]]:
    """Hold a sweep where it is about to list a folder, until the second event is set."""
    reached, go_on = threading.Event(), threading.Event()

    def hold(path: str) -> None:
        if path == folder:
            reached.set()
            go_on.wait(30)

    Watched.on_list = staticmethod(hold)
    try:
        yield reached, go_on
    finally:
        go_on.set()


def in_thread(lab: HereLab, *arguments: str) -> "tuple[threading.Thread, list[Run]]":
    """Run the command on a thread of its own, which is not the main one."""
    runs: list[Run] = []

    def work() -> None:
        runs.append(lab.run(*arguments))
        connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    return thread, runs


def test_the_heart_beats_while_a_slow_storage_is_swept(watched: HereLab) -> None:
    """A sweep of many slow listings is no time without a heartbeat, and what is stray goes."""
    lab, beats = watched, set()
    path = stray(lab)
    running(process=DEAD)
    Watched.seconds = 0.5

    def look(path: str) -> None:
        beats.add(SyncRun.objects.get(state="running").heartbeat_at)
        connections.close_all()  # a thread of the listing's own

    Watched.on_list = staticmethod(look)
    run = lab.settle(lab.run(), 0, within=60)
    assert not path.exists()
    assert len(beats) >= 3
    assert is_within(run.report["seconds"], 2 * len(beats) + 4)


def test_a_stop_is_heard_while_a_storage_is_swept(watched: HereLab) -> None:
    """The Stop button ends a run that only tidies up any more; the next one sweeps."""
    lab = watched
    path = stray(lab)
    running(process=DEAD)
    Watched.seconds = 0.3
    with held_in("sprites/1") as (reached, go_on):
        thread, runs = in_thread(lab)
        assert reached.wait(20)
        SyncRun.objects.filter(state="running").update(stop_requested=True)
        go_on.set()
        thread.join(30)
    assert runs[0].exit_code == 130
    assert not SyncRun.objects.latest("id").swept
    Watched.on_list, Watched.seconds = staticmethod(lambda path: None), 0.0
    lab.heal()
    assert not path.exists()


def test_a_file_that_gets_its_row_during_a_sweep_is_kept(watched: HereLab) -> None:
    """What a sweep is about to delete it looks up again: the list of files may be old by then."""
    lab = watched
    path = stray(lab)
    name = path.relative_to(lab.media).as_posix()
    running(process=DEAD)
    with held_in("sprites/3") as (reached, go_on):
        thread, runs = in_thread(lab)
        assert reached.wait(20)
        Sprite.objects.filter(pokemon=3, key="front_shiny").update(file=name)
        go_on.set()
        thread.join(30)
    assert runs[0].exit_code == 0
    assert path.exists()


def test_a_run_whose_lock_was_taken_over_during_a_sweep_deletes_nothing(watched: HereLab) -> None:
    """Whoever lost the lock deletes no file, by however old a list, and says who has it now."""
    lab = watched
    path = stray(lab)
    running(process=DEAD)
    with held_in("sprites/3") as (reached, go_on):
        thread, runs = in_thread(lab)
        assert reached.wait(20)
        overtake()
        go_on.set()
        thread.join(30)
    assert runs[0].exit_code == 3
    assert "run 99 took over" in runs[0].stderr
    assert path.exists()
    lab.heal()
    assert not path.exists()


def stop_between_writes(lab: ShellLab, process: "subprocess.Popen[str]") -> None:
    """Suspend a run at a moment when it holds no lock of the database."""
    while True:
        os.kill(process.pid, signal.SIGSTOP)
        try:
            with lab.site.database.connect() as line:
                line.execute("UPDATE sprites_syncrun SET swept = swept")
            return
        except sqlite3.OperationalError:  # it is in the middle of a transaction
            os.kill(process.pid, signal.SIGCONT)
            time.sleep(0.01)  # or it would not come a step further


class Swept(InPlaceExecutor):
    """Runs calls in place; after each, another host has taken over and swept what it left."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        """Run the call, and lose the lock and the probe."""
        future = super().submit(fn, *args, **kwargs)
        overtake()
        for path in Path(settings.MEDIA_ROOT, INCOMING).glob("*.probe"):
            path.unlink()
        return future


def test_a_probe_that_another_host_has_swept_is_nobodys_fault(lab: HereLab) -> None:
    """A run that loses its lock before it has looked for its probe says so, and asks nothing."""
    run = lab.run("--executor", f"{__name__}.Swept")
    assert run.exit_code == 3
    assert "this run has lost its lock: run 99 took over" in run.stderr
    assert not lab.api.requests("*")
    lab.heal()


def test_a_suspended_run_writes_nothing_after_it_was_taken_over(shell_lab: ShellLab) -> None:
    """SIGSTOP, another host takes over and sweeps, SIGCONT: no row is written, and it says who."""
    lab = shell_lab
    lab.api.fault(GIF, hold=True)
    first = start(lab, "--workers", "1")  # nothing else of it is on its way
    until(lambda: lab.api.requests(GIF))
    stop_between_writes(lab, first)
    with lab.cursor() as cursor:
        long_ago = (datetime.now(UTC) - timedelta(seconds=70)).replace(tzinfo=None)
        cursor.execute(f"UPDATE sprites_syncrun SET host='{ELSEWHERE}', heartbeat_at='{long_ago}'")
    lab.api.clear()
    second = lab.settle(lab.run(), 0)
    before = lab.state()
    os.kill(first.pid, signal.SIGCONT)
    code, _, err = ended(first)
    assert code == 3
    assert f"run {lab.last_run()['id']} took over" in err
    assert lab.state() == before
    assert second.report["sprites"]["failed"] == 0
    lab.heal()


def test_a_clock_that_jumped_ahead_locks_nobody_out(lab: HereLab) -> None:
    """A heartbeat that is still to come is no sign of life."""
    row = running(process=DEAD, host=ELSEWHERE, heartbeat_at=datetime(2090, 1, 1, tzinfo=UTC))
    lab.settle(lab.run(), 0)
    row.refresh_from_db()
    assert row.state == "interrupted"
    lab.heal()


@on_postgres
@pytest.mark.skipif(not shutil.which("faketime"), reason="no faketime here")
@pytest.mark.parametrize("offset", ["+90s", "-90s", "+9d"])
def test_the_clock_of_a_host_does_not_count(shell_lab: ShellLab, offset: str) -> None:
    """A host whose clock is wrong takes over no run that lives: the database's clock counts."""
    lab = shell_lab
    lab.api.fault(GIF, hold=True)
    living = start(lab)
    until(lambda: lab.rows("sprites_syncrun"))
    with lab.cursor() as cursor:
        cursor.execute(f"UPDATE sprites_syncrun SET host='{ELSEWHERE}'")
    command = ["faketime", "-f", offset, sys.executable, "manage.py", "fetch_sprites", *SELECTION]
    environment = {**lab.site.environment, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
    other = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, timeout=60)
    assert other.returncode == 4, other.stderr
    kill(living)


def test_what_is_swept_is_the_run_that_was_taken_over(lab: HereLab) -> None:
    """A run that was queued first and killed last leaves strays, whatever ended in between."""
    path = stray(lab)
    first = running(process=DEAD)
    SyncRun.objects.filter(pk=first.pk).update(state="done")
    last = running(process=DEAD, state="done", swept=True)
    SyncRun.objects.filter(pk=first.pk).update(state="running", swept=False)
    assert last.pk > first.pk
    lab.settle(lab.run(), 0)
    assert not path.exists()
    assert not SyncRun.objects.filter(swept=False).exists()
    lab.heal()


def test_whatever_is_raised_ends_the_run_and_frees_the_lock(lab: HereLab) -> None:
    """A receiver that wants to leave in the middle: the row is ended, the next run begins."""
    from sprites.signals import sprite_stored

    def leave(**kwargs: Any) -> None:
        sys.exit(9)

    sprite_stored.connect(leave)
    try:
        run = lab.run()
    finally:
        sprite_stored.disconnect(leave)
    assert run.exit_code == 9
    row = SyncRun.objects.get()
    assert (row.state, row.message) == ("interrupted", "SystemExit: 9")
    assert row.finished_at
    connection.close()
    lab.heal()
