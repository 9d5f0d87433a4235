"""The sites on which faults are injected, and servers that misbehave below HTTP."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from sprites.testing import PokeAPI

from ..support.database import Database
from ..support.site import ShellSite, Site
from .lab import HereLab, ShellLab, State
from .servers import Canary
from .signalled import kill

EXECUTORS = ("sync", "threads", "processes")


@pytest.fixture(params=EXECUTORS)
def executor(request: pytest.FixtureRequest) -> str:
    """Each executor in turn, for faults that may depend on it."""
    name: str = request.param
    return name


@pytest.fixture(scope="session")
def untouched(
    tmp_path_factory: pytest.TempPathFactory, pokeapi: PokeAPI, migrated: Database
) -> Iterator[ShellLab]:
    """A mirror that never saw a fault; to be copied, and not to be used."""
    pokeapi.clear()
    lab = shell_lab_in(pokeapi, tmp_path_factory.mktemp("ideal"), migrated, {})
    lab.settle(lab.run(), 0)
    yield lab
    lab.site.close()


@pytest.fixture(scope="session")
def ideal(untouched: ShellLab) -> State:
    """The state of a mirror that never saw a fault."""
    return untouched.state()


def shell_lab_in(api: PokeAPI, folder: Path, migrated: Database, ideal: State) -> ShellLab:
    """Make a site in a folder, with its tables made."""
    site = ShellSite(api.url, folder, migrated.copy(folder))
    return ShellLab(api, site.media, ideal, site=site, retries=4)


@pytest.fixture
def lab(ideal: State, site: Site, settings: Settings) -> HereLab:
    """A mirror in this process whose patience is short."""
    lab = HereLab(site.api, site.media, ideal, site=site, settings=settings)
    lab.options(RETRIES=1, TIMEOUT=5, READ_TIMEOUT=2, WORKERS=4, MAX_OUTAGE=2)
    return lab


@pytest.fixture
def shell_lab(ideal: State, api: PokeAPI, tmp_path: Path, migrated: Database) -> Iterator[ShellLab]:
    """A mirror that is driven by real processes, none of which outlives its test."""
    lab = shell_lab_in(api, tmp_path, migrated, ideal)
    yield lab
    for process in lab.started:
        if process.poll() is None:
            kill(process)
    lab.site.close()


@pytest.fixture
def canary() -> Iterator[Canary]:
    """A server that nobody may ever ask."""
    with Canary() as canary:
        yield canary
        assert canary.hits == [], "a forbidden server was asked"
