"""The plan: what is listed and what is there, compared; pure, so that a dry run can show it."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from sprites.errors import Code
from sprites.sync.known import KnownSprite
from sprites.sync.plan import Choice, Settled, plan
from sprites.worker.records import Listing, SpriteJob, StoredFile

NOW = timezone.now()
URL = "https://img.example/25.png"
CHOICE = Choice(
    globs=("*",),
    origins=frozenset({"https://img.example"}),
    fresh_since=NOW - timedelta(days=7),
    now=NOW,
)
STORED = KnownSprite(
    url=URL,
    listed=True,
    file="sprites/25/front_default.3f2a9c1b.png",
    sha256="3f2a9c1b",
    size=10,
    state="stored",
    etag='"a"',
    checked_at=NOW,
)
STALE = STORED._replace(checked_at=NOW - timedelta(days=8))
FILE = StoredFile(STORED.file, STORED.sha256, 10, intact=True)


def step(
    known: KnownSprite | None, *, holds: bool = True, listing: Listing | None = None, **choice: Any
) -> SpriteJob | Settled | None:
    """Return what is planned for one sprite."""
    steps = list(
        plan(
            CHOICE._replace(**choice),
            25,
            [listing or Listing("front_default", URL)],
            {"front_default": known} if known else {},
            look=lambda name, size: holds,
        )
    )
    assert len(steps) <= 1
    return steps[0] if steps else None


def job(etag: str = "", stored: StoredFile | None = FILE, **more: Any) -> SpriteJob:
    """Return the job that is expected."""
    return SpriteJob(25, "front_default", URL, etag, stored, **more)


SETTLED = Settled(25, "front_default", URL)
GONE = FILE._replace(intact=False)


@pytest.mark.parametrize(
    ("known", "choice", "expected"),
    [
        (None, {}, job(stored=None)),
        (STORED, {}, SETTLED),
        (STALE, {}, job('"a"')),
        (STORED._replace(checked_at=None), {}, job('"a"')),
        (STORED, {"holds": False}, job('"a"', GONE)),
        (STORED, {"force": True}, job()),
        (STORED._replace(url="https://img.example/old.png"), {}, job()),
        (STORED._replace(state="failed"), {}, job()),
        (STORED._replace(state="missing"), {}, job()),
        (STORED._replace(state="pending", file="", etag=""), {}, job(stored=None)),
        (STORED, {"verify": True}, job('"a"', verify=True)),
        (STORED._replace(file=""), {"verify": True}, None),
        (None, {"verify": True}, None),
        (STORED, {"retry_failed": True}, None),
        (None, {"retry_failed": True}, None),
        (STORED._replace(state="failed"), {"retry_failed": True}, job()),
        (STORED, {"globs": ("back_*",)}, None),
        (None, {"globs": ("back_*", "front_default")}, job(stored=None)),
    ],
)
def test_each_sprite_gets_the_step_that_it_needs(
    known: KnownSprite | None, choice: dict[str, Any], expected: SpriteJob | Settled | None
) -> None:
    """New, fresh, stale, gone, forced, moved, failed: a job with the right validator, or none."""
    assert step(known, **choice) == expected


@pytest.mark.parametrize(
    ("listing", "code"),
    [
        (Listing("front_default", "https://evil.example/a.png"), Code.URL_NOT_ALLOWED),
        (Listing("front_default", "no url"), Code.BAD_URL),
        (Listing("front_default", "", Code.SCHEMA, "5 is no text"), Code.SCHEMA),
    ],
)
@pytest.mark.parametrize("known", [None, STORED])
def test_what_cannot_be_asked_for_is_settled(
    listing: Listing, code: Code, known: KnownSprite | None
) -> None:
    """A refused URL never becomes a job, whatever the database has."""
    found = step(known, listing=listing, force=True)
    assert isinstance(found, Settled)
    assert found.failure is not None
    assert found.failure.code is code


def test_a_sprite_that_is_not_listed_is_not_planned() -> None:
    """What the database has and upstream does not list asks for nothing."""
    assert list(plan(CHOICE, 25, [], {"front_default": STALE}, lambda name, size: True)) == []
