"""``/sprites/``: upstream's paths, our bytes, and nothing else of the folder."""

import io
from typing import Any

import pytest
from django.core.files.base import File
from django.core.files.storage import Storage
from django.test import Client
from pytest_django import Settings

from sprites.models import Pokemon, Sprite

from ..support.rows import add_pokemon, add_sprite
from ..support.site import Site


class Vault(Storage):
    """A storage whose files have no address."""

    def _open(self, name: str, mode: str = "rb") -> "File[Any]":
        return File(io.BytesIO(b"from the vault"), name)


class Moving(Vault):
    """A storage in which a run replaces a file just before it is opened."""

    def _open(self, name: str, mode: str = "rb") -> "File[Any]":
        if name == "old.png":
            Sprite.objects.update(file="new.png")
            raise FileNotFoundError(name)
        return super()._open(name, mode)


SVG = "/sprites/pokemon/other/dream-world/1.svg"


def test_each_stored_sprite_is_at_upstreams_path(
    mirror: Site, client: Client, settings: Settings
) -> None:
    """Its bytes, its type, and headers that any page may use and in which no SVG can act."""
    settings.SECURE_CONTENT_TYPE_NOSNIFF = False  # else Django's middleware sends what we must
    stored = Sprite.objects.stored()
    assert stored.count() >= 2
    for row in stored:
        reply = client.get(f"/sprites/{row.path}")
        assert reply.content == mirror.files()[row.file.name or ""]
        assert reply.headers["Content-Type"] == row.media_type
        assert reply.headers["ETag"] == f'"{row.sha256[:32]}"'
    svg = client.get(SVG, headers={"Accept-Encoding": "gzip"})
    assert svg.headers["Content-Type"] == "image/svg+xml"
    assert svg.headers["Content-Security-Policy"].endswith("sandbox")
    assert svg.headers["X-Content-Type-Options"] == "nosniff"
    assert svg.headers["Access-Control-Allow-Origin"] == "*"
    assert svg.headers["Cache-Control"] == "public, max-age=86400, s-maxage=86400"
    assert "Vary" not in svg.headers
    assert not svg.cookies


def test_what_a_cache_has_is_not_sent_again(mirror: Site, client: Client) -> None:
    """By the ETag or by the time; and HEAD tells what a GET would."""
    first = client.get(SVG)
    for name, validator in (("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified")):
        again = client.get(SVG, headers={name: first.headers[validator]})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["ETag"] == first.headers["ETag"]
    head = client.head(SVG)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Length"] == first.headers["Content-Length"]


def test_what_is_not_stored_is_upstreams(mirror: Site, client: Client, settings: Settings) -> None:
    """A sprite that upstream lists and nobody has fetched is there, if that is allowed at all."""
    path = "/sprites/pokemon/back/1.png"
    row = Sprite.objects.get(path=path.removeprefix("/sprites/"))
    reply = client.get(path)
    assert (reply.status_code, reply.headers["Location"]) == (307, row.url)
    settings.SPRITES["STANDALONE"] = True
    assert client.get(path).status_code == 404
    settings.SPRITES["STANDALONE"] = False
    Sprite.objects.filter(pk=row.pk).update(url="https://evil.example/sprites/pokemon/back/1.png")
    assert client.get(path).status_code == 404
    Sprite.objects.filter(pk=row.pk).update(url=row.url, state=Sprite.State.MISSING)
    assert client.get(path).status_code == 404


def test_of_sprites_that_share_a_path_a_stored_one_is_served(mirror: Site, client: Client) -> None:
    """One that is not fetched yet does not hide it."""
    url = f"{mirror.api.origin}/sprites/pokemon/1.png"
    row = {"state": "pending", "path": "pokemon/1.png", "url": url}
    add_sprite(Pokemon.objects.get(pk=1), "another", **row)
    assert client.get("/sprites/pokemon/1.png").status_code == 200


def test_what_nobody_lists_is_not_here(mirror: Site, client: Client) -> None:
    """A path that no row has, and one whose file has gone."""
    reply = client.get("/sprites/pokemon/999999.png")
    assert (reply.status_code, reply.content) == (404, b"Not Found")
    (mirror.media / str(Sprite.objects.get(pokemon=1, key="front_default").file)).unlink()
    assert client.get("/sprites/pokemon/1.png").status_code == 404


@pytest.mark.parametrize(
    "path",
    ["../db.sqlite3", "..%2fdb.sqlite3", "%2e%2e/%2e%2e/etc/passwd", "pokemon/../pokemon/1.png",
     "pokemon/./1.png", "pokemon//1.png", "/etc/passwd", "pokemon/1.png%00", "%00", "%ff",
     "%ED%A0%80", "pokemon/é.png", "a" * 5000, "a/" * 2000, "pokemon/1.png/", ".incoming/x",
     "pokemon/1%0d.png", "\\..\\x", "sprites/pokemon/1.png", "%00/sprites/pokemon/1.png",
     "1/front_default.png", "pokemon/" + "9" * 30 + ".png"],
)  # fmt: skip
def test_a_hostile_path_finds_no_file(mirror: Site, client: Client, path: str) -> None:
    """Only what a row names is looked for at all."""
    assert client.get(f"/sprites/{path}").status_code == 404


def test_another_storage_serves_its_own_files(client: Client, settings: Settings, db: None) -> None:
    """A bucket has addresses: a redirect leads there, and is not kept as long as an image."""
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "django.core.files.storage.InMemoryStorage",
            "OPTIONS": {"base_url": "https://bucket.example/"},
        },
    }
    row = add_sprite(add_pokemon(1, "one"), "front_default", path="pokemon/1.png")
    reply = client.get("/sprites/pokemon/1.png")
    assert reply.status_code == 302
    assert reply.headers["Location"] == f"https://bucket.example/{row.file.name}"
    assert reply.headers["Cache-Control"] == "public, max-age=300"


def test_a_storage_without_addresses_is_read(client: Client, settings: Settings, db: None) -> None:
    """Where a storage serves nothing itself, the site does."""
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": "tests.serving.test_sprites.Vault"},
    }
    add_sprite(add_pokemon(1, "one"), "front_default", path="pokemon/1.png")
    assert client.get("/sprites/pokemon/1.png").content == b"from the vault"


def test_a_sprite_that_is_being_replaced_is_the_new_one(
    client: Client, settings: Settings, db: None
) -> None:
    """Its old file goes once its row is written; who has read the old row reads it again."""
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": "tests.serving.test_sprites.Moving"},
    }
    add_sprite(add_pokemon(1, "one"), "front_default", path="pokemon/1.png", file="old.png")
    assert client.get("/sprites/pokemon/1.png").content == b"from the vault"
