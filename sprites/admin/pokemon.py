"""Pokémon in the admin: what is known of each, its sprites beside it, and the action to re-sync."""

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
from ..models import Pokemon, PokemonType, Sprite
from ..sync.request import SyncRequest
from . import cells
from .cells import ranges
from .facts import RECHECK, Facts
from .starts import preview

State = Sprite.State


def _count(state: str) -> Coalesce:
    """Count a Pokémon's sprites of one state."""
    rows = Sprite.objects.filter(pokemon=OuterRef("pk"), state=state, listed=True).order_by()
    counted = rows.values("pokemon").annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(counted), 0, output_field=IntegerField())


@admin.register(Pokemon)
class PokemonAdmin(Facts):
    """The Pokémon that are mirrored, each with its sprites beside it."""

    list_display = (
        *("id", "portrait", "label", "kinds", "era"),
        *("stored", "missing", "failed", "synced_at", "links"),
    )
    list_display_links = ("id", "label")
    list_filter = ("generation", "types", "is_default", "sprites__state")
    columns = ("generation", "types__id", "is_default", "sprites__state")
    search_fields = ("name", "species", "=id", "=number")
    search_help_text = gettext_lazy("By name, species, id or number.")
    actions = ("resync",)
    change_form_template = "admin/sprites/pokemon/change_form.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Pokemon]:
        """Fetch what a row of the list shows along with it."""
        front = Sprite.objects.stored().filter(key="front_default")
        types = PokemonType.objects.select_related("type").order_by("slot")
        counts = {f"{state}_count": _count(state) for state in ("stored", "missing", "failed")}
        rows: QuerySet[Pokemon] = super().get_queryset(request).annotate(**counts)
        fronts = Prefetch("sprites", front, to_attr="fronts")
        return rows.prefetch_related(fronts, Prefetch("type_slots", types))

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
        return ", ".join(type_name(slot.type.name) for slot in pokemon.type_slots.all())

    @admin.display(description=gettext_lazy("generation"), ordering="generation")
    def era(self, pokemon: Pokemon) -> str:
        """Write its generation as a numeral."""
        return generation_name(pokemon.generation) if pokemon.generation else cells.NOTHING

    @admin.display(description=gettext_lazy("stored"), ordering="stored_count")
    def stored(self, pokemon: Any) -> SafeString:
        """Count the sprites that are here."""
        return self._sprites(pokemon, State.STORED, pokemon.stored_count)

    @admin.display(description=gettext_lazy("missing"), ordering="missing_count")
    def missing(self, pokemon: Any) -> SafeString:
        """Count the sprites that upstream lists and has not."""
        return self._sprites(pokemon, State.MISSING, pokemon.missing_count)

    @admin.display(description=gettext_lazy("failed"), ordering="failed_count")
    def failed(self, pokemon: Any) -> SafeString:
        """Count the sprites that failed."""
        return self._sprites(pokemon, State.FAILED, pokemon.failed_count)

    def _sprites(self, pokemon: Pokemon, state: State, count: int) -> SafeString:
        if not count:
            return SafeString(cells.NOTHING)
        url = reverse("admin:sprites_sprite_changelist", current_app=self.admin_site.name)
        query = f"?pokemon__id__exact={pokemon.pk}&state__exact={state}"
        return cells.link(url + query, number_format(count))

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

    def get_fields(self, request: HttpRequest, obj: Pokemon | None = None) -> Any:
        """Show every column and no relation."""
        return [field.name for field in Pokemon._meta.concrete_fields] + ["kinds", "links"]

    def get_readonly_fields(self, request: HttpRequest, obj: Pokemon | None = None) -> Any:
        """Show all of it as text."""
        return self.get_fields(request, obj)

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Pokemon | None = None,
    ) -> HttpResponse:
        """Show its facts and, beside them, all of its sprites."""
        rows = obj.sprites.all() if obj else ()
        context["sprites"] = [(row, cells.thumbnail(row.pokemon, row, 96)) for row in rows]
        return super().render_change_form(request, context, add, change, form_url, obj)

    @admin.action(
        description=gettext_lazy("Re-sync the selected Pokémon"), permissions=["run_sync"]
    )
    def resync(self, request: HttpRequest, queryset: QuerySet[Pokemon]) -> HttpResponse:
        """Preview a run that asks for these Pokémon again, and for what is mirrored of them."""
        ids = list(queryset.order_by().values_list("pk", flat=True))
        wanted = SyncRequest(ids=ranges(ids), sprites=_mirrored(ids))
        return preview(request, self.admin_site, wanted, RECHECK)


def _mirrored(pokemon: list[int]) -> tuple[str, ...]:
    """Return the keys of the sprites that were ever wanted of these Pokémon."""
    rows = Sprite.objects.filter(pokemon__in=pokemon, listed=True).order_by()
    if not rows.filter(state=State.PENDING).exists():
        return ("all",)
    keys = rows.exclude(state=State.PENDING).values_list("key", flat=True).distinct()
    return tuple(sorted(keys)) or ("default",)
