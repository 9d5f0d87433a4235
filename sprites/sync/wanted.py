"""The sprites that somebody asks for: names in, a refusal or a warning out for what nothing is."""

import logging
from collections.abc import Sequence

from ..errors import UsageError, nearest
from ..keys import PRESETS, has_shape, is_glob, matches
from . import known as database
from .report import SyncReport
from .request import SyncRequest

logger = logging.getLogger(__name__)


def check_sprites(names: Sequence[str]) -> None:
    """Raise UsageError for a word that is no preset, and no key that upstream has ever listed.

    A glob, a path, or a word of upstream's own may be a new one and is let through.
    """
    odd = [n for n in names if not (n in PRESETS or is_glob(n) or has_shape(n))]
    known = database.keys() if odd else []
    for name in odd:
        if name not in known:
            raise UsageError(
                f"--sprites is {name!r}; allowed: {', '.join(PRESETS)}, globs, and keys as"
                f" --list-sprites has them{nearest(name, [*PRESETS, *known])}",
                "--sprites",
            )


def tell_unmatched(request: SyncRequest, report: SyncReport) -> None:
    """Warn of names that no sprite matched, once the documents have been read."""
    if request.is_about_rows or report.pokemon.checked == report.pokemon.failed:
        return
    if not report.sprites.wanted:
        names = ", ".join(map(repr, request.sprites))
        logger.warning("none of the chosen Pokémon has a sprite that matches %s", names)
    elif not request.dry_run:
        _tell_unknown([name for name in request.sprites if name not in PRESETS])


def _tell_unknown(names: Sequence[str]) -> None:
    known = database.keys() if names else []
    for name in names:
        if not any(matches(key, (name,)) for key in known):
            logger.warning("upstream lists no sprite that matches %r%s", name, nearest(name, known))
