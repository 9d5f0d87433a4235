"""This site in the place of PokéAPI: its JSON and its sprites, under upstream's own paths.

::

    /api/v2/…  ─> api ───> links ─┐
    /sprites/… ─> media ──────────┴─> replies ─> a document, a list, an image, or where to find it

A site includes ``sprites.serving.urls`` at its root. Nothing that a client sends reaches upstream
through us: what is not here is a redirect, made of what matched.
"""
