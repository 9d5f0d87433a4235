"""Runs in the background: how they are asked for and stopped, and how they stand.

The state of a run is in its row alone, because a task whose worker was killed stays *running*.
``background`` does the run; it is imported when it is needed, since it loads Django Tasks and all
of a run's code, and the admin, which every command of a site loads, has to know this module.
"""

import os
from collections.abc import Mapping
from functools import partial
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import router, transaction
from django.utils import timezone

from .errors import UsageError
from .models import SyncRun
from .sync.identity import process_name, this_host
from .sync.lock import is_alive
from .sync.preflight import checked_options
from .sync.request import SyncRequest

State = SyncRun.State


def start(
    request: SyncRequest,
    overrides: Mapping[str, object] | None = None,
    *,
    user: Any = None,
    trigger: SyncRun.Trigger = SyncRun.Trigger.TASK,
) -> SyncRun:
    """Queue a run and return its row; it begins once this transaction is committed.

    ``overrides`` replaces options of ``SPRITES`` for this run; raises UsageError for a wrong one,
    and where the site has no backend that could do it.
    """
    chosen = checked_options(**overrides or {})
    try:
        from . import background

        background.backend()
    except ImproperlyConfigured as error:
        raise UsageError(f"TASKS: {error}") from None
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
    transaction.on_commit(partial(background.enqueue, run.pk), using=router.db_for_write(SyncRun))
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
    waits_here = state is State.QUEUED and _is_on_threads()
    if (state is State.RUNNING or waits_here) and not is_alive(run):
        return State.INTERRUPTED
    return state


def holder() -> SyncRun | None:
    """Return the run that holds the lock, if one is alive."""
    run = SyncRun.objects.filter(state=State.RUNNING).first()
    return run if run and is_alive(run) else None


def _is_on_threads() -> bool:
    try:
        from . import background

        return background.is_on_threads()
    except ImproperlyConfigured:  # a check says so, and whoever asks for a run is told
        return False
