"""Keys: facets of every path of upstream's JSON, selections, and which ones may be a path."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sprites.keys import Facets, facets, generation_number, is_valid, matches, patterns

FOUR = "default female shiny shiny_female"
GAMES: dict[str, tuple[str, str]] = {
    "": (FOUR, FOUR),
    "other/dream_world": ("default female", ""),
    "other/home": (FOUR, ""),
    "other/official-artwork": ("default shiny", ""),
    "other/showdown": (FOUR, FOUR),
    "versions/generation-i/red-blue": ("default gray transparent", "default gray transparent"),
    "versions/generation-i/yellow": ("default gray transparent", "default gray transparent"),
    "versions/generation-ii/crystal": (
        "default shiny shiny_transparent transparent",
        "default shiny shiny_transparent transparent",
    ),
    "versions/generation-ii/gold": ("default shiny transparent", "default shiny"),
    "versions/generation-ii/silver": ("default shiny transparent", "default shiny"),
    "versions/generation-iii/emerald": ("default shiny", ""),
    "versions/generation-iii/firered-leafgreen": ("default shiny", "default shiny"),
    "versions/generation-iii/ruby-sapphire": ("default shiny", "default shiny"),
    "versions/generation-iv/diamond-pearl": (FOUR, FOUR),
    "versions/generation-iv/heartgold-soulsilver": (FOUR, FOUR),
    "versions/generation-iv/platinum": (FOUR, FOUR),
    "versions/generation-ix/scarlet-violet": ("default female", ""),
    "versions/generation-v/black-white": (FOUR, FOUR),
    "versions/generation-v/black-white/animated": (FOUR, FOUR),
    "versions/generation-vi/omegaruby-alphasapphire": (FOUR, ""),
    "versions/generation-vi/x-y": (FOUR, ""),
    "versions/generation-vii/icons": ("default female", ""),
    "versions/generation-vii/ultra-sun-ultra-moon": (FOUR, ""),
    "versions/generation-viii/brilliant-diamond-shining-pearl": ("default female", ""),
    "versions/generation-viii/icons": ("default female", ""),
}
"""The fronts and backs of each folder of upstream's JSON, as the real data has them."""
NUMBERS = {name: number for number, name in enumerate("i ii iii iv v vi vii viii ix".split(), 1)}

EXPECTED: dict[str, Facets] = {}
for folder, sides in GAMES.items():
    parts = folder.split("/")
    moves = folder.endswith(("/animated", "/showdown"))
    number = NUMBERS[parts[1].removeprefix("generation-")] if parts[0] == "versions" else None
    named = parts[2] if number else (parts[-1] or "default")
    for facing, leaves in zip(("front", "back"), sides, strict=True):
        for leaf in leaves.split():
            key = f"{folder}/{facing}_{leaf}".lstrip("/")
            variant = next((word for word in ("gray", "transparent") if word in leaf), "")
            shiny, female = "shiny" in leaf, "female" in leaf
            EXPECTED[key] = Facets(named, number, facing, variant, shiny, female, moves)


EMPTY = {
    "other/showdown/back_shiny_female",
    "versions/generation-viii/brilliant-diamond-shining-pearl/front_female",
}
"""Slots that upstream has and that no Pokémon fills."""


def test_upstream_has_122_keys() -> None:
    """The table above is complete: as many keys hold a sprite in the real data."""
    assert len(EXPECTED.keys() - EMPTY) == 122


@pytest.mark.parametrize("key", sorted(EXPECTED))
def test_every_key_of_upstream_has_its_facets(key: str) -> None:
    """Set, generation, facing, variant, shiny, female and animated are read from the path."""
    assert facets(key) == EXPECTED[key]
    assert is_valid(key)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("side_default", Facets("default", None, "", "", False, False, False)),
        ("other/new-set/front_shiny", Facets("new-set", None, "front", "", True, False, False)),
        ("versions/generation-x/a-b/back", Facets("a-b", 10, "back", "", False, False, False)),
        (
            "versions/generation-z/front",
            Facets("generation-z", None, "front", "", False, False, False),
        ),
        ("a/b/c/d/front_default", Facets("a", None, "front", "", False, False, False)),
        (
            "other/showdown/new/front",
            Facets("showdown", None, "front", "", False, False, True),
        ),
    ],
)
def test_an_unknown_key_has_neutral_facets(key: str, expected: Facets) -> None:
    """A path that upstream invents tomorrow is mirrored all the same."""
    assert facets(key) == expected


@given(st.text(max_size=60))
def test_no_key_is_an_error(key: str) -> None:
    """Facets never fail, whatever stands in a key."""
    assert facets(key).facing in ("", "front", "back")


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        *((["default"], 1), (["artwork"], 2), (["animated"], 16), (["all"], 124), (["*"], 124)),
        (["front_default"], 1),
        (["front_*"], 4),
        (["*shiny*"], sum(item.shiny for item in EXPECTED.values())),
        (["versions/generation-v/*"], 16),
        (["other/home/*", "artwork", "default"], 7),
        (["FRONT_DEFAULT"], 0),
        (["back_[ds]*"], 3),
        ([], 0),
    ],
)
def test_keys_globs_and_presets_choose(wanted: list[str], count: int) -> None:
    """A selection is any of keys, globs and presets; case counts, and a star crosses folders."""
    chosen = [key for key in EXPECTED if matches(key, patterns(wanted))]
    assert len(chosen) == count


@pytest.mark.parametrize(
    "key",
    [
        *("", "/", "a//b", "/a", "a/", ".", "..", "a/../b", "a.b", "a b", "a\\b", "a\n", "\0", "é"),
        *("con", "NUL/a", "a/com1", "-a", "_a", "a:b", "a?b", "a*b", "%2e", "x" * 64),
        "/".join(["abc"] * 60),
    ],
)
def test_a_key_that_is_no_safe_path_is_invalid(key: str) -> None:
    """What could leave its folder, or trouble any file system, is no key."""
    assert not is_valid(key)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("generation-i", 1), ("generation-ix", 9), ("generation-", None), ("i", None), ("", None)],
)
def test_a_generation_is_read_from_its_numeral(name: str, expected: int | None) -> None:
    """``generation-ix`` is 9; anything else is none."""
    assert generation_number(name) == expected
