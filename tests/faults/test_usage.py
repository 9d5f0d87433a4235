"""O8: what is typed, set or exported and makes no sense: exit 2, one line, JSON where asked for."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ..support.site import ROOT, Run, ShellSite
from .lab import HereLab, ShellLab


def assert_refused(run: Run, *says: str) -> None:
    """Hold that a run was refused in one line of stderr that says the same as its JSON."""
    assert run.exit_code == 2, run.stderr
    assert len(run.stderr.splitlines()) == 1, run.stderr
    assert set(run.report) == {"exit_code", "message"}
    assert run.report["exit_code"] == 2
    assert run.report["message"] in run.stderr
    for text in says:
        assert text in run.report["message"]


_NOTHING = {
    "--sprites": (
        *("unknown", "[", "../../etc/passwd", "", ",", "a//b", "/front_default", "front_default/"),
        *("icons/[", "*/..", "front_default,,back_default", "é", "*" * 300, "x\0", "\udcff"),
    ),
    "--type": ("", " ", ",", "fire,,water", "\udcff", "fi\0re"),
    "--generation": ("", ",", "1,,2", "\udcff"),
    "--ids": ("", ",", "1,,2", "\0"),
    "--limit": ("", "\udcff"),
    "--executor": ("", "\udcff", "a.\0"),
    "--trace": ("", "\0"),
    "NAME": ("", " ", "\udcff", "pika\0chu", "\x1b[31mred", "two\nlines"),
}


@pytest.mark.parametrize("option", _NOTHING)
def test_a_value_that_says_nothing_is_named_with_what_is_allowed(lab: HereLab, option: str) -> None:
    """O8: empty, broken or unprintable values are no values; nothing is asked for or written."""
    for value in _NOTHING[option]:
        run = lab.site.run(value if option == "NAME" else f"{option}={value}")
        assert_refused(run, option.removeprefix("--"))
    assert lab.api.requests() == []
    assert lab.rows("sprites_syncrun") == []


def test_a_sprite_that_is_none_is_named_with_the_nearest(lab: HereLab) -> None:
    """O8: a word must be a preset or a key that upstream has listed; a glob may name a new one."""
    for word, near in {"artwrk": "artwork", "front_defualt": "'front_defualt'"}.items():
        assert_refused(lab.site.run("--sprites", word), near)
    lab.api.edit("/api/v2/pokemon/1/", {"sprites/icon": f"{lab.api.origin}/sprites/pokemon/1.png"})
    assert_refused(lab.site.run("1", "--sprites", "icon"))
    assert lab.site.run("1", "--sprites", "icon*").exit_code == 0
    assert lab.site.run("1", "--sprites", "icon", "--force").sprites["stored"] == 0
    assert_refused(lab.site.run("1", "--sprites", "icno"), "nearest: icon")
    assert_refused(lab.site.run("1", "--sprites", "front_defualt"), "nearest: front_default")


def test_a_key_that_matches_nothing_is_told_of(lab: HereLab) -> None:
    """O8: a path or a glob may be one that upstream has new; where it is not, a line says so."""
    new = "versions/generation-x/new-game/front_default"
    run = lab.site.run("1", "--sprites", new)
    assert (run.exit_code, run.sprites["wanted"]) == (0, 0)
    assert f"none of the chosen Pokémon has a sprite that matches '{new}'" in run.stderr
    typo = "other/offical-artwork/front_default"
    run = lab.site.run("1", "--sprites", f"default,front_*,{typo}")
    assert run.exit_code == 0
    (line,) = run.stderr.splitlines()
    assert f"'{typo}'; nearest: other/official-artwork/front_default" in line
    assert lab.site.run("1", "--sprites", "animated", "--dry-run").stderr == ""


def test_the_keys_are_listed_as_json(lab: HereLab) -> None:
    """O8: ``--list-sprites --format json`` is one object with the presets and the keys."""
    lab.site.run("1")
    listed = json.loads(lab.site.run("--list-sprites").stdout)
    assert listed["presets"]["default"] == ["front_default"]
    assert listed["keys"] == sorted({row["key"] for row in lab.rows()})


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--workesr", "3"], ["--workesr", "nearest: --workers"]),
        (["--limit"], ["--limit", "expected one argument"]),
        (["--re", "3"], ["--re could match --retries, --retry-failed"]),
        (["--force", "--verify"], ["--verify", "not allowed with", "--force"]),
        (["-v", "9"], ["9", "choose from"]),
        (["--no-color", "--force-color"], ["--no-color", "--force-color"]),
        ([b"\xff\xfe"], ["NAME|ID is '\\udcff\\udcfe'"]),
        ([b"--\xff\n"], ["unrecognized arguments"]),
    ],
)
def test_a_command_line_that_can_not_be_read_is_one_line(
    shell_lab: ShellLab, arguments: list[str | bytes], says: list[str]
) -> None:
    """O8: what argparse does not know, or Django, or UTF-8, and JSON where it was asked for."""
    site = shell_lab.site
    command = [sys.executable, "manage.py", "fetch_sprites", *arguments, "--format", "json"]
    done = subprocess.run(command, cwd=ROOT, env=site.environment, capture_output=True)
    assert_refused(Run(done.returncode, done.stdout.decode(), done.stderr.decode()), *says)
    assert shell_lab.api.requests() == []


_EXPORTED = {
    "DATABASE_URL": {
        "foo": "sqlite:///PATH or postgres://",
        "": "sqlite:///PATH or postgres://",
        "mysql://ash:secret@db/sprites": "'mysql://db/sprites'",
        "postgres://h:port/sprites": "postgres://",
    },
    "TIME_ZONE": {"Mars/X": "America/Sao_Paulo", "America/Sao_Paolo": "nearest: America/Sao_Paulo"},
    "MEDIA_ROOT": {"": "the path of a folder"},
    "DEBUG": {"banana": "true or false"},
    "BEHIND_TLS": {"perhaps": "true or false"},
    "ALLOWED_HOSTS": {"https://a.example": "no port", "a.example:80": "no port", "a b": "no port"},
    "TASK_BACKEND": {"banana": "the dotted path of a class", "no.such.Backend": "no.such"},
    "DJANGO_SETTINGS_MODULE": {"no.such.settings": "no.such.settings"},
}


@pytest.mark.parametrize("name", _EXPORTED)
def test_a_variable_that_makes_no_sense_is_named(shell_lab: ShellLab, name: str) -> None:
    """O8: the example site's own variables: the line has the value, without a password."""
    site = shell_lab.site
    for value, says in _EXPORTED[name].items():
        before = site.environment.get(name)
        site.environment[name] = value
        run = site.fetch()
        assert_refused(run, says)
        assert name in run.stderr or name == "DJANGO_SETTINGS_MODULE" or "no.such" in value
        assert "secret" not in run.stderr
        site.environment.pop(name)
        if before is not None:
            site.environment[name] = before
    assert not list(Path(ROOT).glob("sprites/[0-9]*"))


_OPTIONS = {
    "API_URL": "pokeapi", "ALLOWED_ORIGINS": "https://a/b", "ALLOW_HTTP": "perhaps",
    "ALLOW_PRIVATE_ADDRESSES": "2", "ALLOW_TRAILING_DATA": "none", "WORKERS": "0", "EXECUTOR": "",
    "RATE": "-1", "RETRIES": "many", "TIMEOUT": "inf", "CONNECT_TIMEOUT": "0", "READ_TIMEOUT": "x",
    "MAX_PAUSE": "nan", "MAX_OUTAGE": "-1", "BREAKER": "0", "MAX_JSON_BYTES": "1",
    "MAX_IMAGE_BYTES": "4MiB", "MAX_PIXELS": "1e99", "MAX_FRAMES": "", "MAX_SHRINK": "2",
    "FRESH_FOR": "-1", "PRUNE_AFTER": "week", "KEEP_RUNS": "0", "STORAGE": "nowhere",
    "TASK_BACKEND": "nowhere", "TASK_QUEUE": "nowhere", "SESSION": "a-b", "NAMING": "no.such.name",
    "DASK_SCHEDULER": "host", "KEEP_DOCUMENTS": "some", "STANDALONE": "x",
    "SPECIES": "every",
}  # fmt: skip


def test_each_option_that_makes_no_sense_is_named(lab: HereLab) -> None:
    """O8: each option of ``SPRITES``, as the environment would give it, by its name."""
    from sprites.conf import RULES

    assert set(_OPTIONS) == set(RULES)
    settled = dict(lab.settings.SPRITES)
    for name, value in _OPTIONS.items():
        lab.settings.SPRITES = {**settled, name: value}
        assert_refused(lab.site.run(), name, repr(value))
    assert lab.api.requests() == []


def test_a_site_without_a_media_folder_is_told_to_choose_one(
    lab: HereLab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """O8: no file is written into the folder that the command happens to be started in."""
    lab.settings.MEDIA_ROOT = ""
    (here := tmp_path / "here").mkdir()  # other tests may write into the project's own folder
    monkeypatch.chdir(here)
    assert_refused(lab.site.run("1"), "set MEDIA_ROOT")
    assert os.listdir() == []
    assert lab.api.requests() == []


def test_settings_that_are_not_there_are_named(shell_lab: ShellLab) -> None:
    """O8: ``--settings`` with a module that is not there, or with none that Django can use."""
    site: ShellSite = shell_lab.site
    for name in ("no.such.settings", "a..b", ".relative", "tests.faults.unimportable"):
        assert_refused(site.fetch(f"--settings={name}"), name)
