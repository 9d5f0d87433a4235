"""The gallery speaks Brazilian Portuguese as well as English."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.test import Client

import sprites

from .support.rows import add_pokemon

APP = Path(sprites.__file__).parent
CATALOGUE = APP / "locale" / "pt_BR" / "LC_MESSAGES" / "django.po"


def count(*options: str) -> str:
    """Return what msgattrib keeps of the catalogue."""
    command = ["msgattrib", "--no-obsolete", *options, str(CATALOGUE)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.skipif(shutil.which("msgattrib") is None, reason="gettext is not installed")
def test_no_string_is_untranslated_or_fuzzy() -> None:
    """Every string of the catalogue has a translation that somebody looked at."""
    assert count("--untranslated") == ""
    assert count("--only-fuzzy") == ""


@pytest.mark.skipif(shutil.which("xgettext") is None, reason="gettext is not installed")
def test_the_catalogue_has_every_string(tmp_path: Path) -> None:
    """A catalogue made anew from the sources has no string that ours has not."""
    shutil.copytree(APP, tmp_path / "sprites", ignore=shutil.ignore_patterns("testing", "*.pyc"))
    made = tmp_path / "sprites" / CATALOGUE.relative_to(APP)
    subprocess.run(
        [sys.executable, "-m", "django", "makemessages", "-l", "pt_BR", "--no-obsolete"],
        cwd=tmp_path / "sprites", check=True, capture_output=True,
        env={**os.environ, "PYTHONPATH": str(APP.parent)},
    )  # fmt: skip
    assert strings(made) == strings(CATALOGUE)


def strings(catalogue: Path) -> set[str]:
    """Return the message ids of a catalogue."""
    text = catalogue.read_text().replace('"\n"', "")
    lines = (line for line in text.splitlines() if line.startswith("msgid "))
    return {ast.literal_eval(line.removeprefix("msgid ")) for line in lines}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "heading"),
    [
        ("en", "1 fire Pokémon of generations I and II"),
        ("pt-br", "1 Pokémon do tipo fogo das gerações I e II"),
    ],
)
def test_the_visitors_language_is_spoken(client: Client, language: str, heading: str) -> None:
    """A page is in the language that the browser asks for, and says so."""
    add_pokemon(6, "charizard", "fire")
    path = "/?type=fire&generation=1&generation=2"
    html = client.get(path, headers={"Accept-Language": language}).content.decode()
    assert f'<html lang="{language}"' in html
    assert f">{heading}</h1>" in html
