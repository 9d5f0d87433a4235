"""What every test shares: the project's own PokéAPI, and sites that mirror it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from sprites.testing import PokeAPI

from .site import ShellSite, Site


@pytest.fixture(scope="session")
def pokeapi() -> Iterator[PokeAPI]:
    """A server for the whole session; tests use ``api``, which clears it."""
    with PokeAPI() as api:
        yield api


@pytest.fixture
def api(pokeapi: PokeAPI) -> Iterator[PokeAPI]:
    """The project's own PokéAPI without faults, edits or log."""
    pokeapi.clear()
    yield pokeapi
    pokeapi.clear()


@pytest.fixture(scope="session")
def _canary() -> Iterator[PokeAPI]:
    with PokeAPI() as api:
        yield api


@pytest.fixture
def canary(_canary: PokeAPI) -> Iterator[PokeAPI]:
    """A server that is not on the allow-list; whatever a test does, nobody may have asked it."""
    _canary.clear()
    yield _canary
    assert _canary.requests() == []


@pytest.fixture
def site(api: PokeAPI, tmp_path: Path, settings: Settings, transactional_db: None) -> Site:
    """A site in this process: the test's database, a media folder of its own."""
    media = tmp_path / "media"
    settings.MEDIA_ROOT = str(media)
    settings.SPRITES = {"API_URL": api.url}
    return Site(api, media)


@pytest.fixture(scope="session")
def _tables(tmp_path_factory: pytest.TempPathFactory, pokeapi: PokeAPI) -> Path:
    folder = tmp_path_factory.mktemp("tables")
    ShellSite(pokeapi.url, folder).migrate()
    return folder


@pytest.fixture
def shell(api: PokeAPI, tmp_path: Path, _tables: Path) -> Iterator[ShellSite]:
    """A site in a folder of its own, with its tables made, driven by real processes."""
    shutil.copytree(_tables, tmp_path, dirs_exist_ok=True)
    site = ShellSite(api.url, tmp_path)
    yield site
    site.close()
