"""A run in the background, by Django Tasks: a queued row goes in, and a worker calls ``run.sync``.

The state of a run is in its row alone, because a task whose worker was killed stays *running*.
"""

import os
import threading
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from django import VERSION
from django.conf import settings
from django.db import router, transaction
from django.utils import timezone

from .backends import ThreadsBackend
from .conf import options
from .errors import LockHeldError, UsageError
from .models import SyncRun
from .sync.identity import process_name, this_host
from .sync.lock import is_alive
from .sync.preflight import checked_options
from .sync.request import SyncRequest
from .sync.run import sync
from .sync.stop import ExitCode, Stop

if TYPE_CHECKING or VERSION >= (6, 0):
    from django.tasks import task
else:
    from django_tasks import task

State = SyncRun.State

_stops: set[Stop] = set()
"""What stops the runs that are on threads of this process."""


def start(
    request: SyncRequest,
    overrides: Mapping[str, object] | None = None,
    *,
    user: Any = None,
    trigger: SyncRun.Trigger = SyncRun.Trigger.TASK,
) -> SyncRun:
    """Queue a run and return its row; it begins once this transaction is committed.

    ``overrides`` replaces options of ``SPRITES`` for this run; raises UsageError for a wrong one.
    """
    chosen = checked_options(**overrides or {})
    now = timezone.now()
    run = SyncRun(
        state=State.QUEUED,
        trigger=trigger,
        user=user,
        selection=request._asdict(),
        overrides=dict(overrides or {}),
        executor=chosen.EXECUTOR,
        workers=chosen.WORKERS,
        api_url=chosen.API_URL,
        host=this_host(),
        process=process_name(os.getpid()),
        started_at=now,
        heartbeat_at=now,
    )
    run.save()
    transaction.on_commit(partial(_enqueue, run.pk), using=router.db_for_write(SyncRun))
    return run


def stop(run: SyncRun) -> None:
    """Ask a run to stop; one that still waits will never begin."""
    mine = SyncRun.objects.filter(pk=run.pk)
    waited = mine.filter(state=State.QUEUED).update(
        state=State.REFUSED, stop_requested=True, finished_at=timezone.now()
    )
    if not waited:
        mine.filter(state=State.RUNNING).update(stop_requested=True)


def standing(run: SyncRun) -> SyncRun.State:
    """Return a run's state: that of its row, or *interrupted* where its process is dead."""
    state = State(run.state)
    waits_here = state is State.QUEUED and isinstance(_backend(), ThreadsBackend)
    if (state is State.RUNNING or waits_here) and not is_alive(run):
        return State.INTERRUPTED
    return state


def holder() -> SyncRun | None:
    """Return the run that holds the lock, if one is alive."""
    run = SyncRun.objects.filter(state=State.RUNNING).first()
    return run if run and is_alive(run) else None


@task
def resync(run: int) -> None:
    """Do a queued run, by its id; what goes wrong is in its row, too."""
    row = SyncRun.objects.filter(pk=run, state=State.QUEUED).first()
    if row is None:  # it was stopped before it began
        return
    try:
        _sync(row)
    except (UsageError, LockHeldError) as error:
        code = ExitCode.USAGE if isinstance(error, UsageError) else ExitCode.LOCKED
        _end(run, State.REFUSED, str(error), code)
    except BaseException as error:
        _end(run, State.INTERRUPTED, f"{type(error).__name__}: {error}")
        raise


def _sync(run: SyncRun) -> None:
    request, chosen = SyncRequest.from_json(run.selection), checked_options(**run.overrides)
    stop = Stop()
    _stops.add(stop)
    try:
        sync(request, chosen, stop=stop, queued=run)
    finally:
        _stops.discard(stop)


def _stop_all() -> None:
    """Stop the runs of this process, which is about to end."""
    for stop in list(_stops):
        stop.ask(ExitCode.TERMINATED, "the process that it ran in was ended; what was done is kept")


# Python waits for the threads of executors before it calls atexit's functions, so those would come
# when the runs are done. This is how concurrent.futures itself hears of the end.
threading._register_atexit(_stop_all)  # type: ignore[attr-defined]


def _end(run: int, state: SyncRun.State, message: str, code: ExitCode | None = None) -> None:
    """End a run that could not end itself, so that it does not hold the lock for good."""
    unfinished = SyncRun.objects.filter(pk=run, state__in=SyncRun.UNFINISHED)
    unfinished.update(
        state=state, message=message[:500], exit_code=code, finished_at=timezone.now()
    )


def _enqueue(run: int) -> None:
    _backend().enqueue(_resync(), (run,), {})


def _backend() -> Any:
    """Return what runs are queued on: the site's backend, or threads of this process.

    Django's default would do the whole run before the page that started it can be sent.
    """
    if settings.is_overridden("TASKS"):  # type: ignore[misc] # not in the stubs
        return _resync().get_backend()
    return ThreadsBackend("default", {})


def _resync() -> Any:
    """Return the task with the backend and the queue that the site chose."""
    chosen = options()
    return resync.using(backend=chosen.TASK_BACKEND, queue_name=chosen.TASK_QUEUE)
