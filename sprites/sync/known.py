"""What the database has: ids in, one Known a Pokémon out, with all of its sprites."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from django.db.models import Max

from ..keys import path_of
from ..models import Document, Pokemon, Species, SpeciesName, Sprite, SyncRun
from ..models.document import LIST
from ..worker.records import Kind, Listing, Reference
from ..worker.records import SpeciesName as Name
from .reconnect import reconnecting


class KnownSprite(NamedTuple):
    """A sprite's row, as far as a plan needs it."""

    url: str
    listed: bool
    file: str
    sha256: str
    size: int | None
    state: str
    etag: str
    checked_at: datetime | None


class KnownSpecies(NamedTuple):
    """A species' row, as far as a plan needs it, and whether its JSON is kept."""

    etag: str
    synced_at: datetime
    has_document: bool


@dataclass(slots=True)
class Known:
    """A Pokémon's row and those of its sprites, by their keys; and whether its JSON is kept."""

    row: Pokemon
    types: list[int]
    sprites: dict[str, KnownSprite] = field(default_factory=dict)
    has_document: bool = False

    @property
    def is_whole(self) -> bool:
        """Tell whether the rows are all that its JSON listed, so that a 304 says what they say."""
        listed = sum(sprite.listed and sprite.url != "" for sprite in self.sprites.values())
        return self.row.sprites_listed == listed

    def listings(self, *, verify: bool = False) -> list[Listing]:
        """Return what upstream listed when it was read last, or all of which a file is stored."""
        return [
            Listing(key, sprite.url)
            for key, sprite in self.sprites.items()
            if sprite.listed or (verify and sprite.file)
        ]

    @property
    def stored_count(self) -> int:
        """Return how many sprites are stored that its JSON lists."""
        return sum(sprite.listed and sprite.file != "" for sprite in self.sprites.values())

    @property
    def has_lost_any(self) -> bool:
        """Tell whether a sprite is stored that its JSON does not list any more."""
        return any(sprite.file and not sprite.listed for sprite in self.sprites.values())


@reconnecting
def load(ids: Sequence[int]) -> dict[int, Known]:
    """Read the rows of some Pokémon, in four queries."""
    rows = Pokemon.objects.filter(id__in=ids).prefetch_related("type_slots")
    known = {row.id: Known(row, [slot.type_id for slot in row.type_slots.all()]) for row in rows}
    columns = ("url", "listed", "file", "sha256", "size", "state", "etag", "checked_at")
    sprites = Sprite.objects.filter(pokemon_id__in=ids).order_by("id")
    for pokemon, key, *values in sprites.values_list("pokemon_id", "key", *columns):
        known[pokemon].sprites[key] = KnownSprite(*values)
    for pokemon in Document.objects.filter(pokemon__in=known).values_list("pokemon_id", flat=True):
        known[pokemon].has_document = True
    return known


@reconnecting
def species() -> dict[int, KnownSpecies]:
    """Read every species that is here."""
    documents = Document.objects.filter(resource=Kind.SPECIES)
    kept = set(documents.values_list("number", flat=True))
    rows = Species.objects.order_by().values_list("id", "etag", "synced_at")
    return {pk: KnownSpecies(etag, synced_at, pk in kept) for pk, etag, synced_at in rows}


@reconnecting
def species_names(number: int) -> set[Name]:
    """Read what a species is called."""
    rows = SpeciesName.objects.filter(species=number).order_by()
    return {Name(*row) for row in rows.values_list("language", "name", "genus")}


@reconnecting
def has_list(resource: str) -> bool:
    """Tell whether the list of a kind of resource is kept."""
    return Document.objects.filter(resource=resource, number=LIST).exists()


@reconnecting
def references() -> list[Reference]:
    """Return every Pokémon that is here, whether upstream still lists it or not."""
    rows = Pokemon.objects.order_by("id").values_list("id", "name")
    return [Reference(number, name) for number, name in rows]


@reconnecting
def stored_count() -> int:
    """Return how many sprites are stored."""
    return Sprite.objects.stored().count()


@reconnecting
def keys() -> list[str]:
    """Return every key that upstream has listed so far."""
    return list(Sprite.objects.order_by("key").values_list("key", flat=True).distinct())


@reconnecting
def upstream_count(api: str) -> int:
    """Return how many Pokémon an API listed last, or 0."""
    runs = SyncRun.objects.filter(api_url=api, upstream_count__isnull=False)
    return runs.order_by("-id").values_list("upstream_count", flat=True).first() or 0


@reconnecting
def mixed_until() -> datetime | None:
    """Return when the last run ended that met two deployments of upstream."""
    mixed = SyncRun.objects.filter(mixed=True)
    until: datetime | None = mixed.aggregate(until=Max("finished_at"))["until"]
    return until


@reconnecting
def of_urls(urls: Iterable[str], since: datetime) -> dict[str, list[Sprite]]:
    """Return the sprites of each URL that were checked since then, the last one first.

    All by one query: where a URL has no path among the sprites, it looks at every row.
    """
    urls = set(urls)
    rows = Sprite.objects.filter(path__in=set(map(path_of, urls)), url__in=urls)
    found: dict[str, list[Sprite]] = {}
    for sprite in rows.filter(checked_at__gte=since).order_by("-checked_at"):
        found.setdefault(sprite.url, []).append(sprite)
    return found
