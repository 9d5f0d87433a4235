"""How fast the app is, beside others, on this machine: ``python -m bench``.

    real data ─> tree ─> nginx ─> contenders, each a whole process ─> cost ─> parts ─> page

A part, ``beside`` or ``latency``, takes a Lab, where a static PokéAPI is served on loopback, and
returns Findings: figures, and what they must reach. ``docs/benchmarks.md`` is written from them.
"""
