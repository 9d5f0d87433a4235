"""The race: the whole job beside bare downloaders of the same sprites, without latency.

In: a Lab and a number of rounds. Out: Findings, with the three ratios that have a target.
"""

from collections.abc import Sequence

from . import race
from .contenders import PEERS, Contender, is_installed, ours, peer
from .findings import Findings, Spread, Table, Target
from .lab import Lab
from .race import Costs, ratio, walls

NOTE = """\
{count} sprites, {mean:.1f} kB on average and {median:.1f} kB at the median, from nginx on loopback,
{rounds} rounds; slow ones that no target names run every third. Wall seconds of the whole process:
median (minimum–maximum); CPU seconds of it and all its children; MB at the peak of its largest
process. Ours reads {limit} Pokémon's documents to find the sprites, validates, hashes and stores
each, and writes its row; the others are given the URLs and write what comes to files.
Command: `python -m bench beside --rounds {rounds}`, which runs the commands of the last column."""


def measure(lab: Lab, rounds: int) -> Findings:
    """Race everybody who is installed."""
    contenders = [each for each in _contenders(lab) if lab.wants(each.name)]
    costs = race.run(contenders, rounds, len(lab.tree.paths), lab.work)
    bars = {name: walls(costs, name) for name in costs}
    return Findings(_targets(costs, bars), [_table(lab, contenders, costs, rounds)], bars)


def _contenders(lab: Lab) -> list[Contender]:
    tree, origin = lab.tree, lab.nginx.url
    return [
        ours(tree, origin, "threads", 8),
        ours(tree, origin, "processes", 8),
        ours(tree, origin, "sync", 1),
        *(peer(tree, origin, name) for name in PEERS if is_installed(name)),
    ]


def _targets(costs: Costs, bars: dict[str, Spread]) -> list[Target]:
    mine = sorted((bars[name].median, name) for name in bars if name.startswith("ours"))
    best = mine[0][1] if mine else ""
    wanted = [
        ("whole job on threads ÷ bare requests.Session a thread, 8 workers", 0.8,
         "ours, threads, 8 workers", "requests.Session a thread"),
        ("whole job on the best executor ÷ bare aiohttp, 8 connections", 1.0, best, "aiohttp"),
        ("whole job on the best executor ÷ the lecture's requests.get on a pool", 0.33,
         best, "requests.get, ThreadPoolExecutor(8).map"),
    ]  # fmt: skip
    return [
        Target(what, at_most, ratio(costs, name, other))
        for what, at_most, name, other in wanted
        if {name, other} <= costs.keys()
    ]


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
