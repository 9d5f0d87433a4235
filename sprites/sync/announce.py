"""Sends the app's signals, once what they tell of is committed.

Where nobody listens nothing is asked of the database.
"""

import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from django.db import DatabaseError, InterfaceError, router
from django.dispatch import Signal

from ..errors import plain
from ..models import Sprite, SyncRun
from ..signals import sprite_stored, sync_finished
from .entries import Entry, SpriteEntry
from .report import SyncReport

logger = logging.getLogger(__name__)


def stored(entries: Sequence[Entry]) -> None:
    """Tell of each entry whose bytes are new or have changed."""
    if not sprite_stored.has_listeners(Sprite):
        return
    sprites = [entry for entry in entries if isinstance(entry, SpriteEntry) and entry.found]
    created = {entry.found.name: not entry.old_file for entry in sprites if entry.found}
    if not created:
        return
    rows = Sprite.objects.using(router.db_for_write(Sprite)).select_related("pokemon")
    for sprite in rows.filter(pokemon__in={entry.pokemon for entry in sprites}, file__in=created):
        is_new = created[sprite.file.name or ""]
        _send(sprite_stored, "sprite_stored", sender=Sprite, sprite=sprite, created=is_new)


def finished(run: SyncRun, report: SyncReport) -> None:
    """Tell of a run's end, with its row as it now stands, if the database still answers."""
    if not sync_finished.has_listeners(SyncRun):
        return
    with suppress(DatabaseError, InterfaceError, SyncRun.DoesNotExist):
        run.refresh_from_db()
    _send(sync_finished, "sync_finished", sender=SyncRun, run=run, report=report)


def _send(signal: Signal, name: str, **arguments: Any) -> None:
    for receiver, answer in signal.send_robust(**arguments):
        if isinstance(answer, Exception):
            who = getattr(receiver, "__qualname__", repr(receiver))
            why = plain(f"{type(answer).__name__}: {answer}")
            logger.error("%s, a receiver of %s, failed: %s", who, name, why)
