"""From a genome to shapes: the parts of a creature, back to front, as closed curves.

In: a ``Genome`` and a ``View``. Out: ``Part`` records for any painter, and where eyes and mouth
are. A part has a role; the palette gives roles their colours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .creatures import Genome
from .curves import Curve, Point, ellipse, limb, mirror
from .ornaments import CRESTS, EARS, TAILS, WINGS, Limb

_GROUND, _MARGIN = 0.9, 0.9
TALLEST = 0.06


@dataclass(frozen=True)
class View:
    """How a creature is looked at; ``stretch`` makes it taller, by a share of up to ``TALLEST``."""

    back: bool = False
    female: bool = False
    blink: bool = False
    stretch: float = 0.0


@dataclass(frozen=True)
class Part:
    """One closed curve; ``flat`` parts lie on another one and have neither rim nor shade."""

    curve: Curve
    role: str
    flat: bool = False


@dataclass(frozen=True)
class Oval:
    """The centre and the radii of a head or a body, on the middle line."""

    y: float
    rx: float
    ry: float

    @property
    def top(self) -> float:
        """The height of its highest point."""
        return self.y - self.ry


# Head and body of each plan; where the head is the whole creature, the body lies inside it.
_PLANS = {
    "chibi": (Oval(-0.08, 0.54, 0.46), Oval(0.54, 0.33, 0.32)),
    "quad": (Oval(-0.02, 0.50, 0.43), Oval(0.52, 0.52, 0.30)),
    "pear": (Oval(-0.10, 0.46, 0.40), Oval(0.44, 0.52, 0.42)),
    "blob": (Oval(0.24, 0.64, 0.60), Oval(0.30, 0.62, 0.54)),
    "bird": (Oval(0.16, 0.58, 0.60), Oval(0.30, 0.56, 0.50)),
    "wisp": (Oval(-0.02, 0.54, 0.48), Oval(0.30, 0.46, 0.40)),
}
_STANDING = ("chibi", "pear")


def _fit(parts: list[Part]) -> float:
    """How much smaller a creature must be to keep its ears and wings inside the square."""
    points = [point for part in parts for point in part.curve]
    wide = max(abs(x) for x, _ in points)
    tall = (_GROUND - min(y for _, y in points)) * (1 + TALLEST)
    return min(1.0, _MARGIN / wide, (_GROUND + _MARGIN) / tall)


class Anatomy:
    """Builds the parts of one creature for one view."""

    def __init__(self, genome: Genome, view: View) -> None:
        self.genome, self.view = genome, view
        head, body = _PLANS[genome.plan]
        self.head = Oval(head.y, head.rx * genome.head, head.ry * genome.head)
        self.body = Oval(body.y, body.rx * genome.girth, body.ry)
        self._parts = self._build()
        self._size = _fit(self._parts)

    def parts(self) -> list[Part]:
        """All parts, back to front, as large as the square allows."""
        return [Part(self._placed(part.curve), part.role, part.flat) for part in self._parts]

    def _build(self) -> list[Part]:
        """All parts, back to front; from behind, tail and wings are the nearest."""
        far = [*self._tail(), *self._wings()]
        near = [*self._ears(), *self._trunk(), *self._skull(), *self._marks(), *self._crest()]
        near += [*self._scarf(), *self._bow()]
        return near + far[::-1] if self.view.back else far + near

    def eye(self) -> Point:
        """Where the right eye is; the left one is its mirror image."""
        x, y = self.head.rx * 0.46, self.head.y + self.head.ry * 0.12
        return self._placed(((x, y),))[0]

    def mouth(self) -> float:
        """How low the mouth is."""
        return self._placed(((0.0, self.head.y + self.head.ry * 0.5),))[0][1]

    def _placed(self, curve: Curve) -> Curve:
        """A curve where it stands in the square: fitted and stretched, its feet on the ground."""
        wide = self._size * (1 - self.view.stretch / 2)
        tall = self._size * (1 + self.view.stretch)
        return tuple((x * wide, _GROUND - (_GROUND - y) * tall) for x, y in curve)

    def _pair(self, curve: Curve, role: str, flat: bool = False) -> Iterator[Part]:
        yield Part(curve, role, flat)
        yield Part(mirror(curve), role, flat)

    def _grow(
        self, limbs: Iterable[Limb], x: float, y: float, wide: float = 1.0, long: float = 1.0
    ) -> Iterator[Part]:
        """Limbs from a point; ``wide`` and ``long`` scale x, and the y of what points upwards."""
        for one in limbs:
            if one.inner and self.view.back:
                continue
            tip = one.tip[1] * (long if one.tip[1] < 0 else 1.0)
            curve = limb(
                (x + one.base[0] * wide, y + one.base[1]),
                (x + one.tip[0] * wide, y + tip),
                *(one.width, one.profile, one.bend),
            )
            both = self._pair(curve, one.role, one.inner)
            yield from both if one.paired else [next(both)]

    def _tail(self) -> Iterator[Part]:
        x, y = (0.05, 0.1) if self.view.back else (self.body.rx * 0.6, 0.18)
        for part in self._grow(TAILS[self.genome.tail], x, self.body.y + y):
            # A tail has one side only: the mirrored half of each pair is left out.
            if max(px for px, _ in part.curve) > 0.3:
                yield part

    def _wings(self) -> Iterator[Part]:
        if self.genome.wings and self.genome.plan != "bird":
            yield from self._grow(WINGS, self.body.rx, self.body.y)

    def _ears(self) -> Iterator[Part]:
        head, long = self.head, self.genome.ear_length
        return self._grow(EARS[self.genome.ears], 0.0, head.top, head.rx, long)

    def _crest(self) -> Iterator[Part]:
        if self.genome.crest != "gem" or not self.view.back:
            yield from self._grow(CRESTS[self.genome.crest], 0.0, self.head.top, self.head.rx)

    def _trunk(self) -> Iterator[Part]:
        plan, body = self.genome.plan, self.body
        if plan == "wisp":
            yield from self._hem()
            return
        yield from self._feet()
        if plan in _STANDING:
            yield from self._arms(body.rx * 0.72, body.rx + 0.17, body.y - 0.16, 0.28)
        if plan in (*_STANDING, "quad"):
            yield Part(ellipse(0, body.y, body.rx, body.ry), "main")
        if plan in _STANDING and not self.view.back:
            yield Part(ellipse(0, body.y + 0.06, body.rx * 0.62, body.ry * 0.68), "light", True)

    def _arms(self, x: float, out: float, y: float, down: float) -> Iterator[Part]:
        return self._pair(limb((x, y), (out, y + down), 0.11, "long", 0.04), "main")

    def _hem(self) -> Iterator[Part]:
        """A ghost has no feet: its body ends in three waves."""
        rx = self.body.rx
        half = ((0.4, 0.68), (0.72, 0.86), (1.1, 0.72), (1.06, 0.4), (1.0, 0.0))
        right = [(x * rx, y) for x, y in half]
        left = [(-x, y) for x, y in reversed(right)]
        yield Part((*left, (0.0, 0.88), *right), "main")
        yield from self._arms(rx * 0.8, rx + 0.28, 0.3, 0.12)

    def _feet(self) -> Iterator[Part]:
        rx, plan = self.body.rx, self.genome.plan
        if plan == "quad":
            yield from self._pair(ellipse(rx * 0.78, 0.74, 0.13, 0.14), "main")
            yield from self._pair(ellipse(rx * 0.34, 0.80, 0.14, 0.12), "main")
            return
        role = "second" if plan == "bird" else "main"
        yield from self._pair(ellipse(rx * 0.55, 0.81, 0.17, 0.11), role)

    def _skull(self) -> Iterator[Part]:
        head, plan = self.head, self.genome.plan
        yield Part(ellipse(0, head.y, head.rx, head.ry), "main")
        if not self.view.back:
            yield from self._muzzle()
        if plan == "bird":
            wing = limb((head.rx * 0.86, head.y - 0.1), (head.rx + 0.18, 0.6), 0.18, "wing", -0.05)
            yield from self._pair(wing, "second")
        elif plan == "blob":
            yield from self._arms(head.rx * 0.86, head.rx + 0.18, head.y + 0.12, 0.18)

    def _muzzle(self) -> Iterator[Part]:
        head = self.head
        size = {"blob": (0.6, 0.42), "bird": (0.6, 0.42), "quad": (0.44, 0.34)}
        if self.genome.plan in size:
            wide, high = size[self.genome.plan]
            spot = ellipse(0, head.y + head.ry * 0.52, head.rx * wide, head.ry * high)
            yield Part(spot, "light", True)
        cheek = ellipse(head.rx * 0.74, head.y + head.ry * 0.42, 0.09, 0.06)
        yield from self._pair(cheek, "blush", True)

    def _marks(self) -> Iterator[Part]:
        if self.view.back:
            yield from self._back_marks()
            return
        rx, y, ry = self.head.rx, self.head.y, self.head.ry
        if self.genome.pattern == "mask":
            eyes = ellipse(rx * 0.46, y + ry * 0.12, rx * 0.32, ry * 0.42)
            yield from self._pair(eyes, "light", True)
        elif self.genome.pattern == "spots":
            for x, up, size in ((-0.45, 0.5, 0.08), (0.5, 0.55, 0.06)):
                yield Part(ellipse(rx * x, y - ry * up, size, size * 0.8), "second", True)
        elif self.genome.pattern == "stripes":
            yield Part(limb((0, y - ry * 0.98), (0, y - ry * 0.45), 0.08, "cone"), "second", True)
            side = limb((rx * 0.4, y - ry * 0.88), (rx * 0.32, y - ry * 0.5), 0.06, "cone")
            yield from self._pair(side, "second", True)

    def _back_marks(self) -> Iterator[Part]:
        widths = {"spots": (0.13, 0.1), "stripes": (0.3, 0.045)}
        width, height = widths.get(self.genome.pattern, (0.2, 0.05))
        low = self.genome.plan in (*_STANDING, "quad")
        top = self.body.y - (0 if low else self.body.ry * 0.5)
        for step in (0.02, 0.2):
            yield Part(ellipse(0, top + step, width - step / 3, height), "second", True)

    def _scarf(self) -> Iterator[Part]:
        if self.genome.scarf:
            rx, y = self.head.rx, min(self.head.y + self.head.ry * 0.96, 0.74)
            yield Part(ellipse(0, y, rx * 0.66, 0.09), "scarf")
            yield Part(limb((rx * 0.4, y), (rx * 0.62, y + 0.3), 0.1, "wing"), "scarf")

    def _bow(self) -> Iterator[Part]:
        """Females wear a bow by the left ear."""
        if self.view.female:
            x, y = -self.head.rx * 0.56, self.head.top + self.head.ry * 0.2
            for side in (-1, 1):
                loop = limb((x, y), (x + side * 0.25, y - 0.07), 0.13, "wing")
                yield Part(loop, "bow")
            yield Part(ellipse(x, y, 0.06, 0.06), "bow")
