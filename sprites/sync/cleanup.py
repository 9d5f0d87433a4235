"""What no run may leave behind: half-written files, files without a row, rows past their time.

Only the holder of the lock deletes, and what it is about to delete it looks up again first.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice

from django.db import router
from django.db.models import Q
from django.db.transaction import atomic

from ..errors import SpritesError, TooMuchError
from ..models import Sprite, SpriteQuerySet, SyncRun
from ..worker.storage import Store
from .guard import is_too_much
from .lock import RunLock
from .reconnect import reconnecting

logger = logging.getLogger(__name__)

Heed = Callable[[], None]
"""Beats the heart and raises StoppedError where the run is to stop; called often."""
_AT_ONCE = 20
"""Files that are deleted after one look: on a slow storage within the time that a lock lives."""
_NOT_SYNCED = timedelta(minutes=2)
"""How long a file may have been in the memory of a machine that lost its power."""


def discard(store: Store, lock: RunLock, names: Iterable[str], heed: Heed = lambda: None) -> bool:
    """Delete those files that no row points to; tell if none of them is left."""
    rest, all_gone = iter(names), True
    while some := list(islice(rest, _AT_ONCE)):
        for name in _without_row(lock, some):
            all_gone &= delete(store, name)
            heed()
    return all_gone


@reconnecting
def _without_row(lock: RunLock, names: list[str]) -> list[str]:
    lock.hold()
    rows = Sprite.objects.using(router.db_for_write(Sprite)).filter(file__in=names)
    known = set(rows.values_list("file", flat=True))
    return [name for name in names if name not in known]


def delete(store: Store, name: str) -> bool:
    """Delete a file; tell if it is gone."""
    try:
        store.delete(name)
    except SpritesError as error:
        logger.warning("left to the next run: %s", error.detail)
        return False
    return True


def sweep(store: Store, lock: RunLock, heed: Heed) -> bool:
    """Delete half-written files and our own files that no row points to; tell if none is left.

    Only when no worker is writing.
    """
    began = reconnecting(lock.hold)()
    is_clean = discard(store, lock, _strays(store, heed), heed)
    if is_clean:
        lock.swept_since(began)
    return is_clean


def _strays(store: Store, heed: Heed) -> Iterator[str]:
    """Yield what may be stray: rows may have come since their names were read."""
    for name in store.incoming():
        heed()
        yield name
    # Hashes, because a million names would be held at once; where two met, a stray would stay.
    known = _known_files()
    for name in store.sprites():
        heed()
        if hash(name) not in known and store.wrote(name):
            yield name


@reconnecting
def _known_files() -> set[int]:
    files = Sprite.objects.stored().values_list("file", flat=True)
    return set(map(hash, files.iterator()))


def check_last(store: Store, dead: SyncRun, heed: Heed) -> None:
    """Delete what a run that died wrote last and is not what its rows say: it is fetched again.

    Where the machine died with it, files whose rows were committed may never have been on the disk.
    """
    since = dead.heartbeat_at - _NOT_SYNCED
    rows = Sprite.objects.stored().filter(changed_at__gte=since).values_list("file", "sha256")
    for name, sha256 in reconnecting(list)(rows):
        heed()
        if store.digest(name) not in ("", sha256):
            logger.warning("%s, which run %d wrote last, is damaged: it goes", name, dead.pk)
            delete(store, name)


def count_gone(before: datetime, share: float) -> int:
    """Return how many sprites upstream has not had since then; raises TooMuchError."""
    files, of = _gone(before).stored().count(), Sprite.objects.stored().count()
    if is_too_much(files, of, share):
        raise TooMuchError(
            f"--prune would delete {files} of {of} stored sprites;"
            " if that is right, set SPRITES_MAX_SHRINK=1 once"
        )
    return _gone(before).count()


def prune(store: Store, lock: RunLock, after: timedelta, share: float) -> int:
    """Delete the sprites that upstream has not had for so long, and return how many.

    Raises TooMuchError, and deletes none, where they are too large a share of all.
    """
    files = reconnecting(atomic(using=router.db_for_write(Sprite))(_delete_rows))(
        lock, after, share
    )
    discard(store, lock, filter(None, files))
    return len(files)


def _delete_rows(lock: RunLock, after: timedelta, share: float) -> list[str]:
    before = lock.hold() - after
    count_gone(before, share)
    gone = _gone(before)
    files = list(gone.values_list("file", flat=True))
    gone.delete()
    return files


def _gone(before: datetime) -> SpriteQuerySet:
    rows = Sprite.objects.using(router.db_for_write(Sprite))
    gone = rows.filter(Q(state=Sprite.State.MISSING) | Q(listed=False))
    return gone.filter(missing_since__lte=before)
