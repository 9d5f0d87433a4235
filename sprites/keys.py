"""A sprite's key, the path to it in PokéAPI's JSON, read as facets and matched by selections.

A key is, for example, ``versions/generation-v/black-white/animated/front_shiny``.
"""

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import NamedTuple

PRESETS: dict[str, tuple[str, ...]] = {
    "default": ("front_default",),
    "artwork": ("other/official-artwork/*",),
    "animated": ("*/animated/*", "other/showdown/*"),
    "all": ("*",),
}
"""The names that ``--sprites`` takes beside keys and globs."""

MAX_LENGTH = 200
_ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii", "xiii", "xiv")
_PATH = re.compile(r"(?:[A-Za-z0-9_-][A-Za-z0-9._-]*/)*[A-Za-z0-9_-][A-Za-z0-9._-]*")
_PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")
_GLOB = re.compile(r"(?:[A-Za-z0-9_*?-]|\[!?[A-Za-z0-9_-]+\])+")
_WORDS = frozenset(("default", "shiny", "female", "gray", "transparent"))
DEVICES = re.compile(r"(?i)con|prn|aux|nul|com\d|lpt\d")


class Facets(NamedTuple):
    """What a key says of its sprite; a key of an unknown shape gets the neutral values."""

    set: str
    generation: int | None
    facing: str
    variant: str
    shiny: bool
    female: bool
    animated: bool


FACETS = Facets._fields


def is_valid(key: str) -> bool:
    """Tell whether a key is safe as the path of a file, on any file system."""
    return len(key) <= MAX_LENGTH and _is_path(key)


def path_of(url: str) -> str:
    """Return what follows the last ``/sprites/`` of a URL, or "" where that is no plain path."""
    path = url.rpartition("/sprites/")[2]
    return path if path != url and is_path(path) else ""


def is_path(name: str) -> bool:
    """Tell whether a relative path means the same as a part of a URL, as it is."""
    return _PATH.fullmatch(name) is not None


@lru_cache(maxsize=1024)
def _is_path(key: str) -> bool:
    return all(_PART.fullmatch(part) and not DEVICES.fullmatch(part) for part in key.split("/"))


def is_glob(name: str) -> bool:
    """Tell whether a name stands for several keys."""
    return any(sign in name for sign in "*?[")


def can_match(name: str) -> bool:
    """Tell whether a key or a glob could be that of a sprite."""
    if not is_glob(name):
        return is_valid(name)
    return len(name) <= MAX_LENGTH and all(map(_GLOB.fullmatch, name.split("/")))


def has_shape(key: str) -> bool:
    """Tell whether a key may be a new one of upstream's: a path, or made of known words."""
    facing, *words = key.split("_")
    is_named = facing in ("front", "back") and bool(words) and _WORDS.issuperset(words)
    return "/" in key or is_named


def generation_number(name: str) -> int | None:
    """Read ``generation-iv`` as 4; any other name is None."""
    roman = name.removeprefix("generation-")
    return _ROMAN.index(roman) + 1 if roman != name and roman in _ROMAN else None


def facets(key: str) -> Facets:
    """Read the facets from a key; never fails, so that a new upstream path is mirrored as well."""
    *folders, leaf = key.split("/")
    words = leaf.split("_")
    animated = "animated" in folders or "showdown" in folders
    return Facets(
        set=_set(folders),
        generation=next(filter(None, map(generation_number, folders)), None),
        facing=words[0] if words[0] in ("front", "back") else "",
        variant=next((word for word in words if word in ("gray", "transparent")), ""),
        shiny="shiny" in words,
        female="female" in words,
        animated=animated,
    )


def _set(folders: list[str]) -> str:
    """Name the set: ``default``, the folder below ``other``, or the game below its generation."""
    inner = [name for name in folders if name not in ("other", "versions", "animated")]
    named = [name for name in inner if generation_number(name) is None]
    return named[0] if named else (inner or ["default"])[0]


def patterns(wanted: Iterable[str]) -> tuple[str, ...]:
    """Replace the presets among keys and globs by what they stand for."""
    return tuple(glob for name in wanted for glob in PRESETS.get(name, (name,)))


def matches(key: str, globs: Iterable[str]) -> bool:
    """Tell whether a key is one of the keys or matches one of the globs."""
    return any(fnmatchcase(key, glob) for glob in globs)
