"""The documents say what the code does: options, exit codes, modules, links, programs that run."""

import ast
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from django.core.management import load_command_class
from django.core.management.base import CommandParser
from django.test import Client
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from sprites import __version__
from sprites.conf import RULES, Options
from sprites.gallery.filters import Filters
from sprites.sync.stop import ExitCode
from sprites.worker.session import own_session

from .support.rows import add_pokemon, add_sprite
from .support.site import ROOT, Site

READMES = ["README.md", "README.pt-br.md"]
DOCUMENTS = sorted(
    path.relative_to(ROOT).as_posix() for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
)
_NONE = {"none", "nenhum", "nenhuma"}
_ROW = re.compile(r"^\| (`.+) \|$", re.MULTILINE)
_CODE = re.compile(r"`([^`]+)`")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_IMPORT = re.compile(r"\bfrom sprites[\w.]* import \w+(?:, \w+)*")
_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def text_of(name: str) -> str:
    """Return a document's text."""
    return (ROOT / name).read_text()


def blocks_of(name: str, kind: str) -> list[str]:
    """Return the code of one kind that a document shows."""
    return [code for language, code in _BLOCK.findall(text_of(name)) if language == kind]


def rows_of(name: str) -> list[list[str]]:
    """Return the rows of a document's tables whose first cell begins with code."""
    return [row.split(" | ") for row in _ROW.findall(text_of(name))]


def settings_of(name: str) -> dict[str, object]:
    """Return the options that a README's table names, with their defaults as they are read."""
    found: dict[str, object] = {}
    for first, *rest in rows_of(name):
        options = _CODE.findall(first)
        if options[0] in RULES:
            defaults = _CODE.findall(rest[0]) or [rest[0]] * len(options)
            found |= {o: _default(o, d) for o, d in zip(options, defaults, strict=True)}
    return found


def _default(option: str, text: str) -> object:
    if text in _NONE:
        return RULES[option].read("")
    if text.endswith(" MiB"):
        return int(text.removesuffix(" MiB")) * 2**20
    return RULES[option].read(text)


@pytest.mark.parametrize("name", READMES)
def test_the_settings_table_has_every_option_with_its_default(name: str) -> None:
    """A row for each option of the code and for no other, with the default that it really has."""
    defaults = {option: getattr(Options(), option) for option in RULES}
    assert settings_of(name) == defaults


@pytest.mark.parametrize("name", READMES)
def test_the_exit_codes_are_all_told(name: str) -> None:
    """A README's table has each code that the command can end with, and no other."""
    table = text_of(name).partition("| 0 |")[2].partition("\n\n")[0]
    rows = ["0", *re.findall(r"^\| ([\d, ]+) \|", table, re.MULTILINE)]
    assert [int(code) for row in rows for code in row.split(", ")] == list(ExitCode)


@pytest.mark.parametrize("name", READMES)
def test_the_options_of_the_command_are_all_told(name: str) -> None:
    """A README names each option that the command has, and none that it has not."""
    parser = CommandParser()
    load_command_class("sprites", "fetch_sprites").add_arguments(parser)
    options = {text for action in parser._actions for text in action.option_strings}
    cells = [cell for first, *_ in rows_of(name) for cell in _CODE.findall(first)]
    told = {word for cell in cells for word in cell.split() if word.startswith("--")}
    assert told == options - {"-h", "--help"}


@pytest.mark.parametrize("name", READMES)
def test_the_environment_of_the_example_site_is_all_told(name: str) -> None:
    """A README names each variable that ``pokesite`` reads beside the options' own."""
    told = text_of(name).partition("`SPRITES_<")[2].partition("\n\n")[0]
    for variable in re.findall(r'env\.\w+\(\s*"(\w+)"', text_of("pokesite/settings.py")):
        assert f"`{variable}`" in told, variable


def test_the_readmes_have_the_same_parts() -> None:
    """Both languages have the same headings, tables, pictures, programs and links, in one order."""

    def shape(name: str) -> list[str]:
        text = text_of(name)
        marks = re.findall(
            r"^(#+) |^(\|---)|(\]\([^)\s#]+)", _FENCED.sub("|---", text), re.MULTILINE
        )
        return ["".join(mark).replace(".pt-br", "") for mark in marks]

    english, portuguese = map(shape, READMES)
    assert portuguese == english


def test_the_readmes_show_the_same_commands() -> None:
    """What is typed is the same in both languages; only what is said beside it differs."""

    def typed(name: str) -> list[str]:
        lines = re.findall(r"^\$ (.*)$", text_of(name), re.MULTILINE)
        return [line.partition("  #")[0].strip() for line in lines]

    english, portuguese = map(typed, READMES)
    assert portuguese == english


@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_link_is_dead(name: str) -> None:
    """Each relative link leads to a file, and to a heading of it where it names one."""
    here = (ROOT / name).parent
    for link in _LINK.findall(_FENCED.sub("", text_of(name))):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, heading = link.partition("#")
        target = here / path if path else ROOT / name
        assert target.exists(), link
        if heading:
            assert heading in headings(target), link


def headings(path: Path) -> set[str]:
    """Return the names that a document's headings can be linked by."""
    found = re.findall(r"^#+ (.+)$", _FENCED.sub("", path.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_what_a_document_tells_to_make_can_be_made(name: str) -> None:
    """Each ``make WORD`` that is shown as a command is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z]+):", text_of("Makefile"), re.MULTILINE))
    told = re.findall(r"(?:`|^\$ )make ([a-z]+)", text_of(name), re.MULTILINE)
    assert set(told) <= targets


def test_the_steps_of_contributing_lead_to_what_is_there() -> None:
    """Each file and folder that a step names exists, and so does each name in capitals in it."""
    steps = text_of("CONTRIBUTING.md").replace("/es/", "/pt_BR/")
    code = _CODE.findall(_FENCED.sub("", steps))
    paths = [name for name in code if re.fullmatch(r"(sprites|tests|pokesite|\.ci)/\S*", name)]
    assert len(paths) > 20
    assert not [name for name in paths if not (ROOT / name).exists()]
    for constant, path in re.findall(r"`(_?[A-Z]+)` in\s+`([^`]+\.py)`", steps):
        assert re.search(rf"^ *{constant}\b", text_of(path), re.MULTILINE), constant


def test_every_document_can_be_found_from_the_readme() -> None:
    """No page of ``docs`` is without a link from a README."""
    linked = {link for name in READMES for link in _LINK.findall(text_of(name))}
    pages = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("docs/*.md")}
    assert pages <= linked


@pytest.mark.parametrize("name", DOCUMENTS)
def test_python_in_documents_is_python(name: str) -> None:
    """What a document shows as Python can be parsed."""
    for code in blocks_of(name, "python"):
        ast.parse(dedent(code), name)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_what_a_document_imports_is_there(name: str) -> None:
    """Each import from the app works, in a program or in one line of a shell."""
    for statement in _IMPORT.findall(text_of(name)):
        exec(statement, {})


def rooms() -> dict[str, set[str]]:
    """Return the app's folders that hold modules, migrations aside, and the modules of each."""
    found: dict[str, set[str]] = {}
    for path in (ROOT / "sprites").rglob("*.py"):
        if "migrations" not in path.parts and not path.stem.startswith("__"):
            found.setdefault(f"{path.parent.relative_to(ROOT)}/", set()).add(path.stem)
    return found


def test_the_map_has_every_room_and_every_module() -> None:
    """The architecture has a table a folder, with the modules that are there and no other."""
    table = re.compile(r"^\| `(sprites/\S*)` \| \|\n(.*?)\n\n", re.MULTILINE | re.DOTALL)
    told = {}
    for folder, rows in table.findall(text_of("docs/architecture.md")):
        cells = [name for row in rows.splitlines() for name in _CODE.findall(row.split(" | ")[0])]
        assert len(cells) == len(set(cells)), folder
        told[folder] = set(cells)
    assert told == rooms()


def test_the_tour_names_files_that_are_there() -> None:
    """Each file that the architecture's tour leads through exists, in the app or in its worker."""
    tour = text_of("docs/architecture.md").partition("## A run, followed")[2].partition("\n## ")[0]
    names = [name for name in _CODE.findall(tour) if name.endswith(".py")]
    folders = [ROOT / "sprites", ROOT / "sprites/worker"]
    assert names
    assert not [name for name in names if not any((at / name).exists() for at in folders)]


def test_the_theming_guide_has_every_template_and_property() -> None:
    """Each part of a page that can be replaced is named, and each property that recolours it."""
    named = {cell for first, *_ in rows_of("docs/theming.md") for cell in _CODE.findall(first)}
    templates = {path.name for path in (ROOT / "sprites/templates/sprites").glob("*.html")}
    assert templates - {"base.html"} <= {name.removeprefix("sprites/") for name in named}
    style = text_of("sprites/static/sprites/gallery.css")
    properties = set(re.findall(r"^ +(--[a-z]+):", style, re.MULTILINE))
    assert properties == {name for name in named if name.startswith("--")}


def test_the_api_guide_has_every_field(client: Client, db: None, mirrored: None) -> None:
    """Each field of a Pokémon and of its sprites is named, and each parameter of the list."""
    text = text_of("docs/api.md")
    found = client.get("/api/pokemon/7/").json()
    row = client.get("/api/pokemon/").json()["results"][0]
    for field in {*found, *found["sprites"][0], *found["stats"], *row}:
        assert f"`{field}`" in text or f'"{field}":' in text, field
    for parameter in fields(Filters):
        assert f"`{parameter.name}`" in text, parameter.name


def test_the_changelog_has_this_version() -> None:
    """The version of the package is one that the changelog speaks of."""
    assert __version__ in text_of("CHANGELOG.md")


@pytest.fixture
def mirrored(settings: Settings, tmp_path: Path) -> None:
    """A site with one Pokémon that has two sprites, of which one is artwork."""
    settings.MEDIA_ROOT = str(tmp_path)
    zizzle = add_pokemon(7, "zizzle", "electric")
    add_sprite(zizzle, "front_default")
    add_sprite(zizzle, "other/official-artwork/front_default")


def test_the_bot_in_the_project_answers(db: None, mirrored: None) -> None:
    """The first program of the how-to finds a Pokémon, its artwork, and the nearest name."""
    namespace: dict[str, Any] = {}
    exec(blocks_of("docs/bot.md", "python")[0], namespace)
    words, picture = namespace["answer"]("Zizzle")
    assert words == "Zizzle is of type electric."
    assert "official-artwork" in picture
    words, picture = namespace["answer"]("zizle")
    assert words == "Nobody is called zizle. Did you mean Zizzle?"
    assert picture is None


def test_the_bot_outside_answers(
    transactional_db: None, mirrored: None, live_server: LiveServer, tmp_path: Path
) -> None:
    """The whole program of the how-to, as a process, on a real server; also what it asks twice."""
    (tmp_path / "bot.py").write_text(blocks_of("docs/bot.md", "python")[-1])
    done = subprocess.run(
        [sys.executable, "bot.py", f"{live_server.url}/api/"],
        input="zizzle\n7\n\nzizzle\nzizle\n25/x\n",
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(set(lines[:3])) == 1
    assert re.fullmatch(r"zizzle \(electric\): http://\S+official-artwork\S+\.png", lines[0])
    assert lines[3] == "Nobody is called zizle. Perhaps: zizzle."
    assert lines[4] == "Nobody is called 25/x. Perhaps: nobody."


def test_the_frame_of_the_theming_guide_works(
    client: Client, db: None, mirrored: None, settings: Settings, tmp_path: Path
) -> None:
    """Its ``base.html`` puts every page into a frame of the site's own, with style and script."""
    base = tmp_path / "sprites/base.html"
    base.parent.mkdir()
    base.write_text(blocks_of("docs/theming.md", "django")[0])
    frame = "<title>Ours: {% block title %}{% endblock %}</title>{% block head %}{% endblock %}"
    (tmp_path / "site.html").write_text(frame + "<body>{% block body %}{% endblock %}")
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]
    for address in ("/", "/pokemon/zizzle/", "/?q=nobody"):
        page = client.get(address).content.decode()
        assert page.count("<title>Ours: ") == 1, address
        assert "gallery.css" in page, address
        assert "gallery.js" in page, address
        assert '<main id="main"' in page, address


def test_the_code_of_the_guide_to_hooks_works(
    site: Site,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Its app is connected and its functions are used, as they stand there."""
    for code in blocks_of("docs/hooks.md", "python"):
        if found := re.match(r"# (shop/\w+\.py)\n", code):
            (tmp_path / found[1]).parent.mkdir(exist_ok=True)
            (tmp_path / found[1]).write_text(code)
    (tmp_path / "shop/__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "shop.apps.ShopConfig"]
    assert own_session("shop.http.session").proxies
    settings.SPRITES = {**settings.SPRITES, "NAMING": "shop.names.stem"}
    caplog.set_level("INFO", "shop")
    assert site.run("--ids", "7").exit_code == 0
    assert (site.media / "sprites/dex/00007").is_dir()
    assert "ended with 0: 1 stored" in caplog.text
