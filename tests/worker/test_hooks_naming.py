"""NAMING: files under names of a site's own choice, and what a name must keep to."""

import hashlib
import sys
from types import ModuleType

import pytest
from django.core import checks
from pytest_django import Settings

from sprites.checks import IDS
from sprites.models import Sprite
from sprites.worker.naming import file_name

from ..support.own import flat
from ..support.site import Site

EXECUTORS = ("sync", "threads", "processes")


def use(settings: Settings, site: Site, path: str) -> None:
    """Let the site name its files."""
    settings.SPRITES = {"API_URL": site.api.url, "NAMING": f"tests.support.own.{path}"}


@pytest.mark.parametrize("executor", EXECUTORS)
def test_every_executor_gives_the_sites_own_names(
    site: Site, settings: Settings, executor: str
) -> None:
    """The site's stem, then the head of the hash and the extension that the bytes have."""
    use(settings, site, "flat")
    run = site.run("--ids", "1-3", "--sprites", "all", "--executor", executor)
    assert run.exit_code == 0, run.stderr
    site.assert_whole(run)
    svg = Sprite.objects.get(pokemon=1, key="other/dream_world/front_default")
    head = svg.sha256[:8]
    assert svg.file.name == f"sprites/dex/00001-other-dream_world-front_default.{head}.svg"
    names = Sprite.objects.values_list("file", flat=True)
    assert all(name.startswith("sprites/dex/0000") for name in names)


def test_a_file_keeps_its_name_until_its_bytes_change(site: Site, settings: Settings) -> None:
    """Another naming moves nothing; a new file gets the new name, and the old one goes."""
    site.run("--ids", "1-2")
    before = site.files()
    use(settings, site, "flat")
    run = site.run("--ids", "1-2", "--force")
    assert (run.sprites["unchanged"], site.files()) == (2, before)
    site.api.put("/sprites/pokemon/2.png", before[_name(1)], "image/png")
    run = site.run("--ids", "1-2", "--force")
    assert run.sprites["stored"] == 1
    assert _name(2).startswith("sprites/dex/00002-front_default.")
    site.assert_whole(run)


def _name(pokemon: int) -> str:
    return Sprite.objects.get(pokemon=pokemon, key="front_default").file.name or ""


def test_stray_files_are_swept_whatever_named_them(site: Site, settings: Settings) -> None:
    """A file of ours without a row goes, of this naming or of another; others' files stay."""
    use(settings, site, "flat")
    site.run("--ids", "1-2")
    sha256 = hashlib.sha256(b"stray").hexdigest()
    strays = [
        file_name(9, "front_default", sha256, "png", name)
        for name in ("", "tests.support.own.flat")
    ]
    foreign = "sprites/dex/notes.00000000.png"
    for name in (*strays, foreign):
        path = site.media / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"stray")
    run = site.run("--ids", "1-2", "--prune")
    assert run.exit_code == 0
    assert set(site.files()) == {_name(1), _name(2), foreign}


@pytest.mark.parametrize(
    ("path", "cause"),
    [
        ("nowhere", "can't be imported"),
        ("__doc__", "can't be called"),
        ("broken", "failed: OSError: no vault"),
        ("escaping", "gives '../1/front_default' for 1/front_default, which is no safe path"),
        ("nothing", "gives None"),
        ("by_key", "gives several sprites one name"),
        ("session", "TypeError"),
    ],
)
def test_a_wrong_naming_is_named_before_any_request(
    site: Site, settings: Settings, path: str, cause: str
) -> None:
    """A system check error, and exit 2 with one line that has the path and the cause."""
    use(settings, site, path)
    errors = checks.run_checks(tags=["sprites"])
    assert [error.id for error in errors] == [IDS["NAMING"]]
    run = site.run("--limit", "1")
    assert run.exit_code == 2
    for text in (run.stderr, errors[0].msg):
        assert f"NAMING 'tests.support.own.{path}' " in text
        assert cause in text
    assert len(run.stderr.splitlines()) == 1
    assert site.api.requests() == []


@pytest.mark.parametrize("executor", EXECUTORS)
def test_a_bad_name_fails_its_sprite_alone(site: Site, settings: Settings, executor: str) -> None:
    """One sprite that gets no safe name fails; the others are stored."""
    use(settings, site, "flat_but_one")
    run = site.run("--ids", "7-9", "--executor", executor)
    assert (run.exit_code, run.sprites["stored"], run.codes) == (1, 2, {"internal": 1})
    (failure,) = run.report["failures"]
    assert failure["pokemon"] == 8
    assert "'a name of 8'" in Sprite.objects.get(pokemon=8, key="front_default").error_detail
    site.assert_whole(run)


def test_workers_that_lack_it_stop_the_run(
    site: Site, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where only the parent has the module, one line says so, and not a failure a sprite."""
    module = ModuleType("tests_names_only_here")
    vars(module)["stem"] = flat
    monkeypatch.setitem(sys.modules, module.__name__, module)
    settings.SPRITES = {"API_URL": site.api.url, "NAMING": "tests_names_only_here.stem"}
    run = site.run("--limit", "40", "--executor", "processes", "--workers", "2")
    assert (run.exit_code, run.sprites["stored"]) == (3, 0)
    assert "NAMING 'tests_names_only_here.stem' can't be imported" in run.stderr
    assert run.sprites["failed"] < 40
    site.assert_whole(run)
