"""The admin shows what is mirrored and every run, and starts and stops runs.

Rows can't be edited here. To start or stop a run takes a POST and the permission
``sprites.run_sync``; a preview comes before most starts.
"""

from .pokemon import PokemonAdmin
from .runs import SyncRunAdmin
from .sprite import SpriteAdmin

__all__ = ["PokemonAdmin", "SpriteAdmin", "SyncRunAdmin"]
