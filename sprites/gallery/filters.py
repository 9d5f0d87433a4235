"""A list's query string, read into filters and written back as links.

No query string is an error. A value that is unknown is ignored, and no link repeats it, so links
stay short however long the query string was.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import Any, NamedTuple, Self

from django.db.models import Count, F, Value
from django.http import QueryDict
from django.utils.http import urlencode

from .. import labels
from ..looks import Look, full_name, short_name
from ..models import Pokemon, PokemonQuerySet, Sprite, Type
from ..models.pokemon import SORTS

SIZES = (30, 60, 120)
"""How many Pokémon a page can hold."""

MAX_TYPES = 2
"""As many types as a Pokémon can have."""

MAX_TEXT = 50
"""Characters of a search."""

_MAX_SHOWN = 20
"""Characters that are shown of an ignored value."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SWITCH = {"on": True, "off": False}
_PAGE_SIZES = {str(size): size for size in SIZES}
_LOOK = {"set", "shiny", "back"}
_OFF = {"has": "", "shiny": False, "back": False, "forms": False}
"""What a field is when its value is taken off; of the others one is always chosen."""


class Choices(NamedTuple):
    """The types, generations and sets that the mirror has, and how many Pokémon.

    A set is its short name and the newest generation that it belongs to.
    """

    types: list[str]
    generations: list[int]
    sets: list[tuple[str, int]]
    pokemon: int

    def type(self, text: str) -> str | None:
        """Read a type that is here or has a name for people."""
        return text if text in self.types or text in labels.TYPES else None

    def generation(self, text: str) -> int | None:
        """Read a generation that is here or has a numeral."""
        number = _number(text)
        return number if number in self.generations or number in labels.GENERATIONS else None

    def set(self, text: str) -> str | None:
        """Read the name of a set that is here or has a name for people."""
        name = short_name(text)
        known = name in dict(self.sets) or full_name(name) in labels.SETS
        return name if known else None


@lru_cache(maxsize=4)
def choices(revision: int) -> Choices:
    """Read all that can be chosen, in one query; it is kept until any row changes."""
    none, no_name = Value(0), Value("")
    types = Type.objects.order_by().values_list(Value("type"), "name", none)
    generations = Pokemon.objects.order_by().filter(generation__gt=0)
    numbers = generations.values_list(Value("generation"), no_name, F("generation"))
    sets = Sprite.objects.order_by().values_list(Value("set"), "set", F("generation"))
    everyone = Pokemon.objects.order_by().values_list(Value("pokemon"), no_name, Count("pk"))
    several = numbers.distinct(), sets.distinct(), everyone
    found = list(types.union(*several, all=True).order_by())
    newest: dict[str, int] = {}
    for kind, name, number in found:
        if kind == "set":
            newest[name] = max(newest.get(name, 0), number or 0)
    ordered = sorted(newest.items(), key=lambda item: labels.set_order(item[0]))
    return Choices(
        sorted(name for kind, name, _number in found if kind == "type"),
        sorted(number for kind, _name, number in found if kind == "generation"),
        [(short_name(name), number) for name, number in ordered],
        sum(number for kind, _name, number in found if kind == "pokemon"),
    )


class _Values:
    """The values of a query string; of each parameter, one value that is ignored is kept."""

    def __init__(self, query: QueryDict) -> None:
        self._query = query
        self.ignored: dict[str, str] = {}

    def several(self, name: str, read: Callable[[str], Any], most: int = 0) -> tuple[Any, ...]:
        """Return the values that can be read, each once: all of them, or the last ``most``."""
        values = {text: read(text) for text in self._query.getlist(name) if text}
        kept = tuple(dict.fromkeys(found for found in values.values() if found is not None))[-most:]
        for text, found in values.items():
            if found not in kept:
                self._ignore(name, text)
        return kept

    def text(self, name: str) -> str:
        """Return a text on one line, cut to the length that a search can have."""
        whole = " ".join(_CONTROL.sub(" ", self._query.get(name, "")).split())
        if rest := whole[MAX_TEXT:]:
            self._ignore(name, rest)
        return whole[:MAX_TEXT].strip()

    def _ignore(self, name: str, text: str) -> None:
        shown = text if len(text) <= _MAX_SHOWN else text[:_MAX_SHOWN] + "…"
        self.ignored.setdefault(name, shown)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What a list shows: which Pokémon, in which order and look, and which page of them."""

    q: str = ""
    type: tuple[str, ...] = ()
    generation: tuple[int, ...] = ()
    forms: bool = True
    has: str = ""
    sort: str = "number"
    set: str = "default"
    shiny: bool = False
    back: bool = False
    size: int = 60
    page: int = 1

    @classmethod
    def read(cls, query: QueryDict, known: Choices) -> tuple[Self, dict[str, str]]:
        """Read a query string; return the filters, and an ignored value of each parameter."""
        values = _Values(query)
        single: dict[str, Callable[[str], Any]] = {
            "forms": _SWITCH.get,
            "shiny": _SWITCH.get,
            "back": _SWITCH.get,
            "has": known.set,
            "set": known.set,
            "sort": _sort,
            "size": _PAGE_SIZES.get,
            "page": _number,
        }
        filters = cls(
            q=values.text("q"),
            type=values.several("type", known.type, MAX_TYPES),
            generation=tuple(sorted(values.several("generation", known.generation))),
            **{
                name: found[0]
                for name, read in single.items()
                if (found := values.several(name, read, most=1))
            },
        )
        return filters, values.ignored

    @property
    def look(self) -> Look:
        """Return the look of the whole grid."""
        return Look(self.set, self.shiny, self.back)

    @property
    def all(self) -> Self:
        """Return the same look and order of every Pokémon."""
        return self.but(q="", type=(), generation=(), has="", forms=True)

    @property
    def narrows(self) -> bool:
        """Tell whether any Pokémon is left out."""
        return self.all != self.but(page=1)

    def but(self, **changes: Any) -> Self:
        """Return these filters with changes, on the first page unless only the look changes."""
        page = {} if changes.keys() <= _LOOK else {"page": 1}
        return replace(self, **page | changes)

    def is_chosen(self, field: str, value: object) -> bool:
        """Tell whether a field is, or contains, this value."""
        now = getattr(self, field)
        return value in now if isinstance(now, tuple) else value == now

    def toggled(self, field: str, value: Any) -> Self:
        """Return these filters with a value chosen, or with it taken off where it was chosen."""
        now = getattr(self, field)
        if not isinstance(now, tuple):
            return self.but(**{field: _OFF.get(field, value) if value == now else value})
        kept = tuple(item for item in now if item != value)
        if value not in now:
            kept = (*(kept[1 - MAX_TYPES :] if field == "type" else kept), value)
        return self.but(**{field: kept})

    def pairs(self) -> list[tuple[str, str]]:
        """Return the query string's pairs, without those that are at their default."""
        pairs: list[tuple[str, str]] = []
        for name, default in _DEFAULTS:
            value = getattr(self, name)
            if value != default:
                values = value if isinstance(value, tuple) else (value,)
                pairs += [(name, _written(item)) for item in values]
        return pairs

    @property
    def query(self) -> str:
        """Return the query string with its question mark, or "" where all is at its default."""
        pairs = self.pairs()
        return f"?{urlencode(pairs)}" if pairs else ""

    def apply(self, pokemon: PokemonQuerySet) -> PokemonQuerySet:
        """Narrow and order a queryset of Pokémon."""
        found = pokemon.of_types(*self.type).sorted_by(self.sort)
        if self.q:
            found = found.search(self.q)
        if self.generation:
            found = found.of_generations(*self.generation)
        if not self.forms:
            found = found.without_forms()
        return found.with_set(self.has) if self.has else found


_DEFAULTS = tuple((field.name, field.default) for field in fields(Filters))


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value)


def _number(text: str) -> int | None:
    return int(text) or None if re.fullmatch(r"[0-9]{1,6}", text) else None


def _sort(text: str) -> str | None:
    return text if text.removeprefix("-") in SORTS else None
