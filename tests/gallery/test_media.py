"""Where a browser finds a stored sprite: at the site's media, or at the app where there is none."""

from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, InMemoryStorage, Storage
from django.test import Client
from django.urls import set_script_prefix
from pytest_django import Settings

import pokesite.urls  # noqa: F401  (it reads MEDIA_URL, which these tests change)
from sprites.models import Sprite

from ..support.rows import add_pokemon, add_sprite

pytestmark = pytest.mark.django_db

SHA256 = "3f2a9c1b" + 56 * "0"
BYTES = b"\x89PNG"


class Unaddressed(InMemoryStorage):
    """A storage whose files have no address, as one in a database."""

    url = Storage.url


@pytest.fixture
def storage(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let the column of the files have another storage, with the file of one sprite in it."""

    def use(storage: Storage) -> Sprite:
        monkeypatch.setattr(Sprite._meta.get_field("file"), "storage", storage)
        sprite = add_sprite(add_pokemon(25, "pikachu"), "front_default", sha256=SHA256)
        storage.save(sprite.file.name, ContentFile(BYTES))
        return Sprite.objects.get(pk=sprite.pk)

    return use


@pytest.fixture
def prefix() -> Iterator[str]:
    """A site that is mounted below the root of its host."""
    set_script_prefix("/site/")
    yield "/site/"
    set_script_prefix("/")


@pytest.mark.parametrize(
    ("media_url", "url"),
    [
        ("media/", "/media/sprites/25/front_default.3f2a9c1b.png"),
        ("https://cdn.example.org/m/", "https://cdn.example.org/m/sprites/25/front_default.3f2a9c1b.png"),
    ],
)  # fmt: skip
def test_media_with_an_address_is_found_there(
    storage: Any, settings: Settings, tmp_path: Path, media_url: str, url: str
) -> None:
    """Where MEDIA_URL is set, on this host or another, it is the address."""
    settings.MEDIA_URL = media_url
    assert storage(FileSystemStorage(tmp_path)).file.url == url


@pytest.mark.parametrize("kind", [FileSystemStorage, InMemoryStorage])
def test_media_without_an_address_is_served_by_the_app(
    client: Client, storage: Any, settings: Settings, tmp_path: Path, kind: Any
) -> None:
    """Where MEDIA_URL is not set, the app serves the bytes: for ever, and unable to act."""
    settings.MEDIA_URL = ""
    sprite = storage(kind(tmp_path))
    assert sprite.file.url == f"/files/{sprite.pk}/3f2a9c1b/"
    response = client.get(sprite.file.url)
    assert response.getvalue() == BYTES
    assert response["Content-Type"] == "image/png"
    assert response["Cache-Control"] == "public, max-age=31536000, immutable"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response["Content-Security-Policy"]
    assert "Content-Disposition" not in response


def test_a_storage_that_knows_no_addresses_is_served_by_the_app(storage: Any) -> None:
    """A storage without ``url`` breaks no page."""
    sprite = storage(Unaddressed())
    assert sprite.file.url == f"/files/{sprite.pk}/3f2a9c1b/"


def test_a_site_below_the_root_keeps_its_prefix(
    storage: Any, settings: Settings, tmp_path: Path, prefix: str
) -> None:
    """Where the site is mounted at /site/, so is the file."""
    settings.MEDIA_URL = ""
    assert storage(FileSystemStorage(tmp_path)).file.url.startswith("/site/files/")


def test_a_site_without_the_gallery_keeps_the_storages_address(
    storage: Any, settings: Settings, tmp_path: Path
) -> None:
    """Where the app's URLs are not included, a template tag still draws."""
    settings.MEDIA_URL, settings.ROOT_URLCONF = "", "tests.support.no_urls"
    assert storage(FileSystemStorage(tmp_path)).file.url.startswith("/sprites/25/")


@pytest.mark.parametrize("path", ["{pk}/00000000/", "99/3f2a9c1b/"])
def test_another_version_is_not_served(
    client: Client, storage: Any, tmp_path: Path, path: str
) -> None:
    """A version that the mirror has not, and a sprite that it has not, are a 404."""
    sprite = storage(FileSystemStorage(tmp_path))
    response = client.get(f"/files/{path.format(pk=sprite.pk)}")
    assert response.status_code == HTTPStatus.NOT_FOUND


def test_a_file_that_is_gone_is_not_served(client: Client, storage: Any, tmp_path: Path) -> None:
    """A row whose file somebody deleted is a 404, and no error of the server."""
    sprite = storage(FileSystemStorage(tmp_path))
    (tmp_path / sprite.file.name).unlink()
    response = client.get(f"/files/{sprite.pk}/3f2a9c1b/")
    assert response.status_code == HTTPStatus.NOT_FOUND
