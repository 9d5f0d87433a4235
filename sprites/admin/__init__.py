"""The admin: what is mirrored and every run, to be looked at, started and stopped.

Rows are facts that the sync wrote and can't be edited here; whatever starts or stops a run is a
POST by somebody with the permission ``sprites.run_sync``, by way of a preview.
"""

from .pokemon import PokemonAdmin
from .runs import SyncRunAdmin
from .sprite import SpriteAdmin

__all__ = ["PokemonAdmin", "SpriteAdmin", "SyncRunAdmin"]
