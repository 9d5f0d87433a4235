"""What a run would do, from the rows alone: no request is made, so a preview is quick.

What upstream has and the mirror has not is only guessed at, and said to be so.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import or_

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from ..conf import Options
from ..keys import matches, patterns
from ..models import Pokemon, Sprite
from ..sync.known import upstream_count
from ..sync.request import SyncRequest
from ..sync.select import is_form

State = Sprite.State


@dataclass(frozen=True, slots=True)
class Estimate:
    """How many Pokémon (``new`` of them not here yet), sprites, and requests, about."""

    pokemon: int
    new: int
    sprites: int
    due: int
    requests: int


def estimate(request: SyncRequest, options: Options) -> Estimate:
    """Look up what a request means here and now."""
    fresh_since = timezone.now() - timedelta(seconds=options.FRESH_FOR)
    known = _known(request)
    new = _new(request, len(known), options.API_URL)
    counts = _sprites(request, [pokemon for pokemon, _synced in known]).aggregate(
        wanted=Count("pk"), due=Count("pk", filter=_is_due(request, fresh_since))
    )
    json = 0 if request.is_about_rows else new + _stale(request, known, fresh_since)
    asked = 0 if request.verify else counts["due"]
    requests = 1 + _lists(request) + json + asked
    return Estimate(len(known) + new, new, counts["wanted"], counts["due"], requests)


def _known(request: SyncRequest) -> list[tuple[int, datetime | None]]:
    """Return id and time of the last sync of each Pokémon that is here and meant."""
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
    return found[: request.count]


def _is_named(request: SyncRequest, pokemon: int, name: str) -> bool:
    if not request.names and not request.ids:
        return True
    named = name in request.names or str(pokemon) in request.names
    return named or any(first <= pokemon <= last for first, last in request.ids)


def _new(request: SyncRequest, known: int, api_url: str) -> int:
    """Guess how many Pokémon are meant that are not here, by what upstream listed last."""
    if request.is_about_rows or request.types or request.generations:
        return 0
    upstream = upstream_count(api_url)
    named = len(request.names) + sum(last - first + 1 for first, last in request.ids)
    asked = min(number for number in (named or None, request.count, upstream, 10**9) if number)
    if asked == 10**9:
        return 0
    room = max(upstream - Pokemon.objects.count(), 0) if upstream else asked
    return min(max(asked - known, 0), room)


def _sprites(request: SyncRequest, pokemon: list[int]) -> QuerySet[Sprite]:
    """Keep the sprites that are here and meant."""
    rows = Sprite.objects.filter(pokemon__in=pokemon, listed=True).order_by()
    if request.retry_failed:
        rows = rows.filter(state=State.FAILED)
    if request.verify:
        rows = rows.exclude(file="")
    if request.only:
        rows = rows.filter(_single(request.only))
    globs = patterns(request.sprites)
    if "*" in globs:
        return rows
    keys = Sprite.objects.order_by().values_list("key", flat=True).distinct()
    return rows.filter(key__in=[key for key in keys if matches(key, globs)])


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
    checked = Q(checked_at__isnull=True) | Q(checked_at__lt=fresh_since)
    return checked | ~Q(state=State.STORED)


def _stale(
    request: SyncRequest, known: Iterable[tuple[int, datetime | None]], fresh_since: datetime
) -> int:
    return sum(
        request.force or synced is None or synced < fresh_since for _pokemon, synced in known
    )


def _lists(request: SyncRequest) -> int:
    """Count the lists beside that of the Pokémon: one, and one for each type or generation."""
    return sum(1 + len(chosen) for chosen in (request.types, request.generations) if chosen)
