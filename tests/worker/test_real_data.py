"""The mirror on upstream's own JSON and images: exactly what is listed, byte for byte."""

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, build_opener

import pytest
from pytest_django import Settings

from sprites.models import Pokemon, Sprite
from sprites.testing import PokeAPI

from ..support.site import Site

FOLDER = Path(
    os.environ.get("SPRITES_REAL_DATA") or Path(__file__).parents[3] / "shared" / "pokeapi"
)
IDS = "1-3,25,132,1025,10001-10006"
"""A few species, the one with the most sprites, and forms, the last of them without any."""

pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="no real data: SPRITES_REAL_DATA may name its folder"
)


@pytest.fixture(scope="module")
def real() -> Iterator[PokeAPI]:
    """Upstream's documents, with forms, and pictures drawn where the data has none."""
    with PokeAPI(data=FOLDER, forms=True) as api:
        yield api


def body(url: str) -> bytes:
    """Return what upstream serves."""
    with build_opener(ProxyHandler({})).open(url, timeout=30) as response:
        data: bytes = response.read()
        return data


def slots(node: dict[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """Yield the key and the URL of every slot that is not empty."""
    for name, value in node.items():
        if isinstance(value, dict):
            yield from slots(value, f"{path}{name}/")
        elif value is not None:
            yield f"{path}{name}", value


@pytest.mark.parametrize("executor", ["threads", "processes"])
def test_exactly_what_is_listed_is_mirrored(
    real: PokeAPI, tmp_path: Path, settings: Settings, transactional_db: None, executor: str
) -> None:
    """Each listed sprite is there with upstream's bytes, and no other; a second run adds none."""
    site = Site(real, tmp_path / "media")
    settings.MEDIA_ROOT = str(site.media)
    settings.SPRITES = {"API_URL": real.url}
    run = site.run("--ids", IDS, "--sprites", "all", "--executor", executor)
    assert (run.exit_code, run.report["failures"]) == (0, []), run.stderr
    site.assert_whole(run)
    listed: dict[tuple[int, str], str] = {}
    for number in Pokemon.objects.values_list("id", flat=True):
        document = json.loads(body(f"{real.url}pokemon/{number}/"))
        listed |= {(number, key): url for key, url in slots(document["sprites"])}
    rows = {(row.pokemon_id, row.key): row for row in Sprite.objects.all()}
    assert set(rows) == set(listed)
    assert Pokemon.objects.count() == 12
    assert not Sprite.objects.filter(pokemon=10_006).exists()
    assert Pokemon.objects.filter(name__endswith="-starter", id=10_001).exists()
    for place, url in listed.items():
        assert rows[place].sha256 == hashlib.sha256(body(url)).hexdigest(), place
    again = site.run("--ids", IDS, "--sprites", "all", "--executor", executor)
    assert (again.sprites["stored"], again.sprites["unchanged"]) == (0, len(listed))
    assert again.report["requests"] <= 3
