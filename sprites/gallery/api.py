"""The mirror as JSON, for a front end or a bot: absolute URLs of this site, an ETag, and 304.

``docs/api.md`` has the schema; a field is never renamed, and new ones may come.
"""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from ..keys import FACETS
from ..models import Pokemon, Sprite
from ..models.pokemon import STATS
from .filters import Filters, choices
from .listing import Card, read_page
from .names import add_words
from .unchanged import State, remembered

_FACTS = ("key", *FACETS, "state", "media_type", "width", "height", "frames", "size", "sha256")
_MEASURES = ("id", "name", "species", "number", "form", "generation", "is_default", "height",
             "weight")  # fmt: skip


@require_safe
@remembered
def pokemon_list(request: HttpRequest, state: State) -> HttpResponse:
    """Return one page of Pokémon; the query string is that of the gallery's list."""
    known = choices(state.revision)
    filters, ignored = Filters.read(request.GET, known)
    cards, pages = read_page(filters, known, every_language=True)

    def page(number: int) -> str | None:
        exists = 1 <= number <= pages.num_pages
        path = reverse("sprites:api-list") + filters.but(page=number).query
        return request.build_absolute_uri(path) if exists else None

    return JsonResponse(
        {
            "count": pages.count,
            "page": filters.page,
            "pages": pages.num_pages,
            "previous": page(filters.page - 1),
            "next": page(filters.page + 1),
            "ignored": ignored,
            "results": [_card(card, request.build_absolute_uri) for card in cards],
        }
    )


@require_safe
@remembered
def pokemon_detail(request: HttpRequest, _state: State, name: str) -> HttpResponse:
    """Return one Pokémon with all its sprites, or 404 with the names most like the one asked."""
    try:
        pokemon = Pokemon.objects.find(name)
    except Pokemon.DoesNotExist:
        nearest = [pokemon.name for pokemon in Pokemon.objects.nearest(name)]
        return JsonResponse({"error": "not found", "nearest": nearest}, status=404)
    add_words([pokemon], every_language=True)
    sprites = pokemon.sprites.shown().order_by("key")
    absolute = request.build_absolute_uri
    return JsonResponse(
        {
            **_pokemon(pokemon, absolute),
            "genera": {language: genus for language, _name, genus in pokemon.names if genus},
            "base_experience": pokemon.base_experience,
            "stats": {name: getattr(pokemon, name) for name in STATS},
            "sprites": [_sprite(sprite, absolute) for sprite in sprites],
        }
    )


def _pokemon(pokemon: Pokemon, absolute: Callable[[str], str]) -> dict[str, Any]:
    return {
        **{name: getattr(pokemon, name) for name in _MEASURES},
        "names": {language: name for language, name, _genus in pokemon.names},
        "types": pokemon.type_names,
        "url": absolute(reverse("sprites:api-detail", args=[pokemon.id])),
        "page": absolute(pokemon.get_absolute_url()),
    }


def _card(card: Card, absolute: Callable[[str], str]) -> dict[str, Any]:
    still, moving = (sprite and _sprite(sprite, absolute) for sprite in (card.still, card.moving))
    return {**_pokemon(card.pokemon, absolute), "still": still, "animated": moving}


def _sprite(sprite: Sprite, absolute: Callable[[str], str]) -> dict[str, Any]:
    stored = bool(sprite.file)
    facts = {name: getattr(sprite, name) for name in _FACTS}
    return {**facts, "url": absolute(sprite.file.url) if stored else None}
