"""Which Pokémon a request means: upstream's list, its pages and groups, and what is odd there."""

import json
from typing import Any

import pytest
from pytest_django import Settings

from sprites.models import Pokemon, SyncRun
from sprites.sync.select import is_form
from sprites.testing import PokeAPI

from ..support.site import Run, Site

UPSTREAM = "https://pokeapi.co/api/v2/"
LIST = "/api/v2/pokemon/?*"


def chosen(site: Site, *arguments: str) -> list[int]:
    """Run without sprites, and return the ids of the Pokémon that it was about."""
    Pokemon.objects.all().delete()
    run = site.run(*arguments, "--sprites", "other/none")
    assert run.exit_code == 0, run.stderr
    return list(Pokemon.objects.order_by("id").values_list("id", flat=True))


def put_pages(site: Site, *pages: list[int], following: dict[int, str], count: int) -> None:
    """Serve a list in pages; ``following`` is each one's next, by its number."""
    for number, ids in enumerate(pages):
        rows = [{"name": f"mon-{i}", "url": f"{UPSTREAM}pokemon/{i}/"} for i in ids]
        body = {"count": count, "next": following.get(number), "results": rows}
        offset = "offset=0" if number == 0 else f"page={number}"
        site.api.put(f"/api/v2/pokemon/?*{offset}*", json.dumps(body), "application/json")


def stopped(site: Site, run: Run, says: str) -> None:
    """Hold that a list which can't be trusted stopped the run, and nothing was touched."""
    assert (run.exit_code, run.report["exit_code"]) == (3, 3)
    assert says in run.report["message"]
    assert run.report["pokemon"]["checked"] == 0
    assert not [request for request in site.api.requests() if "/pokemon/?" not in request.path]


def test_a_generation_has_its_species_and_their_forms(site: Site) -> None:
    """``--generation`` takes numbers and numerals, and forms of its species with other ids."""
    first = chosen(site, "--generation", "1")
    assert set(range(1, 8)) <= set(first)
    assert any(is_form(number) for number in first)
    rows = Pokemon.objects.values_list("generation", flat=True)
    assert set(rows) == {1}
    both = chosen(site, "--generation", "i,2")
    assert both == chosen(site, "--generation", "generation-i", "--generation", "ii")
    assert set(first) < set(both)


def test_a_type_has_its_pokemon(site: Site) -> None:
    """``--type`` takes all that are of one of the types, in any slot."""
    fire = chosen(site, "--type", "fire")
    assert fire
    names = Pokemon.objects.values_list("types__name", "id")
    assert {number for name, number in names if name == "fire"} == set(fire)
    assert set(chosen(site, "--type", "fire,water")) > set(fire)
    assert chosen(site, "--type", "fire", "--ids", "1-2") == [2]


def test_forms_can_be_left_out(site: Site) -> None:
    """Without forms no id from 10001 on is chosen."""
    assert any(is_form(number) for number in chosen(site, "--all"))
    assert len(chosen(site, "--all", "--no-forms")) == 60


@pytest.mark.parametrize(
    "following",
    ["?page=1", "/api/v2/pokemon/?page=1", "{own}pokemon/?page=1", UPSTREAM + "pokemon/?page=1"],
)
def test_a_list_has_as_many_pages_as_upstream_likes(site: Site, following: str) -> None:
    """The next page may be named in full, relatively, or as upstream's own behind a mirror."""
    following = following.format(own=site.api.url)
    put_pages(site, [1, 2], [3, 4], following={0: following}, count=4)
    assert chosen(site, "--all") == [1, 2, 3, 4]


@pytest.mark.parametrize("following", ["?limit=2000&offset=0", "?page=1"])
def test_a_list_without_an_end_stops_the_run(site: Site, following: str) -> None:
    """A page that leads back is noticed at once."""
    put_pages(site, [1, 2], [3, 4], following={0: following, 1: following}, count=4)
    stopped(site, site.run("--all"), "never ends")
    assert len(site.api.requests()) <= 2


@pytest.mark.parametrize("following", ["{canary}/api/v2/pokemon/?page=1", "file:///etc/passwd"])
def test_a_list_does_not_lead_away(site: Site, canary: PokeAPI, following: str) -> None:
    """A next page at another origin is never asked for, though its images may be allowed."""
    put_pages(site, [1], following={0: following.format(canary=canary.origin)}, count=1)
    stopped(site, site.run("--all"), "url_not_allowed")


@pytest.mark.parametrize("count", [0, 1, 3, 1351])
def test_a_list_that_contradicts_itself_stops_the_run(site: Site, count: int) -> None:
    """Rows and count must agree: half a list deletes nothing and marks nothing."""
    put_pages(site, [1, 2], following={}, count=count)
    stopped(site, site.run("--all"), f"2 rows and says {count}")


def test_an_empty_list_stops_the_run(site: Site) -> None:
    """No Pokémon at all is no list."""
    put_pages(site, [], following={}, count=0)
    stopped(site, site.run("--all"), "0 rows")


def test_a_list_that_shrank_stops_the_run(site: Site, settings: Settings) -> None:
    """A tenth fewer than the last time is not believed, unless somebody says that it is right."""
    assert site.run("--limit", "1").exit_code == 0
    site.api.clear()
    put_pages(site, list(range(1, 61)), following={}, count=60)
    stopped(site, site.run("--limit", "1"), "shrank from 72 to 60")
    settings.SPRITES = {**settings.SPRITES, "MAX_SHRINK": 1}
    assert site.run("--limit", "1").exit_code == 0
    settings.SPRITES = {**settings.SPRITES, "MAX_SHRINK": 0}
    assert site.run("--limit", "1").exit_code == 0
    assert SyncRun.objects.filter(upstream_count=60).count() == 2


@pytest.mark.parametrize("body", ["[]", "<html>", '{"count": 1, "results": [{}]}', "{}"])
def test_a_list_that_cannot_be_read_stops_the_run(site: Site, body: str) -> None:
    """Without a list there is nothing to do, and the message says why."""
    site.api.put(LIST, body, "application/json")
    run = site.run("--all")
    assert run.exit_code == 3
    assert any(code in run.report["message"] for code in ("schema", "bad_json"))


def test_a_form_of_another_species_is_found_out(site: Site) -> None:
    """A form whose name only looks like one of a chosen species is left out once its JSON says."""
    form: dict[str, Any] = next(
        {"id": row.id, "species": row.species}
        for row in _all(site)
        if is_form(row.id) and row.generation == 1
    )
    species = {"name": "elsewhere", "url": f"{UPSTREAM}pokemon-species/99/"}
    site.api.edit(f"*/pokemon/{form['id']}/", {"species": species})
    found = chosen(site, "--generation", "1")
    assert form["id"] not in found
    assert found


def _all(site: Site) -> list[Pokemon]:
    chosen(site, "--all")
    return list(Pokemon.objects.all())
