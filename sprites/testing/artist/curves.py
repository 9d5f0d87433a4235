"""Closed curves, the only shapes that creatures are made of.

In: centres, radii, ends of limbs. Out: curves as tuples of points, in a unit square whose x and y
run from -1 to 1, y downwards.
"""

from __future__ import annotations

import math

Point = tuple[float, float]
Curve = tuple[Point, ...]

# Half widths along a limb's axis, from its base to its tip.
_PROFILES = {
    "cone": (1.0, 0.8, 0.55, 0.3, 0.04),
    "taper": (1.0, 0.95, 0.85, 0.7, 0.5, 0.28, 0.06),
    "long": (0.6, 0.85, 1.0, 1.0, 0.9, 0.65, 0.1),
    "cat": (1.0, 0.9, 0.72, 0.5, 0.26, 0.05),
    "leaf": (0.2, 0.75, 1.0, 0.95, 0.65, 0.3, 0.04),
    "flame": (0.55, 1.0, 0.95, 0.7, 0.45, 0.2, 0.03),
    "bulb": (0.3, 0.3, 0.3, 0.35, 0.95, 1.0, 0.5),
    "wing": (0.3, 0.7, 0.95, 1.0, 0.85, 0.5, 0.1),
    "disc": (0.1, 0.6, 0.85, 0.97, 1.0, 0.97, 0.85, 0.6, 0.1),
}
# A bolt has no axis to be thick around: it is this outline, laid from base to tip.
_BOLT = (
    *((-0.1, 0.08), (0.36, 0.16), (0.3, -0.02), (0.68, 0.12), (0.64, -0.08), (1.0, 0.04)),
    *((0.82, -0.3), (0.52, -0.26), (0.56, -0.1), (0.12, -0.2), (0.2, 0.0)),
)


def ellipse(x: float, y: float, rx: float, ry: float, steps: int = 28) -> Curve:
    """An ellipse around a centre."""
    ring = [math.tau * step / steps for step in range(steps)]
    return tuple((x + rx * math.cos(angle), y + ry * math.sin(angle)) for angle in ring)


def limb(base: Point, tip: Point, width: float, profile: str, bend: float = 0.0) -> Curve:
    """A limb from base to tip, as wide as its profile says, bent sideways towards its tip."""
    dx, dy = tip[0] - base[0], tip[1] - base[1]
    length = math.hypot(dx, dy)
    nx, ny = -dy / length, dx / length

    def point(along: float, aside: float) -> Point:
        aside += bend * along * math.sin(math.pi * along / 2)
        return base[0] + dx * along + nx * aside, base[1] + dy * along + ny * aside

    if profile == "bolt":
        return tuple(point(along, aside * width * 6) for along, aside in _BOLT)
    widths = [(step, share * width) for step, share in enumerate(_PROFILES[profile])]
    last = len(widths) - 1
    right = [point(step / last, half) for step, half in widths]
    return tuple(right + [point(step / last, -half) for step, half in reversed(widths)])


def mirror(curve: Curve) -> Curve:
    """The same curve on the other side."""
    return tuple((-x, y) for x, y in curve)


def box(curve: Curve) -> tuple[float, float, float, float]:
    """Centre x, centre y, width and height of a curve."""
    xs, ys = [x for x, _ in curve], [y for _, y in curve]
    left, right, top, bottom = min(xs), max(xs), min(ys), max(ys)
    return (left + right) / 2, (top + bottom) / 2, right - left, bottom - top


def copy(curve: Curve, share: float, dx: float, dy: float) -> Curve:
    """A smaller copy of a curve; dx and dy move it by shares of the curve's own size."""
    cx, cy, width, height = box(curve)
    mx, my = cx + dx * width, cy + dy * height
    return tuple((mx + (x - cx) * share, my + (y - cy) * share) for x, y in curve)


def rounded(curve: Curve, times: int = 2) -> Curve:
    """Cut the corners of a closed curve, which rounds it (Chaikin)."""
    for _ in range(times):
        cut: list[Point] = []
        for (ax, ay), (bx, by) in zip(curve, curve[1:] + curve[:1], strict=True):
            cut.append((ax * 0.75 + bx * 0.25, ay * 0.75 + by * 0.25))
            cut.append((ax * 0.25 + bx * 0.75, ay * 0.25 + by * 0.75))
        curve = tuple(cut)
    return curve
