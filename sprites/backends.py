"""A backend for Django Tasks that needs no second process: threads of this one.

For a site that runs in one place; what was enqueued and had not ended is lost with the process.
"""

from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from django import VERSION
from django.db import connections, transaction

if TYPE_CHECKING or VERSION >= (6, 0):
    from django.tasks.backends.immediate import ImmediateBackend
else:
    from django_tasks.backends.immediate import ImmediateBackend


class ThreadsBackend(ImmediateBackend):
    """Runs each task on a thread, once the transaction that enqueued it is committed.

    ``OPTIONS["workers"]`` says on how many threads at the most; the first task starts the first.
    """

    @cached_property
    def executor(self) -> ThreadPoolExecutor:
        """Return the executor, which is made at the first use."""
        return ThreadPoolExecutor(self.options.get("workers", 4), thread_name_prefix="tasks")

    def _execute_task(self, task_result: Any) -> None:
        transaction.on_commit(partial(self.executor.submit, self._execute_here, task_result))

    def _execute_here(self, task_result: Any) -> None:
        try:
            super()._execute_task(task_result)  # type: ignore[misc] # not in the stubs
        finally:
            connections.close_all()
