"""The mirror as JSON, for a front end or a bot: absolute URLs of this site, an ETag, and 304.

``docs/api.md`` has the schema; a field is never renamed, and new ones may come.
"""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.http import conditional_page, require_safe

from ..models import Pokemon, Sprite
from .filters import Filters, choices
from .listing import Row, listing

_FACTS = ("key", "set", "generation", "facing", "variant", "shiny", "female", "animated", "state",
          "media_type", "width", "height", "frames", "size", "sha256")  # fmt: skip
_STATS = ("hp", "attack", "defense", "special_attack", "special_defense", "speed")
_MEASURES = ("id", "name", "species", "number", "form", "generation", "is_default", "height",
             "weight")  # fmt: skip


@require_safe
@conditional_page
def pokemon_list(request: HttpRequest) -> HttpResponse:
    """Return one page of Pokémon; the same query string as the gallery's list."""
    filters, ignored = Filters.read(request.GET, choices())
    found = listing(filters)
    pages = found.paginator.num_pages

    def page(number: int) -> str | None:
        exists = 1 <= number <= pages
        path = reverse("sprites:api-list") + filters.but(page=number).query
        return request.build_absolute_uri(path) if exists else None

    return JsonResponse(
        {
            "count": found.total,
            "page": filters.page,
            "pages": pages,
            "previous": page(filters.page - 1),
            "next": page(filters.page + 1),
            "ignored": ignored,
            "results": [_row(row, request.build_absolute_uri) for row in found.rows],
        }
    )


@require_safe
@conditional_page
def pokemon_detail(request: HttpRequest, name: str) -> HttpResponse:
    """Return one Pokémon with all its sprites, or 404 with the names most like the one asked."""
    try:
        pokemon = Pokemon.objects.with_types().find(name)
    except Pokemon.DoesNotExist:
        nearest = [pokemon.name for pokemon in Pokemon.objects.nearest(name)]
        return JsonResponse({"error": "not found", "nearest": nearest}, status=404)
    sprites = pokemon.sprites.shown().order_by("key")
    types = [slot.type.name for slot in pokemon.type_slots.all()]
    absolute = request.build_absolute_uri
    return JsonResponse(
        {
            **_pokemon(pokemon, types, absolute),
            "base_experience": pokemon.base_experience,
            "stats": {name: getattr(pokemon, name) for name in _STATS},
            "sprites": [_sprite(sprite, absolute) for sprite in sprites],
        }
    )


def _pokemon(pokemon: Pokemon, types: list[str], absolute: Callable[[str], str]) -> dict[str, Any]:
    return {
        **{name: getattr(pokemon, name) for name in _MEASURES},
        "types": types,
        "url": absolute(reverse("sprites:api-detail", args=[pokemon.id])),
        "page": absolute(pokemon.get_absolute_url()),
    }


def _row(row: Row, absolute: Callable[[str], str]) -> dict[str, Any]:
    still, moving = (sprite and _sprite(sprite, absolute) for sprite in row.sprites)
    return {**_pokemon(row.pokemon, row.types, absolute), "still": still, "animated": moving}


def _sprite(sprite: Sprite, absolute: Callable[[str], str]) -> dict[str, Any]:
    stored = bool(sprite.file)
    facts = {name: getattr(sprite, name) for name in _FACTS}
    return {**facts, "url": absolute(sprite.file.url) if stored else None}
