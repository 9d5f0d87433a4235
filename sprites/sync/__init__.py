"""The way of the data, a module a stage.

::

     parent                                         worker (a thread, a process, a node)
     ──────                                         ────────────────────────────────────
     select ── ResourceJob ──> schedule ── pool ──> http ──> pokeapi ─────────> PokemonRecord ─┐
                               ^    ^                                                          │
         retry, due later ─────┘    │ SpriteJob                                                │
                                    └────────── plan <── what the database has <───────────────┤
                                                                                               │
              SpriteJob ─────> schedule ── pool ──> http ──> images ──> storage ─> StoredSprite┤
                                                                                               │
     gallery, admin <── models <── batches of upserts <── writer <── entries <── mirror <──────┘

Workers are pure: one attempt, records in, records out. The parent decides: retries, pauses, rate,
stop. One writer: only ``writer`` writes synced rows. ``run`` conducts.

Nothing is imported here: a spawned worker process loads this package before Django is set up.
"""
