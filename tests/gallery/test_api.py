"""The JSON, as a front end or a bot reads it."""

from typing import Any

import pytest
from django.test import Client

from sprites.models import Sprite

from ..support.rows import add_pokemon, add_sprite

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def pokemon() -> None:
    """Thirty-one Pokémon, the first with a stored and a lost sprite."""
    first = add_pokemon(1, "bulb", "grass", "poison", hp=45)
    add_sprite(first, "front_default")
    add_sprite(first, "other/showdown/front_default")
    add_sprite(first, "back_default", state="missing")
    for n in range(2, 32):
        add_pokemon(n, f"mon{n}", "fire")


def get(client: Client, path: str) -> Any:
    """Ask for JSON and read it."""
    response = client.get(path)
    assert (response.status_code, response["Content-Type"]) == (200, "application/json")
    return response.json()


def test_the_list_is_paged_with_absolute_addresses(client: Client) -> None:
    """Pages lead to each other, and each row to its own JSON, page and files, by full address."""
    page = get(client, "/api/pokemon/?size=30")
    assert (page["count"], page["page"], page["pages"], page["previous"]) == (31, 1, 2, None)
    assert page["next"] == "http://testserver/api/pokemon/?size=30&page=2"
    last = get(client, page["next"])
    assert (last["next"], [row["id"] for row in last["results"]]) == (None, [31])
    row = page["results"][0]
    assert (row["id"], row["name"], row["types"]) == (1, "bulb", ["grass", "poison"])
    assert row["url"] == "http://testserver/api/pokemon/1/"
    assert row["page"] == "http://testserver/pokemon/bulb/"
    still = "http://testserver/media/sprites/1/front_default.3f2a9c1b.png"
    assert (row["still"]["url"], row["animated"]["set"]) == (still, "showdown")
    assert page["results"][1]["still"] is None


def test_the_list_takes_the_filters_of_the_gallery(client: Client) -> None:
    """The same query string as the gallery's list gives the same Pokémon."""
    found = get(client, "/api/pokemon/?type=fire&q=mon3&sort=-number")
    assert [row["name"] for row in found["results"]] == ["mon31", "mon30", "mon3"]


def test_a_pokemon_lists_all_its_sprites(client: Client) -> None:
    """One Pokémon has stats and every sprite; one without a file has a state and no address."""
    for name in ("bulb", "1"):
        found = get(client, f"/api/pokemon/{name}/")
        assert found["stats"]["hp"] == 45
        by_key = {sprite["key"]: sprite for sprite in found["sprites"]}
        assert by_key["front_default"]["width"] == 96
        assert (by_key["back_default"]["state"], by_key["back_default"]["url"]) == ("missing", None)


@pytest.mark.parametrize("path", ["/api/pokemon/", "/api/pokemon/bulb/"])
def test_what_has_not_changed_is_not_sent_again(client: Client, path: str) -> None:
    """An ETag that still holds is answered by 304 without a body."""
    etag = client.get(path)["ETag"]
    again = client.get(path, headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")
    Sprite.objects.filter(key="front_default").update(sha256="f00d")
    assert client.get(path, headers={"If-None-Match": etag}).status_code == 200


def test_an_unknown_pokemon_is_a_404_with_near_names(client: Client) -> None:
    """An unknown name is a 404 in JSON, with the names most like it."""
    response = client.get("/api/pokemon/bulp/")
    assert response.status_code == 404
    assert response.json() == {"error": "not found", "nearest": ["bulb"]}
