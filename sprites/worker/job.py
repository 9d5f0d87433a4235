"""What a worker does: ``run_job(context, job) -> outcome``, one attempt, on any executor.

It touches no row and reads no settings of this app, and it returns a Failure where another function
would raise. So it runs the same on a thread, in a spawned process and on another machine.
"""

import hashlib
import os
import time
from typing import NamedTuple

from ..errors import Code, SpritesError, UsageError, plain
from . import http, images, pokeapi
from .compute_lock import ComputeLock
from .http import Reply, Usage
from .naming import file_name
from .records import (
    Failure,
    Group,
    Job,
    Meter,
    Outcome,
    Packed,
    PokemonRecord,
    Policy,
    ProbeJob,
    ResourceJob,
    Result,
    SpeciesRecord,
    SpriteJob,
    StoredFile,
    StoredSprite,
    Unchanged,
)
from .storage import Store
from .transport import client

_compute_lock = ComputeLock()


class Context(NamedTuple):
    """What every job of a run needs beside itself.

    ``naming`` is the dotted path of a site's own function that names files, or "". Where
    ``keep_documents``, a record brings the JSON that it was read from.
    """

    policy: Policy
    store: Store
    naming: str = ""
    keep_documents: bool = False


def run_job(context: Context, job: Job) -> Outcome:
    """Make one attempt at a job and say how it ended; never raises."""
    usage, started, clock = Usage(), time.time(), time.perf_counter()
    worker = f"{os.getpid()}:{client().number}"
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
    seconds = (usage.left or time.perf_counter()) - clock
    meter = Meter(worker, started, seconds, usage.requests, usage.bytes)
    return Outcome(result, failure, meter, usage.snapshot)


def _attempt(context: Context, job: Job, usage: Usage) -> Result:
    if isinstance(job, SpriteJob):
        return _sprite(context, job, usage)
    if isinstance(job, ResourceJob):
        return _resource(context, job, usage)
    return _probe(context.store, job)


def _probe(store: Store, job: ProbeJob) -> Result:
    name = store.put(job.name, job.text.encode())
    if name != job.name:
        raise SpritesError(Code.STORAGE, f"{job.name} was stored as {name}")
    return None


def _resource(context: Context, job: ResourceJob, usage: Usage) -> Result:
    policy = context.policy
    reply = http.get(job.url, policy, policy.max_json_bytes, usage, etag=job.etag)
    if reply.not_modified:
        return Unchanged(reply.etag or job.etag)
    with _compute_lock.held():
        record = pokeapi.parse(job.kind, reply.body, reply.etag)
        if isinstance(record, (PokemonRecord, SpeciesRecord)) and record.id != job.number:
            raise SpritesError(Code.SCHEMA, f"id is {record.id}, asked for {job.number}")
        if context.keep_documents and isinstance(record, (PokemonRecord, SpeciesRecord, Group)):
            record = record._replace(document=Packed.of(reply.body, reply.gzip))
    return record


def _sprite(context: Context, job: SpriteJob, usage: Usage) -> Result:
    whole = _whole_file(context.store, job)
    if whole and not job.asks_upstream:
        return Unchanged(job.etag)
    start = time.monotonic()
    if job.copy_of:
        reply = Reply(context.store.read(job.copy_of), etag="", not_modified=False)
    else:
        reply = _fetch(context.policy, job, whole, usage)
    if reply.not_modified:
        return Unchanged(reply.etag or job.etag)
    return _keep(context, job, whole, reply, time.monotonic() - start)


def _whole_file(store: Store, job: SpriteJob) -> StoredFile | None:
    """Return the sprite's file if it is whole: by its hash, its size or the parent's word."""
    stored = job.stored
    if stored is None:
        return None
    if job.verify:
        is_whole = store.digest(stored.name) == stored.sha256
    elif stored.intact is None:
        is_whole = store.holds(stored.name, stored.size)
    else:
        is_whole = stored.intact
    return stored if is_whole else None


def _fetch(policy: Policy, job: SpriteJob, whole: StoredFile | None, usage: Usage) -> Reply:
    """Fetch a sprite; if upstream has none and the stored file is not whole, it is lost."""
    etag = job.etag if whole else ""
    try:
        return http.get(job.url, policy, policy.max_image_bytes, usage, etag=etag)
    except SpritesError as error:
        if error.code is Code.NOT_FOUND and job.stored and not whole:
            raise SpritesError(Code.LOST, job.stored.name, status=error.status) from None
        raise


@_compute_lock.held()
def _keep(
    context: Context, job: SpriteJob, whole: StoredFile | None, reply: Reply, took: float
) -> Result:
    """Validate the bytes and store them, unless they are the ones that are stored already.

    Decoding may take the time that fetching has left, and at least half of the attempt's: a slow
    network makes no bomb of an image.
    """
    data, timeout = reply.body, context.policy.timeout
    sha256 = hashlib.sha256(data).hexdigest()
    if whole and whole.sha256 == sha256:
        return Unchanged(reply.etag)
    facts = images.inspect(data, context.policy, max(timeout - took, timeout / 2))
    name = file_name(job.pokemon, job.key, sha256, facts.extension, context.naming)
    ours = job.stored is not None and job.stored.name == name
    name = context.store.put(name, data, ours=ours)
    note = images.mismatch(facts, job.url, reply.media_type)
    return StoredSprite(name, sha256, len(data), facts, reply.etag, note)
