"""From the name of an executor to a ``concurrent.futures.Executor`` that a run can rely on.

::

    open_pool(name)                                      in module
      "sync" ────────> InPlaceExecutor ───────────┐      pool
      "threads" ─────> ThreadExecutor ────────────┤      threads
      "processes" ───> ProcessExecutor ───────────┼─> Pool
      "dask" ────────> DaskExecutor ──────────────┤      dask, batches
      "my.factory" ──> what that function returns ┘      a site's own

    pool.submit(run_job, job) ─> Future ─> pool.outcome(future) ─> Outcome

An Executor has ``submit`` and ``shutdown``, and gives Futures. A run needs three things more, which
``Pool`` adds to any of them:

- ``rebuild``: when a worker process dies, the standard library's pool is of no use any more, and
  all that was in flight is lost. The pool makes a new one, and ``sync.schedule`` submits again.
- ``abort``: a Future that runs can't be cancelled. The pool shuts the sockets that its jobs read
  from, and ends its processes where it can.
- errors with a name: whatever a site's own executor does wrong ends the run with a message that
  says which executor did what.

``ThreadExecutor`` stands in for the standard library's ``ThreadPoolExecutor``, whose worker is busy
with a call to its end: here a call that has its reply lets the next one use the network.
``ProcessExecutor`` stands in for the standard library's ``ProcessPoolExecutor``, which runs one
call a process: it has a process a core, with threads in each, because waiting for a reply needs no
interpreter of its own. The threads of a process share a core (``cores``).

These modules know calls and what the worker returns, and nothing of the parent. Nothing is imported
here: a spawned process loads this package before Django is set up.
"""
