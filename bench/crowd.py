"""The race over four times as many sprites: the start weighs less, and what grows would show.

In: a Lab and a number of rounds. Out: Findings, with one ratio.
"""

from . import race
from .beside import BARE, best
from .contenders import is_installed, ours, peer
from .findings import Findings, Target
from .lab import Lab
from .nginx import Nginx, free_ports
from .race import ratio
from .tree import build

SPRITES = 20_000


def measure(lab: Lab, rounds: int) -> Findings:
    """Serve a larger tree, and race over it."""
    home = lab.work / "crowd"
    nginx = Nginx(home / "tree", home / "nginx", free_ports())
    tree = build(home / "tree", lab.source, (nginx.url,), SPRITES)
    with nginx:
        mine = [ours(tree, nginx.url, name, 8) for name in ("threads", "processes")]
        others = [peer(tree, nginx.url, BARE)] if is_installed(BARE) else []
        costs = race.run([*mine, *others], rounds, len(tree.paths), lab.work)
    what = f"whole job on the best executor ÷ aiohttp, {SPRITES:,} sprites"
    return Findings([Target(what, 2.5, ratio(costs, best(costs), BARE))] if others else [])
