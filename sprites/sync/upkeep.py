"""What no run may leave behind: half-written files, files without a row, rows past their time."""

import logging
from collections.abc import Iterator
from datetime import datetime

from django.db.models import Q

from ..errors import SpritesError
from ..models import Sprite
from ..storage import Store
from .again import again

logger = logging.getLogger(__name__)


@again
def sweep(store: Store) -> bool:
    """Delete half-written files and our own files that no row points to; tell if none is left.

    Only for the holder of the lock, when no worker is writing.
    """
    stray = [*store.incoming(), *_without_row(store)]
    left = [name for name in stray if not _delete(store, name)]
    return not left


def _delete(store: Store, name: str) -> bool:
    try:
        store.delete(name)
    except SpritesError as error:
        logger.warning("left to the next run: %s", error.detail)
        return False
    return True


def _without_row(store: Store) -> Iterator[str]:
    # Hashes, because a million names would be held at once; where two met, a stray would stay.
    rows = Sprite.objects.exclude(file="").values_list("file", flat=True)
    known = set(map(hash, rows.iterator()))
    return (name for name in store.sprites() if hash(name) not in known and store.wrote(name))


@again
def prune(store: Store, before: datetime, *, dry_run: bool) -> int:
    """Delete the sprites that upstream has not had since ``before``; return how many."""
    gone = Sprite.objects.filter(Q(state=Sprite.State.MISSING) | Q(listed=False))
    old = gone.filter(missing_since__lte=before)
    if dry_run:
        return old.count()
    files = dict(old.values_list("pk", "file"))
    old.delete()
    for name in filter(None, files.values()):
        _delete(store, name)
    return len(files)
