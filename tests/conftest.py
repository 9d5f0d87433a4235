"""What every test shares: the project's own PokéAPI, and sites that mirror it."""

import gc
import warnings
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import translation
from pytest_django import Settings
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

from sprites.testing import PokeAPI

from .support import database
from .support.database import Database
from .support.site import ShellSite, Site

if TYPE_CHECKING:
    from .storages.s3 import Bucket, S3Server


class _Shared(LoadScopeScheduling):  # type: ignore[misc]
    """Gives each test to the next free worker, but the browser's to one: they share a mirror."""

    def _split_scope(self, nodeid: str) -> str:
        return "browser" if nodeid.startswith("tests/browser/") else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> _Shared:
    """Say how ``pytest -n auto`` shares the tests out."""
    return _Shared(config, log)


def pytest_collection_finish() -> None:
    """Leave out of every later collection what is there before the first test."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Function) -> Generator[None]:
    """Fail the test that leaves a file, a socket or a process open, and not a later one.

    What lies in a cycle is only found when it is collected, which is whenever it happens to be.
    """
    yield
    item.funcargs.clear()
    with warnings.catch_warnings(record=True) as left_open:
        warnings.simplefilter("always", ResourceWarning)
        gc.collect()
    assert not left_open, "\n".join(str(warning.message) for warning in left_open)


@pytest.fixture(autouse=True)
def _language() -> Iterator[None]:
    """Go back to the site's language: a page that was asked for in another one leaves it on."""
    yield
    translation.deactivate()


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
def migrated(tmp_path_factory: pytest.TempPathFactory, pokeapi: PokeAPI) -> Iterator[Database]:
    """A database with its tables made, to be copied and not to be used."""
    folder = tmp_path_factory.mktemp("migrated")
    site = ShellSite(pokeapi.url, folder, database.create(folder))
    site.migrate()
    yield site.database
    site.close()


@pytest.fixture
def shell(api: PokeAPI, tmp_path: Path, migrated: Database) -> Iterator[ShellSite]:
    """A site in a folder of its own, with its tables made, driven by real processes."""
    site = ShellSite(api.url, tmp_path, migrated.copy(tmp_path))
    yield site
    site.close()


@pytest.fixture(scope="session")
def _s3_server() -> "Iterator[S3Server]":
    from .storages.s3 import S3Server  # takes seconds, which only its tests shall wait

    with S3Server().running() as server:
        yield server


@pytest.fixture
def s3(_s3_server: "S3Server", monkeypatch: pytest.MonkeyPatch) -> "Bucket":
    """An empty bucket on an S3 of our own, which notes what it is asked."""
    from .storages.s3 import Bucket

    _s3_server.clear()
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    bucket = Bucket.create(_s3_server)
    _s3_server.clear()
    return bucket
