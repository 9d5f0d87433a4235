"""Sprites in the admin: how each stands, and the action to re-sync."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import filesizeformat
from django.urls import path
from django.urls.resolvers import URLPattern
from django.utils.formats import number_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..labels import set_name
from ..models import Sprite
from ..sync.request import SyncRequest
from . import cells
from .cells import ranges
from .coverage import coverage
from .read_only import RECHECK, ReadOnlyAdmin
from .starts import preview

_MAX_SPRITES = 10_000
"""Sprites that one action re-syncs at the most: each is written into the run's row."""


@admin.register(Sprite)
class SpriteAdmin(ReadOnlyAdmin):
    """Every sprite that upstream lists or listed, and how it stands."""

    list_display = (
        *("__str__", "portrait", "pokemon", "game", "state", "error_code", "http_status"),
        *("media_type", "pixels", "bytes", "checked_at", "links"),
    )
    list_filter = (
        *("state", "shiny", "female", "animated", "listed"),
        *("set", "generation", "media_type", ("error_code", admin.AllValuesFieldListFilter)),
    )
    columns = (
        *("state", "shiny", "female", "animated", "listed", "set", "generation", "media_type"),
        *("error_code", "pokemon__id", "pokemon__generation"),
    )
    list_select_related = ("pokemon",)
    search_fields = ("key", "pokemon__name", "=pokemon__id", "url")
    search_help_text = gettext_lazy("By key, Pokémon or URL.")
    actions = ("resync",)
    fields = (
        "portrait",
        *(field.name for field in Sprite._meta.concrete_fields if field.name != "id"),
        "links",
    )

    def get_urls(self) -> list[URLPattern]:
        """Add the page that counts what is covered."""
        view = self.admin_site.admin_view(self.coverage_view)
        return [path("coverage/", view, name="sprites_sprite_coverage"), *super().get_urls()]

    def coverage_view(self, request: HttpRequest) -> HttpResponse:
        """Count, for each set and generation, what upstream lists and what is here."""
        return coverage(request, self)

    @admin.display(description=gettext_lazy("image"))
    def portrait(self, sprite: Sprite) -> SafeString:
        """Draw it."""
        return cells.thumbnail(sprite.pokemon, sprite)

    @admin.display(description=gettext_lazy("set"), ordering="set")
    def game(self, sprite: Sprite) -> str:
        """Name its set."""
        return set_name(sprite.set)

    @admin.display(description=gettext_lazy("pixels"))
    def pixels(self, sprite: Sprite) -> str:
        """Write its size, and its frames if it moves."""
        if not sprite.width:
            return cells.NOTHING
        frames = f" · {sprite.frames}" if (sprite.frames or 0) > 1 else ""
        return f"{sprite.width} × {sprite.height}{frames}"

    @admin.display(description=gettext_lazy("size"), ordering="size")
    def bytes(self, sprite: Sprite) -> str:
        """Write how large its file is."""
        return cells.NOTHING if sprite.size is None else filesizeformat(sprite.size)

    @admin.display(description=gettext_lazy("links"))
    def links(self, sprite: Sprite) -> SafeString:
        """Link to the Pokémon's page, to upstream's image and to our file."""
        public = cells.public_url(sprite.pokemon)
        shown = [(public, _("page")), (sprite.url, _("upstream"))]
        shown += [(sprite.file.url, _("file"))] if sprite.file else []
        links = [cells.link(url, text) for url, text in shown if url]
        return SafeString(" · ".join(links))

    @admin.action(
        description=gettext_lazy("Re-sync the selected sprites"), permissions=["run_sync"]
    )
    def resync(self, request: HttpRequest, queryset: QuerySet[Sprite]) -> HttpResponse | None:
        """Preview a run that asks for these sprites again, and for nothing else."""
        rows = queryset.order_by().values_list("pokemon_id", "key")
        only = tuple(rows[: _MAX_SPRITES + 1])
        if len(only) > _MAX_SPRITES:
            most = number_format(_MAX_SPRITES, force_grouping=True)
            text = _("More than %(most)s sprites: fetch them by set or generation instead.")
            self.message_user(request, text % {"most": most}, "ERROR")
            return None
        ids = ranges(pk for pk, _key in only)
        sync_request = SyncRequest(ids=ids, sprites=("all",), only=only)
        return preview(request, self.admin_site, sync_request, RECHECK)
