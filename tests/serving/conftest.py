"""A site that has mirrored three Pokémon, a type and the lists, and a visitor of it."""

import pytest

from ..support.site import Site

KEYS = "front_default,other/dream_world/front_default"


@pytest.fixture
def mirror(site: Site) -> Site:
    """Three Pokémon with a PNG and an SVG each, and the type grass, of which is the first."""
    run = site.run("--type", "grass", "--ids", "1-3", "--sprites", KEYS)
    assert run.exit_code == 0, run.stderr
    return site
