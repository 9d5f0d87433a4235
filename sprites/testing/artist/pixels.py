"""Pixel art: the parts of a creature on a small grid, with rims, shades, eyes and a mouth.

In: an ``Anatomy``'s parts and a palette. Out: indexed images (index 0 is transparent) and from
them PNG and animated GIF files, each pixel blown up to a square.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping

from PIL import Image, ImageChops, ImageDraw

from .anatomy import Anatomy
from .curves import Curve, copy
from .palette import INK, WHITE, Palette

_EYES: Mapping[str, tuple[str, ...]] = {
    "oval": (".K.", "KWK", "KKK", "KKK", ".K."),
    "round": ("KK", "WK", "KK", "KK"),
    "wide": (".KK.", "KWWK", "KWKK", "KKKK", ".KK."),
    "calm": (".KK.", "K..K"),
    "keen": ("K..", "KKK", "KWK", ".KK"),
    "shut": ("....", "K..K", ".KK."),
}
_MOUTHS: Mapping[str, tuple[str, ...]] = {
    "smile": ("K..K", ".KK."),
    "open": ("KKKKK", ".KRK.", "..K.."),
    "fang": ("KKKK", ".W.."),
    "dot": (".KK.", ".KK."),
    "beak": (".YY.", "YYYY", ".YY."),
}
_TONES = ("rim", "shade", "base", "light")


class Canvas:
    """A square grid of palette indices."""

    def __init__(self, palette: Palette, size: int) -> None:
        self.size = size
        self._index: dict[tuple[str, str], int] = {}
        colours = [(0, 0, 0), INK, WHITE, (250, 176, 60), (236, 104, 120)]
        for role, tones in palette.items():
            for tone in _TONES:
                self._index[role, tone] = len(colours)
                colours.append(getattr(tones, tone))
        self.image = Image.new("P", (size, size), 0)
        self.image.putpalette([part for colour in colours for part in colour])

    def draw(self, curve: Curve, role: str, flat: bool) -> None:
        """Draw one part: rim, base, shade to the lower right, light to the upper left."""
        mask = self._mask(curve)
        if flat:
            self._fill(role, "base", mask)
            return
        self._fill(role, "rim", _grown(mask))
        self._fill(role, "base", mask)
        reach = 2 if self._width(mask) > 9 else 1
        self._fill(role, "shade", ImageChops.subtract(mask, _moved(mask, -1, -reach)))
        if reach == 2:
            self._fill(
                role,
                "light",
                ImageChops.multiply(mask, self._mask(copy(curve, 0.28, -0.16, -0.23))),
            )

    def stamp(self, rows: tuple[str, ...], x: float, y: float, flip: bool = False) -> None:
        """Set single pixels around a point: K ink, W white, Y yellow, R red."""
        left = round((x + 1) * self.size / 2 - len(rows[0]) / 2)
        top = round((y + 1) * self.size / 2 - len(rows) / 2)
        for down, row in enumerate(rows):
            for right, letter in enumerate(reversed(row) if flip else row):
                if letter != ".":
                    self.image.putpixel((left + right, top + down), ".KWYR".index(letter))

    def _mask(self, curve: Curve) -> Image.Image:
        mask = Image.new("L", (self.size, self.size), 0)
        half = self.size / 2
        points = [((x + 1) * half - 0.5, (y + 1) * half - 0.5) for x, y in curve]
        ImageDraw.Draw(mask).polygon(points, fill=255)
        return mask

    def _fill(self, role: str, tone: str, mask: Image.Image) -> None:
        self.image.paste(self._index[role, tone], None, mask)

    def _width(self, mask: Image.Image) -> int:
        box = mask.getbbox()
        return box[2] - box[0] if box else 0


def _moved(mask: Image.Image, x: int, y: int) -> Image.Image:
    moved = Image.new("L", mask.size, 0)
    moved.paste(mask, (x, y))
    return moved


def _grown(mask: Image.Image) -> Image.Image:
    """The mask and its neighbours to the four sides."""
    grown = mask
    for x, y in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        grown = ImageChops.lighter(grown, _moved(mask, x, y))
    return grown


def draw(anatomy: Anatomy, palette: Palette, size: int) -> Image.Image:
    """One picture of a creature on a grid of ``size`` pixels."""
    canvas = Canvas(palette, size)
    for part in anatomy.parts():
        canvas.draw(part.curve, part.role, part.flat)
    if not anatomy.view.back:
        _face(canvas, anatomy)
    return canvas.image


def _face(canvas: Canvas, anatomy: Anatomy) -> None:
    genome, (x, y) = anatomy.genome, anatomy.eye()
    eyes = _EYES["shut" if anatomy.view.blink else genome.eyes]
    canvas.stamp(eyes, -x, y)
    canvas.stamp(eyes, x, y, flip=True)
    mouth = "beak" if genome.plan == "bird" else genome.mouth
    canvas.stamp(_MOUTHS[mouth], 0, anatomy.mouth())


def blow_up(image: Image.Image, factor: int, width: int, height: int) -> Image.Image:
    """Make every pixel a square, and stand the result in the middle of a larger picture."""
    large = image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST)
    out = Image.new("P", (width, height), 0)
    out.putpalette(image.getpalette() or [])
    out.paste(large, ((width - large.width) // 2, (height - large.height) // 2))
    return out


def png(image: Image.Image, opaque: bool) -> bytes:
    """A PNG file; an opaque one has white where others are transparent."""
    out = io.BytesIO()
    if opaque:
        image.paste(2, None, image.point([255] + [0] * 255, "L"))
        image.save(out, "PNG", compress_level=6)
    else:
        image.save(out, "PNG", transparency=0, compress_level=6)
    return out.getvalue()


def gif(frames: Iterable[Image.Image], milliseconds: int) -> bytes:
    """An animated GIF file that loops for ever."""
    first, *rest = frames
    out = io.BytesIO()
    first.save(
        out,
        "GIF",
        save_all=True,
        append_images=rest,
        duration=milliseconds,
        loop=0,
        transparency=0,
        disposal=2,
        optimize=False,
    )
    return out.getvalue()
