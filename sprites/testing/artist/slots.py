"""The sprite slots of a Pokémon document and the file each one names.

In: a slot's key (``versions/generation-v/black-white/animated/back_shiny``) and a Pokémon's id.
Out: the path of the picture under ``/sprites/pokemon/``; and back, from a requested path to a
``SpriteName`` that says what to draw. Keys, nesting and paths are PokéAPI's format.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_PLAIN = ("default", "shiny")
_FOUR = ("default", "female", "shiny", "shiny_female")
_FIRST = ("default", "gray", "transparent")
_CRYSTAL = ("default", "shiny", "shiny_transparent", "transparent")


def _both(modes: tuple[str, ...]) -> list[str]:
    return [f"{facing}_{mode}" for facing in ("back", "front") for mode in modes]


def _front(modes: tuple[str, ...]) -> list[str]:
    return [f"front_{mode}" for mode in modes]


_METAL = [*_both(_PLAIN), "front_transparent"]
_FEMALE = ("default", "female")

SETS: Mapping[str, list[str]] = {
    "": _both(_FOUR),
    "other/dream_world": _front(_FEMALE),
    "other/home": _front(_FOUR),
    "other/official-artwork": _front(_PLAIN),
    "other/showdown": _both(_FOUR),
    "versions/generation-i/red-blue": _both(_FIRST),
    "versions/generation-i/yellow": _both(_FIRST),
    "versions/generation-ii/crystal": _both(_CRYSTAL),
    "versions/generation-ii/gold": _METAL,
    "versions/generation-ii/silver": _METAL,
    "versions/generation-iii/emerald": _front(_PLAIN),
    "versions/generation-iii/firered-leafgreen": _both(_PLAIN),
    "versions/generation-iii/ruby-sapphire": _both(_PLAIN),
    "versions/generation-iv/diamond-pearl": _both(_FOUR),
    "versions/generation-iv/heartgold-soulsilver": _both(_FOUR),
    "versions/generation-iv/platinum": _both(_FOUR),
    "versions/generation-ix/scarlet-violet": _front(_FEMALE),
    "versions/generation-v/black-white/animated": _both(_FOUR),
    "versions/generation-v/black-white": _both(_FOUR),
    "versions/generation-vi/omegaruby-alphasapphire": _front(_FOUR),
    "versions/generation-vi/x-y": _front(_FOUR),
    "versions/generation-vii/icons": _front(_FEMALE),
    "versions/generation-vii/ultra-sun-ultra-moon": _front(_FOUR),
    "versions/generation-viii/brilliant-diamond-shining-pearl": _front(_FEMALE),
    "versions/generation-viii/icons": _front(_FEMALE),
}

KEYS: tuple[str, ...] = tuple(
    f"{place}/{name}" if place else name for place, names in SETS.items() for name in names
)

# The order of the folders in a file's path, which is not the order of the words in its key.
_FOLDERS = ("transparent", "back", "gray", "shiny", "female")
_SHAPE = re.compile(
    r"(?:/PokeAPI/sprites/master)?/sprites/pokemon/((?:[a-z-]+/)*)([1-9]\d{0,4})\.(png|gif|svg)"
)


@dataclass(frozen=True)
class SpriteName:
    """What the path of a picture says about it."""

    id: int
    place: str
    traits: frozenset[str]
    extension: str


def extension(place: str) -> str:
    """The file type that upstream keeps in a set: ``png``, ``gif`` or ``svg``."""
    if place.endswith("dream_world"):
        return "svg"
    return "gif" if place.endswith(("showdown", "animated")) else "png"


def path_of(key: str, pokemon_id: int) -> str:
    """The path of a slot's picture, below the origin of the pictures."""
    place, _, name = key.rpartition("/")
    words = name.split("_")
    folders = [place.replace("dream_world", "dream-world")] if place else []
    folders += [folder for folder in _FOLDERS if folder in words]
    return "/".join(["/sprites/pokemon", *folders, f"{pokemon_id}.{extension(place)}"])


def parse(path: str) -> SpriteName | None:
    """Read a picture's path; None if no set of upstream has such a file."""
    match = _SHAPE.fullmatch(path)
    if match is None:
        return None
    folders = match[1].split("/")[:-1]
    traits = [folder for folder in folders if folder in _FOLDERS]
    place = "/".join(f for f in folders if f not in _FOLDERS).replace("dream-world", "dream_world")
    if place not in SETS or match[3] != extension(place) or len(set(traits)) < len(traits):
        return None
    return SpriteName(int(match[2]), place, frozenset(traits), match[3])


def nest(slots: Mapping[str, str | None]) -> dict[str, Any]:
    """Turn flat keys into the nested object that stands under ``sprites``."""
    tree: dict[str, Any] = {}
    for key, url in slots.items():
        *parents, name = key.split("/")
        branch = tree
        for parent in parents:
            branch = branch.setdefault(parent, {})
        branch[name] = url
    return tree
