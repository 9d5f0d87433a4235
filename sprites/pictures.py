"""Sprites as a page shows them: an address, a size that suits the pixels, and words.

In goes a stored sprite and the side of the box it must fit; no file is ever opened.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.safestring import SafeString, mark_safe

from . import labels
from .looks import SMOOTH

if TYPE_CHECKING:
    from .models import Pokemon, Sprite


@dataclass(frozen=True, slots=True)
class Picture:
    """What an ``img`` element needs; width and height are in CSS pixels."""

    url: str
    width: int
    height: int
    alt: str
    pixelated: bool

    @property
    def size(self) -> SafeString:
        """Return both attributes, whatever way the visitor's language writes numbers."""
        return mark_safe(f'width="{self.width:d}" height="{self.height:d}"')


def picture(pokemon: "Pokemon", sprite: "Sprite", box: int) -> Picture:
    """Show a stored sprite in a box of this side."""
    width, height, pixelated = fit(sprite, box)
    return Picture(sprite.file.url, width, height, labels.alt(pokemon, sprite), pixelated)


def fit(sprite: "Sprite", box: int) -> tuple[int, int, bool]:
    """Return width, height and whether the pixels are to stay crisp.

    Pixel art is enlarged by whole multiples alone, so that every pixel stays square; other images
    are never enlarged beyond their own size, except drawings (SVG), which have none.
    """
    width, height = sprite.width or box, sprite.height or box
    largest = max(width, height)
    drawing = sprite.media_type == "image/svg+xml"
    if not drawing and sprite.set not in SMOOTH and largest <= box:
        times = box // largest
        return width * times, height * times, True
    scale = box / largest if drawing else min(1.0, box / largest)
    return max(1, round(width * scale)), max(1, round(height * scale)), False
