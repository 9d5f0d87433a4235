"""Step 7, this project's own: a window over any executor, which also tries again what may pass.

For ``threads`` write ``processes``, ``sync`` or ``own_executor.ThreadPerCall``.
"""

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, cast

import requests
from lesson import teach
from tasks import Done, fetch

from sprites.errors import Code
from sprites.executors.pool import open_pool
from sprites.sync.breaker import Rules
from sprites.sync.schedule import Schedule
from sprites.sync.stop import Stop
from sprites.worker.records import Failure, Outcome


def schedule(urls: list[str], folder: Path, workers: int) -> Iterator[Done]:
    """Yield sprites as they are saved; the parent alone decides what is tried again, and when."""
    pool = open_pool("threads", workers)
    runs: Schedule[str] = Schedule(
        pool,
        partial(attempt, folder),
        Rules(retries=4, max_pause=60, max_outage=20, breaker=5),
        Stop(),
        service_of=lambda url: ("the lesson's server", "sprites"),
    )
    for last in runs.run(urls):
        if failure := last.outcome.failure:
            print(f"{last.job}: {failure.detail}", file=sys.stderr)
        else:
            yield cast("Any", last.outcome.result)
    pool.close(wait=True)


def attempt(folder: Path, url: str) -> Outcome:
    """Try once; a worker says how it went and decides nothing."""
    try:
        return Outcome(cast("Any", fetch(url, folder)))
    except requests.RequestException as error:
        return Outcome(failure=Failure(Code.CONNECTION, str(error)))


if __name__ == "__main__":
    teach(schedule)
