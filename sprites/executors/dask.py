"""A dask cluster as an Executor: calls in, their Futures out.

::

    submit ─> backlog ─> a Batch for a worker with a free thread ─> its Outcomes ─> Futures

The calls of a batch run one after another on one thread of a worker, and no more batches are out
than there are threads. A batch is bound to its worker. dask itself would run it again elsewhere
after that worker's death, and again; here its calls break, as in a process pool, and the schedule
decides what becomes of them.

All state is changed in the event loop of dask's client, which has a thread of its own.
"""

import asyncio
import contextlib
import logging
import pickle
import time
import warnings
from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent import futures
from concurrent.futures import BrokenExecutor, Executor, Future
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias, TypeVar

from distributed import Client, KilledWorker

from ..errors import UsageError
from ..worker import interrupt
from ..worker.records import Outcome
from .batches import MAX_BATCH, Batch

T = TypeVar("T")
Task: TypeAlias = "asyncio.Task[list[Outcome]]"

_CONNECT = 3.0
"""Seconds that the scheduler gets to answer."""
_LOOK_EVERY = 0.5
"""Seconds between two looks at which workers there are."""
_PATIENCE = 10.0
"""Seconds without any worker after which the cluster is given up."""
_LOST = (asyncio.CancelledError, futures.CancelledError, KilledWorker)
"""How a batch ends whose worker, or whose scheduler, is gone."""


@dataclass(slots=True, eq=False)
class WorkItem:
    """A call and its Future, which is running once the call has been sent."""

    future: Future[Any]
    call: Callable[[], Any]
    is_alone: bool = False

    def begin(self) -> bool:
        """Tell whether it is to be sent; from now on its Future can't be cancelled."""
        return self.future.running() or self.future.set_running_or_notify_cancel()

    def give_back(self) -> None:
        """Cancel a call that no worker has begun, whether it was sent or not."""
        if not self.future.cancel():
            self.future.set_exception(futures.CancelledError())


@dataclass(slots=True, eq=False)
class Node:
    """A worker of the cluster, and a task for each batch that is out to it."""

    address: str
    threads: int
    is_new: bool = True
    tasks: set[Task] = field(default_factory=set)

    @property
    def free(self) -> int:
        """Return how many of its threads have nothing to do."""
        return self.threads - len(self.tasks)


class DaskExecutor(Executor):
    """An Executor on a running cluster, of which it uses at most ``max_workers`` threads.

    ``nodes`` has the workers that there are, by their addresses.
    """

    def __init__(self, address: str, max_workers: int) -> None:
        self._client = _connect(address)
        self._address, self._max_workers = address, max_workers
        self._loop = self._client.loop.asyncio_loop
        # dask leaves exceptions unread there, as the end of a wait for a dead worker: say nothing.
        self._loop.call_soon_threadsafe(self._loop.set_exception_handler, lambda loop, what: None)
        self._backlog: deque[WorkItem] = deque()
        self.nodes: dict[str, Node] = {}
        self._is_broken = False
        self._update_nodes(self._in_loop(self._ask_workers()).result())
        self._watcher = self._in_loop(self._watch())
        if not self.nodes:
            self.shutdown()
            raise UsageError(f"the dask cluster at {address} has no workers")

    @property
    def is_alive(self) -> bool:
        """Tell whether the scheduler answers and was not without workers for too long."""
        return not self._is_broken and self._client.status == "running"

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> "Future[T]":
        """Put a call into the backlog; raises BrokenExecutor where the cluster is given up."""
        if not self.is_alive:
            raise BrokenExecutor(f"the dask cluster at {self._address} is gone")
        item = WorkItem(Future(), partial(fn, *args, **kwargs))
        self._loop.call_soon_threadsafe(self._accept, item)
        return item.future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Cancel what waits and leave the cluster; with ``wait`` once all batches are back."""
        if self._loop.is_closed():
            return
        with contextlib.suppress(futures.TimeoutError):
            self._in_loop(self._end(wait=wait)).result(None if wait else _CONNECT)
        self._client.close(timeout=_CONNECT)

    def abort(self) -> None:
        """Shut the sockets of every job that runs on a worker, and send no other."""
        self._loop.call_soon_threadsafe(self._give_back)
        with contextlib.suppress(Exception):  # whoever is gone needs no word from us
            self._client.run(interrupt.end_all, wait=False)

    def _in_loop(self, what: Coroutine[Any, Any, T]) -> "Future[T]":
        return asyncio.run_coroutine_threadsafe(what, self._loop)

    def _accept(self, item: WorkItem) -> None:
        self._backlog.append(item)
        self._feed()

    def _feed(self) -> None:
        """Send batches while there is a thread for one."""
        while self._backlog and (node := self._idlest()):
            if items := self._next_batch(node):
                task = self._loop.create_task(self._send(node, [item.call for item in items]))
                node.is_new = False
                node.tasks.add(task)
                task.add_done_callback(partial(self._settle, node, items))

    def _idlest(self) -> Node | None:
        """Return the worker with most free threads, or None where enough is out.

        One that has had nothing yet comes first: as many probes as there are reach all of them.
        """
        out = sum(len(node.tasks) for node in self.nodes.values())
        free = [node for node in self.nodes.values() if node.free > 0]
        if not free or out >= self._max_workers:
            return None
        return max(free, key=lambda node: (node.is_new, node.free))

    def _next_batch(self, node: Node) -> list[WorkItem]:
        """Take a thread's share of the backlog and no more, so that all threads end together.

        For a worker that has had nothing yet it is a single call.
        """
        threads = min(self._max_workers, sum(node.threads for node in self.nodes.values()))
        items = [self._backlog.popleft()]
        share = 1 if node.is_new else min(MAX_BATCH, len(self._backlog) // threads)
        while self._backlog and len(items) < share and not items[0].is_alone:
            items.append(self._backlog.popleft())
        return [item for item in items if item.begin()]

    async def _send(self, node: Node, calls: Sequence[Callable[[], Outcome]]) -> list[Outcome]:
        how: Any = {"workers": [node.address], "allow_other_workers": False, "pure": False}
        batch = pickle.dumps(Batch(calls))
        outcomes: list[Outcome] = await self._client.submit(pickle.loads, batch, **how)
        return outcomes

    def _settle(self, node: Node, items: Sequence[WorkItem], task: Task) -> None:
        """Bring what a batch ended with to its Futures."""
        node.tasks.discard(task)
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        if isinstance(error, _LOST):
            self._lose(node, items)
        elif error:
            for item in items:
                item.future.set_exception(error)
        else:
            outcomes = task.result()
            for item, outcome in zip(items, outcomes, strict=False):
                item.future.set_result(outcome)
            for item in items[len(outcomes) :]:
                item.give_back()
        self._feed()

    def _lose(self, node: Node, items: Sequence[WorkItem]) -> None:
        """Let the first call of a lost batch break; send the others again, each alone."""
        items[0].future.set_exception(BrokenExecutor(f"the worker at {node.address} is gone"))
        for item in items[:0:-1]:
            item.is_alone = True
            self._backlog.appendleft(item)

    async def _watch(self) -> None:
        """Look which workers there are, until the cluster is given up."""
        seen = time.monotonic()
        while time.monotonic() < seen + _PATIENCE:
            try:
                self._update_nodes(await asyncio.wait_for(self._ask_workers(), _PATIENCE))
            except (OSError, TimeoutError):
                break
            if self.nodes:
                seen = time.monotonic()
            await asyncio.sleep(_LOOK_EVERY)
        self._is_broken = True
        self._give_back()

    async def _ask_workers(self) -> dict[str, Any]:
        identity = await self._client.scheduler.identity()
        workers: dict[str, Any] = identity["workers"]
        return workers

    def _update_nodes(self, workers: Mapping[str, Mapping[str, Any]]) -> None:
        """Add workers that have come; the batches of those that have gone are lost."""
        for address in self.nodes.keys() - workers.keys():
            for task in self.nodes.pop(address).tasks:
                task.cancel()
        for address in workers.keys() - self.nodes.keys():
            self.nodes[address] = Node(address, workers[address]["nthreads"])
        self._feed()

    async def _end(self, *, wait: bool) -> None:
        self._watcher.cancel()
        self._give_back()
        tasks = [task for node in self.nodes.values() for task in node.tasks]
        if wait and tasks:
            await asyncio.wait(tasks)

    def _give_back(self) -> None:
        while self._backlog:
            self._backlog.popleft().give_back()


def _connect(address: str) -> Any:
    for name in ("distributed", "distributed.client"):  # what they tell in pages, we say in a line
        logging.getLogger(name).setLevel(logging.CRITICAL)
    client: Any = Client
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a table of the versions that differ
        try:
            return client(address, timeout=_CONNECT, set_as_default=False)
        except OSError:
            raise UsageError(f"no dask scheduler answers at {address}") from None
