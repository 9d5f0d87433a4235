"""What the schedule and the way to an executor's workers cost a job, and whether memory grows.

In: a Lab and a number of rounds. Out: Findings, a table of microseconds and MB.
"""

import json
import sys
from itertools import product

from . import cost
from .findings import Findings, Spread, Table
from .lab import Lab

EXECUTORS = (("sync", 1), ("threads", 8), ("processes", 8), ("processes", 32))
JOBS = (10_000, 100_000)
MAX_ROUNDS = 3
COLUMNS = ("executor", "workers", "jobs", "µs a job", "MB")
NOTE = """\
Jobs that do nothing, through the real schedule: wall µs a job, median (minimum–maximum) of {rounds}
rounds, and MB at the peak of the largest process. Command: `python -m bench overhead --rounds
{rounds}`, which runs `python -m bench.noop EXECUTOR WORKERS JOBS`."""


def measure(lab: Lab, rounds: int) -> Findings:
    """Run every case some times."""
    rounds = min(rounds, MAX_ROUNDS)
    rows = [_row(*case, jobs, rounds) for case, jobs in product(EXECUTORS, JOBS)]
    return Findings(tables=[Table("A job's overhead", NOTE.format(rounds=rounds), COLUMNS, rows)])


def _row(executor: str, workers: int, jobs: int, rounds: int) -> list[str]:
    words = [sys.executable, "-m", "bench.noop", executor, str(workers), str(jobs)]
    costs = [cost.run(words) for _ in range(rounds)]
    spent = Spread.of(json.loads(each.output)["seconds"] / jobs * 1e6 for each in costs)
    memory = f"{max(each.memory for each in costs):.0f}"
    return [executor, str(workers), f"{jobs:,}", f"{spent:.0f}", memory]
