"""Mirror Pokémon and their sprites from PokéAPI into a Django site.

Nothing is imported here: a spawned worker process loads this package before Django is set up.
"""

__version__ = "0.1.0"
