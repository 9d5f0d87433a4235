"""What is in the package, and what is not."""

import ast
import gettext
import re
import tarfile
import tomllib
from email import message_from_bytes
from email.message import Message
from io import BytesIO
from pathlib import PurePosixPath
from zipfile import ZipFile

import pytest

from .conftest import Built
from .stranger import ROOT

pytestmark = pytest.mark.packaging

IMAGES = {".png", ".gif", ".jpg", ".jpeg", ".webp", ".ico"}
PARTS = ("templates", "static", "locale", "migrations", "testing", "management", "templatetags")


@pytest.fixture(scope="module")
def files(built: Built) -> dict[str, bytes]:
    """Return what the wheel holds, by name."""
    with ZipFile(built.wheel) as wheel:
        return {name: wheel.read(name) for name in wheel.namelist()}


@pytest.fixture(scope="module")
def metadata(files: dict[str, bytes]) -> Message:
    """Return what the wheel says of itself."""
    (name,) = (name for name in files if name.endswith("/METADATA"))
    return message_from_bytes(files[name])


def test_the_wheel_is_the_folder_of_the_app(built: Built, files: dict[str, bytes]) -> None:
    """Everything of the app is in it, byte for byte, and nothing else but the metadata."""
    ours = (path for path in (built.source / "sprites").rglob("*") if path.is_file())
    wanted = {path.relative_to(built.source).as_posix() for path in ours}
    packed = {name for name in files if ".dist-info/" not in name}
    assert packed == wanted
    assert all(files[name] == (built.source / name).read_bytes() for name in packed)
    assert {part for name in packed for part in PurePosixPath(name).parts} >= {*PARTS, "py.typed"}


def test_no_picture_is_in_it(files: dict[str, bytes]) -> None:
    """Not one image of anything; the two drawings that the pages themselves need are SVG."""
    assert not {name for name in files if PurePosixPath(name).suffix in IMAGES}
    drawings = {name for name in files if name.endswith(".svg")}
    assert drawings == {"sprites/static/sprites/icon.svg", "sprites/static/sprites/none.svg"}


def test_the_translations_are_compiled(files: dict[str, bytes]) -> None:
    """The compiled catalogue in it has every string of the one that people edit."""
    (name,) = (name for name in files if name.endswith(".mo"))
    compiled = gettext.GNUTranslations(BytesIO(files[name]))
    source = files[name.removesuffix("mo") + "po"].decode().replace('"\n"', "")
    strings = re.findall(r'^msgid (".+")\nmsgstr ', source, flags=re.MULTILINE)
    assert strings
    catalogue = compiled._catalog  # type: ignore[attr-defined] # the only list of them
    known = {key.rpartition("\x04")[2] for key in catalogue if isinstance(key, str)}
    assert not [text for text in map(ast.literal_eval, strings) if text not in known]


def test_what_it_says_of_itself_is_complete(metadata: Message) -> None:
    """Name, licence, long description, versions and extras are there for whoever looks it up."""
    assert metadata["Name"] == "django-sprites"
    assert metadata["License-Expression"] == "MIT"
    assert metadata["License-File"] == "LICENSE"
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["Description-Content-Type"] == "text/markdown"
    text = metadata.get_payload()
    assert isinstance(text, str)
    assert text.startswith("# sprites")
    classifiers = metadata.get_all("Classifier", [])
    assert {"Framework :: Django :: 5.2", "Framework :: Django :: 6.0"} <= set(classifiers)
    extras = {"cluster", "s3", "postgres", "tasks-db", "site", "dev"}
    assert set(metadata.get_all("Provides-Extra", [])) == extras


def test_the_version_is_the_apps(metadata: Message, files: dict[str, bytes]) -> None:
    """The package's version is the one that the code tells."""
    code = files["sprites/__init__.py"].decode()
    assert f'__version__ = "{metadata["Version"]}"' in code


def test_the_requirements_of_the_site_are_the_apps_and_one_more() -> None:
    """``requirements.txt`` and ``pyproject.toml`` name the same packages."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    named = {line for line in lines if not line.startswith("#")}
    assert named - set(project["dependencies"]) == set(project["optional-dependencies"]["site"])
    assert set(project["dependencies"]) <= named


def test_the_source_distribution_has_no_tests(built: Built) -> None:
    """It builds the wheel, which this one was built from, and has nothing that needs the site."""
    with tarfile.open(built.sdist) as sdist:
        top = {PurePosixPath(name).parts[1] for name in sdist.getnames() if "/" in name}
    assert {"sprites", "README.md", "LICENSE", "pyproject.toml"} <= top
    assert not top & {"tests", "pokesite", "docs", "bench"}


def test_the_build_warns_of_nothing(built: Built) -> None:
    """No deprecated syntax, no file that is there by accident."""
    noise = ("byte-compiling is disabled", "Location '")
    warned = [line for line in built.output.splitlines() if re.search("warn|deprec", line, re.I)]
    assert [line for line in warned if not any(words in line for words in noise)] == []
