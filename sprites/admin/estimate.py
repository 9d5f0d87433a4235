"""What a run would do, from the rows alone: it makes no request, so a preview is quick.

What upstream has and the mirror does not have is a guess, and the preview says so.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import reduce
from operator import or_
from typing import NamedTuple

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from ..conf import Options
from ..keys import matches, patterns
from ..models import Document, Pokemon, Sprite
from ..sync import known as database
from ..sync.known import KnownSpecies
from ..sync.plan import Choice
from ..sync.preflight import choose
from ..sync.request import SyncRequest
from ..sync.select import is_form
from ..worker.records import Kind

State = Sprite.State


class Estimate(NamedTuple):
    """About how many Pokémon, sprites and requests; ``new`` of the Pokémon are not here yet."""

    pokemon: int
    new: int
    sprites: int
    requests: int


def estimate(request: SyncRequest, options: Options) -> Estimate:
    """Count what a request means for the rows as they are now."""
    choice = choose(request, options, timezone.now())
    synced = _synced(request)
    new = _new(request, len(synced), options.API_URL)
    counts = _sprites(request, synced).aggregate(
        wanted=Count("pk"), due=Count("pk", filter=_is_due(request, choice.fresh_since))
    )
    json = 0 if choice.from_rows else new + _pokemon(choice, synced) + _generations(choice)
    if choice.species:
        json += new + _species(choice, synced)
    asked = 0 if request.verify else counts["due"]
    requests = 1 + _lists(request) + json + asked
    return Estimate(len(synced) + new, new, counts["wanted"], requests)


def _synced(request: SyncRequest) -> dict[int, datetime | None]:
    """Return each Pokémon that is here and meant, with the time of its last sync."""
    rows = Pokemon.objects.order_by("id")
    if request.generations:
        rows = rows.filter(generation__in=request.generations)
    if request.types:
        rows = rows.filter(types__name__in=request.types).distinct()
    found = [
        (pk, synced)
        for pk, name, synced in rows.values_list("id", "name", "synced_at")
        if _is_named(request, pk, name) and (request.forms or not is_form(pk))
    ]
    return dict(found[: request.most])


def _is_named(request: SyncRequest, pokemon: int, name: str) -> bool:
    if not request.names and not request.ids:
        return True
    named = name in request.names or str(pokemon) in request.names
    return named or any(first <= pokemon <= last for first, last in request.ids)


def _new(request: SyncRequest, here: int, api_url: str) -> int:
    """Guess how many of the meant Pokémon are not here, by what upstream listed last."""
    if request.is_about_rows or request.types or request.generations:
        return 0
    upstream = database.upstream_count(api_url)
    named = len(request.names) + sum(last - first + 1 for first, last in request.ids)
    limits = [number for number in (named, request.most, upstream) if number]
    if not limits:
        return 0
    asked = min(limits)
    room = max(upstream - Pokemon.objects.count(), 0) if upstream else asked
    return min(max(asked - here, 0), room)


def _pokemon(choice: Choice, synced: Mapping[int, datetime | None]) -> int:
    """Count the Pokémon whose JSON is due."""
    due = {pk for pk, at in synced.items() if choice.force or not choice.is_fresh(at)}
    if choice.keep_documents:
        kept = Document.objects.filter(resource=Kind.POKEMON).order_by()
        due |= synced.keys() - set(kept.values_list("number", flat=True))
    return len(due)


def _generations(choice: Choice) -> int:
    """Count the documents of generations, and their list, where they are to be kept and are not."""
    if not choice.keep_documents or database.has_list(Kind.GENERATION):
        return 0
    known: int = Pokemon.objects.aggregate(known=Count("generation", distinct=True))["known"]
    return 1 + known


def _species(choice: Choice, pokemon: Iterable[int]) -> int:
    """Count the species of these Pokémon that are due."""
    here = database.species()
    numbers = Pokemon.objects.filter(pk__in=list(pokemon)).values_list("number", flat=True)
    return sum(choice.force or not _stands(choice, here.get(number)) for number in set(numbers))


def _stands(choice: Choice, found: KnownSpecies | None) -> bool:
    """Tell whether the JSON of a species need not be asked for."""
    if found is None or choice.lacks_document(found):
        return False
    return choice.is_fresh(found.synced_at)


def _sprites(request: SyncRequest, pokemon: Iterable[int]) -> QuerySet[Sprite]:
    """Keep the sprites that are here and meant."""
    rows = Sprite.objects.filter(pokemon__in=list(pokemon), listed=True).order_by()
    if request.retry_failed:
        rows = rows.filter(state=State.FAILED)
    if request.verify:
        rows = rows.exclude(file="")
    if request.only:
        rows = rows.filter(_single(request.only))
    globs = patterns(request.sprites)
    if "*" in globs:
        return rows
    every = database.keys()
    return rows.filter(key__in=[key for key in every if matches(key, globs)])


def _single(only: Iterable[tuple[int, str]]) -> Q:
    """Match single sprites, key by key."""
    pokemon: dict[str, list[int]] = {}
    for number, key in only:
        pokemon.setdefault(key, []).append(number)
    matched = (Q(key=key, pokemon__in=numbers) for key, numbers in pokemon.items())
    return reduce(or_, matched, Q())


def _is_due(request: SyncRequest, fresh_since: datetime) -> Q:
    if request.force or request.verify:
        return Q(pk__isnull=False)
    stale = Q(checked_at__isnull=True) | Q(checked_at__lt=fresh_since)
    return stale | ~Q(state=State.STORED)


def _lists(request: SyncRequest) -> int:
    """Count the lists beside that of the Pokémon: of all types or generations, and of each."""
    return sum(1 + len(chosen) for chosen in (request.types, request.generations) if chosen)
