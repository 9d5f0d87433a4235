"""A real browser on the live server, over a mirror that the real command filled once a session."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models import Model
from django.test import override_settings
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    ViewportSize,
    expect,
    sync_playwright,
)
from pytest_django import DjangoDbBlocker, Settings
from pytest_django.live_server_helper import LiveServer

from sprites.models import (
    Pokemon,
    PokemonType,
    Species,
    SpeciesName,
    Sprite,
    SyncRun,
    Type,
)
from sprites.testing import PokeAPI

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
]

_PATIENCE = 30_000
"""Milliseconds until a page that does not do what it is expected to fails its test."""

# A page that is not there answers so. And Chromium logs as the page's error that it gave up the
# transition from the page before (the machine is busy, the window changes), which no script of
# ours can catch once the new page was shown without it; all that a visitor misses is the fade.
HARMLESS = re.compile(r"404 \(Not Found\)|^Transition was (aborted|skipped)")

MODELS: tuple[type[Model], ...] = (Type, Pokemon, PokemonType, Species, SpeciesName, Sprite)


@dataclass(frozen=True)
class Mirror:
    """The rows of a mirror in the order they can be written in, and its media folder."""

    rows: dict[type[Model], list[Any]]
    media: Path

    def restore(self) -> None:
        """Write all rows; every test starts on empty tables."""
        for model, rows in self.rows.items():
            model._default_manager.bulk_create(rows, batch_size=500)


@pytest.fixture(scope="session")
def mirror(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    pokeapi: PokeAPI,
    tmp_path_factory: pytest.TempPathFactory,
) -> Mirror:
    """What ``fetch_sprites --all --sprites all --species`` makes of the drawn world."""
    media = tmp_path_factory.mktemp("media")
    pokeapi.clear()
    with (
        django_db_blocker.unblock(),
        override_settings(MEDIA_ROOT=str(media), SPRITES={"API_URL": pokeapi.url}),
    ):
        call_command("fetch_sprites", "--all", "--sprites", "all", "--species", verbosity=0)
        rows = {model: list(model._default_manager.all()) for model in MODELS}
        SyncRun.objects.all().delete()
        for model in reversed(MODELS):
            model._default_manager.all().delete()
    return Mirror(rows, media)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The machine's Chromium; where it has none, the browser tests skip."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no Chromium on this machine")
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright runs an event loop in this thread, which Django takes for an async view's.
        patch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        expect.set_options(timeout=_PATIENCE)
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def blank(chromium: Browser, live_server: LiveServer, transactional_db: None) -> str:
    """The address of a gallery that nothing was mirrored into."""
    return str(live_server.url)


@pytest.fixture
def gallery(blank: str, mirror: Mirror, settings: Settings) -> str:
    """The address of the gallery over the whole mirror."""
    settings.MEDIA_ROOT = str(mirror.media)
    mirror.restore()
    return blank


@pytest.fixture
def visit(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Open pages, each in a visitor's own context; what a page logs as an error fails the test."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def visit(url: str, width: int = 1280, **options: Any) -> Page:
        viewport = ViewportSize(width=width, height=900)
        context = chromium.new_context(viewport=viewport, **{"locale": "en-US", **options})
        context.set_default_timeout(_PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda line: errors.extend([line.text] * (line.type == "error")))
        page.goto(url)
        return page

    yield visit
    for context in contexts:
        context.close()
    assert [error for error in errors if not HARMLESS.search(error)] == []
