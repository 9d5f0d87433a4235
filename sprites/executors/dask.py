"""A dask cluster as an Executor: jobs in, batches of them to its workers, Futures of outcomes out.

dask passes on a few hundred tasks a second, so jobs travel in batches; the jobs of a batch run one
after another on one thread of a worker, and no more batches are out than there are threads. A batch
is bound to its worker: dask itself would run it again elsewhere after that worker's death, and
again, while here its jobs break as in a process pool and the schedule says what becomes of them.

All that changes does so in the loop of dask's client, which has a thread of its own.
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
from typing import Any, ParamSpec, TypeAlias, TypeVar

from distributed import Client, KilledWorker

from ..errors import UsageError
from ..worker import deadline
from ..worker.records import Outcome
from .batches import Call, Packet, settle
from .pool import Pool

P = ParamSpec("P")
T = TypeVar("T")
Batch: TypeAlias = "asyncio.Task[list[Outcome]]"

MOST = 16
"""Jobs that travel together at the most."""
_CONNECT = 3.0
"""Seconds that the scheduler gets to answer."""
_LOOK_EVERY = 0.5
"""Seconds between two looks at which workers there are."""
_PATIENCE = 10.0
"""Seconds without any worker after which the cluster is given up."""
_LOST = (asyncio.CancelledError, futures.CancelledError, KilledWorker)
"""How a batch ends whose worker, or whose scheduler, is gone."""


@dataclass(slots=True, eq=False)
class Node:
    """A worker of the cluster, with the batches that are out to it."""

    address: str
    threads: int
    batches: set["Batch"] = field(default_factory=set)

    @property
    def free(self) -> int:
        """Return how many of its threads have nothing to do."""
        return self.threads - len(self.batches)


class DaskExecutor(Executor):
    """An Executor on a running cluster, of which it uses at most ``workers`` threads at once."""

    def __init__(self, address: str, workers: int) -> None:
        self._client = _connect(address)
        self._address, self._workers = address, workers
        self._loop = self._client.loop.asyncio_loop
        # What dask leaves unheard there, as the end of a wait for a dead worker, it would print.
        self._loop.call_soon_threadsafe(self._loop.set_exception_handler, lambda loop, what: None)
        self._waiting: deque[Call] = deque()
        self._nodes: dict[str, Node] = {}
        self._is_broken = False
        self._look(self._in_loop(self._identity()).result()["workers"])
        self._watcher = asyncio.run_coroutine_threadsafe(self._watch(), self._loop)
        if not self._nodes:
            self.shutdown()
            raise UsageError(f"the dask cluster at {address} has no workers")

    @property
    def is_alive(self) -> bool:
        """Tell whether the scheduler is there, and was not long without a worker."""
        return not self._is_broken and self._client.status == "running"

    @property
    def nodes(self) -> int:
        """Return how many workers there are."""
        return len(self._nodes)

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> "Future[T]":
        """Let a call wait for the next batch; raises BrokenExecutor where there will be none."""
        if not self.is_alive:
            raise BrokenExecutor(f"the dask cluster at {self._address} is gone")
        call = Call(partial(fn, *args, **kwargs))
        self._loop.call_soon_threadsafe(self._accept, call)
        return call

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Leave the cluster, with ``wait`` once what is out has come back."""
        if self._loop.is_closed():
            return
        with contextlib.suppress(futures.TimeoutError):
            self._in_loop(self._end(wait=wait)).result(None if wait else _CONNECT)
        self._client.close(timeout=_CONNECT)

    def abort(self) -> None:
        """End the time of every job that runs on a worker; its batch ends with it."""
        with contextlib.suppress(Exception):  # whoever is gone needs no word from us
            self._client.run(deadline.expire_all, wait=False)

    def _in_loop(self, what: Coroutine[Any, Any, T]) -> "Future[T]":
        return asyncio.run_coroutine_threadsafe(what, self._loop)

    def _accept(self, call: Call) -> None:
        self._waiting.append(call)
        self._feed()

    def _feed(self) -> None:
        """Send out batches while there is a thread for one."""
        while self._waiting and (node := self._idlest()):
            if calls := self._batch():
                batch = self._loop.create_task(self._run(node, calls))
                node.batches.add(batch)
                batch.add_done_callback(partial(self._back, node, calls))

    def _idlest(self) -> Node | None:
        """Return the worker with most free threads, or None where enough is out."""
        out = sum(len(node.batches) for node in self._nodes.values())
        free = [node for node in self._nodes.values() if node.free > 0]
        return max(free, key=lambda node: node.free) if free and out < self._workers else None

    def _batch(self) -> list[Call]:
        """Take what waits, but only a thread's share of it, so that all threads end together."""
        threads = min(self._workers, sum(node.threads for node in self._nodes.values()))
        calls = [self._waiting.popleft()]
        share = 1 if calls[0].is_alone else min(MOST, len(self._waiting) // threads)
        while self._waiting and len(calls) < share:
            calls.append(self._waiting.popleft())
        return [call for call in calls if call.send()]

    async def _run(self, node: Node, calls: Sequence[Call]) -> list[Outcome]:
        packet = pickle.dumps(Packet([call.run for call in calls]))
        where: Any = {"workers": [node.address], "allow_other_workers": False}
        outcomes: list[Outcome] = await self._client.submit(
            pickle.loads, packet, pure=False, **where
        )
        return outcomes

    def _back(self, node: Node, calls: Sequence[Call], batch: Batch) -> None:
        """Bring what a batch ended with to its calls."""
        node.batches.discard(batch)
        error = asyncio.CancelledError() if batch.cancelled() else batch.exception()
        if isinstance(error, _LOST):
            self._lose(node, calls)
        elif error:
            for call in calls:
                call.set_exception(error)
        else:
            settle(calls, batch.result())
        self._feed()

    def _lose(self, node: Node, calls: Sequence[Call]) -> None:
        """Tell of a death by the first of a batch; the others, hardly begun, go out one by one."""
        calls[0].set_exception(BrokenExecutor(f"the worker at {node.address} is gone"))
        for call in calls[:0:-1]:
            call.recall()
            self._waiting.appendleft(call)

    async def _watch(self) -> None:
        """Look which workers there are, until the cluster is given up."""
        seen = time.monotonic()
        while time.monotonic() < seen + _PATIENCE:
            try:
                cluster = await asyncio.wait_for(self._identity(), _PATIENCE)
            except (OSError, TimeoutError):
                break
            self._look(cluster["workers"])
            if self._nodes:
                seen = time.monotonic()
            await asyncio.sleep(_LOOK_EVERY)
        self._is_broken = True
        self._give_back()

    async def _identity(self) -> dict[str, Any]:
        identity: dict[str, Any] = await self._client.scheduler.identity()
        return identity

    def _look(self, workers: Mapping[str, Mapping[str, Any]]) -> None:
        """Take note of workers that have come; the batches of those that have gone are lost."""
        for address in self._nodes.keys() - workers.keys():
            for batch in self._nodes.pop(address).batches:
                batch.cancel()
        for address in workers.keys() - self._nodes.keys():
            self._nodes[address] = Node(address, workers[address]["nthreads"])
        self._feed()

    async def _end(self, *, wait: bool) -> None:
        self._watcher.cancel()
        self._give_back()
        batches = [batch for node in self._nodes.values() for batch in node.batches]
        if wait and batches:
            await asyncio.wait(batches)

    def _give_back(self) -> None:
        while self._waiting:
            self._waiting.popleft().give_back()


class Cluster(Pool):
    """A pool on a dask cluster, which replaces its own workers."""

    def __init__(self, address: str, workers: int) -> None:
        super().__init__("dask", lambda: DaskExecutor(address, workers), 2 * MOST * workers)

    _executor: DaskExecutor

    @property
    def nodes(self) -> int:
        """Return how many workers there are."""
        return self._executor.nodes

    def rebuild(self) -> None:
        """Go on with the workers that are left; connect anew if the scheduler is gone."""
        if self._executor.is_alive:
            self.generation += 1
        else:
            super().rebuild()

    def abort(self) -> None:
        """End what runs on the workers."""
        self._executor.abort()


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
