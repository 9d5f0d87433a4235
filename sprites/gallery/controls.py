"""The controls of the list, as links: each option is the URL of the list with it chosen.

In go the filters and what the database has to choose from; out come menus and chips.
"""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .. import labels
from ..looks import ALIASES, ANIMATED, MAIN
from . import headings
from .filters import LONGEST_TEXT, SIZES, Choices, Filters


@dataclass(frozen=True, slots=True)
class Option:
    """A link that changes one thing; ``chosen`` where it is that way already."""

    label: str
    query: str
    chosen: bool
    id: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Menu:
    """A group of options under a label that says what is chosen."""

    id: str
    label: str
    chosen: str
    options: list[Option]


def controls(filters: Filters, known: Choices, total: int) -> dict[str, Any]:
    """Return what the templates of the list need beside the grid."""
    return {
        "filters": filters,
        "longest_text": LONGEST_TEXT,
        "home": reverse("sprites:list"),
        "kept": filters.but(q="").pairs(),
        "looks": looks(filters),
        "games": games(filters, known),
        "switches": switches(filters),
        "menus": menus(filters, known),
        "forms": forms(filters),
        "chips": chips(filters),
        "sentence": headings.sentence(filters, total),
        "title": headings.title(filters, total),
    }


SORTS = {
    "number": gettext_lazy("number"),
    "-number": gettext_lazy("highest number"),
    "name": gettext_lazy("name"),
    "-name": gettext_lazy("name, Z to A"),
    "height": gettext_lazy("smallest"),
    "-height": gettext_lazy("tallest"),
    "weight": gettext_lazy("lightest"),
    "-weight": gettext_lazy("heaviest"),
}


def menus(filters: Filters, known: Choices) -> list[Menu]:
    """Return the menus of the filter bar."""
    return [
        _types(filters, known.types),
        _generations(filters, known.generations),
        _has(filters, known.sets),
        _sorts(filters),
    ]


def _types(filters: Filters, names: list[str]) -> Menu:
    options = [
        Option(
            labels.type_name(name),
            filters.toggled("type", name).query,
            name in filters.type,
            f"type-{name}",
        )
        for name in names
    ]
    chosen = "/".join(map(labels.type_name, filters.type))
    return Menu("type", _("Type"), chosen, sorted(options, key=lambda option: option.label))


def _generations(filters: Filters, numbers: list[int]) -> Menu:
    options = [
        Option(
            labels.generation_name(number),
            filters.toggled("generation", number).query,
            number in filters.generation,
            f"generation-{number}",
        )
        for number in numbers
    ]
    chosen = ", ".join(map(labels.generation_name, filters.generation))
    return Menu("generation", _("Generation"), chosen, options)


def _has(filters: Filters, sets: list[tuple[str, int]]) -> Menu:
    names = [name for name, _number in sets]
    if ANIMATED not in names:
        names.append(ANIMATED)
    options = [
        Option(
            labels.set_name(name),
            filters.but(has="" if filters.has == name else name).query,
            filters.has == name,
            f"has-{name}",
        )
        for name in names
    ]
    chosen = labels.set_name(filters.has) if filters.has else ""
    return Menu("has", _("Has"), chosen, options)


def _sorts(filters: Filters) -> Menu:
    options = [
        Option(str(label), filters.but(sort=sort).query, filters.sort == sort, f"sort-{sort}")
        for sort, label in SORTS.items()
    ]
    return Menu(
        "sort", _("Sort"), "" if filters.sort == "number" else str(SORTS[filters.sort]), options
    )


def looks(filters: Filters) -> list[Option]:
    """Return the set switch: one option for each of the main looks."""
    current = _short(filters.set)
    return [
        Option(labels.set_name(name), filters.but(set=name, page=filters.page).query,
               name == current, f"set-{name}")
        for name in MAIN
    ]  # fmt: skip


def games(filters: Filters, known: Choices) -> Menu:
    """Return the menu of all the other sets."""
    current = _short(filters.set)
    options = [
        Option(
            labels.set_name(name),
            filters.but(set=name, page=filters.page).query,
            name == current,
            f"set-{name}",
            labels.generation_name(number) if number else "",
        )
        for name, number in known.sets
        if _short(name) not in MAIN
    ]
    chosen = "" if current in MAIN else labels.set_name(current)
    return Menu("set", _("More sets"), chosen, options)


def _short(name: str) -> str:
    return {full: short for short, full in ALIASES.items()}.get(name, name)


def switches(filters: Filters) -> list[Option]:
    """Return the toggles for the look of the whole grid."""
    shiny = filters.but(shiny=not filters.shiny, page=filters.page)
    back = filters.but(back=not filters.back, page=filters.page)
    return [
        Option(_("Shiny"), shiny.query, filters.shiny, "shiny"),
        Option(_("Back"), back.query, filters.back, "back"),
    ]


def forms(filters: Filters) -> Option:
    """Return the toggle for forms beside each species' own."""
    return Option(_("Forms"), filters.but(forms=not filters.forms).query, filters.forms, "forms")


def sizes(filters: Filters) -> list[Option]:
    """Return the page sizes."""
    return [
        Option(str(size), filters.but(size=size).query, size == filters.size, f"size-{size}")
        for size in SIZES
    ]


def chips(filters: Filters) -> list[Option]:
    """Return one chip a filter in force, whose link takes it off."""
    taken = [(f"“{filters.q}”", filters.but(q=""))] if filters.q else []
    taken += [(labels.type_name(name), filters.toggled("type", name)) for name in filters.type]
    taken += [
        (_("generation %(numeral)s") % {"numeral": labels.generation_name(number)},
         filters.toggled("generation", number))
        for number in filters.generation
    ]  # fmt: skip
    if filters.has:
        taken.append((labels.set_name(filters.has), filters.but(has="")))
    if not filters.forms:
        taken.append((_("without forms"), filters.but(forms=True)))
    return [
        Option(label, left.query, True, f"off-{place}") for place, (label, left) in enumerate(taken)
    ]
