"""A query string into a page: what visitors see of the mirror, and nothing that fetches.

::

    a request ─> unchanged: 304, or go on
    query string ─> filters ─> listing ─> controls, headings ─> views ─> the list
    a name or id ─────────────> detail ─> sprite_table ───────> views ─> the page of one Pokémon
                   filters ─> listing ────────────────────────> api
    a sprite's key and hash ──────────────────────────────────> media
"""
