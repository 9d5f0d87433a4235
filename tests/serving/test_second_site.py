"""A site that is filled from a site: the whole way, over HTTP, between real processes."""

import gzip
import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from sprites.testing import PokeAPI

from ..faults.lab import KEYS
from ..storages.s3 import Bucket
from ..support.database import Database
from ..support.site import Run, ShellSite, Site, files_in, until

HOST = re.compile(r"http://[^/]+")
SELECTION = ("--ids", "1-3", "--sprites", ",".join(KEYS))


def statuses(site: ShellSite) -> Counter[tuple[str, str]]:
    """Return what a site has answered since it was started: the room and the status, counted."""
    log = (site.folder / "server.log").read_text().splitlines()
    asked = [line.split('"GET /')[1].split() for line in log if '"GET /' in line]
    return Counter((path.split("/")[0], status) for path, _, status, *_ in asked)


def rows(line: Any) -> list[list[tuple[Any, ...]]]:
    """Return what is mirrored: Pokémon, types, sprites, names, and documents but for hosts."""
    statements = (
        "SELECT id, name, species, number, form, height, weight, base_experience, is_default,"
        " generation, hp, speed FROM sprites_pokemon ORDER BY id",
        "SELECT pokemon_id, type_id, slot FROM sprites_pokemontype ORDER BY 1, 3",
        "SELECT pokemon_id, key, path, file, sha256, media_type FROM sprites_sprite"
        " WHERE file <> '' ORDER BY 1, 2",
        "SELECT id, name, folded FROM sprites_species ORDER BY id",
        "SELECT species_id, language, name, genus FROM sprites_speciesname ORDER BY 1, 2",
    )
    found = [list(map(tuple, line.execute(one).fetchall())) for one in statements]
    packed = line.execute("SELECT resource, number, name, packed FROM sprites_document").fetchall()
    texts = [(*who, HOST.sub("", gzip.decompress(body).decode())) for *who, body in packed]
    return [*found, sorted(texts)]


def rows_of(site: ShellSite) -> list[list[tuple[Any, ...]]]:
    """Return what a site has mirrored."""
    with site.database.connect() as line:
        return rows(line)


@pytest.fixture
def second(tmp_path: Path, migrated: Database, api: PokeAPI) -> Iterator[ShellSite]:
    """A site that has nothing yet, and asks for everything each time; ``fill`` says of whom."""
    folder = tmp_path / "second"
    folder.mkdir()
    site = ShellSite("", folder, migrated.copy(folder), {"SPRITES_FRESH_FOR": "0"})
    yield site
    site.close()


def fill(second: ShellSite, home: str, *origins: str, **options: str) -> None:
    """Name the site that a site is filled from, and where else its sprites may be."""
    allowed = {"SPRITES_ALLOWED_ORIGINS": ",".join(origins)} if origins else {}
    second.environment |= {"SPRITES_API_URL": f"{home}/api/v2/", **allowed, **options}


def test_a_second_site_is_filled_from_the_first(
    shell: ShellSite, api: PokeAPI, tmp_path: Path, migrated: Database
) -> None:
    """It has the same Pokémon and bytes, and what it asks for again has not been modified."""
    assert shell.fetch(*SELECTION).exit_code == 0
    folder = tmp_path / "second"
    folder.mkdir()
    with shell.serve() as first:
        api.clear_log()
        home = first.get("").url
        # What the first site has not stored is upstream's, which is allowed as GitHub is.
        options = {"SPRITES_FRESH_FOR": "0", "SPRITES_ALLOWED_ORIGINS": api.origin}
        second = ShellSite(f"{home}api/v2/", folder, migrated.copy(folder), options)
        try:
            run = second.fetch(*SELECTION)
            assert (run.exit_code, run.report["failures"]) == (0, []), run.stderr
            second.assert_whole(run)
            assert rows_of(second) == rows_of(shell)
            assert files_in(second.media) == files_in(shell.media)
            # A line of its log comes after the reply.
            until(lambda: statuses(shell).total() == 1 + run.report["requests"])
            before = statuses(shell)
            again = second.fetch(*SELECTION)
            assert again.exit_code == 0
            assert again.sprites["unchanged"] == again.sprites["wanted"] == 15
            until(lambda: (statuses(shell) - before).total() >= again.report["requests"])
            assert statuses(shell) - before == {
                ("api", "200"): 1, ("api", "304"): 3, ("sprites", "304"): 15,
            }  # fmt: skip
            second.environment["SPRITES_FRESH_FOR"] = "1000"
            assert second.fetch(*SELECTION).report["requests"] == 1
            document = json.loads(first.get("api/v2/pokemon/1/").text)
            assert document["sprites"]["front_default"].startswith(f"{home}sprites/")
        finally:
            second.close()
    assert api.requests() == []


def test_a_site_whose_sprites_are_in_a_bucket_fills_another(
    site: Site, live_server: LiveServer, s3: Bucket, second: ShellSite, settings: Settings
) -> None:
    """A redirect leads into the bucket, whose origin is to be named; names come along."""
    selection = ("--ids", "1", "--sprites", ",".join(KEYS))
    settings.STORAGES = {**settings.STORAGES, "default": s3.storage}
    assert site.run(*selection, "--species").exit_code == 0
    fill(second, live_server.url)
    assert second.fetch(*selection).codes == {"url_not_allowed": 5}
    fill(second, live_server.url, s3.server.url)
    run = second.fetch(*selection, "--species")
    assert (run.exit_code, run.report["failures"]) == (0, []), run.stderr
    second.assert_whole(run)
    with connection.cursor() as cursor:
        assert rows_of(second) == rows(cursor)
    assert files_in(second.media) == s3.files()


def test_a_first_site_that_dies_is_waited_for(shell: ShellSite, second: ShellSite) -> None:
    """It is an upstream as any other: once it is there again, the run goes on, to its end."""
    assert shell.fetch(*SELECTION).exit_code == 0
    last = max(shell.media.rglob("*.png"))
    body = last.read_bytes()
    last.unlink()
    os.mkfifo(last)  # who opens it waits: the first site dies before it has sent all
    with shell.serve() as first:
        fill(second, first.root.rstrip("/"), SPRITES_RATE="30")
        process = second.start(*SELECTION)
        until(lambda: statuses(shell)[("sprites", "200")] > 4)
    last.unlink()
    last.write_bytes(body)
    with shell.serve(port=int(first.root.split(":")[2].strip("/"))):
        out, err = process.communicate(timeout=60)
        assert statuses(shell)[("sprites", "200")] > 0
    run = Run(process.returncode, out, err)
    assert (run.exit_code, run.report["failures"]) == (0, []), run.stderr
    second.assert_whole(run)
    assert rows_of(second) == rows_of(shell)
    assert files_in(second.media) == files_in(shell.media)


def test_a_sprite_that_is_replaced_meanwhile_is_whole(
    site: Site, live_server: LiveServer, second: ShellSite
) -> None:
    """The second site has the old bytes or the new ones, and after its next run the new ones."""
    assert site.run(*SELECTION).exit_code == 0
    before = site.files()
    one = next(body for name, body in before.items() if name.endswith(".png"))
    fill(second, live_server.url, SPRITES_RATE="30")
    process = second.start(*SELECTION)
    until(lambda: len(list(second.media.rglob("*.png"))) > 2)
    site.api.put("/sprites/*.png", one, "image/png")
    assert site.run(*SELECTION, "--force").exit_code == 0
    out, err = process.communicate(timeout=60)
    run = Run(process.returncode, out, err)
    second.assert_whole(run)
    assert files_in(second.media).items() <= {**before, **site.files()}.items()
    assert second.fetch(*SELECTION).exit_code == 0
    assert files_in(second.media) == site.files() != before
