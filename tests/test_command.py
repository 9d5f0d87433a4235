"""The command's face: what it prints where, what each flag does; a dry run does nothing."""

import json
from io import StringIO

import pytest
from django.core.management import call_command

from sprites.models import Pokemon, Sprite, SyncRun

from .support.site import Run, Site

KEYS = "front_default,back_default,other/official-artwork/front_default"
FEW = ("--ids", "1-3", "--sprites", KEYS)


def text_of(*arguments: str) -> tuple[str, str]:
    """Run the command for a person and return what stood on stdout and stderr."""
    out, err = StringIO(), StringIO()
    call_command("fetch_sprites", *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def counted(counts: dict[str, int]) -> dict[str, int]:
    """Return the counts that are not zero."""
    return {name: count for name, count in counts.items() if count}


def asked(site: Site) -> list[str]:
    """Return the paths that upstream was asked for since the last time."""
    paths = [request.path for request in site.api.requests()]
    site.api.clear_log()
    return paths


def test_json_is_all_that_stands_on_stdout(site: Site) -> None:
    """``--format json`` prints one JSON object with the documented names, on one line."""
    run = site.run(*FEW)
    assert len(run.stdout.splitlines()) == 1
    assert set(run.report) >= {
        *("exit_code", "executor", "workers", "pokemon", "sprites", "requests", "retries"),
        *("bytes", "seconds", "worker_seconds", "failures"),
    }
    assert counted(run.report["pokemon"]) == {"checked": 3, "new": 3}
    assert counted(run.sprites) == {"wanted": 9, "stored": 9}
    assert run.report["requests"] == len(site.api.requests())
    site.assert_whole(run)


def test_the_summary_adds_up_for_people(site: Site) -> None:
    """The text tells the counts, the cost, and how many workers were busy on average."""
    out, err = text_of(*FEW, "--workers", "3")
    assert "3 checked = 3 new + 0 changed + 0 unchanged + 0 failed" in out
    assert "9 wanted = 9 stored + 0 unchanged + 0 missing upstream + 0 failed + 0 not tried" in out
    assert "3 workers (threads)" in out
    assert "busy on average" in out
    assert err == ""


def test_one_after_another_is_one_worker(site: Site) -> None:
    """Without an executor's workers there is one, however many the settings ask for."""
    assert "; 1 worker (sync) worked" in text_of(*FEW, "--executor", "sync")[0]


def test_a_failure_is_told_with_its_reason(site: Site) -> None:
    """Exit 1, and a line with Pokémon, key, code, attempts and URL; the others are stored."""
    site.api.fault("/sprites/pokemon/2.png", body="<!doctype html>")
    run = site.run(*FEW)
    assert run.exit_code == run.report["exit_code"] == 1
    (failure,) = run.report["failures"]
    assert failure["pokemon"] == 2
    assert failure["key"] == "front_default"
    assert failure["url"] == f"{site.api.origin}/sprites/pokemon/2.png"
    assert (failure["code"], failure["attempts"]) == ("bad_content", 1)
    assert run.sprites["stored"] == 8
    site.assert_whole(run)
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("fetch_sprites", *FEW, "--retry-failed", stdout=out)
    assert "2 front_default: bad_content" in out.getvalue()


def test_what_upstream_lists_and_lacks_is_no_failure(site: Site) -> None:
    """A 404 is counted as missing, the exit code is 0, and its failure is not listed."""
    site.api.gone("/sprites/pokemon/2.png")
    run = site.run(*FEW)
    assert run.exit_code == 0
    assert (run.sprites["missing"], run.report["failures"]) == (1, [])
    row = Sprite.objects.get(pokemon=2, key="front_default")
    assert (row.state, row.http_status, row.file.name) == ("missing", 404, "")
    assert row.missing_since


def test_a_dry_run_writes_nothing(site: Site) -> None:
    """It reads the JSON and counts what it would do; no row, no file, no image, no lock."""
    run = site.run(*FEW, "--dry-run")
    assert run.exit_code == 0
    assert run.report["pokemon"]["new"] == 3
    assert (run.sprites["wanted"], run.sprites["not_tried"]) == (9, 9)
    assert site.files() == {}
    assert not any(model.objects.exists() for model in (Pokemon, Sprite, SyncRun))
    assert not [path for path in asked(site) if path.startswith("/sprites/")]
    out, _ = text_of(*FEW, "--dry-run")
    assert "9 to fetch" in out
    assert "nothing was written" in out


def test_a_dry_run_changes_nothing_that_is_there(site: Site) -> None:
    """Rows, files and validators stay as they are, whatever upstream has by now."""
    site.run(*FEW)
    before = site.state(), list(Sprite.objects.values()), list(Pokemon.objects.values())
    site.api.edit("*/pokemon/1/", {"weight": 999, "sprites/back_default": None})
    site.run(*FEW, "--dry-run", "--force", "--prune")
    after = site.state(), list(Sprite.objects.values()), list(Pokemon.objects.values())
    assert before == after
    assert SyncRun.objects.count() == 1


def test_the_presets_and_known_keys_are_listed(site: Site) -> None:
    """``--list-sprites`` prints the presets and each key of the database once, and asks nobody."""
    assert "No Pokémon has been mirrored" in text_of("--list-sprites")[1]
    site.run("--ids", "1-2")
    asked(site)
    out, err = text_of("--list-sprites")
    keys = sorted(set(Sprite.objects.values_list("key", flat=True)))
    assert out.splitlines()[:2] == ["default = front_default", "artwork = other/official-artwork/*"]
    assert out.splitlines()[4:] == keys
    assert (len(keys) > 50, err, asked(site)) == (True, "", [])


@pytest.mark.parametrize(
    ("verbosity", "lines"),
    [(0, []), (1, []), (2, ["INFO Pokémon 1: new"]), (3, ["INFO Pokémon 1: new", "DEBUG sprite"])],
)
def test_verbosity_decides_about_stderr(site: Site, verbosity: int, lines: list[str]) -> None:
    """0 says nothing on a good run, 1 the summary, 2 names the Pokémon as well, 3 each sprite."""
    out, err = text_of("1", "-v", str(verbosity))
    assert ("1 wanted = 1 stored" in out) == bool(verbosity)
    assert bool(err) == bool(lines)
    for line in lines:
        assert line in err


def test_who_is_chosen(site: Site) -> None:
    """Names, ids, ranges and the limit say which Pokémon; without any it is the first hundred."""

    def chosen(*arguments: str) -> list[int]:
        Pokemon.objects.all().delete()
        run: Run = site.run(*arguments, "--sprites", "other/nothing")
        assert run.exit_code == 0, run.stderr
        return list(Pokemon.objects.order_by("id").values_list("id", flat=True))

    assert chosen("mossbun", "3", "Zizzle") == [1, 3, 7]
    assert chosen("--ids", "2,5-7", "--limit", "3") == [2, 5, 6]
    assert chosen("--ids", "2", "--ids", "4") == [2, 4]
    assert len(chosen()) == 72
    assert json.loads(site.run("--limit", "1").stdout)["pokemon"]["checked"] == 1
