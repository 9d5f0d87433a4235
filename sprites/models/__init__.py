"""What the mirror knows: Pokémon with their types and names, sprites, documents, and runs.

Each model stands with its queryset, which has the questions that the gallery and a site can ask.
Only ``sync.writer`` writes rows of Pokemon, Type, Species, Sprite and Document.
"""

from django.db.models.signals import post_save

from .document import Document
from .pokemon import Pokemon, PokemonQuerySet, PokemonType, Type
from .revision import Revision, revise, saved
from .run import SyncRun, SyncRunQuerySet
from .species import Species, SpeciesName, SpeciesQuerySet
from .sprite import Sprite, SpriteQuerySet, sprite_storage

__all__ = [
    "Document",
    "Pokemon",
    "PokemonQuerySet",
    "PokemonType",
    "Revision",
    "Species",
    "SpeciesName",
    "SpeciesQuerySet",
    "Sprite",
    "SpriteQuerySet",
    "SyncRun",
    "SyncRunQuerySet",
    "Type",
    "revise",
    "sprite_storage",
]

for _model in (Pokemon, PokemonType, Species, SpeciesName, Sprite, Type):
    post_save.connect(saved, sender=_model)
