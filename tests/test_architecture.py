"""What the contracts of import-linter in pyproject.toml can't say about who imports whom."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from .support.site import ROOT

APP = ROOT / "sprites"


def module_name(path: Path) -> str:
    """Return a file's dotted name."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def modules() -> dict[str, Path]:
    """Return every module of the app, migrations aside."""
    found = sorted(APP.rglob("*.py"))
    return {module_name(path): path for path in found if "migrations" not in path.parts}


MODULES = modules()


@cache
def imports(name: str, everywhere: bool = False) -> frozenset[str]:
    """Return what a module imports of the app, by full names: when it is loaded, or at any time.

    ``everywhere`` adds what is imported inside functions, and what is for type checkers alone.
    """
    path = MODULES[name]
    tree = ast.parse(path.read_text())
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    found: set[str] = set()
    for node in ast.walk(tree) if everywhere else _at_load(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            up = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join([*(up if node.level else []), *([node.module] if node.module else [])])
            inner = {f"{base}.{alias.name}" for alias in node.names}
            found |= {full if full in MODULES else base for full in inner}
    ours = {full for full in found if full.partition(".")[0] == "sprites"}
    return frozenset(ours - {name})


def _at_load(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes that run at import: not those inside functions or ``if TYPE_CHECKING``."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        yield node
        yield from _at_load(node)


def reach_of(name: str, everywhere: bool = False) -> set[str]:
    """Return what a module imports, directly or not, without the packages above."""
    seen: set[str] = set()
    todo = [name]
    while todo:
        here = todo.pop()
        if here not in seen and here in MODULES:
            seen.add(here)
            todo += imports(here, everywhere)
    return seen


def test_imports_are_seen() -> None:
    """What these tests look at is there: the worker imports its stages."""
    assert {"sprites.worker.http", "sprites.worker.images", "sprites.worker.storage"} <= imports(
        "sprites.worker.job"
    )
    assert "sprites.sync.schedule" in reach_of("sprites.management.commands.fetch_sprites")


@pytest.mark.parametrize("name", ["sprites", "sprites.executors", "sprites.worker", "sprites.sync"])
def test_the_packages_above_the_worker_import_nothing(name: str) -> None:
    """A spawned process loads them before Django is set up."""
    tree = ast.parse(MODULES[name].read_text())
    assert not [node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))]


@pytest.mark.parametrize(
    ("room", "known"),
    [
        ("sprites.worker", {"sprites.worker"}),
        ("sprites.executors", {"sprites.worker", "sprites.executors"}),
    ],
)
def test_what_runs_elsewhere_knows_a_handful_of_modules(room: str, known: set[str]) -> None:
    """A room below the parent imports itself, what is below it, and what needs no site."""
    needs_no_site = {f"sprites.{name}" for name in ("errors", "hooks", "keys", "origins")}
    reached = {other for name in MODULES if name.startswith(room) for other in reach_of(name)}
    others = {name for name in reached if ".".join(name.split(".")[:2]) not in known}
    assert others <= {"sprites", *needs_no_site}


def test_a_process_without_django_set_up_can_load_the_worker() -> None:
    """Tried for real: no settings, no apps, and the worker imports."""
    script = (
        "import sys, sprites.worker.job;"
        "assert 'sprites.models' not in sys.modules;"
        "assert 'django.db' not in sys.modules, 'a database layer in a worker';"
        "import django.apps; assert not django.apps.apps.ready"
    )
    command = [sys.executable, "-W", "error", "-c", script]
    done = subprocess.run(command, cwd=ROOT, env={}, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_test_server_stands_alone() -> None:
    """``sprites.testing`` imports nothing of the app that it tests."""
    for name in MODULES:
        if name.startswith("sprites.testing"):
            others = {each for each in imports(name) if not each.startswith("sprites.testing")}
            assert not others - {"sprites"}, name


def test_arrows_point_down() -> None:
    """No module of the app is part of a circle, by imports in functions or for types either."""
    for name in MODULES:
        below = imports(name, everywhere=True)
        assert name not in {far for each in below for far in reach_of(each, everywhere=True)}, name
