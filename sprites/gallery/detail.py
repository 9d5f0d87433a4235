"""One Pokémon's page: its facts, its family and all its sprites, ready for the template.

A Pokémon and the key of the sprite that was asked for go in. It takes three queries.
"""

from collections.abc import Iterator
from pathlib import PurePath
from typing import Any, NamedTuple

from django.db.models import Value
from django.utils.formats import number_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from ..languages import language_name, marked
from ..looks import Look
from ..models import Pokemon, Sprite
from ..models.pokemon import STATS
from ..pictures import Stage, Words
from . import sprite_table
from .listing import Card, best_sprites, dealt
from .names import add_words


class Name(NamedTuple):
    """A name and a genus with the attributes of their elements, in the order of the template."""

    language: str
    marks: SafeString
    name: str
    genus_marks: SafeString
    genus: str


def facts(pokemon: Pokemon) -> dict[str, Any]:
    """Return measures in metres and kilograms, and the base stats that are known."""
    fields = [field for field in Pokemon._meta.concrete_fields if field.name in STATS]
    stats = [(field.verbose_name, getattr(pokemon, field.name)) for field in fields]
    known = [(name, value) for name, value in stats if value is not None]
    return {
        "pokemon": pokemon,
        "metres": number_format(pokemon.height / 10, 1),
        "kilograms": number_format(pokemon.weight / 10, 1),
        "stats": known,
        "total": sum(value for _name, value in known),
    }


def family_and_sprites(pokemon: Pokemon, key: str) -> dict[str, Any]:
    """Return the family as cards, and all sprites as a table; the sprites of both are one query."""
    rows = list(Pokemon.objects.light().family_and_neighbours(pokemon))
    add_words([pokemon, *rows], every_language=True)
    best = best_sprites(rows, Look()).order_by().annotate(is_own=Value(False))
    own = pokemon.sprites.shown().order_by().annotate(is_own=Value(True))
    found: dict[bool, list[Sprite]] = {True: [], False: []}
    for sprite in sorted(own.union(best, all=True), key=lambda sprite: sprite.pk):
        found[sprite.is_own].append(sprite)  # type: ignore[attr-defined]  # annotated
    cards = dealt(rows, Look(), found[False])
    return {
        **_family(pokemon, cards),
        **_sprites(pokemon, found[True], key),
        "names": list(_names(pokemon)),
    }


def _names(pokemon: Pokemon) -> Iterator[Name]:
    """Yield the names of the species in all languages."""
    for tag, name, genus in pokemon.names:
        yield Name(language_name(tag), marked(name, tag), name, marked(genus, tag), genus)


def _family(pokemon: Pokemon, cards: list[Card]) -> dict[str, Any]:
    """Return the other forms, and the species before and after."""
    forms = [card for card in cards if card.pokemon.species == pokemon.species]
    beside = [card for card in cards if card.pokemon.species != pokemon.species]
    return {
        "forms": forms if len(forms) > 1 else [],
        "before": next((c for c in beside if c.pokemon.number < pokemon.number), None),
        "after": next((c for c in beside if c.pokemon.number > pokemon.number), None),
    }


def _sprites(pokemon: Pokemon, known: list[Sprite], key: str) -> dict[str, Any]:
    """Return the table of all sprites, and the sprite that is shown large."""
    words = Words()
    table = sprite_table.Table(pokemon, known, words)
    sprite = table.chosen(key)
    sections = table.sections(sprite)
    found = {
        "sections": sections,
        "stored": sum(section.stored for section in sections),
        "listed": len(known),
    }
    if sprite is None:
        return {**found, "stage": Stage(missing=_("No sprites yet"))}
    name = f"{pokemon.pk}-{sprite.key.replace('/', '-')}"
    return {
        **found,
        "sprite": sprite,
        "stage": table.large(sprite),
        "caption": f"{words.game(sprite)}, {words.side(sprite)}",
        "download": name + PurePath(str(sprite.file)).suffix,
    }
