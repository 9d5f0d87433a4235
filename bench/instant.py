"""An executor whose workers need no time: jobs in, made-up outcomes out, and nothing is fetched.

What a run costs its own process is left: the selection, the plan, the schedule, and the rows. The
environment's BENCH_SPRITES says how many sprites upstream has.
"""

import hashlib
import os
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

from sprites.testing.artist.slots import KEYS
from sprites.worker.records import (
    Group,
    ImageFacts,
    Job,
    Kind,
    Listing,
    ListPage,
    Meter,
    Outcome,
    PokemonRecord,
    ProbeJob,
    Reference,
    ResourceJob,
    Result,
    SpriteJob,
    StoredSprite,
)

_EACH = 39
"""Sprites a Pokémon, as upstream has on average."""
_FACTS = ImageFacts("image/png", "png", 96, 96, 1)
_TYPES = (Reference(1, "normal"),)
_STATS = tuple((name, 50) for name in ("hp", "attack", "defense", "speed"))


class Instant(Executor):
    """Answers in the place of the workers; only the probe of the storage is really run."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        """Return a Future that is done."""
        future: Future[Any] = Future()
        (job,) = args
        future.set_result(fn(job) if isinstance(job, ProbeJob) else _outcome(job))
        return future


def _outcome(job: Job) -> Outcome:
    result = _stored(job) if isinstance(job, SpriteJob) else _resource(job)
    return Outcome(result, meter=Meter("0:0", time.time(), 0.0, 1, 1000))


def _stored(job: SpriteJob) -> StoredSprite:
    sha256 = hashlib.sha256(job.url.encode()).hexdigest()
    name = f"sprites/{job.pokemon}/{job.key}.{sha256[:8]}.png"
    return StoredSprite(name, sha256, 1000, _FACTS, f'"{sha256[:32]}"')


def _resource(job: Job) -> Result:
    assert isinstance(job, ResourceJob)
    if job.kind is Kind.LIST:
        count = int(os.environ["BENCH_SPRITES"]) // _EACH if "/pokemon/" in job.url else 1
        rows = tuple(Reference(number, f"pokemon-{number}") for number in range(1, count + 1))
        return ListPage(count, rows, "")
    if job.kind is Kind.GENERATION:
        return Group(1, ())
    return _pokemon(job)


def _pokemon(job: ResourceJob) -> PokemonRecord:
    number = job.number or 0
    listings = tuple(Listing(key, f"{job.url}{key}.png") for key in KEYS[:_EACH])
    return PokemonRecord(
        id=number, name=f"pokemon-{number}", species=f"pokemon-{number}", number=number, form="",
        order=number, height=7, weight=69, base_experience=64, is_default=True, types=_TYPES,
        stats=_STATS, listings=listings, etag='"made-up"',
    )  # fmt: skip
