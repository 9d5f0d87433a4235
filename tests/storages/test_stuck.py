"""A worker that hangs in a storage, where nothing can end it."""

import pytest
from pytest_django import Settings

from ..support.site import Site
from .stuck import RELEASED


def test_a_run_never_ends_the_program_that_called_it(
    site: Site, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``call_command`` comes back with the exit code; only ``manage.py`` itself leaves at once."""
    monkeypatch.setattr("sprites.sync.stop.GRACE", 0.1)
    monkeypatch.setattr("sprites.sync.stop._LAST", 0.1)
    stuck = {"BACKEND": "tests.storages.stuck.Stuck"}
    settings.STORAGES = {**settings.STORAGES, "default": stuck}
    try:
        run = site.run("--ids", "1-2")
    finally:
        RELEASED.set()
    assert run.exit_code == run.report["exit_code"] == 3
    assert "No space left" in run.stderr
    assert run.sprites["not_tried"] == 1
