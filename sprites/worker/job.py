"""What a worker does: ``run_job(context, job) -> outcome``, one attempt, on any executor.

Pure: it touches no row and reads no settings of this app, and it returns a Failure where another
function would raise. So it runs the same on a thread, in a spawned process and on another machine.
"""

import hashlib
import os
import threading
import time
from dataclasses import dataclass

from ..errors import Code, SpritesError, UsageError, plain
from . import http, images, pokeapi
from .http import Reply, Usage
from .images import Limits
from .naming import file_name
from .records import (
    Failure,
    Job,
    Meter,
    Outcome,
    PokemonRecord,
    Policy,
    ProbeJob,
    ResourceJob,
    Result,
    SpriteJob,
    StoredSprite,
    Unchanged,
)
from .storage import Store
from .turn import Turn

_turn = Turn()
"""What a process does with bytes, one thread at a time; fetching them is left to all of them."""


@dataclass(frozen=True, slots=True)
class Context:
    """What every job of a run needs beside itself."""

    policy: Policy
    store: Store
    naming: str = ""


def run_job(context: Context, job: Job) -> Outcome:
    """Make one attempt at a job and say how it ended; never raises."""
    usage, started, clock = Usage(), time.time(), time.perf_counter()
    result: Result = None
    failure = None
    try:
        result = _attempt(context, job, usage)
    except SpritesError as error:
        failure = Failure(
            error.code, plain(error.detail), error.status, error.retry_after, error.fatal
        )
    except UsageError as error:  # a function of the site's own that is not here
        failure = Failure(Code.INTERNAL, plain(str(error)), fatal=True)
    except (Exception, SystemExit) as error:  # nothing may break the pool
        failure = Failure(Code.INTERNAL, plain(f"{type(error).__name__}: {error}"))
    seconds = time.perf_counter() - clock
    meter = Meter(_worker(), started, seconds, usage.requests, usage.bytes)
    return Outcome(result, failure, meter, usage.snapshot)


def _attempt(context: Context, job: Job, usage: Usage) -> Result:
    if isinstance(job, SpriteJob):
        return _sprite(context, job, usage)
    if isinstance(job, ResourceJob):
        return _resource(context, job, usage)
    return _probe(context, job)


def _worker() -> str:
    return f"{os.getpid()}:{threading.get_native_id()}"


def _probe(context: Context, job: ProbeJob) -> Result:
    name = context.store.put(job.name, job.text.encode())
    if name != job.name:
        raise SpritesError(Code.STORAGE, f"{job.name} was stored as {name}")
    return None


def _resource(context: Context, job: ResourceJob, usage: Usage) -> Result:
    policy = context.policy
    reply = http.get(job.url, policy, policy.max_json_bytes, usage, etag=job.etag)
    if reply.not_modified:
        return Unchanged(reply.etag or job.etag)
    with _turn.taken():
        record = pokeapi.parse(job.kind, reply.body, reply.etag)
    if isinstance(record, PokemonRecord) and record.id != job.pokemon:
        raise SpritesError(Code.SCHEMA, f"id is {record.id}, asked for {job.pokemon}")
    return record


def _sprite(context: Context, job: SpriteJob, usage: Usage) -> Result:
    intact = _is_intact(context.store, job)
    if intact and not job.asks_upstream:
        return Unchanged(job.etag)
    if job.copy_of:
        copy = Reply(context.store.read(job.copy_of), etag="", not_modified=False)
        return _keep(context, job, intact, copy, 0.0)
    start = time.monotonic()
    reply = _ask(context, job, usage, intact)
    if reply.not_modified:
        return Unchanged(reply.etag or job.etag)
    return _keep(context, job, intact, reply, time.monotonic() - start)


def _is_intact(store: Store, job: SpriteJob) -> bool:
    """Tell whether the sprite's file is there: by its hash, its size or the parent's word."""
    stored = job.stored
    if stored is None:
        return False
    if job.verify:
        return store.digest(stored.name) == stored.sha256
    return store.holds(stored.name, stored.size) if stored.intact is None else stored.intact


def _ask(context: Context, job: SpriteJob, usage: Usage, intact: bool) -> Reply:
    """Fetch a sprite; one that is gone upstream and not whole here is lost."""
    policy, etag = context.policy, job.etag if intact else ""
    try:
        return http.get(job.url, policy, policy.max_image_bytes, usage, etag=etag)
    except SpritesError as error:
        if error.code is Code.NOT_FOUND and job.stored and not intact:
            raise SpritesError(Code.LOST, job.stored.name, status=error.status) from None
        raise


@_turn.taken()
def _keep(context: Context, job: SpriteJob, intact: bool, reply: Reply, took: float) -> Result:
    """Validate the bytes and store them, unless they are the ones that are stored already.

    To decode them may take what is left of the attempt's time after fetching took its part, but
    half of it at least: a slow network makes no bomb of an image.
    """
    data = reply.body
    sha256 = hashlib.sha256(data).hexdigest()
    stored = job.stored
    if stored and intact and stored.sha256 == sha256:
        return Unchanged(reply.etag)
    policy = context.policy
    seconds = max(policy.timeout - took, policy.timeout / 2)
    limits = Limits(policy.max_pixels, policy.max_frames, policy.allow_trailing_data, seconds)
    facts = images.inspect(data, limits)
    name = file_name(job.pokemon, job.key, sha256, facts.extension, context.naming)
    ours = stored is not None and stored.name == name
    name = context.store.put(name, data, ours=ours)
    note = images.mismatch(facts, job.url, reply.media_type)
    return StoredSprite(name, sha256, len(data), facts, reply.etag, note)
