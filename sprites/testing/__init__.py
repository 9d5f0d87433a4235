"""A PokéAPI of our own, for tests, benchmarks and demonstrations.

In: what a test wants served and what should go wrong. Out: ``PokeAPI``, a server on loopback in a
process of its own that draws its creatures. Run it by hand with ``python -m sprites.testing``.
"""

from .client import PokeAPI
from .server.edits import DELETE
from .server.log import LoggedRequest

__all__ = ["DELETE", "LoggedRequest", "PokeAPI"]
