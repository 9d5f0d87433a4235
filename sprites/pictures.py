"""Sprites as a page shows them: an address, a size that suits the pixels, and words.

A stored sprite and the side of a box go in. No file is ever opened.
"""

from collections.abc import Mapping
from functools import cache
from html import escape
from typing import NamedTuple

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .labels import set_name
from .looks import ANIMATED, SMOOTH, Look
from .models import Pokemon, Sprite

_SIDES = {
    ("front", False): gettext_lazy("front"),
    ("back", False): gettext_lazy("back"),
    ("front", True): gettext_lazy("shiny front"),
    ("back", True): gettext_lazy("shiny back"),
}
_VARIANTS = {"gray": gettext_lazy("gray"), "transparent": gettext_lazy("transparent")}


class Picture(NamedTuple):
    """What an ``img`` element needs; width and height are in CSS pixels."""

    url: str
    width: int
    height: int
    alt: str
    pixelated: bool

    @property
    def attributes(self) -> dict[str, object]:
        """Return what every ``img`` of it has."""
        facts = {"src": self.url, "width": self.width, "height": self.height, "alt": self.alt}
        return {**facts, "loading": "lazy", "decoding": "async"}

    @property
    def size(self) -> SafeString:
        """Return both attributes, with the numbers written as HTML has them in every language."""
        return mark_safe(f'width="{self.width:d}" height="{self.height:d}"')


def img(attributes: Mapping[str, object]) -> SafeString:
    """Write an ``img`` element; every value is escaped."""
    written = (format_html(' {}="{}"', name, value) for name, value in attributes.items())
    return format_html("<img{}>", SafeString("".join(written)))


class Stage(NamedTuple):
    """What a page shows in one place: a still, a picture that moves, both, or why there is none.

    Beside a still the moving picture needs no words of its own.
    """

    still: Picture | None = None
    moving: Picture | None = None
    missing: str = ""

    @property
    def html(self) -> SafeString:
        """Write the stage; its pictures are fetched when they come into view."""
        return self._written(_LAZY)

    @property
    def eager_html(self) -> SafeString:
        """Write the stage; its still is fetched at once."""
        return self._written("")

    def _written(self, loading: str) -> SafeString:
        """Write it in one go: a page has a hundred of them."""
        still, moving = self.still, self.moving
        written = _written(still, "still", still.alt, loading) if still else ""
        if moving:
            written += _written(moving, "moving", "" if still else moving.alt, _LAZY)
        if self.missing:
            written += f'<span class="missing">{escape(self.missing)}</span>'
        return mark_safe(f'<span class="stage">{written}</span>')


_LAZY = ' loading="lazy"'


def _written(picture: Picture, name: str, words: str, loading: str) -> str:
    pixel = " pixel" if picture.pixelated else ""
    return (
        f'<img class="{name}{pixel}" src="{escape(picture.url)}" {picture.size}'
        f' alt="{escape(words)}"{loading}>'
    )


def picture(pokemon: Pokemon, sprite: Sprite, box: int, words: str | None = None) -> Picture:
    """Show a stored sprite in a box of this side, with words for it that may be known already."""
    width, height, pixelated = fit(sprite, box)
    words = Words().alt(pokemon, sprite) if words is None else words
    return Picture(sprite.file.url, width, height, words, pixelated)


def fit(sprite: Sprite, box: int) -> tuple[int, int, bool]:
    """Return width, height and whether the pixels are to stay crisp.

    Pixel art is only enlarged by whole multiples, so that every pixel stays square. Other images
    are never enlarged, except drawings (SVG), which have no size of their own.
    """
    width, height = sprite.width or box, sprite.height or box
    largest = max(width, height)
    drawing = sprite.media_type == "image/svg+xml"
    if not drawing and sprite.set not in SMOOTH and largest <= box:
        times = box // largest
        return width * times, height * times, True
    scale = box / largest if drawing else min(1.0, box / largest)
    return max(1, round(width * scale)), max(1, round(height * scale)), False


class Words:
    """Sprites in words; for a page full of them, each word is translated once."""

    def __init__(self) -> None:
        self._side, self._game = cache(_side), cache(_game)

    def side(self, sprite: Sprite) -> str:
        """Name what a sprite shows of the Pokémon: front, shiny back, female; its variant too."""
        if (sprite.facing, sprite.shiny) not in _SIDES:
            return sprite.key.rpartition("/")[2].replace("_", " ")
        return self._side(sprite.facing, sprite.shiny, sprite.female, sprite.variant)

    def game(self, sprite: Sprite) -> str:
        """Name a sprite's set, and that it moves where the set has both."""
        return self._game(sprite.set, sprite.animated and sprite.set != "showdown")

    def alt(self, pokemon: Pokemon, sprite: Sprite) -> str:
        """Say in words what an image shows: Pikachu, shiny back, Red · Blue."""
        return f"{pokemon.label}, {self.side(sprite)}, {self.game(sprite)}"


def _side(facing: str, shiny: bool, female: bool, variant: str) -> str:
    words = [str(_SIDES[facing, shiny])]
    if female:
        words.append(_("female"))
    if variant:
        words.append(str(_VARIANTS.get(variant, variant)))
    return ", ".join(words)


def _game(name: str, moves: bool) -> str:
    return f"{set_name(name)}, {set_name(ANIMATED)}" if moves else set_name(name)


def look_name(look: Look) -> str:
    """Name a look: HOME, shiny back; the plain front goes without saying."""
    if not (look.shiny or look.back):
        return set_name(look.set)
    return f"{set_name(look.set)}, {_SIDES[look.facing, look.shiny]}"
