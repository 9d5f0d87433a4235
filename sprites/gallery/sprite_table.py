"""All sprites of one Pokémon, laid out: a section a generation, a row a game, a column a side.

In go its sprites as rows of the database, stored or not; nothing here asks the database.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from django.utils.translation import gettext as _

from .. import labels
from ..keys import is_valid
from ..models import Pokemon, Sprite
from ..pictures import Picture, game, picture, side

SMALL, LARGE, ARTWORK = 112, 288, 400
"""Sides of the boxes: a plate, the large plate for pixels, and the large plate for artwork."""

_FACINGS = ("front", "back", "")
_VARIANTS = ("", "transparent", "gray")


@dataclass(frozen=True, slots=True)
class Plate:
    """One sprite in its column; without a picture, ``reason`` says why."""

    sprite: Sprite
    column: int
    label: str
    still: Picture | None
    moving: Picture | None
    reason: str


@dataclass(frozen=True, slots=True)
class Row:
    """The sprites of one game, or of one set that belongs to no game."""

    label: str
    plates: list[Plate]


@dataclass(frozen=True, slots=True)
class Section:
    """The rows of one generation; ``stored`` of ``listed`` sprites can be seen."""

    id: str
    title: str
    rows: list[Row]
    stored: int
    listed: int


def sections(pokemon: Pokemon, sprites: Iterable[Sprite]) -> list[Section]:
    """Lay out all sprites; those of no generation come first."""
    ordered = sorted(sprites, key=_place)
    stills = {s.key: s for s in ordered if s.file and not s.animated}
    return [
        _section(pokemon, generation, list(group), stills)
        for generation, group in groupby(ordered, key=lambda sprite: sprite.generation or 0)
    ]


def _place(sprite: Sprite) -> tuple[int, int, str, str]:
    folder = sprite.key.rpartition("/")[0]
    place = labels.SET_ORDER.get(sprite.set, len(labels.SET_ORDER))
    return sprite.generation or 0, place, folder, sprite.key


def _section(
    pokemon: Pokemon, generation: int, sprites: list[Sprite], stills: dict[str, Sprite]
) -> Section:
    sides = {_leaf(sprite): _side_order(sprite) for sprite in sprites}
    columns = {leaf: place for place, leaf in enumerate(sorted(sides, key=sides.__getitem__), 1)}
    title = _("Generation %(numeral)s") % {"numeral": labels.generation_name(generation)}
    return Section(
        f"g{generation}",
        title if generation else _("Of every generation"),
        list(_rows(pokemon, sprites, columns, stills)),
        sum(bool(sprite.file) for sprite in sprites),
        len(sprites),
    )


def _rows(
    pokemon: Pokemon, sprites: list[Sprite], columns: dict[str, int], stills: dict[str, Sprite]
) -> Iterator[Row]:
    for _folder, group in groupby(sprites, key=lambda sprite: sprite.key.rpartition("/")[0]):
        row = list(group)
        plates = [plate(pokemon, sprite, stills, columns[_leaf(sprite)]) for sprite in row]
        yield Row(game(row[0]), sorted(plates, key=lambda plate: plate.column))


def _leaf(sprite: Sprite) -> str:
    return sprite.key.rpartition("/")[2]


def _side_order(sprite: Sprite) -> tuple[int, bool, bool, int, str]:
    """Order columns: the plain ones, then female, then variants; front before back before odd."""
    variant = _VARIANTS.index(sprite.variant) if sprite.variant in _VARIANTS else len(_VARIANTS)
    facing = _FACINGS.index(sprite.facing) if sprite.facing in _FACINGS else len(_FACINGS)
    return variant, sprite.female, sprite.shiny, facing, _leaf(sprite)


def plate(
    pokemon: Pokemon, sprite: Sprite, stills: dict[str, Sprite], column: int = 1, box: int = SMALL
) -> Plate:
    """Show a sprite; the still of an animated one is the default set's of the same side."""
    shown = picture(pokemon, sprite, box) if sprite.file else None
    stand_in = stills.get(_leaf(sprite)) if sprite.animated else None
    still = picture(pokemon, stand_in, box) if stand_in else None
    return Plate(
        sprite,
        column,
        side(sprite),
        still if sprite.animated else shown,
        shown if sprite.animated else None,
        "" if shown else reason(sprite),
    )


def reason(sprite: Sprite) -> str:
    """Say to a visitor why a sprite cannot be seen."""
    if sprite.state == Sprite.State.MISSING:
        return _("Missing upstream")
    if sprite.state == Sprite.State.FAILED:
        return _("Could not be fetched: %(code)s") % {"code": sprite.error_code}
    return _("Not fetched yet")


def chosen(sprites: list[Sprite], key: str) -> Sprite | None:
    """Return the sprite for the large plate: the one asked for, else the most telling stored."""
    asked = [sprite for sprite in sprites if sprite.key == key and is_valid(key)]
    stored = [s for s in sprites if s.file]
    telling = [
        s for name in ("official-artwork", "home", "default") for s in stored if s.set == name
    ]
    plain = sorted(telling, key=lambda s: (s.shiny, s.female, s.facing != "front"))
    return next(iter(asked + plain + stored + sprites), None)


def large(pokemon: Pokemon, sprite: Sprite, sprites: list[Sprite]) -> Plate:
    """Show the chosen sprite as large as it looks right."""
    stills = {s.key: s for s in sprites if s.file and not s.animated}
    box = LARGE if sprite.width and sprite.width <= LARGE else ARTWORK
    return plate(pokemon, sprite, stills, box=box)
