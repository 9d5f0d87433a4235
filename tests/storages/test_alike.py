"""A mirror is the same, row by row and byte by byte, wherever its files and its rows are."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import Storage, storages
from django.db import connection
from django.db.models import Model
from pytest_django import Settings

from sprites.models import Pokemon, PokemonType, Sprite

from ..cluster.nodes import Nodes
from ..support.database import SQLite
from ..support.site import ShellSite, Site, files_in
from .s3 import Bucket

SELECTION = ("--ids", "1-3", "--sprites", "front_default,other/*,*/animated/front_default")
IDENTITY: dict[type[Model], str] = {
    Pokemon: "id",
    PokemonType: "pokemon_id, slot",
    Sprite: "pokemon_id, url",
}
_VARYING = {"checked_at", "changed_at", "synced_at"}
_MEMORY = {"BACKEND": "django.core.files.storage.InMemoryStorage"}

Rows = dict[str, list[dict[str, object]]]


def rows(cursor: Any) -> Rows:
    """Return the rows of each table, but for times and for numbers that mean nothing."""
    found = {}
    for model, identity in IDENTITY.items():
        cursor.execute(f"SELECT * FROM {model._meta.db_table} ORDER BY {identity}")
        names = [column[0] for column in cursor.description]
        varying = _VARYING | ({"id"} if identity != "id" else set())
        found[model.__name__] = [
            {name: value for name, value in zip(names, row, strict=True) if name not in varying}
            for row in cursor.fetchall()
        ]
    return found


@pytest.fixture
def expected(site: Site) -> tuple[Rows, dict[str, bytes]]:
    """What one run after another makes: rows in this process's database, files in a folder."""
    run = site.run(*SELECTION, "--executor", "sync")
    assert run.exit_code == 0, run.stderr
    site.assert_whole(run)
    with connection.cursor() as cursor:
        found = rows(cursor)
    for model in (PokemonType, Sprite, Pokemon):
        model.objects.all().delete()
    return found, site.files()


def all_in(storage: Storage, folder: str = "sprites") -> dict[str, bytes]:
    """Return every file of a storage by its name."""
    folders, names = storage.listdir(folder)
    found = {}
    for name in names:
        with storage.open(f"{folder}/{name}") as file:
            found[f"{folder}/{name}"] = file.read()
    for inner in folders:
        found |= all_in(storage, f"{folder}/{inner}")
    return found


@pytest.mark.parametrize("executor", ["sync", "threads"])
@pytest.mark.parametrize("kind", ["memory", "s3"])
def test_every_storage_gets_the_same(
    site: Site, expected: tuple[Rows, dict[str, bytes]], s3: Bucket, settings: Settings,
    kind: str, executor: str,
) -> None:  # fmt: skip
    """The rows name the same files, and the files have the same bytes, as in a folder."""
    entry = s3.storage if kind == "s3" else _MEMORY
    settings.STORAGES = {**settings.STORAGES, "default": entry}
    run = site.run(*SELECTION, "--executor", executor)
    assert run.exit_code == 0, run.stderr
    with connection.cursor() as cursor:
        assert rows(cursor) == expected[0]
    assert all_in(storages["default"]) == expected[1]


@pytest.mark.parametrize("executor", ["threads", "processes"])
def test_processes_of_their_own_get_the_same_from_s3(
    shell: ShellSite, expected: tuple[Rows, dict[str, bytes]], s3: Bucket, executor: str
) -> None:
    """A site whose workers look the storage up in the settings themselves makes the same mirror."""
    shell.environment |= s3.environment
    run = shell.fetch(*SELECTION, "--executor", executor)
    assert run.exit_code == 0, run.stderr
    with shell.database.connect() as line:
        assert rows(line.cursor()) == expected[0]
    assert s3.files() == expected[1]


def test_a_cluster_gets_the_same_from_s3(
    shell: ShellSite, expected: tuple[Rows, dict[str, bytes]], s3: Bucket, tmp_path: Path
) -> None:
    """Workers of a cluster, with keys of their own, make the same mirror as this process."""
    with Nodes(tmp_path) as nodes:
        nodes.add(2, know=s3.environment)
        shell.environment |= s3.environment | {"SPRITES_DASK_SCHEDULER": nodes.address}
        run = shell.fetch(*SELECTION, "--executor", "dask")
    assert run.exit_code == 0, run.stderr
    with shell.database.connect() as line:
        assert rows(line.cursor()) == expected[0]
    assert s3.files() == expected[1]


@pytest.mark.skipif("connection.vendor == 'sqlite'", reason="compares another database with it")
def test_another_database_gets_the_same(
    shell: ShellSite, expected: tuple[Rows, dict[str, bytes]], tmp_path: Path
) -> None:
    """Where the tests run on a server, a site on an SQLite file has the very same rows."""
    shell.use(SQLite.create(tmp_path))
    shell.migrate()
    run = shell.fetch(*SELECTION)
    assert run.exit_code == 0, run.stderr
    with shell.database.connect() as line:
        assert rows(line.cursor()) == expected[0]
    assert files_in(shell.media) == expected[1]
