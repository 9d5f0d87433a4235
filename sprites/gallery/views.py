"""The gallery's pages. Views ask querysets and hand plain data to templates; they write nothing."""

from typing import Any

from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import check_for_language
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_cookie

from ..looks import ANIMATED
from ..models import Pokemon
from . import controls, detail
from .filters import MAX_TEXT, Filters, choices
from .listing import read_page, tiles
from .names import nearest
from .unchanged import State, remembered

PREFERENCES = {"theme": ("light", "dark", "system"), "motion": ("on", "off")}
"""What a visitor can choose for good; the cookies are called ``sprites_theme`` and so on."""

_YEAR = 365 * 86_400


@require_safe
@vary_on_cookie
@remembered
def pokemon_list(request: HttpRequest, state: State) -> HttpResponse:
    """Show one page of the list, as the query string asks."""
    known = choices(state.revision)
    filters, ignored = Filters.read(request.GET, known)
    cards, pages = read_page(filters, known)
    context: dict[str, Any] = {
        "run": state.run,
        "here": reverse("sprites:list") + filters.query,
        "ignored": ignored,
    }
    if not pages.count and not filters.narrows:
        return render(request, "sprites/empty.html", context)
    context |= controls.controls(filters, known, pages.count)
    if not pages.count:
        context["nearest"] = nearest(filters.q) if filters.q else []
        return render(request, "sprites/nothing.html", context)
    if filters.page > pages.num_pages:
        context["last"] = pages.num_pages
        context["last_query"] = filters.but(page=pages.num_pages).query
        return render(request, "sprites/past_the_end.html", context, status=404)
    context |= {"tiles": tiles(cards), "moves": filters.set == ANIMATED, **_turn(filters, pages)}
    return render(request, "sprites/list.html", context)


def _turn(filters: Filters, pages: "Paginator[int]") -> dict[str, object]:
    """Return the links to other pages; a gap between two has None for a link."""
    here = filters.page
    elided = pages.get_elided_page_range(here, on_each_side=1, on_ends=1)
    return {
        "page": pages.page(here),
        "pages": [
            (number, filters.but(page=number).query if isinstance(number, int) else None)
            for number in elided
        ],
        "previous": filters.but(page=here - 1).query,
        "next": filters.but(page=here + 1).query,
    }


@require_safe
@vary_on_cookie
@remembered
def pokemon_detail(request: HttpRequest, _state: State, name: str) -> HttpResponse:
    """Show one Pokémon, by its name or id, with all its sprites."""
    try:
        pokemon = Pokemon.objects.find(name)
    except Pokemon.DoesNotExist:
        return not_found(request, name)
    asked = request.GET.get("sprite", "")
    context = {**detail.facts(pokemon), **detail.family_and_sprites(pokemon, asked)}
    here, sprite = pokemon.get_absolute_url(), context.get("sprite")
    is_shown = sprite is not None and sprite.key == asked
    context["here"] = f"{here}?{urlencode({'sprite': asked})}" if is_shown else here
    context["canonical"] = request.build_absolute_uri(here)
    if sprite and sprite.file:
        context["address"] = request.build_absolute_uri(sprite.file.url)
    return render(request, "sprites/detail.html", context)


def not_found(request: HttpRequest, name: str) -> HttpResponse:
    """Answer for a Pokémon that is not here, with the names most like it."""
    name = name[:MAX_TEXT]
    here = reverse("sprites:detail", args=[name])
    context = {"name": name, "here": here, "nearest": nearest(name)}
    return render(request, "sprites/not_found.html", context, status=404)


# No token: nothing but the look of this visitor's own pages is at stake, and without one the pages
# need no cookie and can be cached.
@csrf_exempt
@require_POST
def preferences(request: HttpRequest) -> HttpResponse:
    """Keep the theme, the motion or the language that a visitor chose, and go back."""
    response = HttpResponseRedirect(_back(request))
    for name, values in PREFERENCES.items():
        if request.POST.get(name) in values:
            _keep(request, response, f"sprites_{name}", request.POST[name])
    language = request.POST.get("language", "")
    if check_for_language(language):
        _keep(request, response, settings.LANGUAGE_COOKIE_NAME, language)
    return response


def _keep(request: HttpRequest, response: HttpResponse, cookie: str, value: str) -> None:
    secure = request.is_secure()
    response.set_cookie(cookie, value, max_age=_YEAR, samesite="Lax", httponly=True, secure=secure)


def _back(request: HttpRequest) -> str:
    target = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return target if safe else reverse("sprites:list")
