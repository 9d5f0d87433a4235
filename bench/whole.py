"""Real data in, a World with as many Pokémon and sprites as all of upstream out.

The data has no forms: upstream's 326 are invented, each a copy of a Pokémon with an equal share of
the sprites that are left.
"""

import json
from typing import Any

from sprites.testing.artist.slots import nest
from sprites.testing.server.reply import dump
from sprites.testing.server.world import World

from .tree import body, listing

POKEMON, SPRITES = 1_351, 52_286
"""What upstream had on 2026-08-08."""
_FIRST_FORM = 10_001


class Whole:
    """A world as large as upstream's."""

    def __init__(self, world: World) -> None:
        self._world = world
        first = world.index["pokemon"]
        self._bases = dict(enumerate(list(first.items())[: POKEMON - len(first)], _FIRST_FORM))
        forms = {f"{name}-form": number for number, (name, _) in self._bases.items()}
        self.index = {**world.index, "pokemon": {**first, **forms}}
        self._left = SPRITES - sum(map(self._count, first.values()))

    def document(self, resource: str, number: int) -> Any:
        """Return a document of the world, or one of a form."""
        if resource == "pokemon" and number in self._bases:
            return self._form(number)
        return self._world.document(resource, number)

    def _form(self, number: int) -> bytes:
        name, base = self._bases[number]
        document = self._read(base)
        place, forms = number - _FIRST_FORM, len(self._bases)
        share = self._left // forms + (place < self._left % forms)
        sprites = {
            key: f"/{number}.".join(url.rsplit(f"/{base}.", 1))
            for key, url in list(listing(document).items())[:share]
        }
        document |= {"id": number, "name": f"{name}-form", "is_default": False}
        return dump({**document, "sprites": nest(sprites)})

    def _count(self, number: int) -> int:
        return len(listing(self._read(number)))

    def _read(self, number: int) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(body(self._world, "pokemon", number))
        return document
