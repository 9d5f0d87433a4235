"""A backend for Django Tasks that runs tasks on threads of the process that enqueues them.

It suits a site that runs in one place: tasks that have not ended are lost with the process.
"""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

from django import VERSION
from django.db import connections, transaction

if TYPE_CHECKING or VERSION >= (6, 0):
    from django.tasks.backends.immediate import ImmediateBackend
else:
    from django_tasks.backends.immediate import ImmediateBackend

executors: dict[str, ThreadPoolExecutor] = {}
"""One executor a backend's alias; Django makes a backend anew for each thread that enqueues."""


class ThreadsBackend(ImmediateBackend):
    """Runs each task on a thread, once the transaction that enqueued it is committed.

    ``OPTIONS["workers"]`` is the highest number of threads. They start with the first task.
    """

    @property
    def executor(self) -> ThreadPoolExecutor:
        """Return the executor of this alias."""
        if self.alias not in executors:
            workers = self.options.get("workers", 4)
            # Where two threads come here at once, one of the two that they make is never used.
            executors.setdefault(self.alias, ThreadPoolExecutor(workers, "tasks"))
        return executors[self.alias]

    def _execute_task(self, task_result: Any) -> None:
        transaction.on_commit(partial(self._submit, task_result))

    def _submit(self, task_result: Any) -> None:
        self.executor.submit(self._execute_here, task_result)

    def _execute_here(self, task_result: Any) -> None:
        try:
            super()._execute_task(task_result)  # type: ignore[misc] # not in the stubs
        finally:
            connections.close_all()
