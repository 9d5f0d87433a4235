"""The list: a page of Pokémon for some filters, each with the sprites that suit the look.

Three queries for a page, one more for a page past the end; the gallery and the JSON share it.
"""

from dataclasses import dataclass

from django.core.paginator import Paginator
from django.utils.translation import gettext as _

from . import labels
from .filters import Filters
from .looks import ANIMATED, Look, full_name
from .models import Pokemon, Sprite
from .pictures import Picture, picture

BOX = 128
"""The side of a card's stage, in CSS pixels, at its smallest."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of the Pokémon that filters keep, and how many they keep in all."""

    filters: Filters
    rows: list[Pokemon]
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
    page = found.counted().with_types().with_best_sprites(filters.look)
    rows = list(page[start : start + filters.size])
    total: int = rows[0].total if rows else found.count()
    return Listing(filters, rows, total)


@dataclass(frozen=True, slots=True)
class Card:
    """One Pokémon of the grid: its pictures, or what is missing, or what stands in for it."""

    pokemon: Pokemon
    still: Picture | None
    moving: Picture | None
    missing: str
    stand_in: str


def card(pokemon: Pokemon, look: Look) -> Card:
    """Dress a Pokémon whose best sprites were fetched for this look."""
    still, moving = best(pokemon)
    if still and moving and moving.facing != still.facing:
        moving = None
    shown = (moving or still) if look.set == ANIMATED else (still or moving)
    return Card(
        pokemon,
        still and picture(pokemon, still, BOX),
        moving and picture(pokemon, moving, BOX),
        "" if shown else _("No sprite: %(look)s") % {"look": labels.look_name(look)},
        _stand_in(look, shown) if shown else "",
    )


def best(pokemon: Pokemon) -> tuple[Sprite | None, Sprite | None]:
    """Return the still and the animated sprite that were fetched as the best."""
    by_motion = {sprite.animated: sprite for sprite in pokemon.best_sprites}
    return by_motion.get(False), by_motion.get(True)


def _stand_in(look: Look, shown: Sprite) -> str:
    """Say what is shown where it is not the look that was asked for."""
    meets = shown.animated if look.set == ANIMATED else shown.set == full_name(look.set)
    if meets and shown.facing == look.facing:
        return ""
    found = Look(shown.set, shown.shiny, shown.facing == "back")
    return _("Shown: %(look)s") % {"look": labels.look_name(found)}
