"""Keys, paths and the nested object of the sprites agree with one another."""

from __future__ import annotations

import pytest

from sprites.testing.artist.slots import KEYS, nest, parse, path_of


def test_every_slot_of_upstream_is_there_once() -> None:
    assert len(KEYS) == len(set(KEYS)) == 124


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("front_default", "/sprites/pokemon/25.png"),
        ("back_shiny_female", "/sprites/pokemon/back/shiny/female/25.png"),
        ("other/dream_world/front_default", "/sprites/pokemon/other/dream-world/25.svg"),
        ("other/showdown/back_shiny", "/sprites/pokemon/other/showdown/back/shiny/25.gif"),
        (
            "versions/generation-i/yellow/back_transparent",
            "/sprites/pokemon/versions/generation-i/yellow/transparent/back/25.png",
        ),
        (
            "versions/generation-ii/crystal/back_shiny_transparent",
            "/sprites/pokemon/versions/generation-ii/crystal/transparent/back/shiny/25.png",
        ),
        (
            "versions/generation-v/black-white/animated/front_female",
            "/sprites/pokemon/versions/generation-v/black-white/animated/female/25.gif",
        ),
    ],
)
def test_a_key_names_the_file_that_upstream_has_for_it(key: str, path: str) -> None:
    assert path_of(key, 25) == path


def test_every_path_is_read_back_as_what_its_key_says() -> None:
    for key in KEYS:
        name = parse(path_of(key, 7))
        assert name is not None, key
        place, _, slot = key.rpartition("/")
        assert (name.id, name.place) == (7, place)
        assert name.traits == set(slot.split("_")) - {"front", "default"}


@pytest.mark.parametrize(
    "path",
    [
        "/sprites/pokemon/7.gif",
        "/sprites/pokemon/0.png",
        "/sprites/pokemon/back/back/7.png",
        "/sprites/pokemon/unheard-of/7.png",
        "/sprites/pokemon/../7.png",
        "/sprites/items/7.png",
    ],
)
def test_a_path_that_no_set_has_is_not_a_sprite(path: str) -> None:
    assert parse(path) is None


def test_sprites_nest_as_deep_as_their_keys() -> None:
    tree = nest({"front_default": "a", "other/home/front_shiny": None})
    assert tree == {"front_default": "a", "other": {"home": {"front_shiny": None}}}
