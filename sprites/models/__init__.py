"""What the mirror knows: Pokémon, their types, one row a listed sprite, and the runs.

Each model stands with the questions that are asked of it, as a queryset that a site can ask too.
Rows of Pokemon, Type and Sprite are written by ``sync.writer`` alone.
"""

from .pokemon import Pokemon, PokemonQuerySet, PokemonType, Type
from .run import SyncRun, SyncRunQuerySet
from .sprite import Sprite, SpriteQuerySet, sprite_storage

__all__ = [
    "Pokemon",
    "PokemonQuerySet",
    "PokemonType",
    "Sprite",
    "SpriteQuerySet",
    "SyncRun",
    "SyncRunQuerySet",
    "Type",
    "sprite_storage",
]
