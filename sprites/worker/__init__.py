"""What runs elsewhere, on any executor and any machine: a Job in, an Outcome out.

::

    job.run_job
      ResourceJob ─> http ─> pokeapi ──────────────────────> PokemonRecord, ListPage or Group
      SpriteJob ───> http ─> images ─> naming ─> storage ──> StoredSprite or Unchanged
                     │       └ containers, svg
                     └ transport, connection, exchange, routes, session

``records`` has these nouns. ``compute_lock`` lets one thread of a process compute at a time, and
``interrupt`` ends what is on its way when a run is stopped.

A worker touches no row and no setting, knows nothing of the parent, and raises for nothing that can
happen to a sprite. A spawned process loads this package before Django is set up, so nothing is
imported here.
"""
