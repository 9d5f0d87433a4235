"""How much of a first run's time its parent spends in the database.

In: a Lab and a number of rounds. Out: Findings.
"""

from .contenders import selection
from .findings import Findings, Spread, Target
from .lab import Lab

EXECUTORS = ("threads", "processes")


def measure(lab: Lab, rounds: int) -> Findings:
    """Run with a clock inside."""
    shares: dict[str, list[float]] = {name: [] for name in EXECUTORS}
    for _ in range(rounds):
        for name in EXECUTORS:
            run, inside = lab.site().watch(*selection(lab.tree), "--executor", name)
            shares[name].append(inside.seconds["database"] / run.cost.wall)
    return Findings(
        [
            Target(f"rows: share of wall time in the database, {name}", 0.1, Spread.of(each))
            for name, each in shares.items()
        ]
    )
