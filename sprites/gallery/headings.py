"""A list in words: the sentence above it and the title of its page.

The filters and the number of Pokémon go in; words in the visitor's language come out.
"""

from collections.abc import Iterator

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from .. import labels
from ..looks import Look
from ..pictures import look_name
from .filters import Filters


def sentence(filters: Filters, total: int) -> str:
    """Say what is found: 37 fire Pokémon of generations I and II."""
    return " ".join([_counted(filters, total), *_conditions(filters)])


def _counted(filters: Filters, total: int) -> str:
    count = number_format(total, force_grouping=True) if total else pgettext("count", "No")
    if not filters.type:
        return ngettext("%(count)s Pokémon", "%(count)s Pokémon", total) % {"count": count}
    types = "/".join(map(labels.type_name, filters.type))
    return ngettext("%(count)s %(types)s Pokémon", "%(count)s %(types)s Pokémon", total) % {
        "count": count,
        "types": types,
    }


def _conditions(filters: Filters) -> Iterator[str]:
    if filters.generation:
        numerals = labels.listed(map(labels.generation_name, filters.generation))
        count = len(filters.generation)
        words = ngettext("of generation %(list)s", "of generations %(list)s", count)
        yield words % {"list": numerals}
    if filters.q:
        yield _("matching “%(text)s”") % {"text": filters.q}
    if filters.has:
        yield _("with sprites of %(set)s") % {"set": labels.set_name(filters.has)}
    if not filters.forms:
        yield _("without forms")


def title(filters: Filters, total: int) -> str:
    """Say what a page shows: the sentence, and a look or a page that is not the first."""
    return " · ".join([sentence(filters, total), *_manner(filters)])


def _manner(filters: Filters) -> Iterator[str]:
    if filters.look != Look():
        yield look_name(filters.look)
    if filters.page > 1:
        yield _("page %(number)s") % {"number": filters.page}
