"""A site that has no more than the gallery needs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sprites.testing import PokeAPI

from .support import database
from .support.site import ShellSite


@pytest.fixture
def bare(api: PokeAPI, tmp_path: Path) -> Iterator[ShellSite]:
    """A site without admin, sessions, messages, static files and middleware."""
    settings = {"DJANGO_SETTINGS_MODULE": "tests.support.bare"}
    site = ShellSite(api.url, tmp_path, database.create(tmp_path), settings)
    yield site
    site.close()


def test_a_site_without_the_admin_has_the_gallery(bare: ShellSite) -> None:
    """It passes its checks, is migrated, mirrors, and shows every page and image."""
    checked = bare.manage("check", "--fail-level", "WARNING")
    assert checked.returncode == 0, checked.stderr
    bare.migrate()
    run = bare.fetch("1", "7", "--sprites", "all")
    assert run.exit_code == 0, run.stderr
    bare.assert_whole(run)
    with bare.serve() as browser:
        for address in ("", "pokemon/7/", "api/pokemon/", "api/pokemon/7/"):
            assert browser.get(address).status == 200, address
        pictures = [url for url in browser.get("").references if "/files/" in url]
        assert len(pictures) == 4
        assert {browser.get(url).status for url in pictures} == {200}
