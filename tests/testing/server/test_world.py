"""The drawn world has the shape of upstream's, and its extremes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sprites.testing import PokeAPI
from sprites.testing.artist.slots import KEYS
from sprites.testing.artist.species import CREATURES

from ..conftest import Get, Response


def _slots(tree: dict[str, Any], path: str = "") -> Iterator[tuple[str, str | None]]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _slots(value, f"{path}{key}/")
        else:
            yield f"{path}{key}", value


def _filled(response: Response) -> set[str]:
    return {key for key, url in _slots(response.json()["sprites"]) if url is not None}


def test_the_list_has_species_in_id_order_and_forms_last(get: Get, api: PokeAPI) -> None:
    page = get("pokemon/?limit=1000").json()
    ids = [int(entry["url"].split("/")[-2]) for entry in page["results"]]
    assert page["count"] == 72
    assert ids == [*range(1, 61), *range(10001, 10013)]
    assert page["next"] is page["previous"] is None


def test_the_pages_of_the_list_lead_through_all_of_it(get: Get) -> None:
    url, names = "pokemon/", []
    while url:
        page = get(url).json()
        assert page["results"]
        names += [entry["name"] for entry in page["results"]]
        url = page["next"]
    assert names == [creature.name for creature in CREATURES]


def test_a_page_of_the_list_knows_its_neighbours(get: Get, api: PokeAPI) -> None:
    page = get("pokemon/?limit=10&offset=20").json()
    assert len(page["results"]) == 10
    assert page["next"] == f"{api.url}pokemon/?offset=30&limit=10"
    assert page["previous"] == f"{api.url}pokemon/?offset=10&limit=10"


def test_whatever_a_document_mentions_is_listed(get: Get) -> None:
    """As upstream's clients expect that look names up; a document of it there need not be."""
    ability = get("pokemon/1/").json()["abilities"][0]["ability"]
    assert get("ability/").json()["results"] == [ability]
    assert get("ability/1/").status == 404
    languages = get("language/").json()["results"]
    ids = [int(entry["url"].split("/")[-2]) for entry in languages]
    assert ids == sorted(ids)


@pytest.mark.parametrize("path", ["pokemon/7/", "pokemon/7", "pokemon/zizzle/", "pokemon/zizzle"])
def test_a_resource_answers_to_id_and_name_with_and_without_slash(get: Get, path: str) -> None:
    assert get(path).json()["id"] == 7


def test_a_pokemon_has_the_fields_of_upstream(get: Get, api: PokeAPI) -> None:
    document = get("pokemon/10005/").json()
    assert document["name"] == "zizzle-tidal"
    assert document["is_default"] is False
    assert document["base_experience"] is None
    assert document["species"] == {"name": "zizzle", "url": f"{api.url}pokemon-species/7/"}
    assert [kind["type"]["name"] for kind in document["types"]] == ["water", "electric"]
    assert [kind["slot"] for kind in document["types"]] == [1, 2]
    stats = [stat["stat"]["name"] for stat in document["stats"]]
    assert stats == ["hp", "attack", "defense", "special-attack", "special-defense", "speed"]


def test_every_pokemon_has_every_slot_and_null_where_it_has_no_sprite(get: Get) -> None:
    assert [key for key, _ in _slots(get("pokemon/60/").json()["sprites"])] == list(KEYS)


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("wishlet-veiled", 0),
        ("gearbun-rusty", 1),
        ("zizzle", 119),
        ("sprigloo", 30),
        ("toastle", 29),
    ],
)
def test_some_pokemon_have_very_few_or_very_many_sprites(get: Get, name: str, count: int) -> None:
    assert len(_filled(get(f"pokemon/{name}"))) == count


def test_several_pokemon_have_29_sprites_and_no_front_default() -> None:
    counts = [len(creature.slots()) for creature in CREATURES]
    assert counts.count(29) >= 4
    bare = [creature.id for creature in CREATURES if "front_default" not in creature.slots()]
    assert bare == [58, 10009, 10010, 10011, 10012]


def test_every_listed_sprite_is_a_file_of_its_kind(get: Get) -> None:
    magic = {"png": b"\x89PNG\r\n\x1a\n", "gif": b"GIF89a", "svg": b"<svg "}
    for key, url in _slots(get("pokemon/zizzle").json()["sprites"]):
        if url is not None:
            response = get(url)
            assert response.status == 200, key
            assert response.body.startswith(magic[url[-3:]]), key


def test_a_species_knows_its_generation_and_its_varieties(get: Get) -> None:
    species = get("pokemon-species/zizzle/").json()
    assert species["generation"]["name"] == "generation-i"
    varieties = [(v["pokemon"]["name"], v["is_default"]) for v in species["varieties"]]
    assert varieties == [("zizzle", True), ("zizzle-starter", False), ("zizzle-tidal", False)]


def test_a_species_has_names_and_genera_in_the_scripts_of_upstream(get: Get) -> None:
    """Latin with accents, kana, hangul and han; no two creatures share a name."""
    called = [
        {
            row["language"]["name"]: row["name"]
            for row in get(f"pokemon-species/{n}/").json()["names"]
        }
        for n in range(1, 61)
    ]
    mossbun = {"en": "Mossbun", "de": "Mössbün", "pt-br": "Mossbuninho", "ja": "モスブヌ"}
    assert mossbun.items() <= called[0].items()
    for tag, first, last in (("ja", "ァ", "ヶ"), ("ko", "가", "힣"), ("zh-hans", "一", "龥")):
        assert all(first <= char <= last for names in called for char in names[tag])
        assert len({names[tag] for names in called}) == 60
    genera = get("pokemon-species/1/").json()["genera"]
    assert {"Grass Creature", "Grass-Wesen"} < {row["genus"] for row in genera}


def test_generations_hold_every_species_once(get: Get) -> None:
    index = get("generation/").json()
    assert index["count"] == 9
    held = [s["name"] for g in index["results"] for s in get(g["url"]).json()["pokemon_species"]]
    assert held == [creature.name for creature in CREATURES if not creature.is_form]


def test_a_type_lists_its_pokemon_with_their_slots(get: Get) -> None:
    listed = {e["pokemon"]["name"]: e["slot"] for e in get("type/electric").json()["pokemon"]}
    assert listed["zizzle"] == 1
    assert listed["zizzle-tidal"] == 2
    assert "mossbun" not in listed


@pytest.mark.parametrize(
    "path", ["pokemon/73/", "pokemon/nobody/", "berry/1/", "/", "/favicon.ico"]
)
def test_what_does_not_exist_is_a_404_in_json(get: Get, path: str) -> None:
    response = get(path)
    assert response.status == 404
    assert response.json() == {"detail": "Not Found"}


@pytest.mark.parametrize("path", ["/sprites/pokemon/73.png", "/sprites/pokemon/nowhere/7.png"])
def test_no_sprite_is_drawn_for_a_stranger_or_at_a_strange_place(get: Get, path: str) -> None:
    assert get(path).status == 404
