"""Runs in the background: the embedded backend, its limits, and a queue with a worker."""

import importlib.util
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import Settings

from sprites import tasks
from sprites.errors import UsageError
from sprites.models import Pokemon, SyncRun
from sprites.sync.request import SyncRequest
from sprites.testing import PokeAPI

from .support.background import finish, running
from .support.clock import is_within, within
from .support.scripts import printed
from .support.site import ROOT, ShellSite, Site

State = SyncRun.State


@pytest.fixture(autouse=True)
def _ends() -> Iterator[None]:
    """Leave no work behind."""
    yield
    finish()


def ended(run: SyncRun) -> SyncRun:
    """Wait for the end of all work, and return the run's row as it is then."""
    finish()
    run.refresh_from_db()
    return run


@pytest.mark.parametrize("executor", ["threads", "processes", "sync"])
def test_a_run_in_the_background_mirrors(site: Site, executor: str) -> None:
    """A queued run is done by the embedded backend, on every executor, and keeps its row."""
    run = tasks.start(SyncRequest(limit=3), {"EXECUTOR": executor, "WORKERS": 2})
    assert run.state == State.QUEUED
    assert ended(run).state == State.DONE, run.message
    assert (run.executor, run.workers, run.sprites_stored) == (executor, 2, 3)
    assert run.trigger == "task"
    assert SyncRun.objects.count() == 1
    site.assert_whole()


def test_what_is_rolled_back_never_runs(site: Site) -> None:
    """A run whose transaction is rolled back leaves no row and makes no request."""
    with transaction.atomic():
        tasks.start(SyncRequest(limit=3))
        transaction.set_rollback(True)
    finish()
    assert not SyncRun.objects.exists()
    assert site.api.requests() == []


def test_no_connection_is_left_open(site: Site) -> None:
    """The thread of a run closes its connections to the database."""
    connection.close()
    before = _open_databases()
    run = tasks.start(SyncRequest(limit=1))
    connection.close()
    finish()
    assert _open_databases() <= before
    assert ended(run).state == State.DONE


def _open_databases() -> int:
    """Count how often this process has the database's file open; earlier tests may have it too."""
    files = [os.readlink(entry) for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink()]
    return files.count(str(connection.settings_dict["NAME"]))


def test_a_second_run_is_told_who_holds_the_lock(site: Site) -> None:
    """A run that meets a live one ends at once as not started, says so, and makes no request."""
    holder = running()
    run = ended(tasks.start(SyncRequest(limit=3)))
    assert (run.state, run.exit_code) == (State.REFUSED, 4)
    assert f"run {holder.pk} holds the lock since" in run.message
    assert site.api.requests() == []
    assert tasks.holder() == holder


def test_a_dead_run_is_interrupted_and_in_nobodys_way(site: Site) -> None:
    """A run whose process died shows as interrupted at once, and the next one takes over."""
    dead = running(process="999999:1")
    assert tasks.standing(dead) == State.INTERRUPTED
    assert tasks.holder() is None
    assert ended(tasks.start(SyncRequest(limit=3))).state == State.DONE
    dead.refresh_from_db()
    assert dead.state == State.INTERRUPTED


def test_another_hosts_run_is_dead_when_its_heart_stopped(site: Site) -> None:
    """Of a run elsewhere only the heartbeat is known: it lives for a minute after it."""
    run = running(host="elsewhere")
    assert tasks.standing(run) == State.RUNNING
    SyncRun.objects.update(heartbeat_at=timezone.now() - timedelta(seconds=61))
    assert tasks.standing(run) == State.INTERRUPTED


def test_a_run_that_waits_for_a_dead_process_is_interrupted(site: Site) -> None:
    """What the embedded backend had queued died with its process, and does not show as waiting."""
    waiting = running(state=State.QUEUED)
    assert tasks.standing(waiting) == State.QUEUED
    waiting.process = "999999:1"
    assert tasks.standing(waiting) == State.INTERRUPTED


def test_a_request_that_can_not_be_is_refused(site: Site) -> None:
    """A run for a Pokémon that upstream lacks ends as not started, with the nearest names."""
    run = ended(tasks.start(SyncRequest(names=("cindel",))))
    assert (run.state, run.exit_code) == (State.REFUSED, 2)
    assert "nearest: cindle" in run.message
    with pytest.raises(UsageError, match="WORKERS"):
        tasks.start(SyncRequest(), {"WORKERS": 0})


def test_an_unexpected_error_frees_the_lock(site: Site) -> None:
    """A run that breaks down says why, and does not hold the lock though its process lives."""
    run = tasks.start(SyncRequest(limit=9), {"EXECUTOR": "tests.support.background.BreaksDown"})
    assert ended(run).state == State.STOPPED
    assert "out of order" in run.message
    assert ended(tasks.start(SyncRequest(limit=9))).state == State.DONE
    site.assert_whole()


def test_stop_ends_a_run_within_five_seconds(site: Site) -> None:
    """Stop ends a run whose hosts do not answer within 5 s, and keeps what was done."""
    site.api.fault("*.png", hang=True)
    begun = threading.Event()
    run = _start_and_tell(begun)
    assert begun.wait(60)
    pressed = timezone.now()
    tasks.stop(run)
    assert ended(run).state == State.CANCELLED
    assert run.finished_at is not None
    assert is_within((run.finished_at - pressed).total_seconds(), 5)
    assert run.exit_code == 130
    assert Pokemon.objects.count() == run.pokemon_checked > 0
    assert run.sprites_not_tried == run.sprites_wanted
    site.api.clear()
    assert ended(tasks.start(SyncRequest(limit=20))).state == State.DONE
    site.assert_whole()


def _start_and_tell(begun: threading.Event) -> SyncRun:
    """Start a run; the event is set once a sprite is wanted."""
    run = tasks.start(SyncRequest(limit=20))
    until = timezone.now() + timedelta(seconds=60)
    while timezone.now() < until and not begun.is_set():
        if SyncRun.objects.filter(pk=run.pk, sprites_wanted__gt=0).exists():
            begun.set()
        threading.Event().wait(0.02)
    return run


def test_a_run_that_waits_can_be_stopped(site: Site) -> None:
    """A run that is stopped before it began never begins."""
    with transaction.atomic():
        run = tasks.start(SyncRequest(limit=3))
        tasks.stop(run)
    assert ended(run).state == State.REFUSED
    assert site.api.requests() == []


def test_single_sprites(site: Site) -> None:
    """A request for single sprites asks for these alone, and for no Pokémon's JSON."""
    ended(tasks.start(SyncRequest(limit=3, sprites=("front_default", "back_default"))))
    site.api.clear_log()
    only = ((1, "front_default"), (3, "back_default"))
    wanted = SyncRequest(ids=((1, 1), (3, 3)), sprites=("all",), only=only)
    run = ended(tasks.start(wanted, {"FRESH_FOR": 0}))
    assert (run.sprites_wanted, run.sprites_unchanged) == (2, 2)
    assert [entry.status for entry in site.api.requests()] == [200, 304, 304]
    assert SyncRequest.from_json(run.selection) == wanted


SCRIPT = """
import sys, threading, django
django.setup()
from sprites import tasks
from sprites.models import Sprite
from sprites.sync.request import SyncRequest
tasks.start(SyncRequest(everyone=True, sprites=("all",)), {"WORKERS": 2})
while not Sprite.objects.filter(state="stored").exists():
    threading.Event().wait(0.02)
print("begun", flush=True)
sys.stdin.read()
"""


def start_and_wait(shell: ShellSite) -> "subprocess.Popen[str]":
    """Start a process with a run in its background, and return it once a sprite is stored."""
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT],
        cwd=ROOT,
        env=shell.environment,
        stdin=pipe,
        stdout=pipe,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    return process


def state(shell: ShellSite) -> str:
    """Return how the first run of another site's database stands."""
    code = (
        "from sprites import tasks; from sprites.models import SyncRun;"
        "run = SyncRun.objects.order_by('id').first();"
        "print(tasks.standing(run), run.exit_code, run.sprites_not_tried > 0)"
    )
    return shell.manage("shell", "-v0", "-c", code).stdout.strip()


@pytest.mark.parametrize("hangs", ["", "*shiny*"])
def test_the_end_of_the_process_stops_its_runs(api: PokeAPI, shell: ShellSite, hangs: str) -> None:
    """A process that ends does not wait for its run to be done, and the row says so."""
    if hangs:
        api.fault(hangs, hang=True)
    process = start_and_wait(shell)
    with within(7):
        process.communicate(timeout=60)
    assert process.returncode == 0
    assert state(shell) == "cancelled 143 True"


def test_a_killed_process_leaves_a_run_that_is_taken_over(shell: ShellSite) -> None:
    """After kill -9 the run shows as interrupted, and the command takes over."""
    process = start_and_wait(shell)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert state(shell).startswith("interrupted None")
    assert shell.fetch("--limit", "3").exit_code == 0


@pytest.mark.skipif(
    importlib.util.find_spec("django_tasks_db") is None, reason="no django-tasks-db here"
)
def test_a_queue_with_a_worker(shell: ShellSite) -> None:
    """With django-tasks-db a run waits until a worker comes, which does it."""
    shell.environment["TASK_BACKEND"] = "django_tasks_db.DatabaseBackend"
    shell.migrate()
    code = "from sprites import tasks; tasks.start(tasks.SyncRequest(limit=3))"
    shell.manage("shell", "-v0", "-c", code).check_returncode()
    assert state(shell) == "queued None False"
    worker = shell.manage("db_worker", "--batch", timeout=60)
    assert worker.returncode == 0, worker.stderr
    assert state(shell) == "done 0 False"


@pytest.mark.parametrize("backend", ["sprites.backends.NoBackend", "no.such.Backend"])
def test_a_backend_that_is_none_is_named(
    settings: Settings, transactional_db: None, backend: str
) -> None:
    """No run is queued that nobody could do."""
    settings.TASKS = {"default": {"BACKEND": backend}}
    with pytest.raises(UsageError, match=f"TASKS: .*{backend.rpartition('.')[0]}"):
        tasks.start(SyncRequest(limit=3))
    assert not SyncRun.objects.exists()
    assert tasks.standing(SyncRun(state=State.QUEUED)) == State.QUEUED


def test_a_site_starts_without_what_does_a_run() -> None:
    """Each command and each process of a site loads the admin; a run's code comes when it does."""
    code = (
        "import django, sys; django.setup();"
        "names = {'sprites.admin', 'sprites.background', 'sprites.sync.run', 'django_tasks'};"
        "print(names & {*sys.modules})"
    )
    assert printed(code) == "{'sprites.admin'}\n"
