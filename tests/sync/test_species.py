"""The names of Pokémon: asked for where they are wanted, once a species, and only when due."""

import json
from collections import Counter
from typing import Any

import pytest
from pytest_django import Settings

from sprites.models import Document, Pokemon, Species, SpeciesName, Sprite
from sprites.testing import DELETE

from ..support.site import Site

THREE = ("--ids", "1-3")
NAMED = (*THREE, "--species")
SPECIES = "/api/v2/pokemon-species/*"


def kinds(site: Site) -> Counter[str]:
    """Count what upstream was asked for, by kind."""
    paths = [entry.path.removeprefix("/api/v2/") for entry in site.api.requests()]
    return Counter(path.strip("/").partition("/")[0] for path in paths)


def names(number: int) -> dict[str, tuple[str, str]]:
    """Return what a species is called here."""
    rows = SpeciesName.objects.filter(species=number)
    return {row.language: (row.name, row.genus) for row in rows}


@pytest.mark.parametrize("executor", ["threads", "processes"])
def test_every_name_and_genus_is_mirrored_with_its_document(site: Site, executor: str) -> None:
    """Names in upstream's order, a genus where there is one, and the JSON byte for byte."""
    run = site.run(*NAMED, "--executor", executor)
    assert run.exit_code == 0, run.stderr
    counts = {"checked": 3, "new": 3, "changed": 0, "unchanged": 0, "failed": 0}
    assert run.report["species"] == counts
    first = Species.objects.get(pk=1)
    assert (first.name, [*names(1)][:4]) == ("mossbun", ["ja-hrkt", "ja-roma", "ko", "zh-hant"])
    assert len(names(1)) == 13
    assert names(1)["de"] == ("Mössbün", "Grass-Wesen")
    assert names(1)["ja-roma"] == ("Mossbunu", "")
    kept = Document.objects.filter(resource="pokemon-species").values_list("number", "name")
    assert [*kept] == [(1, "mossbun"), (2, "cindle"), (3, "dripplet")]


def test_no_species_is_asked_for_unless_it_is_wanted(site: Site, settings: Settings) -> None:
    """A run makes the requests that it has always made; with the setting, one more a species."""
    plain = {"pokemon": 4, "generation": 10, "sprites": 3}
    assert site.run(*THREE).report["requests"] == 17
    assert kinds(site) == plain
    for upkeep in ("--verify", "--retry-failed"):
        site.run(*THREE, "--species", upkeep)
    assert "pokemon-species" not in kinds(site)
    site.api.clear_log()
    settings.SPRITES["SPECIES"] = True
    assert site.run(*THREE).report["requests"] == 4
    assert kinds(site) == {"pokemon": 1, "pokemon-species": 3}


def test_forms_share_their_species(site: Site) -> None:
    """Three forms ask once, in a first run and in one that finds them fresh."""
    zizzle = ("7", "10004", "10005")
    run = site.run(*zizzle, "--species")
    assert (run.report["species"]["new"], kinds(site)["pokemon-species"]) == (1, 1)
    again = site.run(*zizzle, "--species").report
    assert (again["species"]["unchanged"], again["requests"]) == (1, 1)


def test_a_species_is_asked_for_again_when_it_is_due(site: Site, settings: Settings) -> None:
    """With its ETag, by force without; what has changed is written, and names that went go."""
    assert site.run(*NAMED).exit_code == 0
    settings.SPRITES["FRESH_FOR"] = 0
    site.api.clear_log()
    assert site.run(*NAMED).report["species"]["unchanged"] == 3
    assert [entry.status for entry in site.api.requests(SPECIES)] == [304] * 3
    two = [{"language": {"name": tag}, "name": "Momo"} for tag in ("de", "fr")]
    site.api.edit("/api/v2/pokemon-species/1/", {"names": two})
    report = site.run(*NAMED, "--force").report
    assert (report["species"]["changed"], report["species"]["unchanged"]) == (1, 2)
    assert names(1) == {"de": ("Momo", "Grass-Wesen"), "fr": ("Momo", "Créature grass")}


def test_a_deployment_during_a_run_makes_no_species_fresh(site: Site) -> None:
    """What was read meanwhile may be of two states of upstream."""
    site.api.deploy("second", after=14)
    assert site.run(*NAMED).report["mixed"]
    site.api.clear_log()
    assert site.run(*NAMED).report["species"]["unchanged"] == 3
    assert len(site.api.requests(SPECIES)) == 3


def test_a_site_that_kept_no_document_gets_it_with_its_next_run(
    site: Site, settings: Settings
) -> None:
    """And one that keeps none any more loses what has become old."""
    settings.SPRITES["KEEP_DOCUMENTS"] = False
    assert site.run(*NAMED).exit_code == 0
    settings.SPRITES["KEEP_DOCUMENTS"] = True
    assert site.run(*NAMED).report["species"]["unchanged"] == 3
    kept = Document.objects.filter(resource="pokemon-species")
    assert kept.count() == 3
    settings.SPRITES["KEEP_DOCUMENTS"] = False
    assert site.run("1", "--species", "--force").exit_code == 0
    assert kept.count() == 2


def test_a_dry_run_asks_and_writes_nothing(site: Site) -> None:
    """It counts what a real run would read."""
    run = site.run(*NAMED, "--dry-run")
    assert (run.exit_code, run.report["species"]["new"]) == (0, 3)
    assert not Species.objects.exists()


def test_a_species_that_fails_harms_no_sprite(site: Site) -> None:
    """It is tried again; then it is a failure of the Pokémon that asked, until the next run."""
    site.api.fault("/api/v2/pokemon-species/1/", status=503, times=1)
    site.api.gone("/api/v2/pokemon-species/7/")
    run = site.run("1", "7", "10004", "--species", "--executor", "sync")
    assert run.exit_code == 1
    site.assert_whole(run)
    report = run.report
    assert (report["retries"], report["pokemon"]["failed"], report["species"]["failed"]) == (
        1,
        0,
        1,
    )
    assert Sprite.objects.stored().count() == 3
    failure = dict(report["failures"][0])
    assert failure.pop("detail")
    assert failure == {
        "pokemon": 7, "key": None, "url": f"{site.api.url}pokemon-species/7/",
        "code": "not_found", "status": 404, "attempts": 1,
    }  # fmt: skip
    site.api.clear()
    healed = site.run("1", "7", "10004", "--species")
    assert (healed.exit_code, healed.report["requests"]) == (0, 2)
    assert names(7)["en"] == ("Zizzle", "Electric Creature")


LONG, BIDI = "x" * 101, "a\u202eb"


def row(tag: Any, name: Any) -> dict[str, Any]:
    """Return a name in a language as a document has it."""
    return {"language": {"name": tag}, "name": name}


@pytest.mark.parametrize(
    "changes",
    [
        {"names": None},
        {"names": "Mossbun"},
        {"names": DELETE},
        {"names": ["Mossbun"]},
        {"names": [{"name": "Mossbun"}]},
        {"names": [row(9, "Mossbun")]},
        {"names": [row("en", 9)]},
        {"names": [row("en", "Mossbun")] * 50_000},
        {"genera": {"en": "Moss"}},
        {"id": 2},
        {"name": ""},
    ],
    ids=lambda changes: str(changes)[:40],
)
def test_a_species_that_makes_no_sense_fails(site: Site, changes: dict[str, Any]) -> None:
    """With ``schema`` and one line; the Pokémon and its sprite are mirrored all the same."""
    site.api.edit("/api/v2/pokemon-species/1/", changes)
    run = site.run("1", "--species")
    assert (run.exit_code, run.codes) == (1, {"schema": 1})
    assert (Sprite.objects.stored().count(), Species.objects.count()) == (1, 0)
    assert "Traceback" not in run.stderr


def test_a_name_that_no_page_could_show_is_left_out(site: Site) -> None:
    """One that is empty, too long or controls how others are shown; of two the first stays."""
    bad = ["", "   ", LONG, BIDI, "a\u0000b", "a\nb", "\ud800", "\u0301" * 300]
    rows = [row("fr", name) for name in bad]
    rows += [row(tag, "Ok") for tag in ("", "no such", "x" * 500, '"><b>', "e", "de-" * 9)]
    rows += [
        row("fr", " Mossette "),
        row("fr", "Second"),
        row("ja-Hrkt", "モス"),
        row("tlh", "mos"),
    ]
    site.api.edit("/api/v2/pokemon-species/1/", {"names": rows})
    run = site.run("1", "--species")
    assert (run.exit_code, run.report["species"]["new"]) == (0, 1), run.stderr
    assert {tag: name for tag, (name, _genus) in names(1).items()} == {
        "fr": "Mossette", "ja-hrkt": "モス", "tlh": "mos"
    }  # fmt: skip
    assert json.loads(json.dumps(Species.objects.get(pk=1).folded)) == "mossette\nもす\nmos"


def test_a_species_without_a_pokemon_goes(site: Site) -> None:
    """With its names and its JSON, at the end of the next run, whatever that is asked to do."""
    site.run(*NAMED)
    Pokemon.objects.filter(pk=2).delete()
    Pokemon.objects.filter(pk=3).update(number=1)
    assert site.run("1", "--dry-run").exit_code == 0
    assert Species.objects.count() == 3
    site.run("1")
    left = Document.objects.filter(resource="pokemon-species").values_list("number", flat=True)
    assert ([*Species.objects.values_list("pk", flat=True)], [*left]) == ([1], [1])
    assert not SpeciesName.objects.exclude(species=1).exists()
