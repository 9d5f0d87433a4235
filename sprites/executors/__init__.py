"""A name into a ``concurrent.futures.Executor``, and how to end it.

::

    "sync" ──────> InPlaceExecutor ─────────────────────────────┐
    "threads" ───> ThreadPoolExecutor, the standard library's ──┤
    "processes" ─> ProcessExecutor (processes) ─────────────────┼─> Pool ─> Future of an Outcome
    "dask" ──────> DaskExecutor (dask, batches) ────────────────┤
    "my.factory" ─> whatever Executor it returns ───────────────┘

A run needs four things of an executor: ``submit``, its Futures, that its workers can be replaced
when they have died, and that it can be ended at once. The interface has the first two; ``Pool``
adds the others, and answers for what an executor does that none may. ``processes`` is ours because
the standard library's pool has one call a process, and waiting needs no interpreter of its own.

It knows calls and what the worker returns, and nothing of the parent. Nothing is imported here: a
spawned process loads this package before Django is set up.
"""
