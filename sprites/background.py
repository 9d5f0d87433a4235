"""A run in the background, by Django Tasks: a queued row goes in, a worker calls ``sync.run``."""

import threading
from typing import TYPE_CHECKING, Any

from django import VERSION
from django.conf import settings
from django.utils import timezone

from .backends import ThreadsBackend
from .conf import options
from .errors import LockHeldError, UsageError
from .models import SyncRun
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


def enqueue(run: int) -> None:
    """Let the site's backend do a queued run, by its id."""
    backend().enqueue(_resync(), (run,), {})


def is_on_threads() -> bool:
    """Tell whether runs are done by the process that asked for them."""
    return isinstance(backend(), ThreadsBackend)


def backend() -> Any:
    """Return what runs are queued on: the site's backend, or threads of this process.

    Django's default would do the whole run before the page that started it can be sent. Raises
    ImproperlyConfigured, as this module does where it is imported, for a backend that is none.
    """
    if settings.is_overridden("TASKS"):  # type: ignore[misc] # not in the stubs
        return _resync().get_backend()
    return ThreadsBackend("default", {})


def _resync() -> Any:
    """Return the task with the backend and the queue that the site chose."""
    chosen = options()
    return resync.using(backend=chosen.TASK_BACKEND, queue_name=chosen.TASK_QUEUE)


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
