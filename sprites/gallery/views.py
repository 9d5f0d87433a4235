"""The gallery's pages. Views ask querysets and hand plain data to templates; they write nothing."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import check_for_language
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_cookie

from ..looks import ANIMATED
from ..models import Pokemon, SyncRun
from . import controls, detail
from .filters import LONGEST_TEXT, Filters, choices
from .listing import Listing, card, listing

PREFERENCES = {"theme": ("light", "dark", "system"), "motion": ("on", "off")}
"""What a visitor can choose for good; the cookies are called ``sprites_theme`` and so on."""

_YEAR = 365 * 86_400


@require_safe
@vary_on_cookie
def pokemon_list(request: HttpRequest) -> HttpResponse:
    """Show the grid, one page of it, as the query string asks."""
    known = choices()
    filters, ignored = Filters.read(request.GET, known)
    found = listing(filters)
    context: dict[str, Any] = {
        "run": SyncRun.objects.live().first(),
        "here": reverse("sprites:list") + filters.query,
        "ignored": ignored,
    }
    if not found.total and not filters.narrows:
        return render(request, "sprites/empty.html", context)
    context |= controls.controls(filters, known, found.total)
    if not found.total:
        nearest = Pokemon.objects.nearest(filters.q) if filters.q else []
        return render(request, "sprites/nothing.html", {**context, "nearest": nearest})
    if found.past_the_end:
        last = found.paginator.num_pages
        context |= {"last": last, "last_query": filters.but(page=last).query}
        return render(request, "sprites/past_the_end.html", context, status=404)
    return render(request, "sprites/list.html", {**context, **_grid(filters, found)})


def _grid(filters: Filters, found: Listing) -> dict[str, object]:
    page = found.paginator.page(filters.page)
    elided = found.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
    return {
        "cards": [card(row, filters.look) for row in found.rows],
        "moves": filters.set == ANIMATED,
        "page": page,
        "pages": [
            (number, filters.but(page=number).query if isinstance(number, int) else None)
            for number in elided
        ],
        "previous": filters.but(page=page.number - 1).query,
        "next": filters.but(page=page.number + 1).query,
        "sizes": controls.sizes(filters),
    }


@require_safe
@vary_on_cookie
def pokemon_detail(request: HttpRequest, name: str) -> HttpResponse:
    """Show one Pokémon, by its name or id, with all its sprites."""
    try:
        pokemon = Pokemon.objects.with_types().find(name)
    except Pokemon.DoesNotExist:
        return not_found(request, name)
    context = detail.facts(pokemon) | detail.family(pokemon)
    asked = request.GET.get("sprite", "")
    context |= detail.sprites(pokemon, asked)
    is_shown = "sprite" in context and context["sprite"].key == asked
    query = f"?{urlencode({'sprite': asked})}" if is_shown else ""
    context["here"] = pokemon.get_absolute_url() + query
    context["canonical"] = request.build_absolute_uri(pokemon.get_absolute_url())
    if context.get("address"):
        context["address"] = request.build_absolute_uri(context["address"])
    return render(request, "sprites/detail.html", context)


def not_found(request: HttpRequest, name: str) -> HttpResponse:
    """Answer for a Pokémon that is not here, with the names most like it."""
    name = name[:LONGEST_TEXT]
    here = reverse("sprites:detail", args=[name])
    context = {"name": name, "here": here, "nearest": Pokemon.objects.nearest(name)}
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
