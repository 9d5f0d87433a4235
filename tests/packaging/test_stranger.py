"""A site that no one here wrote, from an empty folder to a page with sprites."""

import re
import shutil
from pathlib import Path

import pytest

from sprites.testing import PokeAPI

from ..support.browser import Browser, Page
from ..support.site import until
from .conftest import Built
from .stranger import Stranger, changes, find_python

pytestmark = pytest.mark.packaging

PAIRS = {
    "django-5.2": (("3.11", "3.12", "3.13"), "Django~=5.2.0"),
    "django-6": (("3.13", "3.12", "3.14"), "Django>=6"),
}
GALLERY = ("", "pokemon/zizzle/", "?type=fire&view=shiny", "pokemon/1/?sprite=front_default")
ADMIN = (
    *("", "sprites/", "sprites/pokemon/", "sprites/pokemon/7/change/", "sprites/sprite/"),
    *("sprites/sprite/1/change/", "sprites/sprite/coverage/", "sprites/syncrun/"),
    *("sprites/syncrun/1/change/", "sprites/syncrun/fetch/"),
)
PASSWORD = "once upon a time"


@pytest.fixture(scope="module", params=PAIRS)
def new(
    request: pytest.FixtureRequest,
    built: Built,
    pokeapi: PokeAPI,
    tmp_path_factory: pytest.TempPathFactory,
) -> Stranger:
    """A new site in a fresh environment: the five lines, and sprites of the project's own."""
    names, django = PAIRS[request.param]
    python = find_python(*names)
    if python is None:
        pytest.skip(f"no Python {' or '.join(names)} here for {django}")
    stranger = Stranger.make(python, tmp_path_factory.mktemp("new"), str(built.wheel), django)
    stranger.use(upstream(pokeapi))
    mirror(stranger)
    return stranger


@pytest.fixture
def stranger(new: Stranger, tmp_path: Path) -> Stranger:
    """A copy of the new site, to do with as one likes."""
    shutil.copytree(new.folder, tmp_path / "mysite")
    return Stranger(new.python, tmp_path / "mysite", new.settings)


def upstream(api: PokeAPI) -> str:
    """Return the settings of a site that mirrors the project's own PokéAPI."""
    return f'SPRITES = {{"API_URL": "{api.url}"}}\n'


def mirror(stranger: Stranger) -> None:
    """Make the tables, mirror two Pokémon and add an administrator."""
    assert stranger.manage("migrate", "-v0").stderr == ""
    fetch(stranger)
    user = ("--noinput", "--username", "ash", "--email", "ash@example.org", "-v0")
    stranger.manage("createsuperuser", *user, DJANGO_SUPERUSER_PASSWORD=PASSWORD)


def fetch(stranger: Stranger) -> None:
    """Mirror all sprites of two Pokémon."""
    done = stranger.manage("fetch_sprites", "1", "7", "--sprites", "all", "--force")
    assert "2 checked" in done.stdout
    assert " 0 failed" in done.stdout


def visit(browser: Browser, *addresses: str) -> list[Page]:
    """Load pages, with everything of this host that they refer to; fails where one is not there."""
    pages = [browser.get(address) for address in addresses]
    assert [(page.url, page.status) for page in pages if page.status != 200] == []
    parts = {address for page in pages for address in page.references if browser.is_here(address)}
    loaded = [browser.get(address) for address in sorted(parts)]
    kinds = {(page.media_type.partition("/")[0], page.status) for page in loaded}
    assert kinds <= {("image", 200), ("text", 200)}, kinds
    assert not [page.url for page in loaded if page.media_type == "text/html" or not page.body]
    return pages


def images(page: Page) -> list[str]:
    """Return the addresses of the sprites on a page."""
    return [address for address in page.references if re.search(r"/(media|files)/", address)]


def test_the_lines_are_five() -> None:
    """What the page on installing changes is five lines."""
    lines = [line for diff in changes().values() for line in diff]
    assert sum(line.startswith("+") for line in lines) == 5


def test_five_lines_raise_no_warning(stranger: Stranger) -> None:
    """The new site passes Django's checks, of the database too, and needs no migration."""
    assert stranger.manage("check", "--database", "default").stderr == ""
    assert "sprites" not in stranger.run("manage.py", "check", "--deploy").stderr
    stranger.manage("makemigrations", "--check", "--dry-run")


def test_five_lines_show_the_gallery_and_the_admin(stranger: Stranger) -> None:
    """Every page is there, with every image, style and script that it refers to."""
    with stranger.serve() as browser:
        first, *_others = visit(browser, *GALLERY)
        assert len(images(first)) == 4
        assert browser.log_in("ash", PASSWORD).status == 200
        visit(browser, *(f"admin/{page}" for page in ADMIN))
    assert "Traceback" not in stranger.log


def test_a_run_from_the_admin_goes_on_behind_the_page(stranger: Stranger, pokeapi: PokeAPI) -> None:
    """Without any TASKS setting the page comes at once, and the run ends in the background."""
    pokeapi.fault("*/pokemon/9/", hold=True)
    with stranger.serve() as browser:
        browser.log_in("ash", PASSWORD)
        form = browser.get("admin/sprites/syncrun/fetch/")
        preview = browser.post(form, pokemon="9", sprites="default")
        page = browser.post(preview, "../start/", request=preview.hidden("request"))
        assert "data-goes-on" in page.text
        pokeapi.clear()
        until(lambda: "data-goes-on" not in browser.get(page.url).text)
        assert len(images(browser.get(""))) == 5


def test_a_media_folder_must_be_chosen(stranger: Stranger, pokeapi: PokeAPI) -> None:
    """Without MEDIA_ROOT there is one warning, and the command says in a line what to set."""
    stranger.use(upstream(pokeapi) + 'MEDIA_ROOT = ""\n')
    assert "sprites.W001" in stranger.manage("check").stderr
    done = stranger.run("manage.py", "fetch_sprites")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "set MEDIA_ROOT" in done.stderr


OWN_USER = """\
INSTALLED_APPS += ["people"]
AUTH_USER_MODEL = "people.Person"
"""
PERSON = """\
import uuid

from django.contrib.auth.models import AbstractUser
from django.db import models


class Person(AbstractUser):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
"""
ROUTED = """\
DATABASES = {"default": {}, "main": DATABASES["default"]}
DATABASE_ROUTERS = ["mysite.routers.Router"]
"""
ROUTERS = """\
class Router:
    def db_for_read(self, model, **hints):
        return "main"

    db_for_write = db_for_read
"""
OLD_FASHIONED = """\
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
USE_TZ = False
USE_I18N = False
APPEND_SLASH = False
ROOT_URLCONF = "mysite.elsewhere"
DATABASES["default"].pop("OPTIONS")
"""
ELSEWHERE = """\
from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("pokedex/", include("sprites.urls")),
]
"""
PRODUCTION = """\
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
LANGUAGE_CODE = "pt-br"
USE_THOUSAND_SEPARATOR = True
MEDIA_URL = "https://media.example.org/"
STATIC_ROOT = BASE_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"},
}
"""


def test_a_site_without_a_default_database(stranger: Stranger, pokeapi: PokeAPI) -> None:
    """Where a router names the database, its tables, its lock and its pages are there."""
    (stranger.folder / "mysite" / "routers.py").write_text(ROUTERS)
    (stranger.folder / "db.sqlite3").unlink()
    stranger.use(upstream(pokeapi) + ROUTED)
    refused = stranger.run("manage.py", "fetch_sprites", "1")
    assert refused.returncode == 2
    assert "'python manage.py migrate --database main'" in refused.stderr
    stranger.manage("migrate", "--database", "main", "-v0")
    fetch(stranger)
    with stranger.serve() as browser:
        (first, *_others) = visit(browser, *GALLERY)
        assert len(images(first)) == 4


def test_a_site_with_its_own_users(stranger: Stranger, pokeapi: PokeAPI) -> None:
    """A user model of the site's own, with ids that are no numbers, can start runs."""
    people = stranger.folder / "people"
    people.mkdir()
    (people / "__init__.py").touch()
    (people / "models.py").write_text(PERSON)
    (stranger.folder / "db.sqlite3").unlink()
    stranger.use(upstream(pokeapi) + OWN_USER)
    stranger.manage("makemigrations", "people")
    mirror(stranger)
    with stranger.serve() as browser:
        assert browser.log_in("ash", PASSWORD).status == 200
        visit(browser, *(f"admin/{page}" for page in ADMIN))


def test_an_old_fashioned_site(stranger: Stranger, pokeapi: PokeAPI) -> None:
    """Plain ids, no time zones, one language, no slashes appended, the gallery at pokedex/."""
    (stranger.folder / "mysite" / "elsewhere.py").write_text(ELSEWHERE)
    stranger.use(upstream(pokeapi) + OLD_FASHIONED)
    stranger.manage("makemigrations", "sprites", "--check", "--dry-run")
    fetch(stranger)
    with stranger.serve() as browser:
        visit(browser, *(f"pokedex/{page}" for page in GALLERY))
        browser.log_in("ash", PASSWORD)
        visit(browser, *(f"admin/{page}" for page in ADMIN))


def test_a_site_in_production(stranger: Stranger) -> None:
    """Hashed static files, media on another host, Portuguese: every address leads somewhere."""
    stranger.use(PRODUCTION)
    stranger.manage("collectstatic", "--noinput", "-v0")
    with stranger.serve() as browser:
        browser.log_in("ash", PASSWORD)
        pages = [browser.get(address) for address in (*GALLERY, *(f"admin/{a}" for a in ADMIN))]
    assert {page.status for page in pages} == {200}
    addresses = {address for page in pages for address in page.references}
    static = {address.partition("/static/")[2] for address in addresses if "/static/" in address}
    assert "sprites" in {name.partition("/")[0] for name in static}
    assert [name for name in static if not (stranger.folder / "static" / name).is_file()] == []
    assert [name for name in static if not re.search(r"\.[0-9a-f]{12}\.", name)] == []
    media = {address for address in addresses if not browser.is_here(address)}
    assert len(media) > 4
    assert [url for url in media if not url.startswith("https://media.example.org/sprites/")] == []
