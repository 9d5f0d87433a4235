"""With 50 ms before each reply: what a run takes against what the arithmetic says.

In: a Lab and a number of rounds. Out: Findings. The least that R requests can take is R × latency ÷
workers. A run is timed from its first request, by nginx's log, to the end that its row tells.
"""

import time

from .contenders import selection
from .findings import Findings, Spread, Target
from .lab import Lab
from .nginx import LATENCY
from .ours import Run

EXECUTORS = ("threads", "processes")
_FEW = 8
_CROWD = "50 ms, {} workers, 5,000 sprites: first request to last row ÷ least, {}"
_LECTURE = "50 ms, 8 workers, the lecture's 100: whole command ÷ (least + bare django.setup()), {}"
_AT_MOST = {
    (32, "threads"): 1.05,
    (32, "processes"): 1.05,
    (128, "threads"): 1.4,
    (128, "processes"): 1.25,
}
_END = "select (julianday(max(finished_at)) - 2440587.5) * 86400 from sprites_syncrun"


def measure(lab: Lab, rounds: int) -> Findings:
    """Run both selections on both executors, in turns."""
    crowds: dict[tuple[int, str], list[float]] = {each: [] for each in _AT_MOST}
    lectures: dict[str, list[float]] = {name: [] for name in EXECUTORS}
    for _ in range(rounds):
        for (workers, name), figures in crowds.items():
            figures.append(_crowd(lab, name, workers))
        for name, figures in lectures.items():
            figures.append(_lecture(lab, name))
    return Findings(
        [
            *(
                Target(_CROWD.format(*each), _AT_MOST[each], Spread.of(figures))
                for each, figures in crowds.items()
            ),
            *(
                Target(_LECTURE.format(name), 1.05, Spread.of(figures))
                for name, figures in lectures.items()
            ),
        ]
    )


def _crowd(lab: Lab, executor: str, workers: int) -> float:
    """Return the time of 5,000 sprites over the least that it can be."""
    site = lab.site(lab.nginx.slow_url)
    since = time.time()
    options = ("--executor", executor, "--workers", str(workers))
    run = site.fetch(*selection(lab.tree), *options)
    took = float(site.ask(_END)) - lab.nginx.first_request(since)
    return took / _least(run, workers)


def _lecture(lab: Lab, executor: str) -> float:
    """Return the time of the lecture's exercise over the least, with a bare start of Django."""
    site = lab.site(lab.nginx.slow_url)
    bare = site.bare_start().wall
    run = site.fetch("--executor", executor, "--workers", str(_FEW))
    return run.cost.wall / (_least(run, _FEW) + bare)


def _least(run: Run, workers: int) -> float:
    return float(run.report["requests"] * LATENCY / workers)
