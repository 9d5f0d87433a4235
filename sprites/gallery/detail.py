"""One Pokémon's page: its facts, its family and all its sprites, ready for the template.

In go a Pokémon and the key of the sprite that was asked for; three queries are made here.
"""

from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _

from ..looks import Look
from ..models import Pokemon, Sprite
from ..pictures import Picture, game, picture, side
from . import sprite_table
from .listing import Best, best

_STATS = {
    "hp": _("HP"),
    "attack": _("Attack"),
    "defense": _("Defense"),
    "special_attack": _("Special attack"),
    "special_defense": _("Special defense"),
    "speed": _("Speed"),
}


@dataclass(frozen=True, slots=True)
class Relative:
    """Another form, or a neighbour, with its picture."""

    pokemon: Pokemon
    picture: Picture | None


def facts(pokemon: Pokemon) -> dict[str, Any]:
    """Return measures in metres and kilograms, and the base stats that are known."""
    stats = [(label, getattr(pokemon, name)) for name, label in _STATS.items()]
    known = [(label, value) for label, value in stats if value is not None]
    return {
        "pokemon": pokemon,
        "metres": number_format(pokemon.height / 10, 1),
        "kilograms": number_format(pokemon.weight / 10, 1),
        "stats": known,
        "total": sum(value for _label, value in known),
    }


def family(pokemon: Pokemon) -> dict[str, Any]:
    """Return the other forms, and the species before and after."""
    found = list(Pokemon.objects.family_and_neighbours(pokemon))
    sprites = best(found, Look())
    relatives = [Relative(other, _thumb(other, sprites[other.pk])) for other in found]
    forms = [item for item in relatives if item.pokemon.species == pokemon.species]
    beside = [item for item in relatives if item.pokemon.species != pokemon.species]
    before = [item for item in beside if item.pokemon.number < pokemon.number]
    after = [item for item in beside if item.pokemon.number > pokemon.number]
    return {
        "forms": forms if len(forms) > 1 else [],
        "before": before[0] if before else None,
        "after": after[0] if after else None,
    }


def _thumb(pokemon: Pokemon, sprites: Best) -> Picture | None:
    shown = sprites.still or sprites.moving
    return picture(pokemon, shown, sprite_table.SMALL) if shown else None


def sprites(pokemon: Pokemon, key: str) -> dict[str, Any]:
    """Return all sprites laid out, and the one for the large plate with what can be done to it."""
    known = list(pokemon.sprites.shown())
    laid_out = sprite_table.sections(pokemon, known)
    counts = {"stored": sum(s.stored for s in laid_out), "listed": sum(s.listed for s in laid_out)}
    sprite = sprite_table.chosen(known, key)
    return {"sections": laid_out, **counts, **(_large(pokemon, sprite, known) if sprite else {})}


def _large(pokemon: Pokemon, sprite: Sprite, known: list[Sprite]) -> dict[str, Any]:
    name = f"{pokemon.pk}-{sprite.key.replace('/', '-')}"
    return {
        "sprite": sprite,
        "plate": sprite_table.large(pokemon, sprite, known),
        "caption": f"{game(sprite)}, {side(sprite)}",
        "address": sprite.file.url if sprite.file else "",
        "tag": f'{{% sprite pokemon "{sprite.key}" %}}',
        "download": name + PurePath(str(sprite.file)).suffix,
    }
