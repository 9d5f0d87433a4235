"""All sprites of one Pokémon as a table: each generation is a section, each game a row, each side
of the Pokémon a column.

Its sprites go in as rows of the database, stored or not. Nothing here makes a query.
"""

from collections.abc import Iterable
from functools import cache
from itertools import groupby
from typing import NamedTuple

from django.utils.translation import gettext as _

from .. import labels
from ..keys import is_valid
from ..models import Pokemon, Sprite
from ..pictures import Picture, Stage, game, picture, side
from .listing import SMALL_BOX

LARGE, ARTWORK = 288, 400
"""Sides of the box of the sprite that is shown large: for pixel art, and for artwork."""

_FACINGS = ("front", "back", "")
_VARIANTS = ("", "transparent", "gray")


class Cell(NamedTuple):
    """One sprite in its column, in the order in which the template takes it apart."""

    id: int | None
    key: str
    column: int
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


def sections(pokemon: Pokemon, sprites: Iterable[Sprite]) -> list[Section]:
    """Lay out all sprites; those of no generation come first."""
    ordered = sorted(sprites, key=_place)
    shown = _Shown(pokemon, ordered)
    return [
        _section(generation, list(group), shown)
        for generation, group in groupby(ordered, key=lambda sprite: sprite.generation or 0)
    ]


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


class _Shown:
    """The stages of one Pokémon's sprites; what several of them share is made once."""

    def __init__(self, pokemon: Pokemon, sprites: Iterable[Sprite], box: int = SMALL_BOX) -> None:
        self._label, self._pokemon, self._box = pokemon.label, pokemon, box
        stills = {s.key: s for s in sprites if s.file and not s.animated}
        self._still = cache(lambda key: self._picture(stills[key]) if key in stills else None)

    def stage(self, sprite: Sprite) -> Stage:
        """Show a sprite; beside an animated one stands the default set's still of the same side."""
        if not sprite.file:
            still = self._still(_split(sprite)[1]) if sprite.animated else None
            return Stage(still, None, reason(sprite))
        if not sprite.animated:
            return Stage(self._still(sprite.key))
        return Stage(self._still(_split(sprite)[1]), self._picture(sprite))

    def _picture(self, sprite: Sprite) -> Picture:
        return picture(self._pokemon, sprite, self._box)


def _section(generation: int, sprites: list[Sprite], shown: _Shown) -> Section:
    orders = [_side_order(sprite) for sprite in sprites]
    columns = {order: number for number, order in enumerate(sorted(set(orders)), start=1)}
    title = _("Generation %(numeral)s") % {"numeral": labels.generation_name(generation)}
    cells = [
        Cell(sprite.pk, sprite.key, columns[order], side(sprite), shown.stage(sprite))
        for sprite, order in zip(sprites, orders, strict=True)
    ]
    games = groupby(zip(sprites, cells, strict=True), key=lambda pair: _split(pair[0])[0])
    rows = [list(pairs) for _folder, pairs in games]
    return Section(
        f"g{generation}",
        title if generation else _("Of every generation"),
        [Row(game(pairs[0][0]), [cell for _sprite, cell in pairs]) for pairs in rows],
        len(cells),
        sum(bool(sprite.file) for sprite in sprites),
    )


def reason(sprite: Sprite) -> str:
    """Tell a visitor why a sprite is not shown."""
    if sprite.state == Sprite.State.MISSING:
        return _("Missing upstream")
    if sprite.state == Sprite.State.FAILED:
        return _("Could not be fetched: %(code)s") % {"code": sprite.error_code}
    return _("Not fetched yet")


def chosen(sprites: list[Sprite], key: str) -> Sprite | None:
    """Return the sprite to show large: the one asked for, or else the best that is stored."""
    asked = [sprite for sprite in sprites if sprite.key == key and is_valid(key)]
    stored = [s for s in sprites if s.file]
    best = [s for name in ("official-artwork", "home", "default") for s in stored if s.set == name]
    plain = sorted(best, key=lambda s: (s.shiny, s.female, s.facing != "front"))
    return next(iter(asked + plain + stored + sprites), None)


def large(pokemon: Pokemon, sprite: Sprite, sprites: list[Sprite]) -> Stage:
    """Show the chosen sprite in a large box that suits it."""
    box = LARGE if sprite.width and sprite.width <= LARGE else ARTWORK
    return _Shown(pokemon, sprites, box).stage(sprite)
