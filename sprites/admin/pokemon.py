"""Pokémon in the admin: what is known of each, its sprites beside it, and the action to re-sync."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import Count, IntegerField, OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..conf import options
from ..labels import generation_name, type_name
from ..models import Pokemon, Species, Sprite
from ..sync.request import SyncRequest
from . import cells
from .cells import ranges
from .read_only import RECHECK, ReadOnlyAdmin
from .starts import preview

State = Sprite.State


def _count(state: str) -> Coalesce:
    """Count a Pokémon's sprites of one state."""
    rows = Sprite.objects.filter(pokemon=OuterRef("pk"), state=state, listed=True).order_by()
    counted = rows.values("pokemon").annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(counted), 0, output_field=IntegerField())


def _counted(state: State, name: Any) -> Callable[..., SafeString]:
    """Return a column that counts a Pokémon's sprites of one state, and links to them."""

    @admin.display(description=name, ordering=f"{state}_count")
    def counted(model_admin: "PokemonAdmin", pokemon: Pokemon) -> SafeString:
        count = getattr(pokemon, f"{state}_count")
        if not count:
            return SafeString(cells.NOTHING)
        site = model_admin.admin_site.name
        url = reverse("admin:sprites_sprite_changelist", current_app=site)
        query = f"?pokemon__id__exact={pokemon.pk}&state__exact={state}"
        return cells.link(url + query, number_format(count))

    return counted


@admin.register(Pokemon)
class PokemonAdmin(ReadOnlyAdmin):
    """The Pokémon that are mirrored, each with its sprites beside it."""

    list_display = (
        *("id", "portrait", "label", "kinds", "era"),
        *("stored", "missing", "failed", "synced_at", "links"),
    )
    list_display_links = ("id", "label")
    list_filter = ("generation", "types", "is_default", "sprites__state")
    columns = ("generation", "types__id", "is_default", "sprites__state")
    search_fields = ("name", "species", "=id", "=number")
    search_help_text = gettext_lazy("By name in any language, species, id or number.")
    actions = ("resync",)
    fields = (*(field.name for field in Pokemon._meta.concrete_fields), "kinds", "links")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Pokemon]:
        """Fetch what a row of the list shows along with it."""
        front = Sprite.objects.stored().filter(key="front_default")
        counts = {f"{state}_count": _count(state) for state in ("stored", "missing", "failed")}
        fronts = Prefetch("sprites", front, to_attr="fronts")
        return Pokemon.objects.with_types().annotate(**counts).prefetch_related(fronts)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Pokemon], search_term: str
    ) -> tuple[QuerySet[Pokemon], bool]:
        """Find by the columns that are searched, and by the names in every language."""
        found, may_repeat = super().get_search_results(request, queryset, search_term)
        called = Species.objects.called(search_term).values("pk")
        return found | queryset.filter(number__in=called), may_repeat

    @admin.display(description=gettext_lazy("sprite"))
    def portrait(self, pokemon: Pokemon) -> SafeString:
        """Draw its front."""
        fronts = getattr(pokemon, "fronts", [])
        return cells.thumbnail(pokemon, fronts[0] if fronts else None)

    @admin.display(description=gettext_lazy("name"), ordering="name")
    def label(self, pokemon: Pokemon) -> str:
        """Write its name for people."""
        return pokemon.label

    @admin.display(description=gettext_lazy("types"))
    def kinds(self, pokemon: Pokemon) -> str:
        """List its types in slot order."""
        return ", ".join(map(type_name, pokemon.type_names))

    @admin.display(description=gettext_lazy("generation"), ordering="generation")
    def era(self, pokemon: Pokemon) -> str:
        """Write its generation as a numeral."""
        return generation_name(pokemon.generation) if pokemon.generation else cells.NOTHING

    stored = _counted(State.STORED, gettext_lazy("stored"))
    missing = _counted(State.MISSING, gettext_lazy("missing"))
    failed = _counted(State.FAILED, gettext_lazy("failed"))

    @admin.display(description=gettext_lazy("links"))
    def links(self, pokemon: Pokemon) -> SafeString:
        """Link to its page and to upstream's JSON."""
        upstream = cells.link(f"{options().API_URL}pokemon/{pokemon.pk}/", _("upstream"))
        public = cells.public_url(pokemon)
        if public is None:
            return upstream
        return format_html("{} · {}", cells.link(public, _("page")), upstream)

    def view_on_site(self, pokemon: Pokemon) -> str | None:
        """Return its page in the gallery, if the site shows one."""
        return cells.public_url(pokemon)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Show its facts and, beside them, all of its sprites."""
        pokemon = context["original"]
        rows = pokemon.sprites.all() if pokemon else ()
        context["sprites"] = [(row, cells.thumbnail(pokemon, row, 96)) for row in rows]
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.action(
        description=gettext_lazy("Re-sync the selected Pokémon"), permissions=["run_sync"]
    )
    def resync(self, request: HttpRequest, queryset: QuerySet[Pokemon]) -> HttpResponse:
        """Preview a run that asks for these Pokémon again, and for what is mirrored of them."""
        ids = list(queryset.order_by().values_list("pk", flat=True))
        sync_request = SyncRequest(ids=ranges(ids), sprites=_mirrored(ids))
        return preview(request, self.admin_site, sync_request, RECHECK)


def _mirrored(pokemon: list[int]) -> tuple[str, ...]:
    """Return the keys of the sprites that were ever wanted of these Pokémon."""
    rows = Sprite.objects.filter(pokemon__in=pokemon, listed=True).order_by()
    if not rows.filter(state=State.PENDING).exists():
        return ("all",)
    keys = rows.exclude(state=State.PENDING).values_list("key", flat=True).distinct()
    return tuple(sorted(keys)) or ("default",)
