"""What the mirror knows: Pokémon and their types, sprites, and runs.

Each model stands with its queryset, which has the questions that the gallery and a site can ask.
Only ``sync.writer`` writes rows of Pokemon, Type and Sprite.
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
