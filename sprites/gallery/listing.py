"""The list: a page of Pokémon for some filters, each with the sprites that suit the look.

Three queries for a page, one more for a page past the end; the gallery and the JSON share it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from django.core.paginator import Paginator
from django.utils.translation import gettext as _

from .. import labels
from ..looks import ANIMATED, Look, full_name
from ..models import Pokemon, PokemonType, Sprite
from ..pictures import Picture, look_name, picture
from .filters import Filters

BOX = 128
"""The side of a card's stage, in CSS pixels, at its smallest."""


class Best(NamedTuple):
    """The sprites that come nearest a look: one that stands still, and one that moves."""

    still: Sprite | None
    moving: Sprite | None


def best(rows: Iterable[Pokemon], look: Look) -> dict[int, Best]:
    """Find the best sprites of all these Pokémon, in one query; the keys are their ids."""
    found: dict[int, dict[bool, Sprite]] = {pokemon.pk: {} for pokemon in rows}
    for sprite in Sprite.objects.filter(pokemon__in=found).best(look):
        found[sprite.pokemon_id][sprite.animated] = sprite
    return {pk: Best(sprites.get(False), sprites.get(True)) for pk, sprites in found.items()}


class Row(NamedTuple):
    """One Pokémon of a page, with the names of its types in slot order and its best sprites."""

    pokemon: Pokemon
    types: list[str]
    sprites: Best


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of the Pokémon that filters keep, and how many they keep in all."""

    filters: Filters
    rows: list[Row]
    total: int

    @property
    def paginator(self) -> "Paginator[int]":
        """Return the pages, by count alone."""
        return Paginator(range(self.total), self.filters.size)

    @property
    def past_the_end(self) -> bool:
        """Tell whether the page asked for lies behind the last."""
        return self.filters.page > self.paginator.num_pages


def listing(filters: Filters) -> Listing:
    """Read one page from the database."""
    found = filters.apply(Pokemon.objects.all())
    start = (filters.page - 1) * filters.size
    page = list(found.counted()[start : start + filters.size])
    total = page[0].total if page else found.count()  # type: ignore[attr-defined]  # counted()
    types, sprites = _types(page), best(page, filters.look)
    rows = [Row(pokemon, types[pokemon.pk], sprites[pokemon.pk]) for pokemon in page]
    return Listing(filters, rows, total)


def _types(page: list[Pokemon]) -> dict[int, list[str]]:
    names: dict[int, list[str]] = {pokemon.pk: [] for pokemon in page}
    slots = PokemonType.objects.filter(pokemon__in=names).order_by("slot")
    for pk, name in slots.values_list("pokemon_id", "type__name"):
        names[pk].append(name)
    return names


@dataclass(frozen=True, slots=True)
class Card:
    """One Pokémon of the grid: its pictures, or what is missing, or what stands in for it.

    A type is its name upstream and its name for people.
    """

    pokemon: Pokemon
    types: list[tuple[str, str]]
    still: Picture | None
    moving: Picture | None
    missing: str
    stand_in: str


def card(row: Row, look: Look) -> Card:
    """Dress a Pokémon in its best sprites; what moves must show the side that stands still."""
    pokemon, types, (still, moving) = row
    if still and moving and moving.facing != still.facing:
        moving = None
    shown = (moving or still) if look.set == ANIMATED else (still or moving)
    return Card(
        pokemon,
        [(name, labels.type_name(name)) for name in types],
        picture(pokemon, still, BOX) if still else None,
        picture(pokemon, moving, BOX) if moving else None,
        "" if shown else _("No sprite: %(look)s") % {"look": look_name(look)},
        _stand_in(look, shown) if shown else "",
    )


def _stand_in(look: Look, shown: Sprite) -> str:
    """Say what is shown where it is not the look that was asked for."""
    meets = shown.animated if look.set == ANIMATED else shown.set == full_name(look.set)
    if meets and shown.facing == look.facing:
        return ""
    found = Look(shown.set, shown.shiny, shown.facing == "back")
    return _("Shown: %(look)s") % {"look": look_name(found)}
