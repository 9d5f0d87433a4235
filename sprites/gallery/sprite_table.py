"""All sprites of one Pokémon as a table: each generation is a section, each game a row, each side
of the Pokémon a column.

Its sprites go in as rows of the database, stored or not. Nothing here makes a query.
"""

from collections.abc import Iterable
from functools import cache
from itertools import groupby
from typing import NamedTuple
from urllib.parse import quote

from django.utils.translation import gettext as _

from .. import labels
from ..keys import is_valid
from ..models import Pokemon, Sprite
from ..pictures import Picture, Stage, Words, picture
from .listing import SMALL_BOX

LARGE, ARTWORK = 288, 400
"""Sides of the box of the sprite that is shown large: for pixel art, and for artwork."""

_BEST = ("official-artwork", "home", "default")
"""The sets that are shown large, the best first."""

_FACINGS = ("front", "back", "")
_VARIANTS = ("", "transparent", "gray")


class Cell(NamedTuple):
    """One sprite in its column, in the order in which the template takes it apart."""

    id: str
    query: str
    column: str
    chosen: bool
    side: str
    stage: Stage


class Row(NamedTuple):
    """The sprites of one folder of upstream's, under the name of their game."""

    game: str
    cells: list[Cell]


class Section(NamedTuple):
    """The sprites of one generation, row by row; how many are listed, and how many stored."""

    id: str
    title: str
    rows: list[Row]
    listed: int
    stored: int


class Table:
    """The sprites of one Pokémon; what several of them share is made once."""

    def __init__(self, pokemon: Pokemon, sprites: Iterable[Sprite], words: Words) -> None:
        self._pokemon, self._words = pokemon, words
        self._sprites = sorted(sprites, key=_place)
        self._stored = [sprite for sprite in self._sprites if sprite.file]
        stills = {sprite.key: sprite for sprite in self._stored if not sprite.animated}
        self._still = cache(
            lambda key, box: self._picture(stills[key], box) if key in stills else None
        )

    def chosen(self, key: str) -> Sprite | None:
        """Return the sprite to show large: the one asked for, or else the best that is stored."""
        asked = [sprite for sprite in self._sprites if sprite.key == key and is_valid(key)]
        stored = sorted(self._stored, key=lambda sprite: sprite.pk)
        best = [s for name in _BEST for s in stored if s.set == name]
        plain = sorted(best, key=lambda s: (s.shiny, s.female, s.facing != "front"))
        others = sorted(self._sprites, key=lambda sprite: sprite.pk)
        return next(iter(asked + plain + stored + others), None)

    def large(self, sprite: Sprite) -> Stage:
        """Show the chosen sprite in a large box that suits it."""
        return self._stage(sprite, LARGE if sprite.width and sprite.width <= LARGE else ARTWORK)

    def sections(self, chosen: Sprite | None) -> list[Section]:
        """Lay out all sprites; those of no generation come first."""
        groups = groupby(self._sprites, key=lambda sprite: sprite.generation or 0)
        return [self._section(generation, list(group), chosen) for generation, group in groups]

    def _section(self, generation: int, sprites: list[Sprite], chosen: Sprite | None) -> Section:
        title = _("Generation %(numeral)s") % {"numeral": labels.generation_name(generation)}
        orders = sorted({_side_order(sprite) for sprite in sprites})
        columns = {order: f"c{number}" for number, order in enumerate(orders, start=1)}
        games = [list(group) for _folder, group in groupby(sprites, key=lambda s: _split(s)[0])]
        rows = [
            Row(
                self._words.game(game[0]),
                [self._cell(sprite, columns[_side_order(sprite)], chosen) for sprite in game],
            )
            for game in games
        ]
        return Section(
            f"g{generation}",
            title if generation else _("Of every generation"),
            rows,
            len(sprites),
            sum((sprite.generation or 0) == generation for sprite in self._stored),
        )

    def _cell(self, sprite: Sprite, column: str, chosen: Sprite | None) -> Cell:
        return Cell(
            f"s-{sprite.pk}",
            f"?sprite={quote(sprite.key)}",
            column,
            sprite is chosen,
            self._words.side(sprite),
            self._stage(sprite, SMALL_BOX),
        )

    def _stage(self, sprite: Sprite, box: int) -> Stage:
        """Show a sprite; beside an animated one stands the default set's still of the same side."""
        if not sprite.animated:
            still = self._still(sprite.key, box)
            return Stage(still, None, "" if still else reason(sprite))
        still = self._still(_split(sprite)[1], box)
        moving = self._picture(sprite, box) if sprite.file else None
        return Stage(still, moving, "" if moving else reason(sprite))

    def _picture(self, sprite: Sprite, box: int) -> Picture:
        return picture(self._pokemon, sprite, box, self._words.alt(self._pokemon, sprite))


def _place(sprite: Sprite) -> tuple[object, ...]:
    place, _name = labels.set_order(sprite.set)
    return sprite.generation or 0, place, _split(sprite)[0], _side_order(sprite)


def _split(sprite: Sprite) -> tuple[str, str]:
    """Return the folder of a sprite's key, and what stands after it."""
    folder, _slash, leaf = sprite.key.rpartition("/")
    return folder, leaf


def _side_order(sprite: Sprite) -> tuple[int, bool, bool, int, str]:
    """Order the columns: plain, then female, then variants; the front, the back, then others."""
    variant = _VARIANTS.index(sprite.variant) if sprite.variant in _VARIANTS else len(_VARIANTS)
    facing = _FACINGS.index(sprite.facing) if sprite.facing in _FACINGS else len(_FACINGS)
    return variant, sprite.female, sprite.shiny, facing, _split(sprite)[1]


def reason(sprite: Sprite) -> str:
    """Tell a visitor why a sprite is not shown."""
    if sprite.state == Sprite.State.MISSING:
        return _("Missing upstream")
    if sprite.state == Sprite.State.FAILED:
        return _("Could not be fetched: %(code)s") % {"code": sprite.error_code}
    return _("Not fetched yet")
