"""The list: a page of Pokémon for some filters, each with the sprites that suit the look.

Three queries for a page, one more past the end of a search; the gallery and the JSON share it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import NamedTuple

from django.core.paginator import Paginator
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from ..labels import type_name
from ..looks import ANIMATED, Look, full_name
from ..models import Pokemon, Sprite, SpriteQuerySet
from ..pictures import Picture, Stage, Words, look_name, picture
from .filters import Choices, Filters
from .names import add_words

BOX, SMALL_BOX = 128, 112
"""The sides of a card's stage at its smallest, and of a small picture, in CSS pixels."""


class Card(NamedTuple):
    """A Pokémon with the still and the moving sprite that come nearest a look."""

    pokemon: Pokemon
    look: Look
    still: Sprite | None
    moving: Sprite | None
    words: Words

    @property
    def shown(self) -> Sprite | None:
        """Return the sprite that represents the Pokémon in this look."""
        first, second = self.still, self._moving
        return (second or first) if self.look.set == ANIMATED else (first or second)

    @property
    def _moving(self) -> Sprite | None:
        """Return the moving sprite, unless it shows another side than the still one."""
        still, moving = self.still, self.moving
        return None if still and moving and moving.facing != still.facing else moving

    @property
    def stage(self) -> Stage:
        """Return the pictures, or what is missing."""
        still, moving = self.still, self._moving
        if first := still or moving:
            words = self.words.alt(self.pokemon, first)
            return Stage(
                picture(self.pokemon, still, BOX, words) if still else None,
                picture(self.pokemon, moving, BOX, words) if moving else None,
            )
        return Stage(missing=_("No sprite: %(look)s") % {"look": look_name(self.look)})

    @property
    def stand_in(self) -> str:
        """Name what is shown if it is not the look that was asked for."""
        look, shown = self.look, self.shown
        if not shown:
            return ""
        is_set = shown.animated if look.set == ANIMATED else shown.set == full_name(look.set)
        if is_set and shown.facing == look.facing:
            return ""
        found = Look(shown.set, shown.shiny, shown.facing == "back")
        return _("Shown: %(look)s") % {"look": look_name(found)}

    @property
    def thumb(self) -> Picture | None:
        """Return a small picture."""
        return picture(self.pokemon, self.shown, SMALL_BOX, "") if self.shown else None


class Tile(NamedTuple):
    """A card as the grid shows it, in the order in which the template takes it apart."""

    address: str
    number: str
    name: str
    marks: SafeString
    type: str
    types: SafeString
    stage: SafeString
    stand_in: str


def tiles(cards: Iterable[Card]) -> Iterator[Tile]:
    """Make the grid's tiles; what many of them share is made once.

    The first picture is fetched at once, the others when they come into view.
    """
    address, tag = addresses(), cache(_type_tag)
    for place, card in enumerate(cards):
        pokemon, stage = card.pokemon, card.stage
        types = pokemon.type_names
        yield Tile(
            address(pokemon),
            f"{pokemon.number:04d}",
            pokemon.label,
            pokemon.marks,
            types[0] if types else "",
            mark_safe("".join(map(tag, types))),
            stage.html if place else stage.eager_html,
            card.stand_in,
        )


def addresses() -> Callable[[Pokemon], str]:
    """Return a function that gives a Pokémon the address of its page; only the ends differ."""
    before, after = reverse("sprites:detail", args=["0"]).rsplit("0", 1)
    return lambda pokemon: f"{before}{pokemon.name_in_url}{after}"


def _type_tag(name: str) -> str:
    return format_html('<span class="type type-{}">{}</span>', name, type_name(name))


def cards(rows: Sequence[Pokemon], look: Look) -> list[Card]:
    """Find the best sprites of all these Pokémon, in one query."""
    return dealt(rows, look, best_sprites(rows, look))


def best_sprites(rows: Iterable[Pokemon], look: Look) -> SpriteQuerySet:
    """Return the query for the sprites that come nearest a look."""
    return Sprite.objects.filter(pokemon__in=[row.pk for row in rows]).best(look)


def dealt(rows: Iterable[Pokemon], look: Look, found: Iterable[Sprite]) -> list[Card]:
    """Make the cards of these Pokémon, of the best sprites that were found."""
    best = {(sprite.pokemon_id, sprite.animated): sprite for sprite in found}
    words = Words()
    return [
        Card(row, look, best.get((row.pk, False)), best.get((row.pk, True)), words) for row in rows
    ]


def read_page(
    filters: Filters, known: Choices, *, every_language: bool = False
) -> "tuple[list[Card], Paginator[int]]":
    """Read one page from the database; return its cards, and a paginator of all pages."""
    found, narrows = filters.apply(Pokemon.objects.all()), filters.narrows
    rows = found.light().counted() if narrows else found.light()
    start = (filters.page - 1) * filters.size
    page = list(rows[start : start + filters.size])
    add_words(page, every_language=every_language)
    total = known.pokemon
    if narrows:
        total = page[0].total if page else start and found.count()  # type: ignore[attr-defined]
    return cards(page, filters.look), Paginator(range(total), filters.size)
