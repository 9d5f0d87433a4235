"""Wrong input: one line that names what was given and what is allowed, exit 2, no request."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from .support import database
from .support.site import Run, ShellSite, Site

LONG = "9" * 5000


def refusal(run: Run) -> str:
    """Return why a run was refused: the same in JSON and on one line of stderr."""
    assert run.report == {"exit_code": 2, "message": run.stderr}
    assert run.exit_code == 2
    assert len(run.stderr.splitlines()) == 1
    return run.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        *((("--workers", text), f"--workers is {text!r}") for text in ("0", "-1", "abc", "10000")),
        (("--workers", ""), "a whole number from 1 to 256"),
        (("--workers", LONG), "a whole number from 1 to 256"),
        *((("--rate", value), "--rate is") for value in ("0", "-1", "abc", "nan", "inf", "")),
        *((("--timeout", value), "--timeout is") for value in ("0", "-1", "soon", "1e9")),
        *((("--retries", value), "--retries is") for value in ("-1", "21", "1.5")),
        (("--limit", "0"), "--limit is '0'"),
        (("--limit", "-5"), "--limit is '-5'"),
        (("--limit", LONG), "a whole number from 1"),
        (("--limit", "3", "--all"), "--all and --limit"),
        (("--ids", "151-1"), "reversed range; allowed: 1-151"),
        (("--ids", "1-2-3"), "--ids is '1-2-3'"),
        (("--ids", "one"), "--ids is 'one'"),
        (("--ids", "-3"), "--ids is '-3'"),
        (("--generation", "0"), "--generation is '0'"),
        (("--generation", "kanto"), "--generation is 'kanto'"),
        (("--generation", LONG), "--generation is"),
        (("--executor", "threadz"), "'threadz' is not threads, processes, sync"),
        (("--executor", ""), "--executor is ''"),
        (("--executor", "no.such.module"), "can't be imported"),
        (("--executor", "tests.support.factories.missing"), "can't be imported"),
        (("--executor", "tests.support.factories.NOT_CALLABLE"), "can't be called"),
        (("--executor", "tests.support.factories.no_executor"), "gives a list, not"),
        (("--executor", "tests.support.factories.broken"), "OSError: no cluster for 8"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_a_wrong_value_is_named_before_any_request(
    site: Site, arguments: tuple[str, ...], says: str, more: tuple[str, ...]
) -> None:
    """The line names the option, the value and what is allowed; nothing is asked or written."""
    run = site.run(*arguments, *more)
    assert says in refusal(run)
    assert len(run.stderr) < 6000
    assert site.api.requests() == []
    assert site.files() == {}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("mosbun",), "unknown Pokémon 'mosbun'; nearest: mossbun"),
        (("mossbun", "zizle", "nibbin"), "'zizle'; nearest: zizzle"),
        (("qqqqqqqq",), "unknown Pokémon 'qqqqqqqq'"),
        (("99999",), "unknown Pokémon '99999'"),
        ((LONG,), "unknown Pokémon"),
        (("--ids", "70-80"), "no Pokémon with ids 70-80; upstream has 1 to "),
        (("--ids", "61"), "no Pokémon with id 61"),
        (("--type", "fyre"), "unknown type 'fyre'; nearest: fire"),
        (("--generation", "99"), "unknown generation 99; upstream has 1 to 9"),
    ],
)
def test_what_upstream_does_not_know_is_named_with_its_nearest(
    site: Site, arguments: tuple[str, ...], says: str
) -> None:
    """Names are checked against upstream's lists, and nothing but lists is asked for."""
    run = site.run(*arguments)
    assert says in refusal(run)
    assert 1 <= len(site.api.requests()) <= 2
    assert site.files() == {}


def test_after_wrong_input_the_lock_is_free(site: Site) -> None:
    """A run that could not begin leaves no trace that stops the next one."""
    assert site.run("mosbun").exit_code == 2
    run = site.run("mossbun")
    assert run.exit_code == 0, run.stderr
    site.assert_whole(run)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("WORKERS", "0"), ("EXECUTOR", "nope"), ("RATE", -1), ("API_URL", "ftp://a/")),
        *(("API_URL", ""), ("API_URL", "http://mirror.example/"), ("NO_SUCH_OPTION", 1)),
        *(("ALLOWED_ORIGINS", "https://a/b"), ("STORAGE", "nope")),
    ],
)
def test_a_wrong_setting_is_wrong_input(
    site: Site, settings: Settings, name: str, value: object
) -> None:
    """An option of SPRITES is checked like an argument, though no system check has run."""
    settings.SPRITES = {**settings.SPRITES, name: value}
    run = site.run()
    assert name in refusal(run) or repr(value) in run.stderr
    assert site.api.requests() == []


@pytest.mark.parametrize("where", [".", "sprites", "sprites/.incoming"])
def test_media_that_cannot_be_written_is_found_before_any_request(site: Site, where: str) -> None:
    """A file where a folder must be: one line with the path, and upstream is not asked."""
    blocked = site.media / where
    blocked.parent.mkdir(parents=True, exist_ok=True)
    blocked.write_bytes(b"no folder")
    run = site.run()
    assert str(site.media) in refusal(run)
    assert site.api.requests() == []
    assert blocked.read_bytes() == b"no folder"


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[ShellSite]:
    """A site without tables, whose API nobody may ask: nothing listens there."""
    site = ShellSite("http://127.0.0.1:9/api/v2/", tmp_path, database.create(tmp_path))
    yield site
    site.close()


@pytest.mark.parametrize("arguments", [(), ("--dry-run",), ("--list-sprites",)])
def test_a_site_without_tables_is_told_to_migrate(
    bare: ShellSite, arguments: tuple[str, ...]
) -> None:
    """Unapplied migrations end in one line with the command to run."""
    done = bare.manage("fetch_sprites", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "manage.py migrate" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("environment", "arguments", "says"),
    [
        ({}, ("--workers", "-1"), "--workers is '-1'"),
        ({"SPRITES_WORKERS": "many"}, (), "WORKERS is 'many'"),
    ],
)
def test_the_shell_shows_one_line_and_no_traceback(
    bare: ShellSite,
    environment: dict[str, str],
    arguments: tuple[str, ...],
    says: str,
) -> None:
    """What a user sees of wrong input is one line on stderr, and exit code 2."""
    bare.environment.update(environment)
    done = bare.manage("fetch_sprites", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
