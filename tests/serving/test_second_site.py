"""A site that is filled from a site: the whole way, over HTTP, between real processes."""

import json
from collections import Counter
from pathlib import Path

from sprites.testing import PokeAPI

from ..faults.lab import KEYS
from ..support.database import Database
from ..support.site import ShellSite, files_in

SELECTION = ("--ids", "1-3", "--sprites", ",".join(KEYS))


def statuses(site: ShellSite) -> Counter[tuple[str, str]]:
    """Return what a site has answered since it was started: the room and the status, counted."""
    log = (site.folder / "server.log").read_text().splitlines()
    asked = [line.split('"GET /')[1].split() for line in log if '"GET /' in line]
    return Counter((path.split("/")[0], status) for path, _, status, *_ in asked)


def rows(site: ShellSite) -> list[list[object]]:
    """Return what is mirrored: Pokémon, their types, sprites with their hashes, and documents."""
    statements = (
        "SELECT id, name, species, number, form, height, weight, base_experience, is_default,"
        " generation, hp, speed FROM sprites_pokemon ORDER BY id",
        "SELECT pokemon_id, type_id, slot FROM sprites_pokemontype ORDER BY 1, 3",
        "SELECT pokemon_id, key, path, file, sha256, media_type FROM sprites_sprite"
        " WHERE file <> '' ORDER BY 1, 2",
        "SELECT resource, number, name FROM sprites_document WHERE number > 0 ORDER BY 1, 2",
    )
    with site.database.connect() as line:
        return [list(map(tuple, line.execute(one).fetchall())) for one in statements]


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
            assert rows(second) == rows(shell)
            assert files_in(second.media) == files_in(shell.media)
            before = statuses(shell)
            again = second.fetch(*SELECTION)
            assert again.exit_code == 0
            assert again.sprites["unchanged"] == again.sprites["wanted"] == 15
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
