"""What makes a creature itself: ears, crests, tails and wings, as tables of limbs.

In: nothing. Out: ``Limb`` records by name. For ears and crests, x is a share of the head's half
width and y is counted from the top of the head; for tails both are counted from where the tail
begins; for wings from the side of the body.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .curves import Point


@dataclass(frozen=True)
class Limb:
    """One limb; ``inner`` ones lie flat on the limb before them, seen from the front only."""

    base: Point
    tip: Point
    width: float
    profile: str
    role: str = "main"
    bend: float = 0.0
    inner: bool = False
    paired: bool = True


_Table = Mapping[str, tuple[Limb, ...]]

EARS: _Table = {
    "none": (),
    "rabbit": (
        Limb((0.40, 0.20), (0.62, -0.42), 0.14, "long", bend=0.06),
        Limb((0.45, 0.06), (0.62, -0.30), 0.065, "long", "blush", bend=0.05, inner=True),
    ),
    "cat": (
        Limb((0.56, 0.26), (0.88, -0.26), 0.23, "cat"),
        Limb((0.60, 0.22), (0.84, -0.14), 0.12, "cat", "blush", inner=True),
    ),
    "round": (
        Limb((0.72, 0.30), (0.80, -0.12), 0.20, "disc"),
        Limb((0.74, 0.20), (0.80, -0.03), 0.11, "disc", "blush", inner=True),
    ),
    "floppy": (Limb((0.62, 0.08), (1.26, 0.70), 0.16, "long", "second", bend=-0.16),),
    "leaves": (Limb((0.50, 0.20), (1.18, -0.22), 0.18, "leaf", "second", bend=0.08),),
    "horns": (Limb((0.58, 0.20), (0.88, -0.26), 0.13, "cone", "light", bend=0.08),),
    "antennae": (Limb((0.28, 0.10), (0.80, -0.34), 0.10, "bulb", "second", bend=-0.06),),
    "fins": (
        Limb((0.72, 0.40), (1.50, 0.12), 0.19, "leaf", "second", bend=0.05),
        Limb((0.76, 0.52), (1.40, 0.52), 0.12, "leaf", "second"),
    ),
    "bolts": (Limb((0.84, 0.42), (1.26, 0.42), 0.15, "disc", "light"),),
    "tuft": (Limb((0.18, 0.16), (0.48, -0.26), 0.12, "leaf", "second", bend=0.05),),
    "spikes": (
        Limb((0.60, 0.22), (1.0, -0.12), 0.14, "cone", "second"),
        Limb((0.0, 0.20), (0.0, -0.28), 0.16, "cone", "second", paired=False),
    ),
}

CRESTS: _Table = {
    "none": (),
    "flame": (
        Limb((0.0, 0.16), (0.16, -0.40), 0.19, "flame", "second", bend=0.10, paired=False),
        Limb((0.0, 0.14), (0.06, -0.16), 0.09, "flame", "light", inner=True, paired=False),
    ),
    "sprout": (Limb((0.0, 0.06), (0.56, -0.26), 0.12, "leaf", "second", bend=0.08),),
    "flower": (
        Limb((0.0, 0.06), (0.40, -0.16), 0.10, "disc", "second"),
        Limb((0.0, 0.02), (0.0, -0.28), 0.10, "disc", "second", paired=False),
        Limb((0.0, 0.04), (0.0, -0.12), 0.07, "disc", "light", paired=False),
    ),
    "plume": (
        Limb((0.0, 0.12), (0.44, -0.30), 0.11, "leaf", "second", bend=0.10, paired=False),
        Limb((0.0, 0.12), (-0.20, -0.22), 0.10, "leaf", "second", paired=False),
    ),
    "drop": (Limb((0.0, 0.12), (0.0, -0.28), 0.13, "flame", "second", paired=False),),
    "bolt": (Limb((-0.10, 0.10), (0.30, -0.36), 0.10, "bolt", "second", paired=False),),
    "gem": (Limb((0.0, 0.32), (0.0, 0.04), 0.10, "disc", "second", paired=False),),
}

TAILS: _Table = {
    "none": (),
    "bolt": (Limb((-0.06, 0.0), (0.52, -0.52), 0.16, "bolt"),),
    "fin": (
        Limb((0.0, 0.0), (0.46, -0.10), 0.13, "taper"),
        Limb((0.34, -0.06), (0.58, -0.42), 0.16, "leaf", "second"),
    ),
    "taper": (Limb((0.0, 0.0), (0.48, -0.24), 0.18, "taper", bend=0.24),),
    "brush": (
        Limb((0.0, 0.0), (0.42, -0.52), 0.23, "leaf", bend=0.18),
        Limb((0.34, -0.28), (0.42, -0.50), 0.12, "leaf", "light", bend=0.08, inner=True),
    ),
    "flame": (
        Limb((0.0, 0.0), (0.34, -0.20), 0.10, "long"),
        Limb((0.26, -0.08), (0.46, -0.60), 0.19, "flame", "second", bend=0.08),
    ),
    "leaf": (Limb((0.0, 0.0), (0.46, -0.46), 0.19, "leaf", "second", bend=0.12),),
    "bulb": (Limb((0.0, 0.0), (0.46, -0.46), 0.18, "bulb", "second", bend=0.12),),
}

WINGS: tuple[Limb, ...] = (
    Limb((-0.16, -0.10), (0.46, -0.54), 0.21, "wing", "glass", bend=-0.08),
    Limb((-0.16, 0.0), (0.32, 0.06), 0.14, "wing", "glass", bend=0.04),
)
