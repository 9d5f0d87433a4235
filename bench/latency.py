"""With 50 ms before each reply: what a run takes against what the arithmetic says.

In: a Lab and a number of rounds. Out: Findings. The least that R requests can take is R × latency ÷
workers. A run is timed from its first request, by nginx's log, to the end that its row tells.
"""

import time
from collections.abc import Iterator

from .contenders import selection
from .findings import Findings, Spread, Target
from .lab import Lab
from .nginx import LATENCY
from .ours import Run

EXECUTORS = ("threads", "processes")
_MANY, _FEW = 32, 8
_CROWD = "50 ms, 32 workers, 5,000 sprites: first request to last row ÷ least"
_LECTURE = "50 ms, 8 workers, the lecture's 100: whole command ÷ (least + bare django.setup())"
_END = "select (julianday(max(finished_at)) - 2440587.5) * 86400 from sprites_syncrun"


def measure(lab: Lab, rounds: int) -> Findings:
    """Run both selections on both executors, in turns."""
    crowd: dict[str, list[float]] = {name: [] for name in EXECUTORS}
    lecture: dict[str, list[float]] = {name: [] for name in EXECUTORS}
    for _ in range(rounds):
        for name in EXECUTORS:
            crowd[name].append(_crowd(lab, name))
            lecture[name].append(_lecture(lab, name))
    return Findings([*_targets(_CROWD, 1.05, crowd), *_targets(_LECTURE, 1.15, lecture)])


def _targets(what: str, at_most: float, figures: dict[str, list[float]]) -> Iterator[Target]:
    for name, each in figures.items():
        yield Target(f"{what}, {name}", at_most, Spread.of(each))


def _crowd(lab: Lab, executor: str) -> float:
    """Return the time of 5,000 sprites on 32 workers over the least that it can be."""
    site = lab.site(lab.nginx.slow_url)
    since = time.time()
    run = site.fetch(*selection(lab.tree), "--executor", executor, "--workers", str(_MANY))
    took = float(site.ask(_END)) - lab.nginx.first_request(since)
    return took / _least(run, _MANY)


def _lecture(lab: Lab, executor: str) -> float:
    """Return the time of the lecture's exercise over the least, with a bare start of Django."""
    site = lab.site(lab.nginx.slow_url)
    bare = site.bare_start()
    run = site.fetch("--executor", executor, "--workers", str(_FEW))
    return run.cost.wall / (_least(run, _FEW) + bare)


def _least(run: Run, workers: int) -> float:
    return float(run.report["requests"] * LATENCY / workers)
