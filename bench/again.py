"""A second run over the same sprites: when all is fresh, and when all must be asked for again.

In: a Lab and a number of rounds. Out: Findings. A reply to a question with an ETag is a 304.
"""

from .contenders import selection
from .findings import Findings, Spread, Target
from .lab import Lab
from .ours import Run

EXECUTORS = ("threads", "processes")


def measure(lab: Lab, rounds: int) -> Findings:
    """Run three times a round: first, fresh, and with nothing fresh."""
    targets = [target for name in EXECUTORS for target in _measure(lab, rounds, name)]
    return Findings(targets)


def _measure(lab: Lab, rounds: int, executor: str) -> list[Target]:
    runs = [_again(lab, executor) for _ in range(rounds)]
    return [
        Target(f"second run, all fresh: requests, {executor}", 5,
               Spread.of(fresh.report["requests"] for _, fresh, _ in runs)),
        Target(f"second run, all fresh: seconds of the command, {executor}", 1,
               Spread.of(fresh.cost.wall for _, fresh, _ in runs)),
        Target(f"revalidating all (304) ÷ first run, {executor}", 0.3,
               Spread.of(stale.cost.wall / first.cost.wall for first, _, stale in runs)),
    ]  # fmt: skip


def _again(lab: Lab, executor: str) -> tuple[Run, Run, Run]:
    site = lab.site()
    options = [*selection(lab.tree), "--executor", executor]
    first, fresh = site.fetch(*options), site.fetch(*options)
    return first, fresh, site.fetch(*options, SPRITES_FRESH_FOR="0")
