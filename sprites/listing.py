"""The list: a page of Pokémon for some filters, each with the sprites that suit the look.

Three queries for a page, one more for a page past the end; the gallery and the JSON share it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from django.core.paginator import Paginator
from django.utils.translation import gettext as _

from . import labels
from .filters import Filters
from .looks import ANIMATED, Look, full_name
from .models import Pokemon, Sprite
from .pictures import Picture, picture

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


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of the Pokémon that filters keep, each with its best, and how many they are in all."""

    filters: Filters
    rows: list[tuple[Pokemon, Best]]
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
    rows = list(found.counted().with_types()[start : start + filters.size])
    total = rows[0].total if rows else found.count()  # type: ignore[attr-defined]  # counted()
    sprites = best(rows, filters.look)
    return Listing(filters, [(pokemon, sprites[pokemon.pk]) for pokemon in rows], total)


@dataclass(frozen=True, slots=True)
class Card:
    """One Pokémon of the grid: its pictures, or what is missing, or what stands in for it."""

    pokemon: Pokemon
    still: Picture | None
    moving: Picture | None
    missing: str
    stand_in: str


def card(pokemon: Pokemon, sprites: Best, look: Look) -> Card:
    """Dress a Pokémon in its best sprites; what moves must show the side that stands still."""
    still, moving = sprites
    if still and moving and moving.facing != still.facing:
        moving = None
    shown = (moving or still) if look.set == ANIMATED else (still or moving)
    return Card(
        pokemon,
        picture(pokemon, still, BOX) if still else None,
        picture(pokemon, moving, BOX) if moving else None,
        "" if shown else _("No sprite: %(look)s") % {"look": labels.look_name(look)},
        _stand_in(look, shown) if shown else "",
    )


def _stand_in(look: Look, shown: Sprite) -> str:
    """Say what is shown where it is not the look that was asked for."""
    meets = shown.animated if look.set == ANIMATED else shown.set == full_name(look.set)
    if meets and shown.facing == look.facing:
        return ""
    found = Look(shown.set, shown.shiny, shown.facing == "back")
    return _("Shown: %(look)s") % {"look": labels.look_name(found)}
