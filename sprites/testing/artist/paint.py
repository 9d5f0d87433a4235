"""Which drawing stands at a path: its size, style, view and colours.

In: a ``SpriteName``. Out: the bytes of a PNG, GIF or SVG file, the same for ever.
"""

from __future__ import annotations

from PIL import Image

from . import pixels, smooth
from .anatomy import TALLEST, Anatomy, View
from .creatures import genome
from .palette import palette
from .slots import SpriteName

# Grid, enlargement, and the canvas around it, by the last words of a set.
_SIZES = {
    "generation-i": (28, 2, 56, 56),
    "generation-ii": (28, 2, 56, 56),
    "generation-iii": (32, 2, 64, 64),
    "generation-iv": (32, 2, 80, 80),
    "icons": (30, 1, 40, 30),
}
_PLAIN = (32, 3, 96, 96)
_LARGE = {"other/official-artwork": 475, "other/home": 512}
_STRETCHES = (0.0, TALLEST / 2, TALLEST, TALLEST / 2, 0.0, -0.04)
_BLINK = 4


def picture(name: SpriteName) -> bytes:
    """Draw the file that a path names."""
    if name.extension == "gif":
        return pixels.gif([_pixels(name, frame) for frame in range(len(_STRETCHES))], 120)
    if name.extension == "png" and name.place not in _LARGE:
        return pixels.png(_pixels(name), _is_opaque(name))
    anatomy = Anatomy(genome(name.id), _view(name))
    colours = palette(anatomy.genome, name.traits, name.place)
    if name.extension == "svg":
        return smooth.svg(anatomy, colours)
    return smooth.png(anatomy, colours, _LARGE[name.place])


def _pixels(name: SpriteName, frame: int = 0) -> Image.Image:
    anatomy = Anatomy(genome(name.id), _view(name, frame))
    grid, factor, width, height = _size(name.place)
    image = pixels.draw(anatomy, palette(anatomy.genome, name.traits, name.place), grid)
    return pixels.blow_up(image, factor, width, height)


def _view(name: SpriteName, frame: int = 0) -> View:
    return View(
        back="back" in name.traits,
        female="female" in name.traits,
        blink=frame == _BLINK,
        stretch=_STRETCHES[frame],
    )


def _size(place: str) -> tuple[int, int, int, int]:
    words = place.split("/")
    return _SIZES.get(words[-1]) or _SIZES.get(words[1] if len(words) > 1 else "", _PLAIN)


def _is_opaque(name: SpriteName) -> bool:
    """The oldest sprites have a white ground, save those that say otherwise."""
    old = name.place.startswith(("versions/generation-i/", "versions/generation-ii/"))
    return old and "transparent" not in name.traits
