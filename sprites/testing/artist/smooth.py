"""Smooth drawings: the parts of a creature as layers of filled curves, for artwork and for SVG.

In: an ``Anatomy`` and a palette. Out: a PNG of any size (drawn at twice that size and reduced,
then limited to 96 colours, which keeps it under 40 kB), or an SVG of plain paths.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image, ImageDraw

from .anatomy import Anatomy, Part
from .creatures import Rgb
from .curves import Curve, box, copy, ellipse, rounded
from .palette import INK, WHITE, Palette, mix

_STROKE = 0.03


@dataclass(frozen=True)
class Layer:
    """One filled curve, with or without a rim."""

    curve: Curve
    fill: Rgb
    rim: Rgb | None = None


def _part_layers(part: Part, palette: Palette) -> Iterator[Layer]:
    tones, is_oval = palette[part.role], len(part.curve) > 20
    curve = rounded(part.curve, 1 if is_oval else 2)
    if part.flat:
        yield Layer(curve, tones.base)
        return
    yield Layer(curve, tones.shade, tones.rim)
    yield Layer(copy(curve, 0.88, -0.035, -0.04), tones.base)
    if is_oval and box(curve)[2] > 0.5:
        yield Layer(copy(curve, 0.3, -0.17, -0.25), mix(tones.base, tones.light, 0.7))


def layers(anatomy: Anatomy, palette: Palette) -> list[Layer]:
    """Everything to fill, back to front."""
    found = [layer for part in anatomy.parts() for layer in _part_layers(part, palette)]
    return found if anatomy.view.back else [*found, *_face(anatomy, palette)]


def _face(anatomy: Anatomy, palette: Palette) -> Iterator[Layer]:
    x, y = anatomy.eye()
    for side in (-1, 1):
        yield from _eye(side * x, y, anatomy.genome.eyes, palette)
    y = anatomy.mouth()
    if anatomy.genome.plan == "bird":
        beak = ((-0.13, y), (0.0, y - 0.09), (0.13, y), (0.0, y + 0.1))
        yield Layer(rounded(beak, 1), (250, 176, 60), (140, 78, 20))
        return
    is_open = anatomy.genome.mouth == "open"
    yield Layer(_arc(0.0, y, 0.1, 0.13 if is_open else 0.075, 0.0 if is_open else 0.04), INK)
    if is_open:
        yield Layer(ellipse(0.0, y + 0.085, 0.05, 0.035), (236, 104, 120))
    if anatomy.genome.mouth == "fang":
        yield Layer(((0.03, y + 0.02), (0.08, y + 0.015), (0.055, y + 0.075)), WHITE)


def _eye(x: float, y: float, kind: str, palette: Palette) -> Iterator[Layer]:
    if kind == "calm":
        yield Layer(_arc(x, y + 0.04, 0.1, -0.11, -0.06), INK)
        return
    wide, tall = (0.1, 0.13) if kind == "wide" else (0.08, 0.115)
    yield Layer(ellipse(x, y, wide, tall), INK)
    yield Layer(ellipse(x, y + tall * 0.45, wide * 0.68, tall * 0.42), palette["second"].shade)
    yield Layer(ellipse(x - wide * 0.3, y - tall * 0.4, wide * 0.38, tall * 0.34), WHITE)
    yield Layer(ellipse(x + wide * 0.35, y + tall * 0.35, wide * 0.16, tall * 0.14), WHITE)
    if kind == "keen":
        inner = -0.12 if x > 0 else 0.12
        lid = ((x - inner, y - 0.16), (x + inner, y - 0.1), (x + inner, y - 0.02))
        yield Layer(lid, palette["main"].rim)


def _arc(x: float, y: float, width: float, outer: float, inner: float) -> Curve:
    """A crescent between two arcs of different depth; negative depths arch upwards."""
    angles = [math.pi * step / 12 for step in range(13)]
    far = [(x + width * math.cos(a), y + outer * math.sin(a)) for a in angles]
    near = [(x + width * math.cos(a), y + inner * math.sin(a)) for a in reversed(angles)]
    return tuple(far + near)


def png(anatomy: Anatomy, palette: Palette, size: int) -> bytes:
    """A smooth PNG of ``size`` by ``size`` pixels on a transparent ground."""
    large = size * 2
    image = Image.new("RGBA", (large, large), (*palette["main"].rim, 0))
    pen = ImageDraw.Draw(image)
    for layer in layers(anatomy, palette):
        points = [((x + 1) * size, (y + 1) * size) for x, y in layer.curve]
        if layer.rim is not None:
            width = round(_STROKE * size)
            pen.line([*points, *points[:2]], layer.rim, width, joint="curve")
        pen.polygon(points, layer.fill)
    small = image.reduce(2).quantize(96, Image.Quantize.FASTOCTREE)
    out = io.BytesIO()
    small.save(out, "PNG", compress_level=6)
    return out.getvalue()


def svg(anatomy: Anatomy, palette: Palette) -> bytes:
    """An SVG of 200 by 200 units, made of plain paths."""
    paths = "".join(_path(layer) for layer in layers(anatomy, palette))
    head = '<svg xmlns="http://www.w3.org/2000/svg" width="200" height="200" viewBox="0 0 200 200">'
    return f'{head}<g stroke-linejoin="round">{paths}</g></svg>\n'.encode()


def _path(layer: Layer) -> str:
    points = " L".join(f"{(x + 1) * 100:.1f} {(y + 1) * 100:.1f}" for x, y in layer.curve)
    rim = f' stroke="{_hex(layer.rim)}" stroke-width="3"' if layer.rim is not None else ""
    return f'<path d="M{points} Z" fill="{_hex(layer.fill)}"{rim}/>'


def _hex(colour: Rgb) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
