"""How many workers, and on which executor: without latency and with 50 ms.

In: a Lab and a number of rounds. Out: Findings, a table of seconds by the runs' own reports.
"""

from itertools import product

from .findings import Findings, Spread, Table
from .lab import Lab
from .nginx import LATENCY
from .ours import Run

LIMIT = 12
COUNTS = (8, 16, 32, 64, 128)
MAX_ROUNDS = 3
EXECUTORS = ("threads", "processes")
DELAYS = ("at once", "50 ms")
NOTE = """\
The run's own seconds for all sprites of the first {limit} Pokémon, {requests:,} requests: median
(minimum–maximum) of {rounds} rounds, and the least that the arithmetic allows with 50 ms.
Command: `python -m bench workers --rounds {rounds}`, which runs `python manage.py fetch_sprites
--limit {limit} --sprites all --executor NAME --workers N`."""


def measure(lab: Lab, rounds: int) -> Findings:
    """Try every number of workers on both executors, in turns."""
    rounds = min(rounds, MAX_ROUNDS)
    ways = list(product(DELAYS, EXECUTORS))
    runs: dict[tuple[int, str, str], list[Run]] = {}
    for _, count, (delay, executor) in product(range(rounds), COUNTS, ways):
        run = _run(lab, delay, executor, count)
        runs.setdefault((count, delay, executor), []).append(run)
    requests = run.report["requests"]
    rows = [
        [str(count), *(_seconds(runs[count, *way]) for way in ways), _least(requests, count)]
        for count in COUNTS
    ]
    columns = ["workers", *(f"{executor}, {delay}" for delay, executor in ways), "least, 50 ms"]
    note = NOTE.format(limit=LIMIT, requests=requests, rounds=rounds)
    return Findings(tables=[Table("How many workers", note, columns, rows)])


def _run(lab: Lab, delay: str, executor: str, workers: int) -> Run:
    site = lab.site(lab.nginx.url if delay == DELAYS[0] else lab.nginx.slow_url)
    options = ["--limit", str(LIMIT), "--sprites", "all"]
    return site.fetch(*options, "--executor", executor, "--workers", str(workers))


def _seconds(runs: list[Run]) -> str:
    return f"{Spread.of(run.report['seconds'] for run in runs)}"


def _least(requests: int, workers: int) -> str:
    return f"{requests * LATENCY / workers:.2f}"
