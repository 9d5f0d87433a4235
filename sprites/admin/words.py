"""What a run is asked to do, in a few words."""

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..sync.request import SyncRequest

_MAX_NAMES = 6
"""Names that are written out; of more than these only the number is said."""


def describe(request: SyncRequest) -> str:
    """Say which Pokémon, which sprites and what is done with them."""
    return " · ".join([_who(request), _which(request), *_what(request)])


def _who(request: SyncRequest) -> str:
    spans = [f"{a}-{b}" if a != b else f"{a}" for a, b in request.ids]
    parts = [_some([*spans, *request.names])] if spans or request.names else []
    parts += [_("type %(name)s") % {"name": name} for name in request.types]
    parts += [_("generation %(number)s") % {"number": number} for number in request.generations]
    if request.most is not None:
        parts.append(_("the first %(count)s") % {"count": request.most})
    if not request.forms:
        parts.append(_("without forms"))
    return ", ".join(parts) or _("every Pokémon")


def _which(request: SyncRequest) -> str:
    if request.only:
        count = len(request.only)
        return ngettext("%(count)s sprite", "%(count)s sprites", count) % {"count": count}
    return _some(request.sprites)


def _some(names: list[str] | tuple[str, ...]) -> str:
    shown = ", ".join(names[:_MAX_NAMES])
    more = len(names) - _MAX_NAMES
    return (
        _("%(names)s and %(count)s more") % {"names": shown, "count": more} if more > 0 else shown
    )


def _what(request: SyncRequest) -> Iterator[str]:
    words = {
        "force": _("all again, from scratch"),
        "retry_failed": _("only what failed"),
        "verify": _("verify every file"),
        "prune": _("prune"),
        "species": _("names in every language"),
    }
    yield from (text for name, text in words.items() if getattr(request, name))
