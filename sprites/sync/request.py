"""What somebody asks of a run, read from the texts of a command line or a form.

Values are read here and not by argparse or a form, so that a wrong one ends in one line that names
the option, the value and what is allowed.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Self

from ..conf import RULES
from ..errors import UsageError
from ..keys import PRESETS, can_match, generation_number

DEFAULT_LIMIT = 100
"""The lecture's Pokémon: as many as are mirrored where nothing says which."""
OVERRIDES = ("executor", "workers", "rate", "timeout", "retries")
"""The options of SPRITES that a command line or a form may replace, by their arguments' names."""
_NUMBER = re.compile(r"[0-9]{1,9}")
_RANGE = re.compile(r"(\d{1,9})(?:-(\d{1,9}))?")
_ALLOWED = {
    "NAME|ID": "the name of a Pokémon, or its id",
    "--ids": "ids and ranges such as 1-151,172",
    "--generation": "a number such as 2 or ii",
    "--type": "the name of a type such as fire",
    "--sprites": f"{', '.join(PRESETS)}, keys and globs",
    "--limit": "a whole number from 1",
}


class SyncRequest(NamedTuple):
    """Which Pokémon a run is to mirror, which of their sprites, and what it is to do.

    ``ids`` are inclusive ranges; ``limit`` cuts the list after every other choice. Where nothing
    says who, it is the first 100, or with ``everyone`` all. ``only`` narrows a choice to single
    sprites, by Pokémon and key, and asks for no Pokémon's JSON. With ``species`` the names of the
    Pokémon are mirrored as well.
    """

    names: tuple[str, ...] = ()
    ids: tuple[tuple[int, int], ...] = ()
    limit: int | None = None
    everyone: bool = False
    generations: tuple[int, ...] = ()
    types: tuple[str, ...] = ()
    forms: bool = True
    sprites: tuple[str, ...] = ("default",)
    only: tuple[tuple[int, str], ...] = ()
    force: bool = False
    retry_failed: bool = False
    verify: bool = False
    prune: bool = False
    species: bool = False
    dry_run: bool = False

    @classmethod
    def from_json(cls, selection: Mapping[str, Any]) -> Self:
        """Return the request that a run's row keeps."""
        known = {name: _frozen(selection[name]) for name in cls._fields if name in selection}
        return cls(**known)

    @property
    def is_about_rows(self) -> bool:
        """Tell whether it is about sprites that are known, so that no JSON need be asked for."""
        return self.verify or self.retry_failed or bool(self.only)

    @property
    def most(self) -> int | None:
        """Return how many Pokémon it means at most; None is all that are chosen."""
        says_which = self.names or self.ids or self.generations or self.types
        upkeep = self.verify or self.retry_failed
        if self.limit is None and not self.everyone and not says_which and not upkeep:
            return DEFAULT_LIMIT
        return self.limit


def _frozen(value: Any) -> Any:
    """Return what JSON made a list of as the tuple that it was."""
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def overrides(given: Mapping[str, Any]) -> dict[str, object]:
    """Return the options of SPRITES that arguments replace; raises UsageError for a wrong value."""
    return {
        name.upper(): _read(f"--{name}", name.upper(), given[name])
        for name in OVERRIDES
        if given[name] is not None
    }


def _read(argument: str, option: str, value: Any) -> object:
    rule = RULES[option]
    try:
        read = rule.read(value)
    except (ValueError, TypeError, OverflowError):
        read = None
    if read is None:
        allowed = rule.allowed.removesuffix(", or none")
        raise UsageError(f"{argument} is {value!r}; allowed: {allowed}", argument)
    return read


def read_request(given: Mapping[str, Any]) -> SyncRequest:
    """Return what the arguments ask for; raises UsageError."""
    limit = given["limit"]
    if limit is not None and given["everyone"]:
        raise UsageError("--all and --limit exclude each other")
    upkeep = given["verify"] or given["retry_failed"]
    sprites = tuple(map(_sprite, _split("--sprites", given["sprites"])))
    return SyncRequest(
        names=tuple(_text("NAME|ID", str(name)) for name in given["pokemon"]),
        ids=tuple(map(_range, _split("--ids", given["ids"]))),
        limit=None if limit is None else _positive("--limit", limit),
        everyone=given["everyone"],
        generations=tuple(map(_generation, _split("--generation", given["generation"]))),
        types=tuple(text.lower() for text in _split("--type", given["type"])),
        forms=not given["no_forms"],
        sprites=sprites or (("all",) if upkeep else ("default",)),
        force=given["force"],
        retry_failed=given["retry_failed"],
        verify=given["verify"],
        prune=given["prune"],
        species=given["species"],
        dry_run=given["dry_run"],
    )


def _split(argument: str, values: Iterable[object] | str | None) -> list[str]:
    """Return the texts of a repeated argument whose values may be lists of their own."""
    repeated = [values] if isinstance(values, str) else values or []
    return [_text(argument, part) for value in repeated for part in str(value).split(",")]


def _text(argument: str, text: str) -> str:
    """Return a text that says something, in characters that a database and a terminal take."""
    if not text.strip() or not text.isprintable():
        raise _wrong(argument, text)
    return text.strip()


def _wrong(argument: str, text: object) -> UsageError:
    return UsageError(f"{argument} is {text!r}; allowed: {_ALLOWED[argument]}", argument)


def _sprite(name: str) -> str:
    if name not in PRESETS and not can_match(name):
        raise _wrong("--sprites", name)
    return name


def _positive(argument: str, value: object) -> int:
    text = str(value)
    if not (_NUMBER.fullmatch(text) and int(text)):
        raise _wrong(argument, value)
    return int(text)


def _range(text: str) -> tuple[int, int]:
    found = _RANGE.fullmatch(text)
    if not found:
        raise _wrong("--ids", text)
    first, last = int(found[1]), int(found[2] or found[1])
    if first > last:
        why = f"--ids is {text!r}, a reversed range; allowed: {last}-{first}"
        raise UsageError(why, "--ids")
    return first, last


def _generation(text: str) -> int:
    name = text.lower().removeprefix("generation-")
    roman = generation_number(f"generation-{name}")
    number = int(name) if _NUMBER.fullmatch(name) else roman
    if not number or number > 1000:
        raise _wrong("--generation", text)
    return number
