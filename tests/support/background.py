"""Work in the background, for tests: waiting for its end, and executors that go wrong."""

import os
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from django.utils import timezone

from sprites import backends
from sprites.models import SyncRun
from sprites.sync.identity import process_name, this_host

DEAD = "999999999:5"
"""The name of a process that is not there."""


def finish() -> None:
    """Wait until all that was enqueued in this process has ended."""
    while backends.executors:
        _alias, executor = backends.executors.popitem()
        executor.shutdown(wait=True)


def running(**fields: object) -> SyncRun:
    """Write a run that holds the lock: another living process has it, unless the fields say."""
    now = timezone.now()
    facts: dict[str, Any] = {"trigger": "command", "executor": "threads", "workers": 8}
    facts |= {"host": this_host(), "process": process_name(os.getppid())}
    facts |= {"started_at": now, "heartbeat_at": now}
    return SyncRun.objects.create(**facts | fields)


class BreaksDown(ThreadPoolExecutor):
    """An executor that refuses its tenth call with an error that nobody expects."""

    calls = 0

    def submit(self, *args: Any, **kwargs: Any) -> "Future[Any]":
        self.calls += 1
        if self.calls == 10:
            raise ValueError("out of order")
        return super().submit(*args, **kwargs)
