"""The controls of the list: each option is a link to the list with that option chosen.

The filters and what can be chosen go in; menus and chips come out.
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .. import labels
from ..looks import ANIMATED, MAIN
from . import headings
from .filters import MAX_TEXT, SIZES, Choices, Filters

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


class Option(NamedTuple):
    """A link that changes one thing; ``chosen`` tells whether it is so already."""

    label: str
    query: str
    chosen: bool
    id: str
    hint: str = ""


class Menu(NamedTuple):
    """A group of options under a label that says what is chosen."""

    id: str
    label: str
    chosen: str
    options: list[Option]


def controls(filters: Filters, known: Choices, total: int) -> dict[str, Any]:
    """Return what the list's templates need beside the cards."""
    return {
        "filters": filters,
        "max_text": MAX_TEXT,
        "home": reverse("sprites:list"),
        "kept": filters.but(q="").pairs(),
        "looks": [_option(filters, "set", name, labels.set_name(name)) for name in MAIN],
        "games": _games(filters, known),
        "switches": [
            _option(filters, "shiny", True, _("Shiny")),
            _option(filters, "back", True, _("Back")),
        ],
        "menus": _menus(filters, known),
        "forms": _option(filters, "forms", True, _("Forms")),
        "sizes": [_option(filters, "size", size, str(size)) for size in SIZES],
        "chips": chips(filters),
        "sentence": headings.sentence(filters, total),
        "title": headings.title(filters, total),
    }


def _option(filters: Filters, field: str, value: Any, label: str, hint: str = "") -> Option:
    name = field if value is True else f"{field}-{value}"
    query = filters.toggled(field, value).query
    return Option(label, query, filters.is_chosen(field, value), name, hint)


def _menus(filters: Filters, known: Choices) -> list[Menu]:
    sets = [name for name, _generation in known.sets if name != ANIMATED]
    types = sorted(known.types, key=labels.type_name)
    return [
        _menu(filters, "type", _("Type"), labels.type_name, types, "/"),
        _menu(filters, "generation", _("Generation"), labels.generation_name, known.generations),
        _menu(filters, "has", _("Has"), labels.set_name, [*sets, ANIMATED]),
        _menu(filters, "sort", _("Sort"), lambda sort: str(SORTS[sort]), SORTS),
    ]


def _menu(
    filters: Filters,
    field: str,
    label: str,
    name: Callable[[Any], str],
    values: Iterable[Any],
    between: str = ", ",
) -> Menu:
    now = getattr(filters, field)
    shown = now if isinstance(now, tuple) else [now] if now != getattr(Filters(), field) else []
    options = [_option(filters, field, value, name(value)) for value in values]
    return Menu(field, label, between.join(map(name, shown)), options)


def _games(filters: Filters, known: Choices) -> Menu:
    """Return the menu of the sets that have no place in the switch."""
    hints = {name: labels.generation_name(n) if n else "" for name, n in known.sets}
    options = [
        _option(filters, "set", name, labels.set_name(name), hint)
        for name, hint in hints.items()
        if name not in MAIN
    ]
    chosen = "" if filters.set in MAIN else labels.set_name(filters.set)
    return Menu("set", _("More sets"), chosen, options)


def chips(filters: Filters) -> list[Option]:
    """Return a chip for each filter in force; its link takes the filter off."""
    taken = [(f"“{filters.q}”", filters.but(q=""))] if filters.q else []
    taken += [(labels.type_name(name), filters.toggled("type", name)) for name in filters.type]
    taken += [
        (
            _("generation %(numeral)s") % {"numeral": labels.generation_name(number)},
            filters.toggled("generation", number),
        )
        for number in filters.generation
    ]
    if filters.has:
        taken.append((labels.set_name(filters.has), filters.but(has="")))
    if not filters.forms:
        taken.append((_("without forms"), filters.but(forms=True)))
    return [
        Option(label, left.query, True, f"off-{place}") for place, (label, left) in enumerate(taken)
    ]
