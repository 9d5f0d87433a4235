"""What the page of one run says: its row in, plain data for the templates out."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from .. import tasks
from ..errors import MEANING, Code
from ..models import SyncRun
from ..sync.request import SyncRequest
from . import cells
from .chart import draw
from .starts import starter
from .words import describe

_MAX_ROWS = 200
"""Failures that the page lists; the list of sprites has them all."""


def page(run: SyncRun) -> dict[str, Any]:
    """Return all that the page and its live parts need."""
    state = tasks.standing(run)
    goes_on = state in SyncRun.UNFINISHED
    return {
        "title": _("Run %(run)s") % {"run": run.pk},
        "run": run,
        "state": state,
        "goes_on": goes_on,
        "stopping": goes_on and run.stop_requested,
        "version": f"{state} {run.heartbeat_at.timestamp()} {run.stop_requested}",
        "words": describe(SyncRequest.from_json(run.selection)),
        "starter": starter(run),
        "settled": settled(run),
        "untried": run.sprites_wanted - settled(run),
        "duration": cells.duration(run.seconds),
        "drawing": draw(run),
        "failures": [_failure(failure) for failure in run.failures[:_MAX_ROWS]],
        "more_failures": max(_failed(run) - _MAX_ROWS, 0),
        "all_failed": reverse("admin:sprites_sprite_changelist") + "?state__exact=failed",
    }


def settled(run: SyncRun) -> int:
    """Count the wanted sprites whose fate is known."""
    done = run.sprites_stored + run.sprites_unchanged
    return done + run.sprites_missing + run.sprites_failed


def _failed(run: SyncRun) -> int:
    return run.pokemon_failed + run.species_failed + run.sprites_failed


def _failure(failure: dict[str, Any]) -> dict[str, Any]:
    """Return a failure with what its code means, and a link where its URL can be one."""
    code, url = failure["code"], failure["url"]
    meaning = _(MEANING[Code(code)]) if code in MEANING else ""
    return {**failure, "url": cells.link(url, url), "meaning": meaning}
