"""Where the time of a run goes that waits for nothing: one job after another, no latency.

In: a Lab and a number of rounds. Out: Findings, a table of what each stage takes.
"""

from collections.abc import Mapping

from .contenders import selection
from .findings import Findings, Spread, Table
from .lab import Lab

STAGES = {
    "network": "one GET: the request, the reply, its body",
    "images": "unpack a PNG, decode any other to its last frame",
    "storage": "write a file, and give it its name",
    "documents": "JSON into records",
    "database": "what is known, and batches of rows",
    "start": "Python and a bare `django.setup()`",
    "rest": "the plan, the schedule, hashes and names",
}
COLUMNS = ("stage", "what it does", "seconds", "share", "µs a sprite")
NOTE = """\
{sprites} sprites on `sync`, {rounds} rounds: median (minimum–maximum); shares are of the sum of the
medians. Command: `python -m bench stages --rounds {rounds}`."""


def measure(lab: Lab, rounds: int) -> Findings:
    """Run some times on sync with clocks inside."""
    spent: dict[str, list[float]] = {name: [] for name in STAGES}
    for _ in range(rounds):
        for name, seconds in _stages(lab).items():
            spent[name].append(seconds)
    spreads = {name: Spread.of(each) for name, each in spent.items()}
    sprites = len(lab.tree.paths)
    rows = [[name, what, *_row(name, spreads, sprites)] for name, what in STAGES.items()]
    note = NOTE.format(sprites=f"{sprites:,}", rounds=rounds)
    return Findings(tables=[Table("Where the time goes", note, COLUMNS, rows)])


def _stages(lab: Lab) -> dict[str, float]:
    site = lab.site()
    run, inside = site.watch(*selection(lab.tree), "--executor", "sync", "--workers", "1")
    known = {**inside.seconds, "start": site.bare_start().wall}
    return {**known, "rest": run.cost.wall - sum(known.values())}


def _row(name: str, spreads: Mapping[str, Spread], sprites: int) -> tuple[str, str, str]:
    total = sum(spread.median for spread in spreads.values())
    spent = spreads[name]
    return f"{spent}", f"{spent.median / total:.0%}", f"{spent.median / sprites * 1e6:.0f}"
