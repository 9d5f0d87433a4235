"""Clients that others wrote for PokéAPI, given this site's address and nothing else."""

import base64
import json
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from pytest_django.live_server_helper import LiveServer

from sprites.models import Pokemon, Sprite

from ..support.browser import Browser
from ..support.site import Site

NODE = Path(__file__).parent / "node"


def bytes_of(mirror: Site, path: str) -> bytes:
    """Return what is stored of upstream's path."""
    return mirror.files()[str(Sprite.objects.get(path=path).file)]


def get(site: LiveServer, path: str) -> Any:
    """Return the JSON that a client without any wits gets."""
    return json.loads(Browser(f"{site.url}/api/v2/").get(path).text)


@pytest.fixture
def pokebase(live_server: LiveServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return pokebase as its documentation sets it up, with a cache of its own."""
    # Once it is imported it has made its cache's folder.
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("NO_PROXY", "*")
    import pokebase

    pokebase.cache.set_cache(tmp_path / "cache")
    monkeypatch.setattr(pokebase.common, "BASE_URL", f"{live_server.url}/api/v2")
    monkeypatch.setattr(pokebase.common, "SPRITE_URL", f"{live_server.url}/sprites")
    return pokebase


def test_pokebase_loads_a_pokemon_and_a_sprite(
    mirror: Site, live_server: LiveServer, pokebase: Any
) -> None:
    """By name and by id; what is not here, and only that, it gets from upstream."""
    mirror.api.put("/api/v2/pokemon/1/encounters/", "[]", "application/json")
    mirror.api.clear_log()
    row = Pokemon.objects.get(pk=1)
    for key in (row.name, 1):
        found = pokebase.pokemon(key)
        assert (found.id, found.name, found.height) == (1, row.name, row.height)
        assert found.sprites.front_default == f"{live_server.url}/sprites/pokemon/1.png"
    assert found.types[0].type.pokemon[0].pokemon.name == row.name
    assert found.stats[0].stat.name == "hp"
    sprite = pokebase.SpriteResource("pokemon", 1)
    assert sprite.img_data == bytes_of(mirror, "pokemon/1.png")
    lists = ("ability", "language", "pokemon-form", "pokemon-species", "stat")
    asked = {entry.path.partition("?")[0] for entry in mirror.api.requests()}
    assert asked == {f"/api/v2/{name}/" for name in (*lists, "pokemon/1/encounters")}


@pytest.fixture
def ask(request: pytest.FixtureRequest) -> str:
    """Return the script that asks, in a folder where npm has installed what the lock says."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("no node and npm on this machine")
    assert request.config.cache is not None
    lock = sha256((NODE / "package-lock.json").read_bytes()).hexdigest()
    folder = request.config.cache.mkdir(f"node-{lock[:12]}")
    shutil.copytree(NODE, folder, dirs_exist_ok=True)
    if not (folder / "node_modules" / ".package-lock.json").exists():  # npm's last file
        install = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        subprocess.run(install, cwd=folder, check=True)
    return str(folder / "ask.js")


def test_pokenode_lists_and_loads(mirror: Site, live_server: LiveServer, ask: str) -> None:
    """Pages, all pages, by id, by name, what a link leads to, a sprite; a 304; and a 404."""
    words = ["node", ask, f"{live_server.url}/api/v2"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    listed = get(live_server, "pokemon/?limit=100")["results"]
    assert found["page"]["results"] == listed[20:30]
    assert found["all"] == [row["name"] for row in listed]
    assert found["byName"] == found["byId"] == get(live_server, "pokemon/1/")
    assert found["types"][0]["name"] == "grass"
    assert len(found["species"]["results"]) == 5  # upstream's own
    assert found["missing"] == 404
    assert base64.b64decode(found["bytes"]) == bytes_of(mirror, "pokemon/1.png")
    assert found["revalidated"] == 1
