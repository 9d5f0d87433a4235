"""All sprites of one Pokémon as a table: each generation is a section, each game a row, each side
of the Pokémon a column.

Its sprites go in as rows of the database, stored or not. Nothing here makes a query.
"""

from collections.abc import Iterable
from itertools import groupby
from typing import NamedTuple

from django.utils.translation import gettext as _

from .. import labels
from ..keys import is_valid
from ..models import Pokemon, Sprite
from ..pictures import Stage, game, picture, side
from .listing import SMALL_BOX

LARGE, ARTWORK = 288, 400
"""Sides of the box of the sprite that is shown large: for pixel art, and for artwork."""

_FACINGS = ("front", "back", "")
_VARIANTS = ("", "transparent", "gray")


class Cell(NamedTuple):
    """One sprite and its column; the sprites of one folder of upstream's make a row."""

    sprite: Sprite
    folder: str
    game: str
    column: int
    side: str
    stage: Stage


class Section(NamedTuple):
    """The sprites of one generation, row by row, and how many of them are stored."""

    id: str
    title: str
    cells: list[Cell]
    stored: int


def sections(pokemon: Pokemon, sprites: Iterable[Sprite]) -> list[Section]:
    """Lay out all sprites; those of no generation come first."""
    ordered = sorted(sprites, key=_place)
    stills = _stills(ordered)
    return [
        _section(pokemon, generation, list(group), stills)
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


def _stills(sprites: Iterable[Sprite]) -> dict[str, Sprite]:
    return {sprite.key: sprite for sprite in sprites if sprite.file and not sprite.animated}


def _section(
    pokemon: Pokemon, generation: int, sprites: list[Sprite], stills: dict[str, Sprite]
) -> Section:
    columns = sorted({_side_order(sprite) for sprite in sprites})
    title = _("Generation %(numeral)s") % {"numeral": labels.generation_name(generation)}
    cells = [
        Cell(
            sprite,
            _split(sprite)[0],
            game(sprite),
            columns.index(_side_order(sprite)) + 1,
            side(sprite),
            _stage(pokemon, sprite, stills, SMALL_BOX),
        )
        for sprite in sprites
    ]
    return Section(
        f"g{generation}",
        title if generation else _("Of every generation"),
        cells,
        sum(bool(sprite.file) for sprite in sprites),
    )


def _stage(pokemon: Pokemon, sprite: Sprite, stills: dict[str, Sprite], box: int) -> Stage:
    """Show a sprite; beside an animated one stands the default set's still of the same side."""
    shown = picture(pokemon, sprite, box) if sprite.file else None
    missing = "" if shown else reason(sprite)
    if not sprite.animated:
        return Stage(shown, None, missing)
    stand_in = stills.get(_split(sprite)[1])
    return Stage(picture(pokemon, stand_in, box) if stand_in else None, shown, missing)


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
    return _stage(pokemon, sprite, _stills(sprites), box)
