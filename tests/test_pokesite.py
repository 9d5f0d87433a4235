"""What the example site adds: a strict policy on pages, media as a web server has it, manage.py."""

import subprocess
import sys
from http import HTTPStatus
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from pokesite.middleware import POLICY

from .support.scripts import printed
from .support.site import ROOT

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> Path:
    """A media folder with two images, and what must not be served beside and above it."""
    folder = tmp_path / "media"
    (folder / "sprites" / "25").mkdir(parents=True)
    (folder / "sprites" / "25" / "front_default.3f2a9c1b.png").write_bytes(b"png")
    (folder / "sprites" / "25" / "art.3f2a9c1b.svg").write_bytes(SVG)
    (folder / "sprites" / "25" / "page.html").write_bytes(b"<script>")
    (folder / "sprites" / ".unfinished.png").write_bytes(b"half")
    (tmp_path / "secret.png").write_bytes(b"secret")
    settings.MEDIA_ROOT = str(folder)
    return folder


@pytest.mark.parametrize(
    ("name", "media_type"), [("front_default.3f2a9c1b.png", "image/png"),
                             ("art.3f2a9c1b.svg", "image/svg+xml")],
)  # fmt: skip
def test_media_is_what_it_is_for_ever_and_cannot_act(
    client: Client, name: str, media_type: str
) -> None:
    """An image has its type, a year of caching, nosniff, and a policy in which no script runs."""
    response = client.get(f"/media/sprites/25/{name}", headers={"Accept-Encoding": "gzip"})
    assert response.status_code == HTTPStatus.OK
    assert response["Content-Type"] == media_type
    assert response["Cache-Control"] == "public, max-age=31536000, immutable"
    assert response["X-Content-Type-Options"] == "nosniff"
    policy = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    assert response["Content-Security-Policy"] == policy
    assert "Content-Encoding" not in response
    assert response.getvalue()


@pytest.mark.django_db
def test_media_that_one_has_is_not_sent_again(client: Client) -> None:
    """A browser that asks with the date it was given gets 304."""
    path = "/media/sprites/25/front_default.3f2a9c1b.png"
    first = client.get(path)
    first.close()
    again = client.get(path, headers={"If-Modified-Since": first["Last-Modified"]})
    assert again.status_code == HTTPStatus.NOT_MODIFIED


@pytest.mark.parametrize(
    "path",
    [
        "sprites/25/none.3f2a9c1b.png",
        "sprites/25/page.html",
        "sprites/25",
        "sprites/.unfinished.png",
        "../secret.png",
        "%2e%2e/secret.png",
        "sprites/../../secret.png",
        "/etc/hostname.png",
        "sprites/%00.png",
        "sprites/" + "x" * 300 + ".png",
    ],
)
def test_nothing_else_is_served(client: Client, path: str) -> None:
    """What is no image, hidden, unfinished, outside or not there is a 404."""
    assert client.get(f"/media/{path}").status_code == HTTPStatus.NOT_FOUND


def test_an_absolute_path_leads_nowhere(client: Client, tmp_path: Path) -> None:
    """The full path of an image outside the folder is a 404."""
    assert client.get(f"/media/{tmp_path}/secret.png").status_code == HTTPStatus.NOT_FOUND


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/pokemon/nobody/", "/api/pokemon/"])
def test_every_page_has_a_strict_policy(client: Client, path: str) -> None:
    """No inline script or style and nothing from elsewhere is allowed on any page."""
    assert client.get(path)["Content-Security-Policy"] == POLICY
    assert "unsafe" not in POLICY


@pytest.mark.django_db
def test_text_is_compressed(client: Client) -> None:
    """A page goes gzipped to a browser that takes it."""
    response = client.get("/", headers={"Accept-Encoding": "gzip"})
    assert response["Content-Encoding"] == "gzip"


def test_a_command_starts_without_a_search_for_garbage() -> None:
    """All that is loaded stays, and the collector would go through it for nothing."""
    script = (
        "import gc, sys, manage; searches = [];"
        "gc.callbacks.append(lambda phase, info: searches.append(info['generation']));"
        "sys.argv = ['manage.py', 'fetch_sprites', '--help']\n"
        "try: manage.main()\n"
        "except SystemExit: print(searches, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.stderr == "[]\n"


def test_a_server_keeps_what_is_loaded_from_the_collector() -> None:
    """What the site has loaded before its first page is frozen; what pages leave is collected."""
    script = "import gc, pokesite.wsgi; print(gc.get_freeze_count() > 50_000, gc.isenabled())"
    assert printed(script) == "True True\n"
