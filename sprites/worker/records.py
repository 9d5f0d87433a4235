"""What travels between the parent and its workers: small, frozen records, safe to pickle.

A worker gets a Job and a Policy, and returns an Outcome. What travels with each job is a tuple with
names: to make, pickle and read one takes half of what it does with a frozen dataclass.
"""

import gzip
import hashlib
from enum import StrEnum
from typing import NamedTuple, Self

from ..errors import Code


class Kind(StrEnum):
    """What a JSON resource is, and so how its body is read."""

    LIST = "list"
    GENERATION = "generation"
    TYPE = "type"
    POKEMON = "pokemon"
    SPECIES = "pokemon-species"


class Policy(NamedTuple):
    """What every request and every image must keep to; times in seconds, sizes in bytes.

    The defaults are those of a site's options; ``origins`` are PokéAPI and where its images are.
    """

    origins: frozenset[str] = frozenset({"https://pokeapi.co", "https://raw.githubusercontent.com"})
    allow_private_addresses: bool = False
    allow_trailing_data: bool = False
    timeout: float = 30.0
    connect_timeout: float = 5.0
    read_timeout: float = 10.0
    max_json_bytes: int = 4 * 2**20
    max_image_bytes: int = 4 * 2**20
    max_pixels: int = 4_000_000
    max_frames: int = 1000
    session: str = ""


class ProbeJob(NamedTuple):
    """Write a small file, so that a storage that cannot be used is known before any request."""

    name: str
    text: str


class ResourceJob(NamedTuple):
    """Fetch one JSON resource and read it; with an ETag, only if it has changed.

    A Pokémon or a species must have the id ``number``.
    """

    kind: Kind
    url: str
    etag: str = ""
    number: int | None = None


class StoredFile(NamedTuple):
    """What the database knows of a sprite's file.

    ``intact`` tells whether the parent has just seen the file in its size; None leaves that to the
    worker.
    """

    name: str
    sha256: str
    size: int
    intact: bool | None


class SpriteJob(NamedTuple):
    """Bring one sprite's bytes into the storage.

    ``etag`` belongs to the bytes that are stored; it is sent if the file is still whole. With
    ``verify`` that file is hashed, and fetched only if it is damaged; a ``fresh`` one is fetched
    only if it is gone. With ``copy_of`` the bytes come from that other file in the storage, because
    its sprite has the same URL.
    """

    pokemon: int
    key: str
    url: str
    etag: str = ""
    stored: StoredFile | None = None
    fresh: bool = False
    verify: bool = False
    copy_of: str = ""

    @property
    def asks_upstream(self) -> bool:
        """Tell whether upstream is asked even if the stored file is whole."""
        return not (self.fresh or self.verify)


Job = ProbeJob | ResourceJob | SpriteJob


class Reference(NamedTuple):
    """A row of upstream's list: an id and the name it has there."""

    id: int
    name: str


class ListPage(NamedTuple):
    """One page of upstream's list; ``next`` is "" on the last one."""

    total: int
    rows: tuple[Reference, ...]
    next: str


class Packed(NamedTuple):
    """A JSON document as it is kept: packed with gzip, and the hash of it unpacked."""

    gzip: bytes
    sha256: str

    @classmethod
    def of(cls, body: bytes, came: bytes = b"") -> Self:
        """Return a document as it came, or packed here where it came plain or has grown by it."""
        is_small = 0 < len(came) < len(body)
        packed = came if is_small else gzip.compress(body, 6, mtime=0)
        return cls(packed, hashlib.sha256(body).hexdigest())


class Group(NamedTuple):
    """A generation with its species, or a type with its Pokémon."""

    id: int
    members: tuple[Reference, ...]
    name: str = ""
    document: Packed | None = None


class Listing(NamedTuple):
    """A sprite that a Pokémon's JSON lists; ``code`` tells what is wrong with its key or URL."""

    key: str
    url: str
    code: Code | None = None
    detail: str = ""


class PokemonRecord(NamedTuple):
    """A Pokémon as its JSON has it: height in decimetres, weight in hectograms."""

    id: int
    name: str
    species: str
    number: int
    form: str
    order: int | None
    height: int
    weight: int
    base_experience: int | None
    is_default: bool
    types: tuple[Reference, ...]
    stats: tuple[tuple[str, int], ...]
    listings: tuple[Listing, ...]
    etag: str
    document: Packed | None = None


class SpeciesName(NamedTuple):
    """What a species is called in a language, and its genus there, or ""."""

    language: str
    name: str
    genus: str


class SpeciesRecord(NamedTuple):
    """A species as its JSON has it, with a name a language at the most."""

    id: int
    name: str
    names: tuple[SpeciesName, ...]
    etag: str
    document: Packed | None = None


class ImageFacts(NamedTuple):
    """What an image's bytes say of themselves; an SVG's size is that of its view box."""

    media_type: str
    extension: str
    width: int
    height: int
    frames: int


class StoredSprite(NamedTuple):
    """A sprite whose bytes are now in the storage under ``name``; ``note`` is for the log."""

    name: str
    sha256: str
    size: int
    facts: ImageFacts
    etag: str
    note: str = ""


class Unchanged(NamedTuple):
    """Upstream has what we have; ``etag`` is the validator to send next time."""

    etag: str


Result = ListPage | Group | PokemonRecord | SpeciesRecord | StoredSprite | Unchanged | None
"""What an attempt brought; None is a probe's."""


class Failure(NamedTuple):
    """Why an attempt failed; ``retry_after`` is in seconds, ``fatal`` ends the run."""

    code: Code
    detail: str
    status: int | None = None
    retry_after: float | None = None
    fatal: bool = False


class Meter(NamedTuple):
    """What an attempt cost: when it began (Unix time), seconds of its worker, requests and bytes.

    A worker that lets another job begin, once it has a reply, is not that attempt's any more.
    """

    worker: str
    started: float
    seconds: float
    requests: int
    bytes: int


class Outcome(NamedTuple):
    """How one attempt at a job ended: a result or a failure, and what it cost.

    ``snapshot`` names the deployment of upstream that answered, or is "".
    """

    result: Result = None
    failure: Failure | None = None
    meter: Meter | None = None
    snapshot: str = ""
