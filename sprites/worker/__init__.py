"""What runs elsewhere: a job in, an outcome out, on any executor and any machine.

::

    job ─> http ─> pokeapi ───────────────────> PokemonRecord
           (transport, deadline)
    job ─> http ─> images ─> naming ─> storage ─> StoredSprite
                   (containers, svg)

Pure: it touches no row and no setting, knows nothing of the parent, and raises for nothing that can
happen to a sprite. A spawned process loads this package before Django is set up, so nothing is
imported here.
"""
