"""What the schedule and each executor cost a job that does nothing: ``python -m bench.noop``.

In: an executor's name, workers, and a number of jobs. Out: a line of JSON, the seconds it took.
"""

import json
import sys
import time

from sprites.executors.pool import open_pool
from sprites.sync.breaker import Rules
from sprites.sync.schedule import Schedule
from sprites.sync.stop import Stop
from sprites.worker.records import Outcome, ProbeJob


def nothing(job: ProbeJob) -> Outcome:
    """Do no work."""
    return Outcome()


def main(executor: str, workers: str, jobs: str) -> None:
    """Run jobs and print how long it took, the start of the workers left out."""
    pool = open_pool(executor, int(workers))
    schedule: Schedule[ProbeJob] = Schedule(
        pool, nothing, Rules(0, 60, 20, 5), Stop(),
        service_of=lambda job: ("", ""),
    )  # fmt: skip
    _run(schedule, 100)
    began = time.perf_counter()
    _run(schedule, int(jobs))
    print(json.dumps({"seconds": time.perf_counter() - began}))
    pool.close(wait=True)


def _run(schedule: Schedule[ProbeJob], jobs: int) -> None:
    for _ in schedule.run(ProbeJob("name", "text") for _ in range(jobs)):
        pass


if __name__ == "__main__":
    main(*sys.argv[1:])
