"""A list's query string, read into what a visitor asks for and written back as links.

Whatever the query string holds, it is read: a value that makes no sense counts as left out.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any, Self

from django.http import QueryDict
from django.utils.http import urlencode

from .looks import Look
from .querysets import SORTS, PokemonQuerySet

SIZES = (30, 60, 120)
"""How many Pokémon a page can hold."""

MOST_TYPES = 2
"""As many types as a Pokémon can have."""

_NAME = re.compile(r"[\w-]{1,100}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


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
    def read(cls, query: QueryDict) -> Self:
        """Read a query string; of three types the last two count."""
        sort = query.get("sort", "")
        size = _number(query.get("size", ""))
        return cls(
            q=" ".join(_CONTROL.sub(" ", query.get("q", "")).split())[:100],
            type=_distinct(query.getlist("type"), _name)[-MOST_TYPES:],
            generation=tuple(sorted(_distinct(query.getlist("generation"), _number))),
            forms=query.get("forms") != "off",
            has=_name(query.get("has", "")),
            sort=sort if sort.removeprefix("-") in SORTS else "number",
            set=_name(query.get("set", "")) or "default",
            shiny=query.get("shiny") == "on",
            back=query.get("back") == "on",
            size=size if size in SIZES else 60,
            page=_number(query.get("page", "")) or 1,
        )

    @property
    def look(self) -> Look:
        """Return the look of the whole grid."""
        return Look(self.set, self.shiny, self.back)

    @property
    def narrows(self) -> bool:
        """Tell whether any Pokémon is left out."""
        return bool(self.q or self.type or self.generation or self.has or not self.forms)

    @property
    def all(self) -> Self:
        """Return the same look and order of every Pokémon."""
        return replace(self, q="", type=(), generation=(), has="", forms=True, page=1)

    def but(self, **changes: Any) -> Self:
        """Return these filters with some changed, on the first page unless the page is given."""
        return replace(self, **{"page": 1, **changes})

    def toggled(self, field: str, value: Any) -> Self:
        """Return these filters with one type or generation put in, or taken out."""
        chosen = getattr(self, field)
        if value in chosen:
            return self.but(**{field: tuple(item for item in chosen if item != value)})
        kept = chosen[1 - MOST_TYPES :] if field == "type" else chosen
        return self.but(**{field: (*kept, value)})

    def pairs(self) -> list[tuple[str, str]]:
        """Return the query string's pairs; what is as by default is left out."""
        pairs: list[tuple[str, str]] = []
        for field in fields(self):
            value = getattr(self, field.name)
            if value != field.default:
                values = value if isinstance(value, tuple) else (value,)
                pairs += [(field.name, _written(item)) for item in values]
        return pairs

    @property
    def query(self) -> str:
        """Return the query string with its question mark, or nothing where all is as by default."""
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


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value)


def _name(text: str) -> str:
    return text if _NAME.fullmatch(text) else ""


def _number(text: str) -> int:
    return int(text) if re.fullmatch(r"[0-9]{1,6}", text) else 0


def _distinct(texts: list[str], read: Callable[[str], Any]) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(value for value in map(read, texts) if value))
