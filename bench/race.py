"""Contenders in, what each cost in every round out: side by side, in turns, in one run."""

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from .contenders import Contender
from .cost import Cost, FailedError
from .findings import Spread

Costs = dict[str, list[Cost]]
"""What each contender cost, by name, a round after the other."""

RARE = frozenset(
    {
        "httpx",
        "aria2c",
        "wget, one connection",
        "requests.get, 10 threads on a queue",
        "requests.get, Pool(15).map",
        "requests.get, one after another",
    }
)
"""Who races every third round only: no target names them, and they are slow."""


def run(contenders: Sequence[Contender], rounds: int, files: int, work: Path) -> Costs:
    """Let contenders race some rounds; whoever is first in one is late in the next.

    Raises FailedError where one leaves fewer files than there are sprites.
    """
    costs: Costs = {each.name: [] for each in contenders}
    for number in range(rounds):
        shift = number % len(contenders)
        for contender in [*contenders[shift:], *contenders[:shift]]:
            if contender.name in RARE and number % 3:
                continue
            costs[contender.name].append(_race(contender, files, work))
    return costs


def walls(costs: Costs, name: str) -> Spread:
    """Return the wall seconds of a contender."""
    return Spread.of(cost.wall for cost in costs[name])


def ratio(costs: Costs, name: str, other: str) -> Spread:
    """Return how the wall time of one compares with another's, round by round."""
    pairs = zip(costs[name], costs[other], strict=True)
    return Spread.of(one.wall / two.wall for one, two in pairs)


def cpu_ratio(costs: Costs, name: str, other: str, starts: tuple[float, float]) -> Spread:
    """Return how the CPU of one compares with another's, each without that of its start."""
    pairs = zip(costs[name], costs[other], strict=True)
    return Spread.of((one.cpu - starts[0]) / (two.cpu - starts[1]) for one, two in pairs)


def _race(contender: Contender, files: int, work: Path) -> Cost:
    folder = work / "race"
    cost = contender.race(folder)
    found = sum(1 for path in folder.rglob("*") if path.is_file())
    shutil.rmtree(folder)
    if found < files:
        raise FailedError(f"{contender.name} left {found} files of {files}")
    print(f"{cost.wall:8.2f} s {cost.cpu:8.2f} s CPU {cost.memory:6.0f} MB  {contender.name}",
          file=sys.stderr, flush=True)  # fmt: skip
    return cost
