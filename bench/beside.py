"""The race: the whole job beside others that fetch the same sprites, without latency.

In: a Lab and a number of rounds. Out: Findings, with the ratios that have a target.
"""

import sys
from collections.abc import Iterator, Sequence

from . import cost, race
from .contenders import PEERS, Contender, is_installed, ours, peer
from .findings import Findings, Spread, Table, Target
from .lab import Lab
from .race import Costs, cpu_ratio, ratio, walls

THREADS, SYNC = "ours, threads, 8 workers", "ours, sync"
BARE, SAME = "aiohttp", "aiohttp, the same work"

NOTE = """\
{count} sprites, {mean:.1f} kB on average and {median:.1f} kB at the median, from nginx on loopback,
{rounds} rounds; slow ones that no target names run every third. Wall seconds of the whole process:
median (minimum–maximum); CPU seconds of it and all its children; MB at the peak of its largest
process. Ours reads {limit} Pokémon's documents to find the sprites, validates, hashes and stores
each, and writes its row; so does *aiohttp, the same work*, in one script and to the URLs that it
is given. The others only write what comes to files.
Command: `python -m bench beside --rounds {rounds}`, which runs the commands of the last column."""


def measure(lab: Lab, rounds: int) -> Findings:
    """Race everybody who is installed."""
    contenders = [each for each in _contenders(lab) if lab.wants(each.name)]
    costs = race.run(contenders, rounds, len(lab.tree.paths), lab.work)
    bars = {name: walls(costs, name) for name in costs}
    targets = [*_targets(costs), *_cpu_target(lab, costs)]
    return Findings(targets, [_table(lab, contenders, costs, rounds)], bars)


def _contenders(lab: Lab) -> list[Contender]:
    tree, origin = lab.tree, lab.nginx.url
    return [
        ours(tree, origin, "threads", 8),
        ours(tree, origin, "processes", 8),
        ours(tree, origin, "sync", 1),
        *(peer(tree, origin, name) for name in PEERS if is_installed(name)),
    ]


def best(costs: Costs) -> str:
    """Return the quickest of ours, or "" where none raced."""
    mine = sorted((walls(costs, name).median, name) for name in costs if name.startswith("ours"))
    return mine[0][1] if mine else ""


def _targets(costs: Costs) -> Iterator[Target]:
    mine = {"threads, 8 workers": THREADS, "the best executor": best(costs)}
    for how, other, at_most in (
        ("threads, 8 workers", "requests.Session a thread", 0.6),
        ("threads, 8 workers", SAME, 1.0),
        ("the best executor", SAME, 0.7),
        ("the best executor", BARE, 2.5),
    ):
        if {mine[how], other} <= costs.keys():
            reached = ratio(costs, mine[how], other)
            yield Target(f"whole job on {how} ÷ {other}", at_most, reached)


def _cpu_target(lab: Lab, costs: Costs) -> Iterator[Target]:
    """Yield how the CPU of a sprite compares, the starts of both taken off."""
    if {SYNC, SAME} <= costs.keys():
        folder, none = lab.work / "none", lab.work / "none.txt"
        folder.mkdir(exist_ok=True)
        none.touch()
        words = [sys.executable, "-m", "bench.careful", str(none), str(folder), "8"]
        starts = lab.site().bare_start().cpu, cost.run(words).cpu
        what = "CPU of a sprite on sync ÷ aiohttp, the same work; starts taken off"
        yield Target(what, 0.65, cpu_ratio(costs, SYNC, SAME, starts))


def _table(lab: Lab, contenders: Sequence[Contender], costs: Costs, rounds: int) -> Table:
    tree = lab.tree
    note = NOTE.format(count=len(tree.paths), mean=tree.mean / 1000, median=tree.median / 1000,
                       rounds=rounds, limit=tree.limit)  # fmt: skip
    fastest_first = sorted(contenders, key=lambda each: walls(costs, each.name).median)
    rows = [_row(each, costs) for each in fastest_first]
    return Table("Beside others", note, ("who", "wall s", "CPU s", "MB", "command"), rows)


def _row(contender: Contender, costs: Costs) -> list[str]:
    each = costs[contender.name]
    cpu, memory = (Spread.of(getattr(c, name) for c in each) for name in ("cpu", "memory"))
    name, wall = contender.name, walls(costs, contender.name)
    return [name, f"{wall}", f"{cpu.median:.2f}", f"{memory.median:.0f}", f"`{contender.shown}`"]
